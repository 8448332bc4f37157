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
import enum

from stratometrics.model import months as months_model
from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import generations as generations_module
from stratometrics.storage.clickhouse import layout

_ENTER = """
INSERT INTO $database.months (
    month, entered_at, entry, run, received_at, size
)
SELECT
    fromUnixTimestamp64Micro({month:Int64}, 'UTC'),
    now64(6, 'UTC'),
    {entry:String},
    {run:Int64},
    {received_at:Int64},
    {size:Int64}
"""

# Parts are counted without being read.
_HELD = """
SELECT toYYYYMM(event_time) AS number, count()
FROM $database.events
GROUP BY number
"""

_NOW = "SELECT toUnixTimestamp64Micro(now64(6, 'UTC'))"

_ENTRIES = """
SELECT
    toUnixTimestamp64Micro(month),
    toString(entry),
    run,
    received_at,
    toUnixTimestamp64Micro(entered_at),
    size
FROM $database.months
"""


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
    #: Its intervals are being derived: who writes must tell what is late.
    CLOSING = 'closing'
    #: They are stored.
    CLOSED = 'closed'
    #: Those of this run, and of earlier ones, lack something.
    LATE = 'late'
    #: Those of this run are about to go.
    DROPPED = 'dropped'


@dataclasses.dataclass(frozen=True, slots=True)
class Journal:
    """What was entered so far; months by their first microsecond.

    :param announced: months whose openings writers must see to, in order.
    :param opened: months that can be begun with, by when the run began that
        opened them: what is asked as of an earlier time cannot begin there.
    :param purged: nothing is left of what was before; None if nothing was
        purged.
    :param generations: the stored intervals of closed months, with those that
        were dropped or purged.
    """

    announced: Sequence[int] = ()
    opened: Sequence[tuple[int, int]] = ()
    purged: int | None = None
    generations: Sequence[generations_module.Generation] = ()

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

    def merged_at(self, start: int | None) -> int:
        """From when on questions begin with a month (R15).

        :param start: the month; None for the first event of all.
        """
        return min(
            (run for month, run in self.opened if month == start),
            default=EARLIEST,
        )

    @property
    def bare(self) -> 'Journal':
        """The same without what only spares reading."""
        return Journal(
            opened=[
                (month, run)
                for month, run in self.opened
                if month == self.purged
            ],
            purged=self.purged,
        )

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
        for month, entry, run, *_ in rows:
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
            generations=_generations(rows),
        )

    def announce(self, month: int) -> int:
        """Have writers see to the openings of a month from now on.

        :param month: its first microsecond, since the epoch.
        :returns: what names the run: the time of the server.
        :raises ValueError: the month has not begun.
        """
        now = self.now()
        if now < month:
            raise ValueError('a month cannot be opened before it begins')
        self.enter(month, Entry.ANNOUNCED, now)
        return now

    def announce_closing(self, month: int) -> int:
        """Have writers tell what is late for a month from now on.

        :returns: what names the run: the time of the server.
        :raises ValueError: the month is not over.
        """
        now = self.now()
        if now < months_model.after(month):
            raise ValueError('a month cannot be closed before it ends')
        self.enter(month, Entry.CLOSING, now)
        return now

    def held(self) -> list[tuple[int, int]]:
        """The months that there are events of, in order, and how many."""
        return [
            (months_model.begin_of(*divmod(number, 100)), size)
            for number, size in sorted(self._pool.execute(_HELD))
        ]

    def now(self) -> int:
        """The time of the server, in microseconds since the epoch."""
        [(now,)] = self._pool.execute(_NOW)
        return now

    def enter(
        self,
        month: int,
        entry: Entry,
        run: int,
        received_at: int = 0,
        size: int = -1,
    ) -> None:
        """Enter something of a month.

        :param run: what :meth:`announce` or :meth:`announce_closing` returned.
        :param received_at: of what is closed, from when on it answers; of
            what is late, of the first event that it lacks.
        :param size: of what is closed, how many intervals it has.
        """
        self._pool.execute(
            _ENTER,
            {
                'month': month,
                'entry': str(entry),
                'run': run,
                'received_at': received_at,
                'size': size,
            },
            layout.IN_SEQUENCE,
        )


def _generations(
    rows: Sequence[tuple[int, str, int, int, int, int]],
) -> list[generations_module.Generation]:
    """What was entered without its announcement is none that can be used."""
    found: dict[tuple[int, int], dict[str, int]] = {
        (month, run): {}
        for month, entry, run, *_ in rows
        if entry == Entry.CLOSING
    }
    for month, entry, run, received_at, entered_at, size in rows:
        its = found.get((month, run), {})
        match Entry(entry):
            case Entry.CLOSED:
                its |= {'known_at': received_at, 'size': size}
            case Entry.DROPPED:
                _advance(its, 'dropped_at', entered_at)
            case Entry.LATE:
                for (other, earlier), times in found.items():
                    if other == month and earlier <= run:
                        _advance(times, 'late_at', received_at)
            case Entry.PURGED:
                for (earlier, _), times in found.items():
                    if earlier < month:
                        _advance(times, 'dropped_at', entered_at)
    return [
        generations_module.Generation(
            month=month, end=months_model.after(month), run=run, **times
        )
        for (month, run), times in sorted(found.items())
    ]


def _advance(times: dict[str, int], name: str, at: int) -> None:
    """Have something be so from a time on, or from earlier on as it was."""
    times[name] = min(at, times.get(name, at))
