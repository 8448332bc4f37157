# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.
"""What can go wrong in storage, as far as callers must tell it apart."""

from stratometrics.model import timestamps


class StorageError(Exception):
    """The base of all; its text is for the log, never for a client."""


class StorageUnavailable(StorageError):
    """Not now: away, overloaded or not yet migrated. Trying again helps."""


class SchemaMissing(StorageUnavailable):
    """The tables are not there yet."""


class InvalidRows(StorageError):
    """The store refused the rows themselves. Trying again cannot help."""


class QueryTooExpensive(StorageError):
    """The query reached a limit of time, memory or rows."""


class Purged(StorageError):
    """The question reaches back to what was dropped.

    :param since: from when on there are answers; microseconds since the
        epoch.
    """

    def __init__(self, since: int) -> None:
        super().__init__(
            'what was before '
            f'{timestamps.to_datetime(since):%Y-%m-%dT%H:%M:%SZ} was purged'
        )
        self.since = since
