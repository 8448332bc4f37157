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
import dataclasses

import testtools

from stratometrics.model import event as event_model
from stratometrics.model import observation
from stratometrics.model import standing
from stratometrics.notifications import definitions
from stratometrics.reconciler import comparison

VOLUME = definitions.Definitions.load(None).resource_types['volume']


def known(**changes) -> event_model.Event:
    facts = {
        'resource_type': 'volume',
        'resource_id': 'v',
        'event_time': 1_000_000,
        'message_id': 'm',
        'rank': event_model.RANK_EVENT,
        'phase': event_model.Phase.BILLED,
        'state': 'available',
        'project_id': 'p1',
        'event_type': 'volume.create.end',
        'region': 'one',
        'user_id': 'u1',
        'name': 'data',
        'created_at': 500_000,
        'type': 'ssd',
        'type_id': 'ssd',
        'availability_zone': 'nova',
        'attributes': {'a': 'x'},
        'measures': {'size_gib': 1},
    }
    return event_model.Event(**(facts | changes))


def seen(**changes) -> observation.Observation:
    facts = {
        'resource_type': 'volume',
        'resource_id': 'v',
        'project_id': 'p1',
        'state': 'available',
        'measures': {'size_gib': 1},
    }
    return observation.Observation(**(facts | changes))


class DifferencesTest(testtools.TestCase):
    def test_what_is_not_told_does_not_differ(self) -> None:
        self.assertEqual((), comparison.differences(known(), seen()))

    def test_each_fact_is_compared(self) -> None:
        told = {
            'project_id': 'p2',
            'user_id': 'u2',
            'name': '',
            'type': 'hdd',
            'image': 'i',
            'availability_zone': 'two',
            'state': 'error',
        }
        for name, value in told.items():
            self.assertEqual(
                (name,),
                comparison.differences(known(), seen(**{name: value})),
            )
        for group, value in (
            ('attributes', {'a': 'y'}),
            ('attributes', {'b': 'x'}),
            ('measures', {'size_gib': 2}),
        ):
            [name] = value
            self.assertEqual(
                (f'{group}.{name}',),
                comparison.differences(known(), seen(**{group: value})),
            )

    def test_a_type_that_was_made_anew(self) -> None:
        """The resource is still of the old one."""
        anew = seen(type='ssd', type_id='other')
        self.assertEqual((), comparison.differences(known(), anew))
        author = comparison.Author(VOLUME, 'one', 'reconciliation')
        moved = dataclasses.replace(anew, project_id='p2')
        self.assertEqual('ssd', author.changed(known(), moved, 7).type_id)
        self.assertEqual(
            '', author.changed(known(), seen(type='hdd'), 7).type_id
        )
        renamed = seen(type='hdd', type_id='ssd')
        self.assertEqual('ssd', author.changed(known(), renamed, 7).type_id)
        for larger in (
            seen(type='hdd', type_id='other'),
            seen(type='ssd', type_id='other', measures={'size_gib': 2}),
        ):
            event = author.changed(known(), larger, 7)
            self.assertEqual('other', event.type_id)

    def test_a_state_that_passes_is_not(self) -> None:
        self.assertEqual(
            (),
            comparison.differences(
                known(), seen(state='attaching', passing=True)
            ),
        )


class AuthorTest(testtools.TestCase):
    author = comparison.Author(VOLUME, 'one', 'reconciliation')

    def test_the_same_event_has_the_same_id_whoever_writes_it(self) -> None:
        """R2: what two collectors record at once counts once."""
        importer = dataclasses.replace(self.author, source='import')
        first = self.author.found(seen(), 7)
        self.assertEqual(
            first.message_id, importer.found(seen(), 7).message_id
        )
        others = {
            self.author.found(seen(), 8).message_id,
            self.author.found(seen(state='error'), 7).message_id,
            self.author.found(seen(measures={'size_gib': 2}), 7).message_id,
            self.author.changed(known(), seen(), 7).message_id,
        }
        self.assertEqual(4, len(others - {first.message_id}))
        # Whichever release wrote it.
        self.assertEqual(
            'bc19bc18-bfb4-5fdb-bc9c-f537e05491af', first.message_id
        )

    def test_states_mean_what_the_definition_says(self) -> None:
        for state, phase, rank in (
            ('available', event_model.Phase.BILLED, event_model.RANK_EVENT),
            ('creating', event_model.Phase.PENDING, event_model.RANK_EVENT),
            ('Deleted', event_model.Phase.ENDED, event_model.RANK_DELETION),
        ):
            event = self.author.found(seen(state=state), 7)
            self.assertEqual((phase, rank), (event.phase, event.rank))

    def test_what_passes_stays_what_it_was(self) -> None:
        event = self.author.changed(
            known(state='in-use'),
            seen(state='detaching', passing=True, project_id='p2'),
            7,
        )
        self.assertEqual(('in-use', 'p2'), (event.state, event.project_id))

    def test_what_was_asked_for_counts_if_nothing_else_is_known(self) -> None:
        wished = seen(measures={'size_gib': 9}, resizing=True)
        self.assertEqual((), comparison.differences(known(), wished))
        moved = dataclasses.replace(wished, project_id='p2')
        self.assertEqual(
            {'size_gib': 1}, self.author.changed(known(), moved, 7).measures
        )
        self.assertEqual(
            {'size_gib': 9}, self.author.found(wished, 7).measures
        )

    def test_only_what_was_unknown_has_a_birth(self) -> None:
        """R8: of what is known, notifications are the better witness."""
        self.assertEqual(
            3, self.author.found(seen(created_at=3), 7).created_at
        )
        event = self.author.changed(known(), seen(created_at=3), 7)
        self.assertIsNone(event.created_at)

    def test_an_estimate_is_taken_back(self) -> None:
        estimate = self.author.gone(known(), 1_000_000)
        self.assertEqual(
            ('deleted', event_model.Phase.UNBILLED),
            (estimate.state, estimate.phase),
        )
        refutation = self.author.refutation(
            standing.Estimate(estimate.event_time, known())
        )
        self.assertEqual(
            ('available', event_model.Phase.BILLED, 1_000_000),
            (refutation.state, refutation.phase, refutation.event_time),
        )
        self.assertGreater(refutation.rank, estimate.rank)

    def test_an_estimate_comes_behind_what_took_the_last_one_back(
        self,
    ) -> None:
        """R10: or else it would not count."""
        refutation = self.author.refutation(
            standing.Estimate(1_000_000, known())
        )
        second = self.author.gone(refutation, 1_000_000)
        self.assertEqual(1_000_001, second.event_time)
        self.assertEqual(
            2_000_000, self.author.gone(refutation, 2_000_000).event_time
        )


class PastTest(testtools.TestCase):
    author = comparison.Author(VOLUME, 'one', 'import')

    def past(self, before, *history, until=100):
        return [
            (event.event_time, event.state, event.event_type)
            for event in comparison.past(self.author, before, history, until)
        ]

    def test_only_what_is_later_and_only_what_changes(self) -> None:
        history = [
            seen(state='error', changed_at=5),
            seen(changed_at=10),
            seen(state='error', changed_at=20),
            seen(state='error', changed_at=30),
            seen(changed_at=100),
            seen(),
        ]
        self.assertEqual(
            [(20, 'error', comparison.CHANGED)],
            self.past(known(event_time=10), *history),
        )
        self.assertEqual(
            [
                (5, 'error', comparison.FOUND),
                (10, 'available', comparison.CHANGED),
                (20, 'error', comparison.CHANGED),
            ],
            self.past(None, *history),
        )

    def test_what_was_before_the_first_event(self) -> None:
        """What is not told of it was as the first event says (R8)."""
        first = known(
            event_time=10, state='error', type='ssd', measures={'size_gib': 2}
        )
        events = comparison.before(
            self.author,
            first,
            [
                seen(changed_at=1, created_at=1, measures={}),
                seen(changed_at=5, state='error', measures={}),
                seen(changed_at=10, type='hdd'),
                seen(changed_at=20),
            ],
        )
        self.assertEqual(
            [
                (1, 'available', comparison.FOUND, 'ssd', 2),
                (5, 'error', comparison.CHANGED, 'ssd', 2),
            ],
            [
                (
                    event.event_time,
                    event.state,
                    event.event_type,
                    event.type,
                    event.measures['size_gib'],
                )
                for event in events
            ],
        )

    def test_nothing_is_said_of_what_always_was_so(self) -> None:
        self.assertEqual(
            [],
            comparison.before(
                self.author,
                known(event_time=10, state='error'),
                [seen(changed_at=1, state='error'), seen(changed_at=10)],
            ),
        )

    def test_a_birth_has_the_facts_of_the_first_event(self) -> None:
        first = known(event_time=10, created_at=None)
        birth = self.author.born(first, 4)
        self.assertEqual(
            dataclasses.replace(
                first,
                event_time=4,
                rank=-10,
                created_at=4,
                event_type=comparison.FOUND,
                source='import',
                message_id=birth.message_id,
            ),
            birth,
        )
        self.assertNotEqual(first.message_id, birth.message_id)
        deletion = known(
            event_time=10, phase=event_model.Phase.ENDED, state='deleted'
        )
        self.assertEqual('active', self.author.born(deletion, 4).state)

    def test_what_is_no_longer_known_was_what_is_known_next(self) -> None:
        """R8: the earliest facts that are known."""
        history = [
            seen(changed_at=1, measures={}),
            seen(changed_at=2, type='ssd', measures={}),
            seen(changed_at=3, state='error', measures={'size_gib': 2}),
            seen(type='hdd', measures={'size_gib': 9}),
        ]
        events = comparison.past(self.author, None, history, 100)
        self.assertEqual(
            [('ssd', 2), ('hdd', 2)],
            [(each.type, each.measures['size_gib']) for each in events],
        )
