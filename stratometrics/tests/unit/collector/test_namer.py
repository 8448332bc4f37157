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
import threading
import time
from unittest import mock

import fixtures
import testtools

from stratometrics import cloud
from stratometrics.collector import namer
from stratometrics.model import names
from stratometrics.naming import directory
from stratometrics.naming import learning
from stratometrics.notifications import definitions
from stratometrics.storage import errors
from stratometrics.tests.unit.collector import fakes as collector_fakes
from stratometrics.tests.unit.naming import fakes

DEFINITIONS = definitions.Definitions.load(None)

PATIENCE = 20


class NamerTestCase(testtools.TestCase):
    """A namer that runs, with pauses that a test can wait for."""

    interval = None

    def setUp(self):
        super().setUp()
        for pause in ('_GATHER', '_RETRY', '_REPEAT'):
            patch = mock.patch.object(namer, pause, 0.01)
            patch.start()
            self.addCleanup(patch.stop)
        self.log = self.useFixture(fixtures.FakeLogger())
        self.store = fakes.FakeNames()
        self.services = fakes.FakeDirectory()
        self.services.has(names.PROJECT, 'p1', 'acme', 'd1')
        self.services.has(names.DOMAIN, 'd1', 'first')
        self.services.has(names.USER, 'u1', 'alice')
        self.services.has(names.VOLUME_TYPE, 't1', 'ssd')
        self.namer = namer.Namer(DEFINITIONS, self.make, self.interval)

    def make(self, stop):
        return learning.Learner(self.store, DEFINITIONS, self.services, stop)

    def start(self):
        self.namer.start()
        self.addCleanup(self.namer.stop)

    def wait_until(self, ready):
        deadline = time.monotonic() + PATIENCE
        while not ready():
            if time.monotonic() > deadline:
                self.fail(f'in vain: {self.called()} {self.log.output}')
            time.sleep(0.005)

    def called(self):
        return {thing: n.name for thing, n in self.store.known.items()}

    def notice(self, **facts):
        given = {
            'resource_type': 'volume',
            'project_id': 'p1',
            'user_id': 'u1',
            'type': 't1',
            'type_id': 't1',
        }
        event = collector_fakes.make_event(**{**given, **facts})
        self.namer.notice([event])


ALL = {
    (names.PROJECT, 'p1'): 'acme',
    (names.DOMAIN, 'd1'): 'first',
    (names.USER, 'u1'): 'alice',
    (names.VOLUME_TYPE, 't1'): 'ssd',
}


class NamerTest(NamerTestCase):
    def test_what_events_refer_to_is_asked_for_once(self):
        self.start()
        self.notice()
        self.wait_until(lambda: self.called() == ALL)
        self.services.asked.clear()
        self.notice()
        self.services.has(names.USER, 'u2', 'bob')
        self.notice(user_id='u2')
        self.wait_until(lambda: (names.USER, 'u2') in self.store.known)
        self.assertEqual([(names.USER, 'u2')], self.services.asked)

    def test_what_was_renamed_is_asked_for_again(self):
        self.start()
        self.notice()
        self.wait_until(lambda: self.called() == ALL)
        self.services.has(names.PROJECT, 'p1', 'umbrella', 'd1')
        self.services.asked.clear()
        self.namer.renamed([(names.PROJECT, 'p1'), (names.PROJECT, 'p7')])
        self.wait_until(
            lambda: self.called()[names.PROJECT, 'p1'] == 'umbrella'
        )
        # Nothing is billed to the other one.
        self.assertEqual([(names.PROJECT, 'p1')], self.services.asked)

    def test_a_service_that_is_away_delays_only_what_it_knows(self):
        self.services.failures = {
            names.PROJECT: cloud.CloudError('away'),
            names.VOLUME_TYPE: directory.NotOffered('none'),
        }
        self.start()
        self.notice()
        self.wait_until(
            lambda: self.services.asked.count((names.PROJECT, 'p1')) > 2
        )
        self.assertEqual({(names.USER, 'u1'): 'alice'}, self.called())
        self.assertEqual(1, self.log.output.count('cannot be had now: away'))
        self.services.failures.clear()
        self.wait_until(lambda: (names.DOMAIN, 'd1') in self.called())
        # What nobody offers is not asked for until a round.
        self.assertNotIn((names.VOLUME_TYPE, 't1'), self.called())

    def test_a_store_that_is_away_delays_names(self):
        self.store.failure = errors.StorageUnavailable('away')
        self.start()
        self.notice()
        self.wait_until(lambda: 'cannot be had now: away' in self.log.output)
        self.store.failure = None
        self.wait_until(lambda: self.called() == ALL)

    def test_credentials_that_make_no_sense_are_told_once(self):
        attempts = []

        def make(stop):
            attempts.append(stop)
            if len(attempts) < 4:
                raise cloud.CloudError('no auth_url')
            return self.make(stop)

        self.namer = namer.Namer(DEFINITIONS, make, None)
        self.start()
        self.notice()
        self.wait_until(lambda: self.called() == ALL)
        self.assertEqual(1, self.log.output.count('no auth_url'))

    def test_a_mistake_does_not_end_it(self):
        self.services.failures[names.PROJECT] = ZeroDivisionError()
        self.start()
        self.notice()
        self.wait_until(lambda: 'Unexpected error' in self.log.output)
        self.services.failures.clear()
        self.notice(project_id='p2')
        self.wait_until(lambda: (names.PROJECT, 'p2') in self.store.known)

    def test_it_does_not_wait_for_an_answer_to_take_note(self):
        asked, answer = threading.Event(), threading.Event()
        self.addCleanup(answer.set)

        def find(kind, id_):
            asked.set()
            answer.wait(PATIENCE)

        self.services.find = find
        self.start()
        self.notice()
        asked.wait(PATIENCE)
        begun = time.monotonic()
        for number in range(100):
            self.notice(project_id=f'p{number}')
        with mock.patch.object(namer, '_LAST_ANSWER', 0.01):
            self.namer.stop()
        self.assertLess(time.monotonic() - begun, PATIENCE / 2)

    def test_what_waits_is_bounded(self):
        with mock.patch.object(namer, '_MOST_WAITING', 3):
            for number in range(10):
                self.notice(project_id=f'p{number}')
                self.namer.renamed([(names.PROJECT, f'p{number}')])
        self.assertEqual(3, len(self.namer._new))
        self.assertEqual(3, len(self.namer._renamed))


class RoundTest(NamerTestCase):
    interval = 0

    def test_it_begins_with_a_look_at_everything(self):
        self.store.used = {
            ('project_id', None): {'p1'},
            ('user_id', None): {'u1'},
            ('type', 'volume'): {'t1'},
        }
        self.start()
        self.wait_until(lambda: self.called() == ALL)
        self.wait_until(lambda: 'A look at all names: 4' in self.log.output)

    def test_what_failed_is_told(self):
        self.store.used = {('project_id', None): {'p1'}}
        self.services.failures[names.PROJECT] = cloud.CloudError('away')
        self.start()
        self.wait_until(lambda: 'A look at all names: 0' in self.log.output)
        self.assertIn(
            'Names of the kind project cannot be had now: away',
            self.log.output,
        )

    def test_it_ends_when_all_services_have_answered(self):
        self.store.used = {('project_id', None): {'p1'}}
        self.services.failures[names.PROJECT] = cloud.CloudError('away')
        self.start()
        self.wait_until(lambda: self.log.output.count('A look at all') > 2)
        self.services.failures.clear()
        self.wait_until(lambda: 'A look at all names: 2' in self.log.output)
        looks = self.log.output.count('A look at all')
        self.notice()
        self.wait_until(lambda: self.called() == ALL)
        self.services.has(names.USER, 'u2', 'bob')
        self.notice(user_id='u2')
        self.wait_until(lambda: (names.USER, 'u2') in self.called())
        self.assertEqual(looks, self.log.output.count('A look at all'))


class RepeatedRoundTest(NamerTestCase):
    interval = 0.01

    def test_it_looks_again(self):
        self.store.used = {('type', 'volume'): {'t1'}}
        self.start()
        self.wait_until(lambda: self.called().values())
        self.services.has(names.VOLUME_TYPE, 't1', 'fast')
        self.wait_until(lambda: 'fast' in self.called().values())
