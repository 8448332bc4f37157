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
"""The intervals of closed months: stored, told to be late, and dropped.

As for openings, the order of steps is what makes it exact. A derivation is
announced before it reads. A writer looks for announced ones after it has
inserted, and tells of those that lack what it wrote, before it lets its caller
go on. So a derivation has read what was written, or is known to lack it.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
import contextlib

from oslo_log import log as logging

from stratometrics.model import event as event_model
from stratometrics.model import kept
from stratometrics.model import months as months_model
from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import generations as generations_module
from stratometrics.storage.clickhouse import intervals
from stratometrics.storage.clickhouse import keys
from stratometrics.storage.clickhouse import months as journal_module
from stratometrics.storage.clickhouse.migrations import s0008_openings

LOG = logging.getLogger(__name__)

#: About how many events are read for one insert: they have to fit in memory,
#: with all that is known of them.
_SLICE = 1_000_000

#: What intervals are of, beside their measures.
_FACTS = (
    'resource_type',
    'resource_id',
    'project_id',
    'type',
    'state',
    'region',
    'user_id',
    'name',
    'type_id',
    'image',
    'availability_zone',
    'attributes',
)

_READ = f"""
    resource_type = {{resource_type:String}}
    AND timeline BETWEEN {{first:UInt128}} AND {{last:UInt128}}
    AND event_time >= fromUnixTimestamp64Micro({{start:Int64}}, 'UTC')
    AND (
        event_time = fromUnixTimestamp64Micro({{start:Int64}}, 'UTC')
        OR NOT ({s0008_openings.IS_OPENING})
    )
    AND event_time < fromUnixTimestamp64Micro({{end:Int64}}, 'UTC')
    AND phase != 'consumed'
"""

_INTERVALS = intervals.OF_NEWS.format(
    keys=''.join(f'{name}, ' for name in _FACTS),
    columns=''.join(
        f'events.{name} AS {name}, '
        if name == 'attributes'
        else f'CAST(events.{name} AS String) AS {name}, '
        for name in _FACTS
    ),
    begin='{month:Int64}',
    end='{end:Int64}',
    chosen='',
    timelines=_READ,
    facts="phase = 'billed'",
)

_STORE = """
INSERT INTO $database.intervals (
    month, run, {facts}, measures, interval_begin, interval_end
)
SELECT {{month:Int64}}, {{run:Int64}}, * FROM ({intervals})
"""

_DERIVE = _STORE.format(facts=', '.join(_FACTS), intervals=_INTERVALS)

_DERIVE_SETTINGS = {
    'max_execution_time': 0,
    # One part for each insert.
    'max_insert_threads': 1,
    'min_insert_block_size_rows': 2 * _SLICE,
    'min_insert_block_size_bytes': 0,
    'query_plan_execute_functions_after_sorting': 0,
    'async_insert': 0,
}

_SIZES = """
SELECT toString(resource_type), count()
FROM $database.events
WHERE event_time >= fromUnixTimestamp64Micro({start:Int64}, 'UTC')
    AND event_time < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
    AND phase != 'consumed'
GROUP BY resource_type
"""

_KNOWN_AT = """
SELECT toUnixTimestamp64Micro(max(received_at))
FROM $database.events
WHERE event_time >= fromUnixTimestamp64Micro({start:Int64}, 'UTC')
    AND event_time < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
"""

_HELD = 'SELECT month, run, count() FROM $database.intervals GROUP BY ALL'

_SIZE = """
SELECT count() FROM $database.intervals
WHERE month = {month:Int64} AND run = {run:Int64}
"""

_DROP = """
ALTER TABLE $database.intervals
DROP PARTITION tuple({month:Int64}, {run:Int64})
"""

# What counts at the instants of some events, of what was there long before.
_RIVALS = """
SELECT
    toString(resource_type),
    resource_id,
    toUnixTimestamp64Micro(event_time) AS instant,
    max((rank, message_order)),
    max(phase = 'ended')
FROM $database.events
WHERE {given}
    AND event_time IN (
        SELECT fromUnixTimestamp64Micro(
            arrayJoin({{instants:Array(Int64)}}), 'UTC'
        )
    )
    AND received_at < fromUnixTimestamp64Micro({{before:Int64}}, 'UTC')
GROUP BY resource_type, resource_id, event_time
"""

#: What was received so long before a derivation was announced was read by it,
#: whatever the clocks of hosts say; microseconds.
_SURELY_READ = 86_400 * timestamps.MICROSECONDS

#: How long a derivation may take, and how long after it was given up somebody
#: may still begin to read one; microseconds.
_ABANDONED = 86_400 * timestamps.MICROSECONDS
_GRACE = 600 * timestamps.MICROSECONDS

_LAST_TIMELINE = 2**128 - 1


class Closing:
    """Stores intervals, and knows which of them still hold.

    :param months: the journal.
    """

    def __init__(
        self,
        pool: clickhouse_client.Pool,
        months: journal_module.Months,
    ) -> None:
        self._pool = pool
        self._months = months

    def derive(self, month: int) -> bool:
        """Store the intervals of a month.

        :param month: its first microsecond, since the epoch.
        :returns: whether they can be used: nothing came in meanwhile that
            they lack.
        :raises ValueError: the month is not over.
        :raises Purged: its events are gone.
        """
        run = self._months.announce_closing(month)
        try:
            return self._derive(month, run)
        except Exception:
            # What there is of it can go, and writers need not heed it. If it
            # cannot be entered, time will tell.
            with contextlib.suppress(errors.StorageError):
                self._months.enter(month, journal_module.Entry.DROPPED, run)
            raise

    def _derive(self, month: int, run: int) -> bool:
        journal = self._months.journal()
        start = journal.start(month, None)
        # Openings tell nothing of what had ended when they were derived.
        merged_at = journal.merged_at(start)
        if start is None:
            start = journal_module.EARLIEST
        span = {'start': start, 'end': months_model.after(month)}
        # No resource type is to be missed.
        self._pool.catch_up('events')
        for resource_type, size in self._pool.execute(_SIZES, span):
            for first, last in _slices(size):
                self._pool.execute_on_shards(
                    _DERIVE,
                    {
                        **span,
                        'month': month,
                        'run': run,
                        'resource_type': resource_type,
                        'first': first,
                        'last': last,
                    },
                    _DERIVE_SETTINGS,
                )
        # Last, so that it is told of all that was read.
        [(known_at,)] = self._pool.execute(_KNOWN_AT, span)
        # A purge is entered before anything is dropped.
        self._months.journal().require(start)
        self._months.enter(
            month,
            journal_module.Entry.CLOSED,
            run,
            max(known_at, merged_at),
            self._size(month, run),
        )
        return any(
            each.run == run and each.answers(None)
            for each in self._months.journal().generations
        )

    def heed(
        self,
        news: Mapping[int, Sequence[event_model.Event]],
        journal: journal_module.Journal,
    ) -> None:
        """Tell which stored intervals lack what is new.

        :param news: events, and openings that are about to be written, by
            when they were received first.
        :param journal: as it was read when the events were durable; and once
            more when the openings are.
        """
        late: dict[int, tuple[int, int]] = {}
        for at, events in sorted(news.items()):
            for each, _ in _concerned(events, journal, at):
                run, first = late.get(each.month, (each.run, at))
                late[each.month] = max(run, each.run), first
        for month, (run, first) in late.items():
            self._months.enter(month, journal_module.Entry.LATE, run, first)

    def void(
        self,
        told: Mapping[int, Sequence[event_model.Event]],
        journal: journal_module.Journal,
        received_at: int,
    ) -> Container[event_model.Event]:
        """Which events change nothing: long before, others counted more.

        Or they were there themselves.

        :param told: the events, by when they were received first.
        :param received_at: when they were received now.
        """
        concerned = [
            each
            for at, events in told.items()
            for each in _concerned(events, journal, at)
        ]
        if not concerned:
            return ()
        near = {id(event): event for _, those in concerned for event in those}
        written = list(near.values())
        before = min(
            received_at,
            min(each.run for each, _ in concerned) - _SURELY_READ,
        )
        rows = self._pool.execute(
            _RIVALS.format(given=keys.GIVEN),
            {
                **keys.named({keys.of(event) for event in written}),
                'instants': sorted({event.event_time for event in written}),
                'before': before,
            },
        )
        return _Void(
            {
                (resource_type, resource_id, instant): (last, bool(ended))
                for resource_type, resource_id, instant, last, ended in rows
            }
        )

    def overview(self) -> kept.Overview:
        """See :class:`stratometrics.storage.base.MonthStore`."""
        journal = self._months.journal()
        # What was purged is no month any more, whatever was made of it before.
        opened = {
            month for month, _ in journal.opened if month >= journal.first_kept
        }
        closed = {
            each.month
            for each in journal.generations
            if each.answers(None) and each.month >= journal.first_kept
        }
        late = {
            each.month: each.late_at
            for each in journal.generations
            if each.known_at is not None
            and each.month not in closed
            and each.month >= journal.first_kept
        }
        failed = {
            each.month: each.run
            for each in journal.generations
            if each.known_at is None
        }
        found = {
            month
            for month, _ in self._months.held()
            if month >= journal.first_kept
        }
        return kept.Overview(
            months=[
                kept.Month(
                    month=month,
                    opened=month in opened,
                    closed=month in closed,
                    late_at=late.get(month),
                    failed_at=failed.get(month),
                )
                for month in sorted({*found, *opened, *closed, *late})
            ],
            purged=journal.purged,
            now=self._months.now(),
        )

    def tidy(self) -> None:
        """Drop what nobody will read any more.

        It is announced first, and dropped by one of the next calls. So is what
        is not whole, as after a backup without it was restored.
        """
        now = self._months.now()
        # What is held was announced, and the journal, read later, knows of it.
        held = {
            (month, run): size
            for month, run, size in self._pool.execute(_HELD)
        }
        known = {
            (each.month, each.run): each
            for each in self._months.journal().generations
        }
        newest = {
            month: run
            for (month, run), each in sorted(known.items())
            if each.answers(None)
        }
        for name, each in known.items():
            # What was closed since it was looked up is looked up again.
            if (
                each.known_at is not None
                and each.dropped_at is None
                and each.size not in (-1, held.get(name, 0))
                and each.size != self._size(*name)
            ):
                LOG.error(
                    'Intervals of %s are lost; it is answered from events',
                    months_model.of(each.month),
                )
                self._months.enter(
                    each.month, journal_module.Entry.DROPPED, each.run
                )
        for month, run in held:
            each = known.get((month, run))
            if each is None or (
                each.dropped_at is not None and each.dropped_at < now - _GRACE
            ):
                self._drop(month, run)
            elif each.dropped_at is None and (
                run < newest.get(month, run)
                or (each.known_at is None and run < now - _ABANDONED)
            ):
                self._months.enter(month, journal_module.Entry.DROPPED, run)

    def _size(self, month: int, run: int) -> int:
        [(size,)] = self._pool.execute(_SIZE, {'month': month, 'run': run})
        return size

    def purge(self, before: int) -> None:
        """Drop all that is stored of the months before one.

        :param before: its first microsecond; nobody reads what was before it.
        """
        for month, run, _ in self._pool.execute(_HELD):
            if month < before:
                self._drop(month, run)

    def _drop(self, month: int, run: int) -> None:
        self._pool.execute_on_shards(_DROP, {'month': month, 'run': run})


def _concerned(
    events: Iterable[event_model.Event],
    journal: journal_module.Journal,
    received_at: int,
) -> list[tuple[generations_module.Generation, Sequence[event_model.Event]]]:
    """The stored intervals that events may change, and which of these do.

    But for those that are known to lack what was received so early.
    """
    generations = [
        each for each in journal.generations if not each.lacks(received_at)
    ]
    if not generations:
        return []
    reach = _Reach(journal.announced)
    spans = [
        (event, reach.end(event.event_time))
        for event in events
        if event.phase is not event_model.Phase.CONSUMED
    ]
    near = [
        (
            each,
            [
                event
                for event, end in spans
                if event.event_time < each.end and each.month < end
            ],
        )
        for each in generations
    ]
    return [(each, those) for each, those in near if those]


class _Reach:
    """How far an event can be felt: to the next month with openings.

    What it changes beyond that, its opening there tells.
    """

    def __init__(self, announced: Sequence[int]) -> None:
        self._announced = announced

    def end(self, instant: int) -> int:
        return min(
            (month for month in self._announced if month > instant),
            default=event_model.RANK_EVENT,
        )


class _Void:
    """Whether events come before others of the same instant (R10).

    :param rivals: the place of the last one among those of an instant, and
        whether there is an end; by resource type, id and instant.
    """

    def __init__(
        self,
        rivals: Mapping[tuple[str, str, int], tuple[tuple[int, int], bool]],
    ) -> None:
        self._rivals = rivals

    def __contains__(self, event: event_model.Event) -> bool:
        instant, rank, message = event.order
        key = event.resource_type, event.resource_id, instant
        if key not in self._rivals:
            return False
        last, ended = self._rivals[key]
        if event.phase is event_model.Phase.ENDED:
            # An end holds whatever else is said.
            return ended
        return last >= (rank, int.from_bytes(message))


def _slices(size: int) -> Iterable[tuple[int, int]]:
    """Ranges of timelines, which are evenly spread numbers."""
    count = -(-size // _SLICE)
    bounds = [
        (_LAST_TIMELINE + 1) * number // count for number in range(count + 1)
    ]
    for number in range(count):
        yield bounds[number], bounds[number + 1] - 1
