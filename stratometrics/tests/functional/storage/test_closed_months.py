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
"""Months that are closed, or were, on the real ClickHouse."""

from collections import defaultdict
from collections.abc import Callable
import functools
import itertools
import threading
from typing import Any
from unittest import mock

import hypothesis
from hypothesis import strategies as st

from stratometrics.model import event as event_model
from stratometrics.model import kept
from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import closing
from stratometrics.storage.clickhouse import driver
from stratometrics.storage.clickhouse import openings
from stratometrics.storage.clickhouse import retention
from stratometrics.tests import oracle
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import test_usage_rules

#: Months of an example, and where in one of them something happens.
_MONTHS = 4
#: For so many examples there are months, from 2001 on.
_EXAMPLES = 60
OFFSETS = st.sampled_from([0, 1, 2, 5, 10**12, 2_419_199_999_999])

_FIRST = months.begin(10**15)


def later(month: int, number: int) -> int:
    """The month that comes so many months later."""
    for _ in range(number):
        month = months.after(month)
    return month


@st.composite
def histories(draw: st.DrawFn) -> list[list]:
    """Batches of observations, and between them months to open and close.

    Times are pairs: the number of a month and an offset into it.
    """
    count = draw(st.integers(1, 10))
    instants = st.tuples(st.integers(0, _MONTHS - 1), OFFSETS)
    seen = [
        (
            draw(st.sampled_from(['a', 'b'])),
            draw(instants),
            f'm{number:02d}',
            draw(test_usage_rules.FACTS),
            draw(st.none() | instants),
        )
        for number in draw(st.permutations(range(count)))
    ]
    # Some come again.
    seen += draw(st.lists(st.sampled_from(seen), max_size=2))
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from(['open', 'close', 'close']),
                st.integers(0, _MONTHS - 1),
            ),
            min_size=1,
            max_size=6,
        )
    )
    while seen:
        size = draw(st.integers(1, 4))
        steps.insert(draw(st.integers(0, len(steps))), ('write', seen[:size]))
        seen = seen[size:]
    return steps


class HistoriesTestCase(base.StorageTestCase):
    """Plays histories, each in months of its own behind those before."""

    def setUp(self) -> None:
        super().setUp()
        self.numbers = itertools.count()
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)
        self.begin()

    def begin(self) -> None:
        number = next(self.numbers)
        if number and number % _EXAMPLES == 0:
            # No months are left but those to come.
            for table in ('events', 'deaths', 'intervals', 'months'):
                self.pool.execute_on_shards(
                    f'TRUNCATE TABLE $database.{table}'
                )
        self.first = later(_FIRST, number % _EXAMPLES * _MONTHS)
        self.resource_type = f'type{number}'
        self.seen: list[oracle.Observation] = []
        #: When each batch was received.
        self.marks: list[int] = []

    def instant(self, pair: tuple[int, int]) -> int:
        month, offset = pair
        return later(self.first, month) + offset

    def play(self, steps: list) -> None:
        for step, what in steps:
            if step == 'open':
                self.storage.open_month(later(self.first, what))
            elif step == 'close':
                self.storage.close_month(later(self.first, what))
            else:
                self.write(what)

    def write(self, batch: list[tuple]) -> None:
        observed = [
            oracle.Observation(
                resource_id=resource_id,
                time=self.instant(time),
                message_id=message_id,
                facts=facts,
                created_at=created and self.instant(created),
                received_at=len(self.marks),
            )
            for resource_id, time, message_id, facts, created in batch
        ]
        received_at = timestamps.now()
        self.storage.write_events(
            [
                event
                for each in observed
                for event in test_usage_rules.events(each, self.resource_type)
            ],
            received_at,
        )
        self.seen += observed
        self.marks.append(received_at)

    def ask(self, begin: int, end: int, **parameters):
        query = usage.UsageQuery(
            period=usage.Period(begin, end),
            now=timestamps.now(),
            resource_types=(self.resource_type,),
            group_by=('state', 'project_id', 'type'),
            **parameters,
        )
        return {
            row.group: (row.usage, row.measures.get('size', 0))
            for row in self.storage.usage(query)
        }

    def expect(
        self, seen, begin: int, end: int, project_id: str | None = None
    ):
        grouped: dict = defaultdict(lambda: (0, 0))
        for facts, time in oracle.usage(
            seen,
            begin,
            end,
            test_usage_rules.UNBILLED,
            test_usage_rules.PENDING,
        ).items():
            if project_id in (None, facts.project_id):
                total, measured = grouped[facts[:3]]
                grouped[facts[:3]] = (
                    total + time,
                    measured + time * facts.size,
                )
        return dict(grouped)

    def check(self, test, examples: int) -> None:
        hypothesis.given(histories(), st.data())(
            hypothesis.settings(
                max_examples=examples,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            )(test)
        )()


class ClosedMonthsTest(HistoriesTestCase):
    def test_answers_are_those_of_the_events(self) -> None:
        """R1, R2, R5, R15: whatever is closed when, and late for it."""

        def test(steps: list, data: st.DataObject) -> None:
            self.begin()
            self.play(steps)
            whole = self.first, later(self.first, _MONTHS)
            span = data.draw(
                st.lists(
                    st.tuples(st.integers(0, _MONTHS - 1), OFFSETS),
                    min_size=2,
                    max_size=2,
                    unique=True,
                ).map(lambda pairs: sorted(map(self.instant, pairs))),
                label='span',
            )
            by_month = itertools.pairwise(
                later(self.first, month) for month in range(_MONTHS + 1)
            )
            for begin, end in (whole, *by_month, span):
                self.assertEqual(
                    self.expect(self.seen, begin, end),
                    self.ask(begin, end),
                    (begin, end),
                )
            for known, as_of in enumerate(self.marks):
                seen = [
                    each for each in self.seen if each.received_at <= known
                ]
                for begin, end in (whole, span):
                    self.assertEqual(
                        self.expect(seen, begin, end),
                        self.ask(begin, end, as_of=as_of),
                        (begin, end, as_of),
                    )
            self.assertEqual(
                self.expect(self.seen, *whole, project_id='p1'),
                self.ask(*whole, project_ids=('p1',)),
            )

        self.check(test, 30)


class KnownTest(HistoriesTestCase):
    def test_what_had_ended_when_its_month_was_opened(self) -> None:
        """R15: no opening tells of it, and as of a time it still lived."""
        lives = oracle.Facts('active', 'p1', 'small', 1)
        ends = oracle.Facts('deleted', 'p1', 'small', 1)
        self.write(
            [
                ('a', (0, 5), 'm1', lives, None),
                ('b', (0, 5), 'm2', lives, None),
            ]
        )
        self.write([('b', (0, 9), 'm3', ends, None)])
        month = later(self.first, 2)
        self.storage.open_month(month)
        self.storage.close_month(month)
        for known, as_of in enumerate([*self.marks, timestamps.now()]):
            self.assertEqual(
                self.expect(
                    [each for each in self.seen if each.received_at <= known],
                    month,
                    months.after(month),
                ),
                self.ask(month, months.after(month), as_of=as_of),
                known,
            )


class PurgeTest(HistoriesTestCase):
    def test_what_lives_is_kept(self) -> None:
        """And what comes in late for what is gone counts for what is not."""

        def test(steps: list, data: st.DataObject) -> None:
            self.begin()
            cut = data.draw(st.integers(0, len(steps)), label='before')
            number = data.draw(st.integers(1, _MONTHS - 1), label='purged')
            purged = later(self.first, number)
            self.play(steps[:cut])
            self.storage.open_month(purged)
            with mock.patch.object(retention.time, 'sleep') as sleep:
                self.storage.purge(purged)
            sleep.assert_called()
            self.play(
                [
                    (step, what)
                    for step, what in steps[cut:]
                    if step == 'write' or what >= number + (step == 'open')
                ]
            )
            for begin, end in itertools.combinations(
                [later(self.first, n) for n in range(number, _MONTHS + 1)], 2
            ):
                self.assertEqual(
                    self.expect(self.seen, begin, end), self.ask(begin, end)
                )
            for begin in (purged - 1, self.first):
                error = self.assertRaises(
                    errors.Purged, self.ask, begin, later(self.first, _MONTHS)
                )
                self.assertEqual(purged, error.since)

        self.check(test, 20)

    def test_as_of_a_time_before_the_month_was_opened(self) -> None:
        facts = oracle.Facts('active', 'p1', 'small', 1)
        self.write([('a', (0, 5), 'm', facts, None)])
        purged = later(self.first, 2)
        end = months.after(purged)
        self.storage.open_month(purged)
        with mock.patch.object(retention.time, 'sleep'):
            self.storage.purge(purged)
        self.assertRaises(
            errors.Purged, self.ask, purged, end, as_of=self.marks[0]
        )
        self.assertEqual(
            self.expect(self.seen, purged, end),
            self.ask(purged, end, as_of=timestamps.now()),
        )


class ClosedUsageRulesTest(test_usage_rules.UsageRulesTest):
    """The rules again, where all that is asked about is closed."""

    examples = 12

    def store(self, seen, data) -> str:
        for table in ('events', 'intervals'):
            self.pool.execute_on_shards(f'TRUNCATE TABLE $database.{table}')
        resource_type = super().store(seen, data)
        for number in range(3):
            # As it is in September, October and November of 2001.
            self.assertTrue(self.storage.close_month(later(_FIRST, number)))
        return resource_type


class Actor:
    """Calls something that stops before each step it takes on the store."""

    def __init__(self, conf: Any, act: Callable[[Any], Any]) -> None:
        self._permits = threading.Semaphore(0)
        self._arrived = threading.Semaphore(0)
        self._free = False
        self._cut_off = False
        self.error: Exception | None = None
        self.steps = 0
        with mock.patch.object(
            client, 'Pool', functools.partial(SteppedPool, self)
        ):
            self._storage = driver.get_storage(conf)
        self._thread = threading.Thread(
            target=self._run, args=(act,), daemon=True
        )
        self._thread.start()

    def _run(self, act: Callable[[Any], Any]) -> None:
        try:
            act(self._storage)
        except Exception as error:
            self.error = error
        finally:
            self._free = True
            self._arrived.release()
            self._storage.close()

    def stop(self) -> None:
        """Called before each step."""
        if self._free:
            return
        self._arrived.release()
        self._permits.acquire()
        self.steps += 1
        if self._cut_off:
            self._free = True
            raise errors.StorageUnavailable('cut off')

    def advance(self, number: int) -> None:
        """Let it take so many steps, or as many as there are."""
        for _ in range(number):
            self._arrived.acquire()
            if self._free:
                self._arrived.release()
                return
            self._permits.release()

    def finish(self) -> None:
        self.advance(1000)
        self._thread.join()
        if self.error:
            raise self.error

    def cut_off(self) -> None:
        """Have the next step fail."""
        self._cut_off = True
        self.advance(1000)
        self._thread.join()


class SteppedPool(client.Pool):
    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._actor = actor

    def execute(self, *args: Any, **kwargs: Any):
        self._actor.stop()
        return super().execute(*args, **kwargs)

    def insert(self, *args: Any, **kwargs: Any) -> None:
        self._actor.stop()
        super().insert(*args, **kwargs)


class InterleavingTest(base.StorageTestCase):
    """A writer and a derivation, stopped by one another at every step."""

    #: More than either takes.
    STEPS = 14

    def setUp(self) -> None:
        super().setUp()
        self.numbers = itertools.count()
        self.month = _FIRST
        self.begin()

    def begin(self) -> None:
        """Go on in a month of its own, in which a resource is born."""
        self.month = later(self.month, 2)
        self.resource = f'r{next(self.numbers)}'
        self.storage.open_month(self.month)
        self.storage.write_events([self.event(5)], timestamps.now())

    def event(self, offset: int, deleted: bool = False) -> event_model.Event:
        phase = (
            event_model.Phase.ENDED if deleted else event_model.Phase.BILLED
        )
        return event_model.Event(
            resource_type='volume',
            resource_id=self.resource,
            event_time=self.month + offset,
            message_id=f'{self.resource}-{offset}',
            rank=event_model.rank_of(phase),
            phase=phase,
            state='available',
            project_id=self.resource,
            event_type='test',
        )

    def used(self) -> int:
        query = usage.UsageQuery(
            period=usage.Period(self.month, months.after(self.month)),
            now=timestamps.now(),
            resource_types=('volume',),
            group_by=('project_id',),
            project_ids=(self.resource,),
        )
        [row] = self.storage.usage(query)
        return row.usage

    def writer(self) -> Actor:
        late = self.event(100, deleted=True)
        return Actor(
            self.conf,
            lambda storage: storage.write_events([late], timestamps.now()),
        )

    def closer(self) -> Actor:
        month = self.month
        return Actor(self.conf, lambda storage: storage.close_month(month))

    def test_each_at_each_step_of_the_other(self) -> None:
        most = 0
        for first, second in itertools.product(range(self.STEPS), repeat=2):
            if first > most + 1 and most:
                continue
            self.begin()
            writer, closer = self.writer(), self.closer()
            writer.advance(first)
            closer.advance(second)
            writer.finish()
            # Its caller may go on: what it wrote counts.
            self.assertEqual(95, self.used(), (first, second))
            closer.finish()
            self.assertEqual(95, self.used(), (first, second))
            most = max(most, writer.steps)
        self.assertLess(most, self.STEPS)

    def test_a_writer_is_cut_off_and_writes_again(self) -> None:
        for first, second in itertools.product(range(6), (0, 2, 20)):
            self.begin()
            writer, closer = self.writer(), self.closer()
            closer.advance(second)
            writer.advance(first)
            writer.cut_off()
            closer.finish()
            self.writer().finish()
            self.assertEqual(95, self.used(), (first, second))

    def test_a_closing_is_cut_off_and_done_again(self) -> None:
        expected = months.after(self.month) - self.month - 5
        for first in range(self.STEPS):
            self.begin()
            expected = months.after(self.month) - self.month - 5
            closer = self.closer()
            closer.advance(first)
            closer.cut_off()
            self.assertEqual(expected, self.used(), first)
            self.assertTrue(self.storage.close_month(self.month))
            self.assertEqual(expected, self.used(), first)

    def test_two_closings_at_once(self) -> None:
        for first in range(self.STEPS):
            self.begin()
            one, other = self.closer(), self.closer()
            one.advance(first)
            other.finish()
            one.finish()
            self.assertEqual(
                months.after(self.month) - self.month - 5, self.used(), first
            )

    def test_tidying_at_each_step_of_a_closing(self) -> None:
        """What is being stored is not dropped, nor what just was."""
        for first, second in itertools.product(range(4), range(11)):
            self.begin()
            tidier = Actor(self.conf, lambda storage: storage.tidy_months())
            closer = self.closer()
            tidier.advance(first)
            closer.advance(second)
            tidier.finish()
            closer.finish()
            self.assertEqual(
                months.after(self.month) - self.month - 5,
                self.used(),
                (first, second),
            )
            self.assertIn(
                kept.Month(month=self.month, opened=True, closed=True),
                self.storage.overview().months,
            )


class LateTest(base.StorageTestCase):
    """What makes stored intervals late, and what does not."""

    def setUp(self) -> None:
        super().setUp()
        self.month = later(_FIRST, 3)
        # So that what is stored is known to have been read.
        self.enterContext(mock.patch.object(closing, '_SURELY_READ', 0))

    def write(self, *offsets: int, rank: int = event_model.RANK_EVENT) -> None:
        self.storage.write_events(
            [
                event_model.Event(
                    resource_type='volume',
                    resource_id='v',
                    event_time=self.month + offset,
                    message_id='m',
                    rank=rank,
                    phase=event_model.Phase.BILLED,
                    state='available',
                    project_id='p',
                    event_type='test',
                )
                for offset in offsets
            ],
            timestamps.now(),
        )

    def closed(self) -> list[str]:
        return [
            months.of(each.month)
            for each in self.storage.overview().months
            if each.closed
        ]

    def test_an_event_is_felt_until_the_next_openings(self) -> None:
        self.write(5)
        some = [later(self.month, number) for number in range(4)]
        for month in (later(self.month, -0), some[3]):
            self.storage.open_month(month)
        for month in some:
            self.storage.close_month(month)
        self.assertEqual(list(map(months.of, some)), self.closed())
        # The fourth has an opening that carries a later event.
        self.write(100)
        for month in some:
            self.storage.close_month(month)
        self.write(50)
        self.assertEqual([months.of(some[3])], self.closed())

    def test_what_changes_nothing_is_not_late(self) -> None:
        self.write(5, rank=-self.month - 100)
        self.write(100)
        self.storage.close_month(self.month)
        self.write(100)
        # A birth of which an earlier event bore witness.
        self.write(5, rank=-self.month - 200)
        self.assertEqual([months.of(self.month)], self.closed())
        self.write(5, rank=-self.month - 50)
        self.assertEqual([], self.closed())

    def test_what_comes_twice_is_not_late(self) -> None:
        """Nor is what it was carried on to."""
        some = [later(self.month, number) for number in range(3)]
        for month in some[:2]:
            self.storage.open_month(month)
        self.write(100)
        self.storage.open_month(some[2])
        for month in some:
            self.storage.close_month(month)
        self.write(100)
        self.assertEqual(list(map(months.of, some)), self.closed())

    def test_it_is_late_since_what_is_new(self) -> None:
        """And not since what came again with it."""
        self.storage.open_month(self.month)
        self.write(100)
        self.storage.close_month(self.month)
        now = timestamps.now()
        self.write(100, 50)
        [month] = self.storage.overview().months
        self.assertGreaterEqual(month.late_at, now)

    def test_what_comes_twice_is_late_if_it_was_not_carried_on(self) -> None:
        following = later(self.month, 1)
        for month in (self.month, following):
            self.storage.open_month(month)
        with mock.patch.object(
            openings.Openings, 'follow', side_effect=errors.StorageUnavailable
        ):
            self.assertRaises(errors.StorageUnavailable, self.write, 100)
        for month in (self.month, following):
            self.storage.close_month(month)
        # Cut off once more: it must not take what it wrote itself for read.
        with mock.patch.object(
            self.storage._months, 'enter', side_effect=errors.StorageError
        ):
            self.assertRaises(errors.StorageUnavailable, self.write, 100)
        self.write(100)
        self.assertEqual([months.of(self.month)], self.closed())

    def test_the_next_month_is_not_concerned(self) -> None:
        self.write(5)
        self.storage.close_month(self.month)
        self.write(months.after(self.month) - self.month)
        self.assertEqual([months.of(self.month)], self.closed())


class NewsTest(base.StorageTestCase):
    """What is stored has no ends at which nothing changes."""

    def setUp(self) -> None:
        super().setUp()
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)

    def stored(self, *changes: dict) -> list[tuple[int, int]]:
        """Close a month with an event at each microsecond from its first on.

        :returns: where its intervals begin and end, after that.
        """
        facts = {
            'resource_type': 'volume',
            'resource_id': 'v',
            'rank': event_model.RANK_EVENT,
            'phase': event_model.Phase.BILLED,
            'state': 'available',
            'project_id': 'p',
            'event_type': 'test',
            'measures': {'size': 1},
            'attributes': {'bootable': 'true'},
        }
        self.storage.write_events(
            [
                event_model.Event(
                    event_time=_FIRST + number,
                    message_id=f'm{number}',
                    **{**facts, **change},
                )
                for number, change in enumerate(changes)
            ],
            timestamps.now(),
        )
        self.storage.close_month(_FIRST)
        return self.pool.execute(
            'SELECT interval_begin - {first:Int64} AS begin, '
            'interval_end - {first:Int64} '
            'FROM $database.intervals ORDER BY begin',
            {'first': _FIRST},
        )

    def test_what_says_the_same_ends_nothing(self) -> None:
        month = months.after(_FIRST) - _FIRST
        self.assertEqual(
            [(0, 2), (2, 4), (4, month)],
            self.stored(
                {},
                {'event_type': 'other'},
                {'measures': {'size': 2}},
                {'measures': {'size': 2}},
                {},
            ),
        )

    def test_each_fact_is_news(self) -> None:
        month = months.after(_FIRST) - _FIRST
        self.assertEqual(
            [(0, 1), (1, 2), (2, 3), (3, 4), (5, month)],
            self.stored(
                {},
                {'state': 'in-use'},
                {'state': 'in-use', 'attributes': {}},
                {'state': 'in-use', 'attributes': {}, 'name': 'n'},
                {'phase': event_model.Phase.UNBILLED},
                {},
            ),
        )

    def test_what_says_the_same_after_the_end_is_dead(self) -> None:
        ended = {'phase': event_model.Phase.ENDED, 'measures': {}}
        self.assertEqual([(0, 2)], self.stored({}, {}, ended, ended, {}, {}))


class TidyTest(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)
        self.storage.write_events(
            [
                event_model.Event(
                    resource_type='volume',
                    resource_id='v',
                    event_time=_FIRST + 5,
                    message_id='m',
                    rank=event_model.RANK_EVENT,
                    phase=event_model.Phase.BILLED,
                    state='available',
                    project_id='p',
                    event_type='test',
                )
            ],
            timestamps.now(),
        )

    def held(self) -> int:
        [(number,)] = self.pool.execute(
            'SELECT uniqExact(run) FROM $database.intervals'
        )
        return number

    def test_what_was_replaced_is_dropped_after_a_while(self) -> None:
        self.storage.close_month(_FIRST)
        self.storage.close_month(_FIRST)
        self.storage.tidy_months()
        self.storage.tidy_months()
        # Somebody may be about to read it.
        self.assertEqual(2, self.held())
        with mock.patch.object(closing, '_GRACE', -3600 * 10**6):
            self.storage.tidy_months()
        self.assertEqual(1, self.held())
        self.assertTrue(self.storage.overview().months[0].closed)

    def test_what_is_not_whole_is_not_used(self) -> None:
        """As after a backup without it was restored."""
        query = usage.UsageQuery(
            period=usage.Period(_FIRST, months.after(_FIRST)),
            now=timestamps.now(),
            resource_types=('volume',),
            group_by=('resource_id',),
        )
        expected = self.storage.usage(query)
        for statement in (
            'TRUNCATE TABLE $database.intervals',
            'INSERT INTO $database.intervals '
            'SELECT * FROM $database.intervals',
        ):
            self.assertTrue(self.storage.close_month(_FIRST))
            self.pool.execute_on_shards(statement)
            self.storage.tidy_months()
            self.assertFalse(self.storage.overview().months[0].closed)
            self.assertEqual(expected, self.storage.usage(query))
        # It is looked at again at once, and is whole.
        self.assertTrue(self.storage.close_month(_FIRST))
        self.storage.tidy_months()
        self.assertTrue(self.storage.overview().months[0].closed)

    def test_what_is_purged_is_dropped_by_who_purges(self) -> None:
        self.storage.close_month(_FIRST)
        purged = months.after(_FIRST)
        self.storage.open_month(purged)
        with mock.patch.object(retention.time, 'sleep'):
            purger = Actor(self.conf, lambda storage: storage.purge(purged))
            # It is entered, and nothing is dropped.
            purger.advance(4)
            # Somebody else's look; who asked before may be about to read it.
            self.storage.tidy_months()
            self.assertEqual(1, self.held())
            [listed] = self.storage.overview().months
            self.assertEqual(purged, listed.month)
            purger.finish()
        self.assertEqual(0, self.held())

    def test_what_failed_is_dropped_after_a_while(self) -> None:
        with mock.patch.object(closing, '_KNOWN_AT', 'SELECT throwIf(1)'):
            self.assertRaises(
                errors.StorageError, self.storage.close_month, _FIRST
            )
        [listed] = self.storage.overview().months
        self.assertIsNotNone(listed.failed_at)
        # No writer heeds it.
        [failed] = self.storage._months.journal().generations
        self.assertTrue(failed.lacks(0))
        self.storage.tidy_months()
        self.assertEqual(1, self.held())
        with mock.patch.object(closing, '_GRACE', -3600 * 10**6):
            self.storage.tidy_months()
        self.assertEqual(0, self.held())
        self.assertTrue(self.storage.close_month(_FIRST))

    def test_what_was_abandoned_is_dropped(self) -> None:
        class Killed(BaseException):
            pass

        months_ = self.storage._months
        run = months_.announce_closing(_FIRST)
        with (
            mock.patch.object(months_, 'announce_closing', return_value=run),
            mock.patch.object(months_, 'enter', side_effect=Killed),
        ):
            self.assertRaises(Killed, self.storage.close_month, _FIRST)
        self.storage.tidy_months()
        self.assertEqual(1, self.held())
        with (
            mock.patch.object(closing, '_ABANDONED', -3600 * 10**6),
            mock.patch.object(closing, '_GRACE', -3600 * 10**6),
        ):
            self.storage.tidy_months()
            self.storage.tidy_months()
        self.assertEqual(0, self.held())
