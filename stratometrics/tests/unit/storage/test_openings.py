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
"""What a writer carries forward of a batch, and what it asks for."""

from unittest import mock

import hypothesis
from hypothesis import strategies as st
import testtools

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import months as months_module
from stratometrics.storage.clickhouse import openings as openings_module

_DAY = 86_400 * timestamps.MICROSECONDS
#: The tenth of December 2001.
_NOW = 1_007_942_400_000_000
OCTOBER, NOVEMBER, DECEMBER = (
    1_001_894_400_000_000,
    1_004_572_800_000_000,
    1_007_164_800_000_000,
)


def made(event_time: int, **facts) -> event_model.Event:
    """An event of an instance."""
    facts.setdefault('phase', event_model.Phase.BILLED)
    facts.setdefault('rank', event_model.rank_of(facts['phase']))
    facts.setdefault('resource_id', 'a')
    facts.setdefault('message_id', 'm1')
    return event_model.Event(
        resource_type='instance',
        event_time=event_time,
        state='active',
        project_id='p1',
        event_type='test',
        **facts,
    )


_EVENTS = st.builds(
    made,
    st.sampled_from([OCTOBER, NOVEMBER - 1, NOVEMBER, DECEMBER + 1]),
    resource_id=st.sampled_from(['a', 'b']),
    message_id=st.sampled_from(['m1', 'm2', 'm3']),
    phase=st.sampled_from(
        [
            event_model.Phase.BILLED,
            event_model.Phase.ENDED,
            event_model.Phase.CONSUMED,
        ]
    ),
    created_at=st.none() | st.sampled_from([OCTOBER - 1, OCTOBER]),
).flatmap(lambda event: st.sampled_from([event, event.birth() or event]))


class BatchTest(testtools.TestCase):
    @hypothesis.given(st.lists(_EVENTS))
    def test_the_last_of_each_and_every_end(
        self, events: list[event_model.Event]
    ) -> None:
        months = [NOVEMBER, DECEMBER]
        openings = openings_module._openings(events, months)
        for month in months:
            for resource_id in ('a', 'b'):
                carried = [
                    each.opening(month)
                    for each in events
                    if each.resource_id == resource_id and each.precedes(month)
                ]
                ends = [each for each in carried if _ended(each)]
                living = [each for each in carried if not _ended(each)]
                expected = ends + sorted(living, key=_order)[-1:]
                self.assertEqual(
                    sorted(map(_order, expected)),
                    sorted(
                        _order(each)
                        for each in openings
                        if each.event_time == month
                        and each.resource_id == resource_id
                    ),
                )

    def test_nothing_of_no_month(self) -> None:
        self.assertEqual([], openings_module._openings([made(OCTOBER)], []))


def _ended(event: event_model.Event) -> bool:
    return event.phase is event_model.Phase.ENDED


def _order(event: event_model.Event) -> tuple:
    return event.order


class FollowTest(testtools.TestCase):
    """What is asked of the store, in which order."""

    def setUp(self) -> None:
        super().setUp()
        clock = mock.patch.object(timestamps, 'now', lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)
        self.now = _NOW
        self.calls: list = []
        #: What each reading of the journal finds.
        self.announced: list[list[int]] = []
        self.dead: list[tuple[str, str, int]] = []
        self.openings = openings_module.Openings(self, self, self, {})

    def journal(self) -> months_module.Journal:
        self.calls.append('months')
        return months_module.Journal(announced=self.announced.pop(0))

    def void(
        self,
        _told: dict[int, list[event_model.Event]],
        _journal: months_module.Journal,
        _received_at: int,
    ) -> list[event_model.Event]:
        return []

    def heed(
        self,
        news: dict[int, list[event_model.Event]],
        _journal: months_module.Journal,
    ) -> None:
        self.heeded = [
            each.event_time for those in news.values() for each in those
        ]

    def execute_on_shards(
        self, _statement: str, parameters: dict, _settings: dict
    ) -> None:
        self.calls.append(('bury', parameters['ids'], parameters['months']))

    def execute(self, _statement: str, parameters: dict) -> list:
        if 'instants' in parameters:
            self.calls.append(('received', parameters['instants']))
            return []
        self.calls.append(('look up', parameters['ids']))
        return [row for row in self.dead if row[1] in parameters['ids']]

    def write(self, openings: list[event_model.Event], _at: int) -> None:
        # What they change was told before.
        self.assertLessEqual(
            {each.event_time for each in openings}, set(self.heeded)
        )
        self.calls.append(('write', [each.event_time for each in openings]))

    def follow(self, *events: event_model.Event) -> list:
        self.calls.clear()
        self.openings.follow(events, _NOW, self.write)
        return list(self.calls)

    def test_what_is_of_now_is_looked_up_once_a_month(self) -> None:
        event = made(DECEMBER + 1)
        self.assertEqual([('look up', ['a'])], self.follow(event))
        self.assertEqual([], self.follow(event))
        self.now += 31 * _DAY
        self.assertEqual(
            [('look up', ['a'])], self.follow(made(DECEMBER + 32 * _DAY))
        )

    def test_what_is_late_is_carried_until_no_month_is_left(self) -> None:
        self.announced = [[NOVEMBER], [NOVEMBER, DECEMBER]] + [
            [NOVEMBER, DECEMBER]
        ]
        self.assertEqual(
            [
                'months',
                ('received', [OCTOBER]),
                ('look up', ['a']),
                ('write', [NOVEMBER]),
                'months',
                ('look up', ['a']),
                ('write', [DECEMBER]),
                'months',
            ],
            self.follow(made(OCTOBER)),
        )
        self.assertEqual([OCTOBER, NOVEMBER, DECEMBER], self.heeded)

    def test_without_months_what_is_late_costs_one_question(self) -> None:
        self.announced = [[]]
        self.assertEqual(['months'], self.follow(made(OCTOBER)))

    def test_ends_are_told_to_all_months(self) -> None:
        self.dead = [('instance', 'a', OCTOBER)]
        self.announced = [[NOVEMBER], [NOVEMBER]]
        self.assertEqual(
            [
                ('look up', ['a', 'b']),
                'months',
                ('look up', ['a', 'b']),
                ('bury', ['a'], [NOVEMBER]),
                'months',
            ],
            self.follow(made(DECEMBER), made(DECEMBER, resource_id='b')),
        )

    def test_who_ended_in_the_newest_month_needs_nothing(self) -> None:
        self.dead = [('instance', 'a', DECEMBER)]
        self.assertEqual([('look up', ['a'])], self.follow(made(DECEMBER + 1)))

    def test_a_day_before_a_month_all_that_is_before_it_is_late(self) -> None:
        self.announced = [[]]
        self.now = DECEMBER - _DAY
        self.assertEqual(['months'], self.follow(made(DECEMBER - 1)))

    def test_what_is_consumed_costs_nothing(self) -> None:
        event = made(OCTOBER, phase=event_model.Phase.CONSUMED)
        self.assertEqual([], self.follow(event))

    def test_what_failed_is_looked_up_again(self) -> None:
        event = made(DECEMBER + 1)
        for error in (
            errors.StorageError('odd'),
            errors.StorageUnavailable('away'),
        ):
            with mock.patch.object(self, 'execute', side_effect=error):
                self.assertRaises(
                    errors.StorageUnavailable, self.follow, event
                )
        self.assertEqual([('look up', ['a'])], self.follow(event))

    def test_only_so_many_are_remembered(self) -> None:
        a, b, c = (made(DECEMBER, resource_id=each) for each in 'abc')
        with mock.patch.object(openings_module, '_REMEMBERED', 2):
            self.follow(a, b)
            self.assertEqual([], self.follow(a, b))
            self.assertEqual([('look up', ['c'])], self.follow(a, b, c))
            self.assertEqual([('look up', ['a'])], self.follow(a, c))
