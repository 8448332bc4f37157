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
"""What has arrived, on a real ClickHouse."""

import random
from unittest import mock

from stratometrics.model import coverage
from stratometrics.model import event as event_model
from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.storage import base as storage_base
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import coverage as clickhouse_coverage
from stratometrics.storage.clickhouse import migrations
from stratometrics.storage.clickhouse import retention
from stratometrics.storage.clickhouse.migrations import s0003_arrivals
from stratometrics.tests.functional import base

#: In the middle of the present hour: the server forgets how many events came
#: days ago.
NOW = timestamps.now() // coverage.HOUR * coverage.HOUR + coverage.HOUR // 2
AUDIT = 'volume.exists'
#: The version of the schema from which on arrivals are summed.
STEP = 1 + migrations.STEPS.index(s0003_arrivals)
PLACE = coverage.Place('volume', 'RegionOne')


def event(number: int, age: int, **facts) -> event_model.Event:
    """An event of a resource of its own.

    :param age: microseconds before the present.
    """
    return event_model.Event(
        **{
            'resource_type': PLACE.resource_type,
            'resource_id': f'r{number}',
            'event_time': NOW - age,
            'message_id': f'm{number}',
            'rank': event_model.RANK_EVENT,
            'phase': event_model.Phase.BILLED,
            'state': 'available',
            'project_id': 'p',
            'event_type': 'volume.update.end',
            'region': PLACE.region,
            **facts,
        }
    )


def ended(number: int, age: int, **facts) -> event_model.Event:
    return event(
        number,
        age,
        phase=event_model.Phase.ENDED,
        rank=event_model.RANK_DELETION,
        message_id=f'd{number}',
        **facts,
    )


class CoverageTest(base.StorageTestCase):
    def write(self, age: int, *events: event_model.Event) -> None:
        self.storage.write_events(events, NOW - age)

    def observed(self) -> coverage.Observed:
        return self.storage.observed([AUDIT], NOW)

    def arrivals(self) -> coverage.Arrivals:
        return self.observed().arrivals[PLACE]

    def test_nothing(self) -> None:
        self.assertEqual(
            coverage.Observed(arrivals={}, audits={}, living={}, rejected=()),
            self.observed(),
        )

    def test_when_and_how_many(self) -> None:
        # Pauses of 200, 50 and 3 hours, the first of which ends before the
        # week; in the last hour two at once.
        ages = [hours * coverage.HOUR for hours in (400, 200, 53, 3)]
        for number, age in enumerate(ages):
            self.write(age, event(number, age + 7))
        self.write(5, event(10, 9), event(11, 8))
        self.assertEqual(
            coverage.Arrivals(
                first_received=NOW - ages[0],
                last_received=NOW - 5,
                last_event=NOW - 8,
                last_day=3,
                hours=3,
                longest_pause=ages[1] - ages[2],
            ),
            self.arrivals(),
        )

    def test_a_pause_that_began_before_the_week_counts(self) -> None:
        for number, age in enumerate((30 * coverage.DAY, 0)):
            self.write(age, event(number, age))
        self.assertEqual(30 * coverage.DAY, self.arrivals().longest_pause)

    def test_a_single_one_ends_no_pause(self) -> None:
        self.write(0, event(1, 0))
        self.assertEqual(0, self.arrivals().longest_pause)

    def test_a_day_is_this_hour_and_the_23_before_it(self) -> None:
        begin = 23 * coverage.HOUR + coverage.HOUR // 2
        self.write(begin + 1, event(1, begin + 1))
        self.assertEqual(0, self.arrivals().last_day)
        self.write(begin, event(2, begin))
        self.assertEqual(1, self.arrivals().last_day)

    def test_audits_are_told_apart(self) -> None:
        self.write(coverage.DAY, event(1, coverage.DAY, event_type=AUDIT))
        self.write(0, event(2, 0))
        observed = self.observed()
        self.assertEqual(2, observed.arrivals[PLACE].hours)
        self.assertEqual(1, observed.audits[PLACE].hours)
        self.assertEqual(
            NOW - coverage.DAY, observed.audits[PLACE].last_received
        )
        self.assertEqual({}, self.storage.observed([], NOW).audits)

    def test_types_and_regions_are_told_apart(self) -> None:
        others = [
            coverage.Place('volume', 'RegionTwo'),
            coverage.Place('image', 'RegionOne'),
        ]
        self.write(0, event(1, 0))
        for age, place in enumerate(others, 1):
            self.write(
                age,
                event(
                    1 + age,
                    age,
                    resource_type=place.resource_type,
                    region=place.region,
                ),
            )
        observed = self.observed()
        self.assertEqual(
            {PLACE: NOW, others[0]: NOW - 1, others[1]: NOW - 2},
            {
                place: found.last_received
                for place, found in observed.arrivals.items()
            },
        )
        self.assertEqual(dict.fromkeys([PLACE, *others], 1), observed.living)

    def test_what_no_service_said_is_no_sign_of_life(self) -> None:
        seen = event(1, 10, created_at=NOW - coverage.DAY)
        self.write(10, seen)
        self.write(5, seen.birth())
        for number, source in enumerate(('reconciliation', 'import'), 2):
            self.write(0, event(number, 0, source=source))
        self.write(0, seen.opening(NOW))
        self.assertEqual(NOW - 10, self.arrivals().last_received)
        self.assertEqual(1, self.arrivals().last_day)
        self.assertEqual({PLACE: 3}, self.observed().living)

    def test_an_event_from_the_future_hides_nothing(self) -> None:
        self.write(10, event(1, -365 * coverage.DAY))
        self.assertEqual(NOW - 10, self.arrivals().last_event)

    def test_what_has_ended_lives_no_more(self) -> None:
        self.write(0, event(1, 9), event(2, 9), event(3, 9))
        self.write(0, ended(1, 5))
        # Before what came before it, and after what never came.
        self.write(0, ended(4, 5))
        self.write(0, event(4, 1))
        self.assertEqual({PLACE: 2}, self.observed().living)

    def test_a_region_may_get_another_name(self) -> None:
        """What was heard of since then lives, or has ended, in that one."""
        renamed = coverage.Place(PLACE.resource_type, 'one')
        self.write(9, event(1, 9), event(2, 9), event(3, 9))
        self.write(
            0,
            event(1, 5, region='one', message_id='later'),
            ended(2, 5, region='one'),
        )
        self.assertEqual({PLACE: 1, renamed: 1}, self.observed().living)

    def test_all_that_ever_lived_need_not_fit_into_memory(self) -> None:
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        pool.execute(
            """
            INSERT INTO $database.timelines
            SELECT {type:String}, {region:String}, number, number % 4 != 0,
                (toInt64(number), toInt64(1))
            FROM numbers({count:UInt64})
            """,
            {
                'type': PLACE.resource_type,
                'region': PLACE.region,
                'count': 2_000_000,
            },
        )
        reader = clickhouse_coverage.Reader(
            pool, {'max_memory_usage': 400_000_000}
        )
        self.assertEqual(
            {PLACE: 500_000}, reader.observed([AUDIT], NOW).living
        )

    def test_an_estimated_end_is_one_until_something_comes_after(self) -> None:
        gone = {
            'rank': event_model.RANK_ESTIMATE,
            'source': 'reconciliation',
            'phase': event_model.Phase.UNBILLED,
        }
        self.write(0, event(1, 9), event(2, 9))
        self.write(0, event(1, 9, message_id='e1', **gone))
        self.write(0, event(2, 9, message_id='e2', **gone))
        self.assertEqual({PLACE: 0}, self.observed().living)
        self.write(0, event(1, 5, message_id='later'))
        self.assertEqual({PLACE: 1}, self.observed().living)

    def test_neither_order_nor_repetition_matters(self) -> None:
        chance = random.Random(11)
        events = [
            (age, event(number, age))
            for number, age in enumerate(
                chance.sample(range(300 * coverage.HOUR), 200)
            )
        ]
        events += [
            (age, ended(number, age))
            for number, age in enumerate(
                chance.sample(range(coverage.HOUR), 40)
            )
        ]
        for age, one in events:
            self.write(age, one)
        expected = self.observed()
        for age, one in chance.sample(events, len(events)):
            self.write(age, one)
        self.assertEqual(expected, self.observed())
        self.storage.rebuild_coverage()
        self.assertEqual(expected, self.observed())
        self.assertEqual(160, expected.living[PLACE])
        self.assertGreater(expected.arrivals[PLACE].last_day, 0)

    def test_it_can_be_derived_again(self) -> None:
        self.write(3, event(1, 5), event(2, 6, event_type=AUDIT))
        self.write(2, ended(2, 4))
        expected = self.observed()
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        for table in ('arrivals', 'timelines'):
            pool.execute_on_shards(f'TRUNCATE TABLE $database.{table}')
        self.assertEqual({}, self.observed().arrivals)
        self.assertEqual({}, self.observed().living)
        self.storage.rebuild_coverage()
        self.assertEqual(expected, self.observed())

    def test_it_can_be_derived_again_after_a_purge(self) -> None:
        """What said nothing since is told of by openings alone."""
        month = months.begin(NOW)
        before = NOW - month + coverage.HOUR
        birth = event(
            2, before - 2 * coverage.HOUR, created_at=NOW - before
        ).birth()
        self.write(
            before,
            event(1, before),
            birth,
            event(3, before),
            ended(3, before - 1),
            event(4, before),
            event(4, before - 1, message_id='e', region='two'),
            event(5, before),
            event(
                5, before - 1, message_id='e', rank=event_model.RANK_ESTIMATE
            ),
            event(6, before),
        )
        self.storage.open_month(month)
        expected = self.observed().living
        self.assertEqual({'RegionOne': 3, 'two': 1}, self.regions(expected))
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        known = self.timelines(pool)
        with mock.patch.object(retention.time, 'sleep'):
            self.storage.purge(month)
        for _ in range(2):
            self.storage.rebuild_coverage()
            self.assertEqual(known, self.timelines(pool))
        pool.execute_on_shards('TRUNCATE TABLE $database.timelines')
        self.storage.rebuild_coverage()
        self.assertEqual(expected, self.observed().living)
        # What a region held earlier is not carried, and decides nothing.
        derived = self.timelines(pool)
        self.assertEqual(6, len(derived))
        self.assertLess(set(derived), set(known))

    @staticmethod
    def regions(living: dict[coverage.Place, int]) -> dict[str, int]:
        return {place.region: number for place, number in living.items()}

    @staticmethod
    def timelines(pool: client.Pool) -> list[tuple]:
        return pool.execute(
            'SELECT region, timeline, ended, last '
            'FROM $database.timelines FINAL ORDER BY ALL'
        )

    def test_the_step_begins_with_the_events_that_there_are(self) -> None:
        self.write(3, event(1, 5), event(2, 6, event_type=AUDIT))
        self.write(2, ended(2, 4))
        self.storage.schema.migrate(STEP - 1)
        self.storage.schema.migrate(self.storage.schema.newest)
        observed = self.observed()
        self.assertEqual(3, observed.arrivals[PLACE].last_day)
        self.assertEqual(NOW - 3, observed.audits[PLACE].last_received)
        self.assertEqual({PLACE: 1}, observed.living)
        # The feeds are there as well.
        self.write(1, event(3, 1))
        self.assertEqual({PLACE: 2}, self.observed().living)

    def test_rejected_messages_count_once(self) -> None:
        for age in (5, 3):
            self.storage.write_rejected(
                [
                    storage_base.RejectedMessage(
                        id=name,
                        received_at=NOW - age,
                        region=PLACE.region,
                        reason='why',
                        event_type=event_type,
                        message_id=name,
                        body='',
                    )
                    for name, event_type in (
                        ('1', "it's"),
                        ('2', 'volume.retype'),
                        ('3', 'volume.retype'),
                    )
                ]
            )
        self.assertEqual(
            (
                coverage.Rejected(
                    event_type='volume.retype',
                    region=PLACE.region,
                    messages=2,
                    last_received=NOW - 3,
                ),
                coverage.Rejected(
                    event_type="it's",
                    region=PLACE.region,
                    messages=1,
                    last_received=NOW - 3,
                ),
            ),
            self.observed().rejected,
        )
