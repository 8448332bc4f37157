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
"""What months begin with: derived for all at once, and for what is late.

The order of steps is what makes it exact. A derivation announces its month
before it reads. A writer looks for announced months after it has inserted, and
again after it has carried something forward, until there is none that it has
not seen to. So what a derivation does not see is seen to by who wrote it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
import threading

from stratometrics.model import event as event_model
from stratometrics.model import months as months_model
from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import closing as closing_module
from stratometrics.storage.clickhouse import keys
from stratometrics.storage.clickhouse import months as months_module
from stratometrics.storage.clickhouse.migrations import s0008_openings

#: How far the clocks of hosts may be apart, in microseconds.
_SKEW = 86_400 * timestamps.MICROSECONDS

#: From how many resources on a process forgets that they were looked up.
_REMEMBERED = 200_000

_CARRIED = tuple(
    column
    for column in s0008_openings.COLUMNS
    if column
    not in (
        'resource_type',
        'resource_id',
        'event_time',
        'rank',
        'source',
        'witnessed_at',
    )
)


def _instant(name: str) -> str:
    return f"fromUnixTimestamp64Micro({{{name}:Int64}}, 'UTC')"


_INSERT = """
INSERT INTO $database.events (
    resource_type, resource_id, event_time, rank, source, witnessed_at,
    {carried}
)
"""

#: As :attr:`stratometrics.model.event.Event.place`.
_PLACE = f"""if(
        {s0008_openings.IS_OPENING},
        rank,
        greatest(toUnixTimestamp64Micro(event_time), 0) * 8
            + if(rank < 0, 0, rank - 4611686018427387903)
    )"""

#: As the last part of :attr:`stratometrics.model.event.Event.order`, where all
#: are compared by their places: births by what their openings will have.
_ORDER = """if(
        rank < 0,
        bitOr(
            bitShiftLeft(
                toUInt128(greatest(4503599627370496 - witnessed_at, 0)), 76
            ),
            bitShiftRight(message_order, 52)
        ),
        message_order
    )"""

# As Event.precedes(). Of earlier months nothing is read but the openings of
# the first.
_PRECEDING = f"""
    event_time >= {_instant('start')}
    AND (event_time < {_instant('month')}
        OR event_time = {_instant('month')} AND rank < 0)
    AND (
        NOT ({s0008_openings.IS_OPENING})
        OR event_time = {_instant('start')}
    )
    AND phase != 'consumed'
"""

# What held last, or the first end, which nothing reopens (R7), of all that had
# been received when the run began. What ended before the last month is carried
# no further, unless something was told of it since.
_DERIVE = """
{insert}
SELECT
    resource_type,
    last.1,
    {month},
    last.2,
    'opening',
    last.3,
    {lasts}
FROM (
    SELECT
        resource_type,
        timeline,
        argMaxIf(
            (resource_id, {place}, witnessed_at, {carried}),
            (
                phase = 'ended',
                {place} * if(phase = 'ended', -1, 1),
                {order},
                earliness
            ),
            received_at <= {run}
        ) AS last,
        countIf(received_at <= {run}) AS known,
        countIf(received_at > {run}) AS recent,
        maxIf(event_time, NOT ({is_opening})) AS heard_at,
        maxIf(phase = 'ended', received_at <= {run}) AS dead
    FROM $database.events
    WHERE {preceding}
    GROUP BY resource_type, timeline
)
WHERE known > 0
    AND (
        NOT dead
        OR recent > 0
        OR heard_at >= {previous}
        OR timeline IN (
            SELECT timeline FROM $database.events WHERE event_time >= {month}
        )
    )
"""

# What came in while the month was announced, each for itself (R15).
_DERIVE_RECENT = """
{insert}
SELECT
    resource_type,
    resource_id,
    {month},
    {place} AS place,
    'opening',
    witnessed_at,
    {carried}
FROM $database.events
WHERE {preceding} AND received_at > {run}
"""

_DERIVE_SETTINGS = {
    # The key begins with what it is grouped by: in bounded memory.
    'optimize_aggregation_in_order': 1,
    'max_execution_time': 0,
}

_DEAD = """
SELECT resource_type, resource_id, toUnixTimestamp64Micro(min(event_time))
FROM $database.deaths
WHERE {given}
GROUP BY resource_type, resource_id
"""

# Who was cut off after the insert writes again, and is late for a second time.
_ARRIVED = """
SELECT
    toString(resource_type),
    resource_id,
    toUnixTimestamp64Micro(event_time) AS at,
    rank,
    message_id,
    toUnixTimestamp64Micro(min(received_at))
FROM $database.events
WHERE {given}
    AND event_time IN (
        SELECT fromUnixTimestamp64Micro(
            arrayJoin({{instants:Array(Int64)}}), 'UTC'
        )
    )
GROUP BY resource_type, resource_id, at, rank, message_id
"""

# An end is told to every month after it.
_BURY = """
{insert}
SELECT
    resource_type,
    resource_id,
    fromUnixTimestamp64Micro(month, 'UTC'),
    {place} AS place,
    'opening',
    witnessed_at,
    {carried}
FROM $database.deaths
ARRAY JOIN {{months:Array(Int64)}} AS month
WHERE toUnixTimestamp64Micro(event_time) < month
    AND {given}
"""

# Of whom anything is told that is not the end, by a month or later.
_SPEAKING = """
    timeline IN (
        SELECT timeline FROM $database.events
        WHERE event_time >= {month} AND phase != 'ended'
    )"""

# Text is made of constants only; every value is bound.
_PARTS = {
    'carried': ', '.join(_CARRIED),
    'given': keys.GIVEN,
    'insert': _INSERT.format(carried=', '.join(_CARRIED)),
    'lasts': ', '.join(f'last.{n}' for n in range(4, 4 + len(_CARRIED))),
    'order': _ORDER,
    'place': _PLACE,
    'preceding': _PRECEDING,
    'is_opening': s0008_openings.IS_OPENING,
    'month': _instant('month'),
    'previous': _instant('previous'),
    'run': _instant('run'),
}

_BURY_SPEAKING = _BURY.format(
    **{**_PARTS, 'given': _SPEAKING.format(**_PARTS)}
)

_Write = Callable[[Sequence[event_model.Event], int], None]


class Openings:
    """Carries forward what months begin with.

    :param months: the journal.
    :param closing: is told of what is late for stored intervals.
    :param settings: of inserts.
    """

    def __init__(
        self,
        pool: clickhouse_client.Pool,
        months: months_module.Months,
        closing: closing_module.Closing,
        settings: dict,
    ) -> None:
        self._pool = pool
        self._months = months
        self._closing = closing
        self._settings = settings
        #: Which resources were looked up among the dead in which months: the
        #: hashes, which take a quarter of the memory.
        self._looked_up: set[int] = set()
        self._lock = threading.Lock()

    def derive(self, month: int) -> None:
        """Open a month: give all that lives, or just died, an opening.

        Doing it again, or twice at once, is harmless.

        :param month: its first microsecond, since the epoch.
        :raises ValueError: the month has not begun.
        :raises Purged: there is nothing left to open it from.
        :raises StorageError: do it again.
        """
        journal = self._months.journal()
        start = journal.start(months_model.begin(month - 1), None)
        if start is None:
            start = months_module.EARLIEST
        run = self._months.announce(month)
        self._derive(month, start, run)
        # A purge is entered before anything is dropped.
        self._months.journal().require(start)
        self._months.enter(month, months_module.Entry.OPENED, run)

    def derive_again(self) -> Iterator[int]:
        """Give what lacks them its openings in all months that are opened.

        An event is stored before its openings are, and whoever was cut off in
        between writes both again. But a backup that was made in between has
        the one without the others. So what was received since a month was
        opened is carried each for itself, as its writer did (R15), and every
        end of which anything else is told.

        :returns: each month when it is done, in their order.
        :raises StorageError: do it again.
        """
        journal = self._months.journal()
        for month in sorted({month for month, _ in journal.opened}):
            if month < journal.first_kept:
                continue
            run = journal.merged_at(month)
            # One that was opened later merged what is to be told apart here.
            # Of what was purged nothing is left but what came in since.
            start = max(
                (
                    earlier
                    for earlier, its_run in journal.opened
                    if journal.first_kept <= earlier < month and its_run <= run
                ),
                default=months_module.EARLIEST,
            )
            self._derive(month, start, run)
            self._pool.execute_on_shards(
                _BURY_SPEAKING,
                {'months': [month], 'month': month},
                {**self._settings, **_DERIVE_SETTINGS},
            )
            yield month

    def _derive(self, month: int, start: int, run: int) -> None:
        """Carry what precedes a month into it.

        :param start: the month to begin to read with.
        :param run: what was received later is carried each for itself.
        """
        for statement in (_DERIVE, _DERIVE_RECENT):
            self._pool.execute_on_shards(
                statement.format(**_PARTS),
                {
                    'month': month,
                    'previous': months_model.begin(month - 1),
                    'start': start,
                    'run': run,
                },
                {**self._settings, **_DERIVE_SETTINGS},
            )

    def follow(
        self,
        events: Sequence[event_model.Event],
        received_at: int,
        write: _Write,
    ) -> None:
        """Carry forward what was written and is late.

        :param events: what is durable now.
        :param received_at: when it was received, unless it was before.
        :param write: stores openings, as received at a time.
        :raises StorageUnavailable: write the events again.
        """
        try:
            self._follow(events, received_at, write)
        except (errors.InvalidRows, errors.StorageUnavailable):
            raise
        except errors.StorageError as error:
            # What was written is right: it is not to be refused for this.
            raise errors.StorageUnavailable(str(error)) from error

    def _follow(
        self,
        events: Iterable[event_model.Event],
        received_at: int,
        write: _Write,
    ) -> None:
        newest = months_model.begin(timestamps.now() + _SKEW)
        timelines = [
            each
            for each in events
            if each.phase is not event_model.Phase.CONSUMED
        ]
        late = [each for each in timelines if each.precedes(newest)]
        current = {
            (keys.of(each), months_model.begin(each.event_time))
            for each in timelines
            if not each.precedes(newest)
        }
        unknown = self._unknown(current)
        resources = {
            *(keys.of(each) for each in late),
            *(resource for resource, _ in unknown),
        }
        if late or self._dead(resources, newest):
            self._carry(late, resources, newest, received_at, write)
        self._remember(unknown)

    def _carry(
        self,
        late: Sequence[event_model.Event],
        resources: Collection[keys.Resource],
        newest: int,
        received_at: int,
        write: _Write,
    ) -> None:
        arrived: dict[int, list[event_model.Event]] = {}
        news: dict[int, list[event_model.Event]] = {}
        covered: set[int] = set()
        while True:
            journal = self._months.journal()
            months = [
                month for month in journal.announced if month not in covered
            ]
            if late and not arrived and (months or journal.generations):
                arrived = self._arrived(late, received_at)
            openings = {
                at: _openings(events, months) for at, events in arrived.items()
            }
            told = (
                openings
                if news
                else {
                    at: [*events, *openings[at]]
                    for at, events in arrived.items()
                }
            )
            # Before they are there: they are as old as what they carry, and
            # whoever finds them takes them for read.
            void = self._closing.void(told, journal, received_at)
            for at, those in told.items():
                news.setdefault(at, []).extend(
                    each for each in those if each not in void
                )
            self._closing.heed(news, journal)
            if not months:
                break
            # After the months were read: who tells of an end that is not here
            # yet reads them later, and sees to all of these.
            dead = self._dead(resources, newest)
            for at, carried in openings.items():
                if carried:
                    write(carried, at)
            if dead:
                self._pool.execute_on_shards(
                    _BURY.format(**_PARTS),
                    {**keys.named(dead), 'months': months},
                    self._settings,
                )
            covered.update(months)

    def _arrived(
        self, events: Sequence[event_model.Event], received_at: int
    ) -> dict[int, list[event_model.Event]]:
        """Events by the first time that they were received (R15)."""
        rows = self._pool.execute(
            _ARRIVED.format(**_PARTS),
            {
                **keys.named({keys.of(each) for each in events}),
                'instants': sorted({each.event_time for each in events}),
            },
        )
        first = {tuple(key): at for *key, at in rows}
        arrived: dict[int, list[event_model.Event]] = {}
        for each in events:
            key = (*keys.of(each), each.event_time, each.rank)
            at = first.get((*key, each.message_id), received_at)
            arrived.setdefault(at, []).append(each)
        return arrived

    def _unknown(
        self, heard: Iterable[tuple[keys.Resource, int]]
    ) -> set[tuple[keys.Resource, int]]:
        """What was not looked up among the dead in this month.

        What is late is looked up each time: months may have been opened since
        that do not know of the end.
        """
        with self._lock:
            return {
                each for each in heard if hash(each) not in self._looked_up
            }

    def _remember(
        self, looked_up: Collection[tuple[keys.Resource, int]]
    ) -> None:
        if not looked_up:
            return
        with self._lock:
            if len(self._looked_up) >= _REMEMBERED:
                self._looked_up.clear()
            self._looked_up.update(hash(each) for each in looked_up)

    def _dead(
        self, resources: Iterable[keys.Resource], newest: int
    ) -> list[keys.Resource]:
        """Those of them that ended before the newest month."""
        resources = sorted(resources)
        if not resources:
            return []
        rows = self._pool.execute(
            _DEAD.format(**_PARTS), keys.named(resources)
        )
        return [
            (resource_type, resource_id)
            for resource_type, resource_id, died_at in rows
            if died_at < newest
        ]


def _openings(
    events: Iterable[event_model.Event], months: Iterable[int]
) -> list[event_model.Event]:
    """The openings of events that came in together.

    Of those of one resource and month only the last is needed, and every end.
    """
    openings = []
    last: dict[tuple[keys.Resource, int], event_model.Event] = {}
    for event in events:
        resource = keys.of(event)
        for month in months:
            if not event.precedes(month):
                continue
            opening = event.opening(month)
            if event.phase is event_model.Phase.ENDED:
                openings.append(opening)
                continue
            rival = last.get((resource, month))
            if rival is None or opening.order > rival.order:
                last[resource, month] = opening
    return [*openings, *last.values()]
