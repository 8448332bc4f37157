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
"""What is kept of months beside their events."""

from collections.abc import Sequence
import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What is kept of a month beside its events.

    All times are microseconds since the epoch.

    :param month: its first microsecond (UTC).
    :param opened: whether a question can begin with it.
    :param closed: whether its intervals are stored and can be used.
    :param late_at: when the first event was received that the stored
        intervals lack; None if they lack nothing, or there are none.
    :param failed_at: when storing intervals was begun for the last time that
        it did not come to its end; None if it always did.
    """

    month: int
    opened: bool = False
    closed: bool = False
    late_at: int | None = None
    failed_at: int | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is kept of all months.

    :param months: those that hold events or were opened or closed, in order.
    :param purged: nothing is left of what was before; None if nothing was
        purged. Microseconds since the epoch.
    :param now: the time of the server; microseconds since the epoch.
    """

    months: Sequence[Month]
    purged: int | None
    now: int
