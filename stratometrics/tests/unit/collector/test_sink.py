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
import fixtures
import testtools

from stratometrics.collector import births
from stratometrics.collector import metrics
from stratometrics.collector import patience
from stratometrics.collector import quarantine
from stratometrics.collector import sink
from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.tests.unit.collector import fakes

AWAY = errors.StorageUnavailable('refused')


class SinkTestCase(testtools.TestCase):
    keep_unknown = True

    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.storage = fakes.FakeStorage()
        self.metrics = metrics.Metrics()
        self.patience = patience.Patience(0.01, lambda away: None)
        self.notes = fakes.Notes()
        self.sink = sink.Sink(
            self.storage,
            fakes.ScriptedDecoder(),
            'R1',
            births.Births(100),
            self.patience,
            self.metrics,
            self.keep_unknown,
            self.notes,
        )

    def store(self, *messages):
        return self.sink.store([fakes.FakeIncoming(m) for m in messages])

    def sample(self, name, **labels):
        return self.metrics.registry.get_sample_value(
            f'stratometrics_collector_{name}', labels
        )

    def rejected(self):
        return sorted(m.message_id for m in self.storage.kept.values())


class TestStore(SinkTestCase):
    def test_one_insert_a_batch(self):
        self.assertTrue(
            self.store(*(fakes.make_message(f'm{n}') for n in range(9)))
        )
        self.assertEqual(1, len(self.storage.inserts))
        self.assertEqual([f'm{n}' for n in range(9)], self.storage.message_ids)

    def test_names_are_asked_for_of_what_is_stored(self):
        self.storage.before_insert = fakes.refuse('r-m2')
        self.store(
            fakes.make_message('m1'),
            fakes.make_message('m2'),
            fakes.make_message('m3', 'ignored'),
            fakes.make_message('m4', 'odd'),
            fakes.make_message('m5', 'unknown'),
        )
        self.assertEqual(['m1'], self.notes.noticed)
        self.assertEqual([('project', 'm3')], self.notes.things)

    def test_no_names_are_asked_for_of_what_is_given_back(self):
        self.patience.halt()
        self.storage.before_insert = fakes.fail(1, AWAY)
        self.store(fakes.make_message())
        self.assertEqual([], self.notes.noticed)

    def test_it_needs_no_namer(self):
        self.sink._namer = None
        self.assertTrue(
            self.store(
                fakes.make_message('m1'), fakes.make_message('m2', 'ignored')
            )
        )

    def test_births_before_events(self):
        message = fakes.make_message(created_at=5)
        self.store(message)
        self.store(message)
        [event] = fakes.ScriptedDecoder().decode(message)
        self.assertEqual(
            [[event.birth(), event], [event]],
            [events for events, _ in self.storage.inserts],
        )

    def test_the_earliest_first(self):
        """So that it is stored first, of which a backup may have a part."""
        self.store(
            *(
                fakes.make_message(f'm{n}', event_time=at, created_at=born)
                for n, (at, born) in enumerate([(90, 80), (70, 20), (50, 40)])
            )
        )
        self.assertEqual(
            [20, 40, 50, 70, 80, 90],
            [event.event_time for event in self.storage.events],
        )

    def test_birth_is_not_forgotten_with_a_failed_insert(self):
        self.patience.halt()
        self.storage.before_insert = fakes.fail(1, AWAY)
        message = fakes.make_message(created_at=5)
        self.assertFalse(self.store(message))
        self.assertTrue(self.store(message))
        self.assertEqual(2, len(self.storage.events))

    def test_each_attempt_is_stamped(self):
        seen = []
        fail = fakes.fail(3, AWAY)

        def before_insert(events):
            seen.append(timestamps.now())
            fail()

        self.storage.before_insert = before_insert
        self.store(fakes.make_message())
        [(_, received_at)] = self.storage.inserts
        self.assertEqual(4, len(seen))
        self.assertGreater(received_at, seen[-2])
        self.assertLessEqual(received_at, seen[-1])

    def test_waits_while_storage_is_away(self):
        self.storage.before_insert = fakes.fail(10, AWAY)
        self.storage.before_rejected = fakes.fail(10, AWAY)
        self.assertTrue(
            self.store(
                fakes.make_message('m1'), fakes.make_message('m2', 'odd')
            )
        )
        self.assertEqual(['m1'], self.storage.message_ids)
        self.assertEqual(['m2'], self.rejected())

    def test_gives_back_when_halted(self):
        self.patience.halt()
        self.storage.before_insert = fakes.fail(1, AWAY)
        self.assertFalse(self.store(fakes.make_message()))
        self.assertEqual([], self.storage.events)
        self.assertEqual(1, self.sample('messages_requeued_total'))

    def test_gives_back_when_halted_before_quarantine(self):
        self.patience.halt()
        self.storage.before_rejected = fakes.fail(1, AWAY)
        self.assertFalse(self.store(fakes.make_message('m1', 'odd')))

    def test_ignored_leave_no_trace(self):
        self.assertTrue(self.store(fakes.make_message('m1', 'ignored')))
        self.assertEqual([], self.storage.inserts)
        self.assertEqual([], self.rejected())
        self.assertEqual(1, self.sample('messages_ignored_total'))

    def test_nothing_to_store_is_no_insert(self):
        self.assertTrue(self.store())
        self.assertEqual([], self.storage.inserts)
        self.assertEqual([], self.storage.rejected_inserts)


class TestQuarantine(SinkTestCase):
    def test_neighbours_are_stored(self):
        self.assertTrue(
            self.store(
                fakes.make_message('m1'),
                fakes.make_message('m2', 'odd'),
                None,
                'text',
                {},
                fakes.make_message('m3', 'bug'),
                fakes.make_message('m4', 'unknown'),
                fakes.make_message('m5'),
            )
        )
        self.assertEqual(['m1', 'm5'], self.storage.message_ids)
        self.assertEqual(['', '', '', 'm2', 'm3', 'm4'], self.rejected())

    def test_reason_is_kept(self):
        self.store(
            fakes.make_message('m1', 'odd'), fakes.make_message('m2', 'bug')
        )
        self.assertEqual(
            {
                'm1': 'payload: no id',
                'm2': 'ZeroDivisionError: of the decoder',
            },
            {m.message_id: m.reason for m in self.storage.kept.values()},
        )

    def test_logged_once_a_type_and_kind(self):
        for n in range(5):
            self.store(
                fakes.make_message(f'o{n}', 'odd'),
                fakes.make_message(f'b{n}', 'bug'),
                fakes.make_message(f'u{n}', 'unknown'),
            )
        self.assertEqual(2, self.log.output.count('set aside'))
        self.assertEqual(1, self.log.output.count('Traceback'))
        self.assertEqual(1, self.log.output.count('No definition names'))
        self.assertEqual(15, len(self.storage.kept))

    def test_counted_by_kind(self):
        self.store(
            fakes.make_message('m1', 'odd'),
            fakes.make_message('m2', 'odd'),
            fakes.make_message('m3', 'unknown'),
        )
        for kind, count in (('not_understood', 2), ('unknown', 1)):
            self.assertEqual(
                count, self.sample('messages_rejected_total', reason=kind)
            )
        self.assertEqual(1, self.sample('messages_unknown_total'))

    def test_again_is_not_kept_twice(self):
        for _ in range(3):
            self.store(fakes.make_message('m1', 'odd'))
        self.assertEqual(['m1'], self.rejected())

    def test_no_token_is_kept(self):
        self.sink.store(
            [
                fakes.FakeIncoming(
                    fakes.make_message('m1', 'odd'), {'auth_token': 'secret'}
                )
            ]
        )
        [kept] = self.storage.kept.values()
        self.assertNotIn('secret', kept.body)
        self.assertNotIn('secret', self.log.output)

    def test_only_the_guilty_message_is_set_aside(self):
        self.storage.before_insert = fakes.refuse('r-m3', 'r-m8')
        self.assertTrue(
            self.store(*(fakes.make_message(f'm{n}') for n in range(10)))
        )
        self.assertEqual(
            [f'm{n}' for n in range(10) if n not in (3, 8)],
            self.storage.message_ids,
        )
        self.assertEqual(['m3', 'm8'], self.rejected())
        self.assertEqual(8, self.sample('events_stored_total'))
        for message in self.storage.kept.values():
            self.assertIn('too odd', message.reason)

    def test_birth_of_the_guilty_does_not_stand_in_for_others(self):
        guilty = fakes.make_message(
            'm1', resource_id='r', created_at=1, event_time=5, name='guilty'
        )
        innocent = fakes.make_message(
            'm2', resource_id='r', created_at=1, event_time=6
        )

        def before_insert(events):
            if any(event.name == 'guilty' for event in events):
                raise errors.InvalidRows('no')

        self.storage.before_insert = before_insert
        self.store(guilty, innocent)
        [event] = fakes.ScriptedDecoder().decode(innocent)
        self.assertEqual([event.birth(), event], self.storage.events)

    def test_unforeseen_error_of_storage_blocks_nothing(self):
        def before_insert(events):
            if any(event.resource_id == 'r-m2' for event in events):
                raise KeyError('a bug')

        self.storage.before_insert = before_insert
        self.assertTrue(
            self.store(*(fakes.make_message(f'm{n}') for n in range(4)))
        )
        self.assertEqual(['m0', 'm1', 'm3'], self.storage.message_ids)
        self.assertEqual(['m2'], self.rejected())

    def test_large_bodies_are_stored_apart(self):
        large = 'x' * 10 * 1024**2
        self.store(
            *(fakes.make_message(f'm{n}', 'odd', name=large) for n in (1, 2))
        )
        self.assertEqual(2, len(self.storage.rejected_inserts))
        [message] = self.storage.rejected_inserts[0]
        self.assertEqual(
            large, quarantine.restore(message.body)['payload'][0]['name']
        )


class TestUnknownDropped(SinkTestCase):
    keep_unknown = False

    def test_counted_and_logged_but_not_kept(self):
        self.assertTrue(self.store(fakes.make_message('m1', 'unknown')))
        self.assertEqual([], self.rejected())
        self.assertEqual(1, self.sample('messages_unknown_total'))
        self.assertIn('dropped', self.log.output)


class TestMetrics(SinkTestCase):
    def test_counts(self):
        now = timestamps.now()
        self.store(
            fakes.make_message('m1', event_time=now - 90_000_000),
            fakes.make_message('m2', event_time=now - 60_000_000),
        )
        self.assertEqual(2, self.sample('messages_received_total'))
        self.assertEqual(2, self.sample('events_stored_total'))
        self.assertEqual(2, self.sample('batch_messages_sum'))
        self.assertEqual(1, self.sample('batch_messages_count'))
        self.assertEqual(1, self.sample('insert_seconds_count'))
        self.assertAlmostEqual(60, self.sample('lag_seconds'), delta=5)
