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
"""Whether the service can answer questions."""

import pathlib
import threading
import time

from oslo_log import log as logging

from stratometrics.storage import base
from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: Seconds for which a verdict counts, so that asking for it does not load
#: the storage.
MAX_AGE = 1.0


class Health:
    """Checks what the service depends on, at most once in MAX_AGE.

    Safe to share between threads: while one of them checks, the others get
    the last verdict.

    :param disable_file: a path; see :meth:`disabled`.
    """

    #: The name of the check, as callers see it.
    STORAGE = 'storage'

    def __init__(
        self, storage: base.Storage, disable_file: str | None = None
    ) -> None:
        self._storage = storage
        self._disable_file = disable_file and pathlib.Path(disable_file)
        self._checking = threading.Lock()
        self._checked_at: float | None = None
        self._failed = False

    def disabled(self) -> bool:
        """Whether the operator wants no more requests to be sent here."""
        return bool(self._disable_file) and self._disable_file.exists()

    def failed(self) -> list[str]:
        """The names of the checks that failed."""
        if self._stale():
            # Only before the first verdict is there one to wait for.
            first = self._checked_at is None
            if self._checking.acquire(blocking=first):
                try:
                    if self._stale():
                        self._check()
                finally:
                    self._checking.release()
        return [self.STORAGE] if self._failed else []

    def _stale(self) -> bool:
        at = self._checked_at
        return at is None or time.monotonic() - at > MAX_AGE

    def _check(self) -> None:
        try:
            self._storage.check()
        except errors.StorageError as error:
            if not self._failed:
                LOG.error('The storage is not usable: %s', error)
            self._failed = True
        else:
            if self._failed:
                LOG.info('The storage is usable again')
            self._failed = False
        self._checked_at = time.monotonic()
