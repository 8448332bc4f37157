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
from unittest import mock

import testtools

from stratometrics import cloud
from stratometrics.model import names
from stratometrics.naming import directory
from stratometrics.naming import learning
from stratometrics.notifications import definitions
from stratometrics.tests.unit.collector import fakes as collector_fakes
from stratometrics.tests.unit.naming import fakes

DEFINITIONS = definitions.Definitions.load(None)


class ThingsTest(testtools.TestCase):
    def test_what_events_refer_to(self):
        volume = collector_fakes.make_event(
            resource_type='volume',
            project_id='p1',
            user_id='u1',
            type='t1',
            type_id='t1',
        )
        instance = collector_fakes.make_event(type='m1.small', user_id='')
        odd = collector_fakes.make_event(resource_type='unknown', type='t2')
        self.assertEqual(
            {
                (names.PROJECT, 'p1'),
                (names.USER, 'u1'),
                (names.VOLUME_TYPE, 't1'),
            },
            learning.things([volume, instance, odd], DEFINITIONS),
        )


class LearnerTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.store = fakes.FakeNames()
        self.services = fakes.FakeDirectory()
        self.learner = learning.Learner(self.store, DEFINITIONS, self.services)
        self.counts = learning.Counts()

    def called(self, kind):
        return {
            id_: (name.name, name.found)
            for id_, name in self.store.names(kind).items()
        }


class LearnTest(LearnerTestCase):
    def learn(self, *ids, **kwargs):
        self.services.asked.clear()
        self.learner.learn(names.PROJECT, set(ids), self.counts, **kwargs)

    def test_only_what_is_unknown_is_asked_for(self):
        self.services.has(names.PROJECT, 'p1', 'acme')
        self.learn('p1', 'p2')
        self.assertEqual(
            {'p1': ('acme', True), 'p2': ('', False)},
            self.called(names.PROJECT),
        )
        self.learn('p1', 'p2')
        self.assertEqual([], self.services.asked)
        self.assertEqual(
            (2, 1, 1),
            (self.counts.asked, self.counts.changed, self.counts.gone),
        )

    def test_again_writes_only_what_changed(self):
        self.services.has(names.PROJECT, 'p1', 'acme')
        self.services.has(names.PROJECT, 'p2', 'globex')
        self.learn('p1', 'p2', 'p3')
        self.services.has(names.PROJECT, 'p2', 'umbrella')
        self.learn('p1', 'p2', 'p3', again=True)
        self.assertEqual(3, len(self.services.asked))
        self.assertEqual(
            ['umbrella'], [name.name for name in self.store.writes[-1]]
        )
        self.learn('p1', 'p2', 'p3', again=True)
        self.assertEqual([], self.store.writes[-1])

    def test_what_is_gone_is_written_once_and_keeps_its_name(self):
        self.services.has(names.PROJECT, 'p1', 'acme')
        self.learn('p1')
        self.services.things.clear()
        for _ in range(2):
            self.learn('p1', again=True)
        self.assertEqual(1, self.counts.gone)

    def test_what_is_listed_is_not_asked_for(self):
        self.services.has(names.PROJECT, 'p1', 'acme')
        self.services.has(names.PROJECT, 'p2', 'globex')
        self.learn('p1', 'p2')
        listed = {
            'p1': names.Name(kind=names.PROJECT, id='p1', name='umbrella'),
            'p9': names.Name(kind=names.PROJECT, id='p9', name='unused'),
        }
        del self.services.things[names.PROJECT, 'p2']
        self.learn('p1', 'p2', listed=listed)
        self.assertEqual([(names.PROJECT, 'p2')], self.services.asked)
        self.assertEqual(
            {'p1': ('umbrella', True), 'p2': ('', False)},
            self.called(names.PROJECT),
        )
        # What is known as gone is not asked for any more.
        self.learn('p1', 'p2', listed=listed)
        self.assertEqual([], self.services.asked)

    def test_what_a_service_cannot_tell_is_asked_for_again(self):
        for _ in range(2):
            self.learner.learn(names.VOLUME_TYPE, {'t1'}, self.counts)
        self.assertEqual([(names.VOLUME_TYPE, 't1')] * 2, self.services.asked)
        self.assertEqual({}, self.called(names.VOLUME_TYPE))

    def fail(self, kind, id_):
        if id_.startswith('odd'):
            raise cloud.CloudError('no answer about an odd one')
        return names.Name(kind=kind, id=id_, name='acme')

    def test_those_that_fail_keep_no_other_from_its_turn(self):
        odd = {f'odd{number}' for number in range(20)}
        others = {f'p{number}' for number in range(20)}
        with mock.patch.object(self.services, 'find', self.fail):
            for _ in range(100):
                self.assertRaises(cloud.CloudError, self.learn, *odd, *others)
        self.assertEqual(
            dict.fromkeys(others, ('acme', True)), self.called(names.PROJECT)
        )
        self.assertEqual(20, self.counts.changed)

    def test_a_service_that_is_away_is_not_asked_for_ever(self):
        self.services.failures[names.PROJECT] = cloud.CloudError('away')
        self.assertRaises(
            cloud.CloudError, self.learn, *(f'p{n}' for n in range(100))
        )
        self.assertEqual(5, len(self.services.asked))

    def test_much_is_written_in_parts(self):
        ids = [f'p{number:03}' for number in range(450)]
        for id_ in ids:
            self.services.has(names.PROJECT, id_, 'acme')
        self.learn(*ids)
        self.assertEqual([200, 200, 50], [len(w) for w in self.store.writes])

    def test_it_ends_when_it_should(self):
        stopping = learning.Learner(
            self.store, DEFINITIONS, self.services, stop=lambda: True
        )
        stopping.learn(names.PROJECT, {'p1'}, self.counts)
        self.store.used['project_id', None] = {'p1'}
        stopping.learn_all()
        self.assertEqual([], self.services.asked)

    def test_a_rename_of_what_nobody_refers_to_is_not_asked_for(self):
        self.services.has(names.PROJECT, 'p1', 'acme')
        self.services.has(names.PROJECT, 'p2', 'globex')
        self.learn('p1')
        self.services.has(names.PROJECT, 'p1', 'umbrella')
        self.learner.learn_again(names.PROJECT, {'p1', 'p2'}, self.counts)
        self.assertEqual(
            {'p1': ('umbrella', True)}, self.called(names.PROJECT)
        )


class LearnAllTest(LearnerTestCase):
    def setUp(self):
        super().setUp()
        self.services.lists = {names.PROJECT, names.DOMAIN}
        self.services.has(names.PROJECT, 'p1', 'acme', 'd1')
        self.services.has(names.PROJECT, 'p9', 'unused', 'd9')
        self.services.has(names.DOMAIN, 'd1', 'first')
        self.services.has(names.USER, 'u1', 'alice', 'd1')
        self.services.has(names.VOLUME_TYPE, 't1', 'ssd')
        self.services.has(names.NETWORK_FLAVOR, 'n1', 'big')
        self.store.used = {
            ('project_id', None): {'p1', 'p2'},
            ('user_id', None): {'u1'},
            ('type', 'volume'): {'t1'},
            ('type', 'router'): {'n1'},
            ('type', 'instance'): {'t1'},
        }

    def test_everything_that_is_referred_to(self):
        counts = self.learner.learn_all()
        self.assertEqual(
            {
                (names.PROJECT, 'p1'): 'acme',
                (names.PROJECT, 'p2'): '',
                (names.DOMAIN, 'd1'): 'first',
                (names.USER, 'u1'): 'alice',
                (names.VOLUME_TYPE, 't1'): 'ssd',
                (names.NETWORK_FLAVOR, 'n1'): 'big',
            },
            {thing: name.name for thing, name in self.store.known.items()},
        )
        self.assertEqual((5, 1, {}), (counts.changed, counts.gone, {}))

    def test_users_are_asked_for_again_only_if_so_wished(self):
        self.learner.learn_all()
        self.services.has(names.PROJECT, 'p1', 'umbrella', 'd1')
        self.services.has(names.USER, 'u1', 'alicia', 'd1')
        self.services.has(names.VOLUME_TYPE, 't1', 'fast')
        self.assertEqual(2, self.learner.learn_all().changed)
        self.assertEqual('alice', self.store.known[names.USER, 'u1'].name)
        self.assertEqual(1, self.learner.learn_all(again=True).changed)
        self.assertEqual('alicia', self.store.known[names.USER, 'u1'].name)

    def test_a_service_that_is_away_keeps_no_other_from_answering(self):
        self.services.failures[names.PROJECT] = cloud.CloudError('away')
        self.services.failures[names.VOLUME_TYPE] = directory.NotOffered()
        counts = self.learner.learn_all()
        self.assertEqual({names.PROJECT: 'away'}, counts.failed)
        self.assertEqual(
            {(names.USER, 'u1'), (names.NETWORK_FLAVOR, 'n1')},
            set(self.store.known),
        )
