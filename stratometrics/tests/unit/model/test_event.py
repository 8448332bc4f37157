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
"""Births (R8) and their place in the order (R10)."""

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
