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
"""What months begin with: single cases, and steps that meet in every order."""

from collections.abc import Sequence
import dataclasses
import itertools
from unittest import mock

import hypothesis
from hypothesis import strategies as st
import testtools

from stratometrics.model import event as event_model
from stratometrics.model import months
from stratometrics.model import timeline
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.storage import base as storage_base
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import driver
from stratometrics.storage.clickhouse import openings
from stratometrics.storage.clickhouse import retention
from stratometrics.tests import oracle
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import steps
from stratometrics.tests.functional.storage import test_usage_rules as rules

_DAY = 86_400_000_000

#: The first microseconds of five months of 2001 and 2002.
SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER, JANUARY = MONTHS = [
    999_302_400_000_000,
    1_001_894_400_000_000,
    1_004_572_800_000_000,
    1_007_164_800_000_000,
    1_009_843_200_000_000,
]


def seen(
    time: int,
    state: str = 'active',
    message_id: str = 'm1',
    resource_id: str = 'a',
    created_at: int | None = None,
    kind: str = 'small',
) -> oracle.Observation:
    return oracle.Observation(
        resource_id=resource_id,
        time=time,
        message_id=message_id,
        facts=oracle.Facts(state, 'p1', kind, 1),
        created_at=created_at,
    )


class OpeningsTestCase(base.StorageTestCase):
    resource_type = 'vm'

    def setUp(self) -> None:
        super().setUp()
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)
        self.told: list[tuple[oracle.Observation, int]] = []

    def tell(
        self,
        *observations: oracle.Observation,
        received_at: int | None = None,
        by: storage_base.EventWriter | None = None,
    ) -> None:
        received_at = received_at or timestamps.now()
        (by or self.storage).write_events(
            [
                each
                for one in observations
                for each in rules.events(one, self.resource_type)
            ],
            received_at,
        )
        self.told.extend((each, received_at) for each in observations)

    def answer(self, begin: int, end: int, as_of: int | None = None) -> dict:
        rows = self.storage.usage(
            usage.UsageQuery(
                period=usage.Period(begin, end),
                now=end,
                resource_types=(self.resource_type,),
                group_by=('state', 'project_id', 'type'),
                as_of=as_of,
            )
        )
        return {row.group: row.usage for row in rows}

    def check_answers(
        self,
        bounds: Sequence[int] = (
            SEPTEMBER - 10 * _DAY,
            *MONTHS,
            JANUARY + 10 * _DAY,
        ),
    ) -> None:
        """Every month, as of now and of every arrival, is as told."""
        arrivals = sorted({received_at for _, received_at in self.told})
        for as_of, (begin, end) in itertools.product(
            (None, *arrivals), itertools.pairwise(bounds)
        ):
            known = [
                each
                for each, received_at in self.told
                if as_of is None or received_at <= as_of
            ]
            expected = oracle.usage(
                known, begin, end, rules.UNBILLED, rules.PENDING
            )
            self.assertEqual(
                {facts[:3]: time for facts, time in expected.items()},
                self.answer(begin, end, as_of),
                (begin, end, as_of),
            )

    def openings_of(self, month: int) -> int:
        [(number,)] = self.pool.execute(
            "SELECT count() FROM $database.events WHERE source = 'opening' "
            "AND event_time = fromUnixTimestamp64Micro({month:Int64}, 'UTC')",
            {'month': month},
        )
        return number


class OpeningsTest(OpeningsTestCase):
    def test_it_carries_the_last_of_what_lives(self) -> None:
        self.tell(seen(SEPTEMBER + 1), seen(SEPTEMBER + 2, 'stopped', 'm2'))
        self.storage.open_month(OCTOBER)
        self.assertEqual(1, self.openings_of(OCTOBER))
        self.check_answers()

    def test_a_question_reads_nothing_of_earlier_months(self) -> None:
        self.tell(seen(SEPTEMBER + 1))
        self.storage.open_month(NOVEMBER)
        self.pool.execute_on_shards(
            'ALTER TABLE $database.events DROP PARTITION 200109'
        )
        self.assertEqual(
            {('active', 'p1', 'small'): DECEMBER - NOVEMBER},
            self.answer(NOVEMBER, DECEMBER),
        )

    def test_what_is_written_again_was_received_the_first_time(self) -> None:
        """R15, for a writer that was cut off after its insert."""
        self.tell(seen(SEPTEMBER + 1))
        self.storage.open_month(NOVEMBER)
        late = seen(OCTOBER + 1, 'stopped', 'm2')
        with mock.patch.object(
            openings.Openings, 'follow', side_effect=errors.StorageUnavailable
        ):
            self.assertRaises(errors.StorageUnavailable, self.tell, late)
        self.told.append((late, timestamps.now()))
        self.tell(late)
        self.check_answers()

    def test_a_month_that_has_not_begun_is_refused(self) -> None:
        next_month = months.begin(timestamps.now() + 32 * _DAY)
        self.assertRaises(ValueError, self.storage.open_month, next_month)
        self.assertEqual(
            [], self.pool.execute('SELECT 1 FROM $database.months')
        )

    def test_what_is_consumed_is_not_carried(self) -> None:
        [event] = rules.events(seen(SEPTEMBER + 1), 'bytes')
        consumed = dataclasses.replace(event, phase=event_model.Phase.CONSUMED)
        self.storage.write_events([consumed], timestamps.now())
        self.storage.open_month(OCTOBER)
        self.storage.write_events([consumed], timestamps.now())
        self.assertEqual(0, self.openings_of(OCTOBER))

    def test_of_two_births_the_earliest_witness_is_carried(self) -> None:
        for first, second in (('m1', 'm2'), ('m2', 'm1')):
            self.tell(
                seen(
                    OCTOBER + 5,
                    message_id=first,
                    resource_id=first,
                    created_at=SEPTEMBER,
                    kind='early',
                ),
                seen(
                    OCTOBER + 9,
                    message_id=second,
                    resource_id=first,
                    created_at=SEPTEMBER,
                    kind='later',
                ),
            )
        self.storage.open_month(OCTOBER)
        self.check_answers()
        self.storage.open_month(NOVEMBER)
        self.check_answers()

    def test_a_birth_at_the_begin_of_a_month_is_among_the_carried(
        self,
    ) -> None:
        self.tell(seen(SEPTEMBER, message_id='m0'))
        self.storage.open_month(OCTOBER)
        self.tell(
            seen(NOVEMBER + 5, 'stopped', 'm1', created_at=OCTOBER),
            seen(NOVEMBER + 9, 'active', 'm2', created_at=OCTOBER, kind='big'),
        )
        self.check_answers()
        # Told at the begin of the window, by an opening and by the birth.
        self.tell(seen(NOVEMBER + 2, 'active', 'm9', created_at=OCTOBER))
        self.storage.open_month(NOVEMBER)
        self.check_answers()

    def test_a_late_birth_is_carried(self) -> None:
        self.storage.open_month(OCTOBER)
        self.storage.open_month(NOVEMBER)
        self.tell(seen(NOVEMBER + 5, created_at=SEPTEMBER))
        self.check_answers()

    def test_a_witness_after_2112_is_carried(self) -> None:
        self.storage.open_month(OCTOBER)
        far = 5 * 10**15
        self.tell(seen(far, created_at=SEPTEMBER))
        self.tell(seen(far + 1, created_at=SEPTEMBER, message_id='m2'))
        self.storage.open_month(NOVEMBER)
        self.assertEqual(
            {('active', 'p1', 'small'): DECEMBER - NOVEMBER},
            self.answer(NOVEMBER, DECEMBER),
        )

    def test_the_dead_are_carried_into_the_next_month_only(self) -> None:
        self.tell(seen(SEPTEMBER + 1), seen(SEPTEMBER + 2, 'deleted', 'm2'))
        for month in (OCTOBER, NOVEMBER, DECEMBER):
            self.storage.open_month(month)
        self.assertEqual(
            [1, 0, 0],
            [self.openings_of(m) for m in (OCTOBER, NOVEMBER, DECEMBER)],
        )

    def test_a_straggler_months_later_does_not_revive(self) -> None:
        self.tell(seen(SEPTEMBER + 1), seen(SEPTEMBER + 2, 'deleted', 'm2'))
        for month in (OCTOBER, NOVEMBER, DECEMBER):
            self.storage.open_month(month)
        self.tell(seen(DECEMBER + 5, message_id='m3'))
        self.check_answers()
        self.storage.open_month(JANUARY)
        self.check_answers()

    def test_a_late_straggler_is_looked_up_each_time(self) -> None:
        self.tell(seen(SEPTEMBER + 1), seen(SEPTEMBER + 2, 'deleted', 'm2'))
        for month in (OCTOBER, NOVEMBER):
            self.storage.open_month(month)
        self.tell(seen(OCTOBER + 5, message_id='m3'))
        self.storage.open_month(DECEMBER)
        self.storage.open_month(JANUARY)
        self.tell(seen(OCTOBER + 6, message_id='m4'))
        self.check_answers()

    def test_clocks_that_differ_do_not_revive(self) -> None:
        soon = timestamps.now() + 3600 * timestamps.MICROSECONDS
        self.tell(seen(SEPTEMBER + 1), seen(SEPTEMBER + 2, 'deleted', 'm2'))
        self.tell(seen(SEPTEMBER + 5, message_id='m3'), received_at=soon)
        self.storage.open_month(DECEMBER)
        self.check_answers()

    def test_an_earlier_end_that_is_late_counts(self) -> None:
        self.tell(seen(SEPTEMBER + 1), seen(OCTOBER + 9, 'deleted', 'm2'))
        self.storage.open_month(OCTOBER)
        self.storage.open_month(NOVEMBER)
        self.tell(seen(SEPTEMBER + 7, 'deleted', 'm3'))
        self.check_answers()

    def test_an_earlier_month_can_be_opened_later(self) -> None:
        self.tell(seen(SEPTEMBER + 1), seen(OCTOBER + 1, 'stopped', 'm2'))
        self.storage.open_month(DECEMBER)
        self.storage.open_month(OCTOBER)
        self.check_answers()

    def test_again_changes_nothing(self) -> None:
        self.tell(seen(SEPTEMBER + 1), seen(SEPTEMBER + 2, 'stopped', 'm2'))
        self.storage.open_month(OCTOBER)
        self.storage.open_month(OCTOBER)
        self.pool.execute_on_shards('OPTIMIZE TABLE $database.events FINAL')
        self.assertEqual(1, self.openings_of(OCTOBER))
        self.check_answers()

    def test_what_lives_is_found_from_the_openings(self) -> None:
        self.tell(seen(SEPTEMBER + 1), seen(NOVEMBER + 1, 'stopped', 'm2'))
        self.storage.open_month(NOVEMBER)
        self.pool.execute_on_shards(
            'ALTER TABLE $database.events DROP PARTITION 200109'
        )
        [life] = self.storage.alive(
            timeline.ResourceQuery(
                period=usage.Period(NOVEMBER, DECEMBER),
                now=DECEMBER,
                resource_types=('vm',),
                project_ids=None,
                as_of=None,
                limit=10,
            )
        )
        self.assertEqual((NOVEMBER, DECEMBER), (life.begin, life.end))
        self.assertEqual(DECEMBER - NOVEMBER, life.usage)

    def test_a_timeline_shows_no_openings(self) -> None:
        self.tell(seen(SEPTEMBER + 1))
        self.storage.open_month(OCTOBER)
        [recorded] = self.storage.recorded(['vm'], 'a', None)
        self.assertEqual(
            ('test', 'notification'),
            (recorded.event.event_type, recorded.event.source),
        )

    def test_standings_are_those_of_the_events(self) -> None:
        self.tell(
            seen(SEPTEMBER + 9, created_at=SEPTEMBER),
            seen(SEPTEMBER + 9, 'stopped', 'm2', 'b', created_at=SEPTEMBER),
        )
        before = self.storage.standings('vm', ['a', 'b'])
        self.storage.open_month(OCTOBER)
        self.storage.open_month(NOVEMBER)
        self.assertEqual(before, self.storage.standings('vm', ['a', 'b']))

    def test_a_failed_look_up_does_not_refuse_the_events(self) -> None:
        follow = 'stratometrics.storage.clickhouse.openings.Openings._follow'
        with mock.patch(follow, side_effect=errors.StorageError('broken')):
            self.assertRaises(
                errors.StorageUnavailable, self.tell, seen(SEPTEMBER)
            )

    def test_what_was_purged_is_not_answered(self) -> None:
        self.tell(seen(SEPTEMBER + 1))
        before = timestamps.now()
        self.storage.open_month(NOVEMBER)
        self.pool.execute(
            'INSERT INTO $database.months (month, entered_at, entry, run) '
            "SELECT month, now64(6), 'purged', run FROM $database.months "
            "WHERE entry = 'opened'"
        )
        self.pool.execute_on_shards(
            'ALTER TABLE $database.events DROP PARTITION 200109'
        )
        self.assertEqual(
            {('active', 'p1', 'small'): DECEMBER - NOVEMBER},
            self.answer(NOVEMBER, DECEMBER),
        )
        for begin, as_of in ((OCTOBER, None), (NOVEMBER, before)):
            error = self.assertRaises(
                errors.Purged, self.answer, begin, DECEMBER, as_of
            )
            self.assertEqual(NOVEMBER, error.since)
            self.assertRaises(
                errors.Purged,
                self.storage.recorded,
                ['vm'],
                'a',
                as_of,
                begin,
            )
        self.assertRaises(errors.Purged, self.storage.open_month, OCTOBER)
        # What lives is known by what the month begins with.
        [recorded] = self.storage.recorded(['vm'], 'a', None, NOVEMBER)
        self.assertEqual(SEPTEMBER + 1, recorded.event.event_time)
        standing = self.storage.standings('vm', ['a'])['a']
        self.assertEqual(SEPTEMBER + 1, standing.latest.event_time)
        # What is later than what the opening carries is carried, too.
        self.tell(seen(OCTOBER + 1, 'stopped', 'm2'))
        self.tell(seen(SEPTEMBER, 'active', 'm3', kind='big'))
        self.assertEqual(
            {('stopped', 'p1', 'small'): DECEMBER - NOVEMBER},
            self.answer(NOVEMBER, DECEMBER),
        )
        self.storage.open_month(DECEMBER)
        self.assertEqual(
            {('stopped', 'p1', 'small'): JANUARY - DECEMBER},
            self.answer(DECEMBER, JANUARY),
        )
        # Without openings nothing would be left of it.
        self.assertRaises(errors.StorageError, self.storage.schema.migrate, 7)

    def tell_alone(self, *observations: oracle.Observation) -> None:
        """As a backup has it that was made before the openings were written.

        Real writers are cut off in the tests of what meets.
        """
        with mock.patch.object(openings.Openings, 'follow'):
            for each in observations:
                self.tell(each)

    def test_what_has_no_openings_gets_them(self) -> None:
        self.tell(seen(SEPTEMBER + 1), seen(SEPTEMBER + 1, resource_id='ends'))
        opened = [OCTOBER, NOVEMBER, DECEMBER]
        for month in opened:
            self.storage.open_month(month)
        self.tell_alone(
            seen(SEPTEMBER + 2, 'stopped', 'm2'),
            seen(SEPTEMBER + 3, 'paused', 'm3'),
            seen(SEPTEMBER + 2, 'deleted', 'm2', 'ends'),
            seen(OCTOBER + 2, 'active', 'm1', 'begins', OCTOBER + 1),
            seen(DECEMBER + 2, 'stopped', 'm4'),
        )
        with testtools.ExpectedException(testtools.matchers.MismatchError):
            self.check_answers()
        self.assertEqual(opened, list(self.storage.open_months_again()))
        self.check_answers()
        self.storage.open_month(JANUARY)
        self.check_answers()

    def test_all_openings_are_missing(self) -> None:
        self.tell(
            seen(SEPTEMBER + 1),
            seen(SEPTEMBER + 1, resource_id='ends'),
            seen(OCTOBER + 1, 'deleted', 'm2', 'ends'),
        )
        for month in (OCTOBER, NOVEMBER):
            self.storage.open_month(month)
        self.pool.execute_on_shards(
            'ALTER TABLE $database.events DELETE '
            "WHERE source = 'opening' SETTINGS mutations_sync = 2"
        )
        list(self.storage.open_months_again())
        self.check_answers()

    def test_a_month_that_was_opened_after_a_later_one(self) -> None:
        self.tell(seen(SEPTEMBER + 1))
        self.storage.open_month(DECEMBER)
        self.tell_alone(seen(SEPTEMBER + 2, 'stopped', 'm2'))
        self.tell(seen(SEPTEMBER + 3, 'paused', 'm3'))
        self.storage.open_month(OCTOBER)
        list(self.storage.open_months_again())
        self.check_answers()

    def test_what_is_complete_gets_no_more(self) -> None:
        self.tell(seen(SEPTEMBER + 1), seen(SEPTEMBER + 2, 'deleted', 'm2'))
        self.tell(seen(SEPTEMBER + 1, message_id='m3', resource_id='b'))
        opened = [NOVEMBER, JANUARY]
        for month in opened:
            self.storage.open_month(month)
        self.tell(seen(SEPTEMBER + 2, 'stopped', 'm4', 'b'))
        before = [self.openings_of(month) for month in opened]
        list(self.storage.open_months_again())
        self.pool.execute_on_shards('OPTIMIZE TABLE $database.events FINAL')
        self.assertEqual(before, [self.openings_of(month) for month in opened])

    def test_what_came_after_a_purge_gets_its_openings_too(self) -> None:
        self.tell(
            seen(SEPTEMBER + 1),
            seen(SEPTEMBER + 1, resource_id='dead'),
            seen(SEPTEMBER + 2, 'deleted', 'm2', 'dead'),
            seen(SEPTEMBER + 1, resource_id='ended'),
            seen(SEPTEMBER + 2, 'deleted', 'm2', 'ended'),
        )
        for month in (OCTOBER, NOVEMBER, DECEMBER):
            self.storage.open_month(month)
        with mock.patch.object(retention.time, 'sleep'):
            self.storage.purge(NOVEMBER)
        # That the dead ended is known to what outlives a purge alone.
        self.tell_alone(
            seen(SEPTEMBER + 2, 'stopped', 'm2'),
            seen(OCTOBER + 2, message_id='m3', resource_id='dead'),
            seen(DECEMBER + 2, message_id='m3', resource_id='ended'),
        )
        self.assertEqual(
            [NOVEMBER, DECEMBER], list(self.storage.open_months_again())
        )
        for begin in (NOVEMBER, DECEMBER):
            self.assertEqual(
                {('stopped', 'p1', 'small'): JANUARY - begin},
                self.answer(begin, JANUARY),
            )

    def test_it_notices_a_purge_of_what_it_reads(self) -> None:
        """By somebody else, who believed to be alone."""
        self.tell(seen(SEPTEMBER))
        with steps.patch(), mock.patch.object(retention.time, 'sleep'):
            opening = steps.Actor(
                lambda: self.storage.open_month(NOVEMBER), ["'opening'"]
            )
            opening.step()
            self.storage.open_month(OCTOBER)
            self.storage.purge(OCTOBER)
            opening.step()
            self.assertRaises(errors.Purged, opening.step)
        for _ in range(2):
            self.assertEqual(
                {('active', 'p1', 'small'): DECEMBER - NOVEMBER},
                self.answer(NOVEMBER, DECEMBER),
            )
            self.storage.open_month(NOVEMBER)

    def test_events_from_before_openings_are_carried(self) -> None:
        self.tell(
            seen(OCTOBER + 5, created_at=SEPTEMBER, kind='early'),
            seen(OCTOBER + 6, 'stopped', 'm0', created_at=SEPTEMBER),
            seen(SEPTEMBER + 1, 'active', 'm3', 'b'),
            seen(SEPTEMBER + 2, 'deleted', 'm4', 'b'),
        )
        self.storage.open_month(OCTOBER)
        self.check_answers()
        self.storage.schema.migrate(7)
        self.assertEqual(
            [(0,)],
            self.pool.execute(
                "SELECT count() FROM $database.events WHERE source = 'opening'"
            ),
        )
        self.storage.schema.migrate(self.storage.schema.newest)
        self.check_answers()
        self.storage.open_month(OCTOBER)
        self.check_answers()
        # The end was found by the migration.
        self.storage.open_month(NOVEMBER)
        self.tell(seen(DECEMBER + 2, 'active', 'm5', 'b'))
        self.check_answers()


class InterleavingTest(OpeningsTestCase):
    """Writers and the derivation of December, a call after another."""

    #: Of one that changes late, one that ends late, one that is long dead,
    #: and one that is not known yet.
    HISTORY = (
        seen(SEPTEMBER + 1, message_id='h1', resource_id='late'),
        seen(SEPTEMBER + 1, message_id='h2', resource_id='ends'),
        seen(SEPTEMBER + 1, message_id='h3', resource_id='dead'),
        seen(SEPTEMBER + 2, 'deleted', 'h4', resource_id='dead'),
    )
    ONE = (
        seen(NOVEMBER + 5, 'stopped', 'a1', resource_id='late'),
        seen(OCTOBER + 5, 'deleted', 'a2', resource_id='ends'),
        seen(NOVEMBER + 5, 'active', 'a3', resource_id='dead'),
        seen(DECEMBER + 7, 'active', 'a4', 'new', created_at=SEPTEMBER),
    )
    OTHER = (
        seen(OCTOBER + 8, 'active', 'b1', resource_id='late', kind='big'),
        seen(OCTOBER + 9, 'active', 'b2', resource_id='ends'),
        seen(SEPTEMBER + 1, 'deleted', 'b3', resource_id='dead'),
        seen(NOVEMBER + 7, 'stopped', 'b4', 'new', created_at=SEPTEMBER),
    )

    def setUp(self) -> None:
        super().setUp()
        self._examples = itertools.count(1)
        self.writers = [
            driver.get_storage(self.conf) for _ in (self.ONE, self.OTHER)
        ]
        for each in self.writers:
            self.addCleanup(each.close)
        # There are many short writes: none has to survive a crash, and what
        # else they feed is not asked for.
        for table in ('events', 'deaths', 'months'):
            self.pool.execute(
                f'ALTER TABLE $database.{table} MODIFY SETTING '
                'fsync_after_insert = 0, fsync_part_directory = 0'
            )
        for feed in ('arrivals', 'project_timelines', 'timelines'):
            self.pool.execute(f'DROP VIEW $database.{feed}_feed SYNC')
        patch = steps.patch()
        patch.start()
        self.addCleanup(patch.stop)

    def begin(self) -> None:
        """What there is before: October and November are opened."""
        self.resource_type = f'type{next(self._examples)}'
        self.told = []
        self.pool.execute_on_shards('TRUNCATE TABLE $database.months')
        self.tell(*self.HISTORY)
        self.storage.open_month(OCTOBER)
        self.storage.open_month(NOVEMBER)

    def writing(self, number: int, insert: str = 'INSERT INTO') -> steps.Actor:
        """Takes in what is received, stores, looks for months and so on."""
        batch = (self.ONE, self.OTHER)[number]
        return steps.Actor(
            lambda: self.tell(*batch, by=self.writers[number]),
            (insert, 'FROM $database.months'),
        )

    def opening(self) -> steps.Actor:
        """Announces December, and reads and writes twice."""
        return steps.Actor(
            lambda: self.storage.open_month(DECEMBER),
            ('INSERT INTO $database.events',),
        )

    def check(self) -> None:
        self.check_answers((NOVEMBER, DECEMBER, JANUARY))

    def test_a_writer_meets_a_derivation_in_every_order(self) -> None:
        number = 0
        for choose in steps.every_choice():
            number += 1
            self.begin()
            # What it copies of ends goes along with what else it copies.
            writing = self.writing(0, insert='VALUES')
            steps.interleave([writing, self.opening()], choose)
            self.check()
        self.assertGreater(number, 50)

    def test_two_writers_meet_a_derivation(self) -> None:
        def test(data: st.DataObject) -> None:
            self.begin()
            steps.interleave(
                [self.writing(0), self.writing(1), self.opening()],
                lambda number: data.draw(st.integers(0, number - 1)),
            )
            self.check()

        hypothesis.given(st.data())(
            hypothesis.settings(
                max_examples=25,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            )(test)
        )()

    def test_two_derivations_at_once(self) -> None:
        for choose in steps.every_choice():
            self.begin()
            self.tell(*self.ONE)
            steps.interleave([self.opening(), self.opening()], choose)
            self.check()

    def test_a_derivation_that_is_killed_is_begun_again(self) -> None:
        for survived in (1, 2):
            self.begin()
            cut_off = self.opening()
            for _ in range(survived):
                cut_off.step()
            cut_off.kill()
            # It has opened nothing, and writers see to it all the same.
            self.check()
            self.tell(*self.ONE)
            self.check()
            self.storage.open_month(DECEMBER)
            self.check()

    def test_a_writer_that_is_killed_writes_again(self) -> None:
        for survived in itertools.count(1):
            if not self.cut_off(survived):
                break
            self.tell(*self.ONE)
            self.check_answers((NOVEMBER, DECEMBER, JANUARY))
        self.assertGreater(survived, 4)

    def test_a_killed_one_is_carried_on_where_months_are_opened_again(
        self,
    ) -> None:
        """As what is restored is, which nobody writes again."""
        for survived in itertools.count(1):
            if not self.cut_off(survived):
                break
            self.told.extend(
                (each, received_at)
                for received_at in self.received('a1')
                for each in self.ONE
            )
            list(self.storage.open_months_again())
            self.check_answers((NOVEMBER, DECEMBER, JANUARY))
        self.assertGreater(survived, 4)

    def cut_off(self, survived: int) -> bool:
        """Kill what writes while December is opened.

        :param survived: the steps that it takes.
        :returns: whether it was not done by then.
        """
        self.begin()
        self.storage.open_month(DECEMBER)
        writing = self.writing(0)
        for _ in range(survived):
            writing.step()
        if writing.done:
            return False
        writing.kill()
        return True

    def received(self, message_id: str) -> list[int]:
        """When a message was received, if it is stored."""
        rows = self.pool.execute(
            'SELECT toUnixTimestamp64Micro(received_at) '
            'FROM $database.events WHERE message_id = {message_id:String} '
            'AND resource_type = {resource_type:String} '
            "AND source != 'opening'",
            {'message_id': message_id, 'resource_type': self.resource_type},
        )
        return [received_at for (received_at,) in rows]

    def test_a_killed_one_that_nobody_repeats_is_resumed(self) -> None:
        """As a reconciliation does, which no broker tells again."""
        for survived in itertools.count(1):
            cut_off = [
                self.cut_off_and_resume(survived, opened)
                for opened in {1, survived - 1, survived}
            ]
            if not any(cut_off):
                break
        self.assertGreater(survived, 4)

    def cut_off_and_resume(self, survived: int, opened: int) -> bool:
        """Kill what stores something that a reconciliation found.

        :param survived: the steps that it takes.
        :param opened: after how many of these December is opened.
        :returns: whether it was not done by then.
        """
        self.begin()
        self.storage.close_month(OCTOBER)
        differing = [
            dataclasses.replace(each, source='reconciliation', region='here')
            for one in self.ONE
            for each in rules.events(one, self.resource_type)
        ]
        found = steps.Actor(
            lambda: self.storage.write_events(differing, timestamps.now()),
            ('INSERT INTO', 'FROM $database.months'),
        )
        for step in range(1, survived + 1):
            found.step()
            if found.done:
                return False
            if step == opened:
                self.storage.open_month(DECEMBER)
                self.storage.close_month(NOVEMBER)
        found.kill()
        received_at = timestamps.now()
        last = self.storage.last_received(
            self.resource_type, 'here', ['reconciliation'], after=0
        )
        if last:
            received_at = last[0].received_at
            self.storage.write_events(
                [each.event for each in last], received_at
            )
        else:
            # It is found to differ once more.
            self.storage.write_events(differing, received_at)
        self.told.extend((each, received_at) for each in self.ONE)
        self.check_answers((OCTOBER, NOVEMBER, DECEMBER, JANUARY))
        return True
