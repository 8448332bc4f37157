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
"""Births (R8), openings, and their places in the order (R10)."""

import dataclasses

import hypothesis
from hypothesis import strategies as st
import testtools

from stratometrics.model import event


def made(**changes) -> event.Event:
    facts = {
        'resource_type': 'instance',
        'resource_id': 'r1',
        'event_time': 2_000_000,
        'message_id': 'm1',
        'rank': event.RANK_EVENT,
        'phase': event.Phase.BILLED,
        'state': 'stopped',
        'project_id': 'p1',
        'event_type': 'test',
        'created_at': 1_000_000,
        'type': 'small',
        'measures': {'vcpus': 2},
    }
    return event.Event(**(facts | changes))


class BirthTest(testtools.TestCase):
    def test_it_carries_the_facts_to_the_creation(self) -> None:
        birth = made().birth()
        self.assertEqual(1_000_000, birth.event_time)
        self.assertEqual(
            ('stopped', 'small', {'vcpus': 2}, event.Phase.BILLED, 'm1'),
            (
                birth.state,
                birth.type,
                birth.measures,
                birth.phase,
                birth.message_id,
            ),
        )

    def test_no_creation_is_told(self) -> None:
        self.assertIsNone(made(created_at=None).birth())
        self.assertIsNone(made(created_at=0).birth())

    def test_a_creation_that_is_not_earlier_adds_nothing(self) -> None:
        self.assertIsNone(made(created_at=2_000_000).birth())
        self.assertIsNone(made(created_at=3_000_000).birth())

    def test_a_deletion_tells_of_an_active_resource(self) -> None:
        birth = made(
            state='deleted',
            phase=event.Phase.ENDED,
            rank=event.RANK_DELETION,
        ).birth()
        self.assertEqual('active', birth.state)
        self.assertIs(event.Phase.BILLED, birth.phase)

    def test_a_soft_deletion_tells_of_an_active_resource(self) -> None:
        birth = made(state='soft-delete', phase=event.Phase.UNBILLED).birth()
        self.assertEqual('active', birth.state)
        self.assertIs(event.Phase.BILLED, birth.phase)

    def test_what_is_still_being_made_was_so_from_the_start(self) -> None:
        birth = made(state='creating', phase=event.Phase.PENDING).birth()
        self.assertEqual('creating', birth.state)
        self.assertIs(event.Phase.PENDING, birth.phase)

    def test_that_of_the_earliest_event_comes_last_of_the_births(self) -> None:
        early = made().birth()
        late = made(event_time=3_000_000).birth()
        self.assertLess(late.rank, early.rank)
        self.assertLess(early.rank, event.RANK_EVENT)
        self.assertLess(event.RANK_EVENT, event.RANK_DELETION)


_MONTH = 10_000_000
_NEXT = 20_000_000

#: Births, events and ends that meet in the same microsecond, of one resource.
_ORIGINALS = st.builds(
    lambda time, message_id, created_at, phase: made(
        event_time=time,
        message_id=message_id,
        created_at=created_at,
        phase=phase,
        rank=event.rank_of(phase),
    ),
    st.sampled_from([_MONTH - 2, _MONTH - 1, _MONTH, _MONTH + 1]),
    st.sampled_from(['m1', 'm2', 'm3']),
    st.sampled_from([None, 1, _MONTH - 3, _MONTH - 2, _MONTH]),
    st.sampled_from([event.Phase.BILLED, event.Phase.ENDED]),
).flatmap(
    lambda made: st.sampled_from(
        [each for each in (made, made.birth()) if each is not None]
    )
)
_OTHERS = st.builds(
    lambda rank: made(event_time=_MONTH - 1, rank=rank),
    st.sampled_from([event.RANK_ESTIMATE, event.RANK_REFUTATION]),
)


class OpeningTest(testtools.TestCase):
    def test_only_its_time_and_place_differ(self) -> None:
        original = made(message_id='m7')
        opening = original.opening(_MONTH)
        self.assertEqual(
            dataclasses.replace(
                original,
                event_time=_MONTH,
                rank=2_000_000 * 8 + 1,
                source='opening',
            ),
            opening,
        )
        self.assertTrue(opening.is_opening)
        self.assertFalse(original.is_opening)

    def test_the_kind_of_what_it_carries_is_in_its_place(self) -> None:
        kinds = [
            made(event_time=3_000_000).birth(),
            made(event_time=1_000_000),
            made(event_time=1_000_000, rank=event.RANK_ESTIMATE),
            made(event_time=1_000_000, rank=event.RANK_REFUTATION),
            made(event_time=1_000_000, rank=event.RANK_DELETION),
        ]
        self.assertEqual(
            [8_000_000 + kind for kind in range(5)],
            [each.opening(_MONTH).rank for each in kinds],
        )

    def test_it_is_carried_further_as_it_is(self) -> None:
        for original in (made(), made().birth()):
            self.assertEqual(
                original.opening(_NEXT),
                original.opening(_MONTH).opening(_NEXT),
            )

    @hypothesis.given(st.lists(_ORIGINALS | _OTHERS, min_size=2))
    def test_openings_are_ordered_as_what_they_carry(
        self, originals: list[event.Event]
    ) -> None:
        carried = [each for each in originals if each.precedes(_MONTH)]
        self.assertEqual(
            [each.message_id for each in sorted(carried, key=_by_order)],
            [
                each.message_id
                for each in sorted(
                    carried, key=lambda each: each.opening(_MONTH).order
                )
            ],
        )

    @hypothesis.given(_ORIGINALS | _OTHERS)
    def test_they_come_before_what_a_month_tells_itself(
        self, original: event.Event
    ) -> None:
        opening = made(event_time=1_500_000).opening(_MONTH)
        self.assertEqual(
            original.precedes(_MONTH), original.order < opening.order
        )

    def test_what_is_consumed_is_not_carried(self) -> None:
        consumed = made(phase=event.Phase.CONSUMED)
        self.assertFalse(consumed.precedes(_MONTH))

    def test_a_witness_after_2112_has_an_order(self) -> None:
        birth = made(event_time=2**52 + 1).birth()
        self.assertLess(
            birth.opening(_MONTH).order, made().birth().opening(_MONTH).order
        )


def _by_order(each: event.Event) -> tuple:
    return each.order
