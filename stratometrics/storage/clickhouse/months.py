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
"""The journal of months: which are opened, and which were purged."""

from collections.abc import Sequence
import dataclasses
import datetime
import enum
import functools

from stratometrics.model import instants
from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import layout

_ENTER = """
INSERT INTO $database.months (month, entered_at, entry, run)
SELECT
    fromUnixTimestamp64Micro({month:Int64}, 'UTC'),
    now64(6, 'UTC'),
    {entry:String},
    {run:Int64}
"""

_NOW = "SELECT toUnixTimestamp64Micro(now64(6, 'UTC'))"

_ENTRIES = """
SELECT toUnixTimestamp64Micro(month), toString(entry), run
FROM $database.months
"""


_DAY = 86_400 * timestamps.MICROSECONDS

#: The earliest time that can be stored, for who begins with all there is.
EARLIEST = -2_208_988_800 * timestamps.MICROSECONDS


class Entry(enum.StrEnum):
    """What can be said of a month."""

    #: Its openings are being derived, or were: who writes must see to them.
    ANNOUNCED = 'announced'
    #: All that lived has its opening: who reads may begin with it.
    OPENED = 'opened'
    #: All that was before it may be gone.
    PURGED = 'purged'


@dataclasses.dataclass(frozen=True, slots=True)
class Journal:
    """What was entered so far; months by their first microsecond.

    :param announced: months whose openings writers must see to, in order.
    :param opened: months that can be begun with, by when the run began that
        opened them: what is asked as of an earlier time cannot begin there.
    :param purged: nothing is left of what was before; None if nothing was
        purged.
    """

    announced: Sequence[int] = ()
    opened: Sequence[tuple[int, int]] = ()
    purged: int | None = None

    @property
    def first_kept(self) -> int:
        """The month whose openings stand for all that was before."""
        return EARLIEST if self.purged is None else self.purged

    def start(self, begin: int, as_of: int | None) -> int | None:
        """The month to begin with, to tell what held at a time.

        :param begin: the time; microseconds since the epoch.
        :param as_of: if only what was received up to then counts (R15).
        :returns: None to begin with the first event of all.
        :raises Purged: what it takes is gone.
        """
        start = max(
            (
                month
                for month, run in self.opened
                if month <= begin and (as_of is None or run <= as_of)
            ),
            default=None,
        )
        if self.purged is not None and (start is None or start < self.purged):
            raise errors.Purged(self.purged)
        return start

    def require(self, begin: int) -> None:
        """See that what happened since a time is still there.

        :raises Purged: it is not.
        """
        if self.purged is not None and begin < self.purged:
            raise errors.Purged(self.purged)


class Months:
    """Keeps the journal."""

    def __init__(self, pool: clickhouse_client.Pool) -> None:
        self._pool = pool

    def journal(self) -> Journal:
        """All that was entered.

        :raises StorageUnavailable: the store cannot be reached.
        """
        announced = set()
        opened: set[tuple[int, int]] = set()
        purged = None
        rows = self._pool.execute(_ENTRIES, settings=layout.IN_SEQUENCE)
        for month, entry, run in rows:
            match Entry(entry):
                case Entry.ANNOUNCED:
                    announced.add(month)
                case Entry.OPENED:
                    opened.add((month, run))
                case Entry.PURGED:
                    purged = max(purged or month, month)
        return Journal(
            announced=[
                month
                for month in sorted(announced)
                if purged is None or month >= purged
            ],
            opened=sorted(opened),
            purged=purged,
        )

    def announce(self, month: int) -> int:
        """Have writers see to the openings of a month from now on.

        :param month: its first microsecond, since the epoch.
        :returns: what names the run: the time of the server.
        :raises ValueError: the month has not begun.
        """
        [(now,)] = self._pool.execute(_NOW)
        if now < month:
            raise ValueError('a month cannot be opened before it begins')
        self.enter(month, Entry.ANNOUNCED, now)
        return now

    def enter(self, month: int, entry: Entry, run: int) -> None:
        """Enter something of a month.

        :param run: what :meth:`announce` returned.
        """
        self._pool.execute(
            _ENTER,
            {'month': month, 'entry': str(entry), 'run': run},
            layout.IN_SEQUENCE,
        )


def month_of(instant: int) -> int:
    """The first microsecond of the month that holds an instant (UTC)."""
    return _month_of_day(instant // _DAY)


@functools.lru_cache
def _month_of_day(day: int) -> int:
    return instants.month(day * _DAY, datetime.UTC)[0]
