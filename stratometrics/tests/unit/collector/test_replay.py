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

from stratometrics.collector import quarantine
from stratometrics.collector import replay
from stratometrics.storage import errors
from stratometrics.tests.unit.collector import fakes


class TestReplay(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.storage = fakes.FakeStorage()

    def keep(self, *messages):
        self.storage.write_rejected(
            [quarantine.reject(m, {}, 'R1', 'was odd') for m in messages]
        )

    def replay(self, **kwargs):
        return replay.replay(self.storage, fakes.ScriptedDecoder, **kwargs)

    def kept(self):
        return sorted(m.message_id for m in self.storage.kept.values())

    def test_what_became_of_each(self):
        self.keep(
            fakes.make_message('m1'),
            fakes.make_message('m2', 'odd'),
            fakes.make_message('m3', 'ignored'),
            fakes.make_message('m4', 'unknown'),
            fakes.make_message('m5', 'bug'),
            'no message at all',
        )
        self.assertEqual(
            replay.Counts(stored=1, events=1, ignored=1, remaining=4),
            self.replay(),
        )
        self.assertEqual(['m1'], self.storage.message_ids)
        self.assertEqual(['', 'm2', 'm4', 'm5'], self.kept())

    def test_again_changes_nothing(self):
        self.keep(fakes.make_message('m1'), fakes.make_message('m2', 'odd'))
        self.replay()
        inserts = list(self.storage.inserts)
        self.assertEqual(replay.Counts(remaining=1), self.replay())
        self.assertEqual(inserts, self.storage.inserts)

    def test_in_the_region_they_came_from(self):
        self.storage.write_rejected(
            [
                quarantine.reject(fakes.make_message(name), {}, region, 'no')
                for name, region in (('m1', 'R1'), ('m2', 'R2'))
            ]
        )
        self.replay()
        self.assertEqual(
            {'m1': 'R1', 'm2': 'R2'},
            {event.message_id: event.region for event in self.storage.events},
        )

    def test_births_are_stored(self):
        self.keep(fakes.make_message('m1', created_at=5))
        self.replay()
        self.assertEqual(
            [5, 2_000_000],
            sorted(event.event_time for event in self.storage.events),
        )

    def test_only_some_types(self):
        self.keep(
            fakes.make_message('m1', 'good'), fakes.make_message('m2', 'fine')
        )
        counts = self.replay(event_types={'fine'})
        self.assertEqual(replay.Counts(stored=1, events=1), counts)
        self.assertEqual(['m1'], self.kept())

    def test_what_storage_refuses_remains(self):
        self.keep(fakes.make_message('m1'), fakes.make_message('m2'))
        self.storage.before_insert = fakes.refuse('r-m1')
        self.assertEqual(
            replay.Counts(stored=1, events=1, remaining=1), self.replay()
        )
        self.assertEqual(['m1'], self.kept())

    def test_nothing_is_forgotten_before_it_is_stored(self):
        self.keep(fakes.make_message('m1'))
        self.storage.before_insert = fakes.fail(
            1, errors.StorageUnavailable('refused')
        )
        self.assertRaises(errors.StorageUnavailable, self.replay)
        self.assertEqual(['m1'], self.kept())
        self.replay()
        self.assertEqual(['m1'], self.storage.message_ids)

    def test_many_in_parts(self):
        self.keep(*(fakes.make_message(f'm{n}') for n in range(2500)))
        self.assertEqual(2500, self.replay().stored)
        self.assertEqual(3, len(self.storage.inserts))
        self.assertEqual([], self.kept())
