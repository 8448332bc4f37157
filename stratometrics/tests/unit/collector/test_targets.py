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
from oslo_config import cfg
import testtools

from stratometrics import conf as stratometrics_conf
from stratometrics.collector import targets
from stratometrics.notifications import definitions


class TestDefault(testtools.TestCase):
    def setUp(self):
        super().setUp()
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf([], project='stratometrics', default_config_files=[])
        self.sources = targets.parse(conf.collector.targets)

    def test_it_covers_what_the_shipped_definitions_bill(self):
        """And Keystone's exchange, which nothing is billed from."""
        self.assertEqual(
            definitions.Definitions.load(None).exchanges | {'keystone'},
            {source.exchange for source in self.sources},
        )

    def test_versioned_notifications_have_topics_of_their_own(self):
        own = {
            'ironic': {'ironic_versioned_notifications'},
            'nova': {'notifications', 'versioned_notifications'},
        }
        topics = {}
        for source in self.sources:
            topics.setdefault(source.exchange, set()).add(source.topic)
        for exchange, found in topics.items():
            self.assertEqual(
                own.get(exchange, {'notifications'}), found, exchange
            )


class TestTargets(testtools.TestCase):
    def test_exchange_and_topic(self):
        self.assertEqual(
            [targets.Source('nova', 'notifications')],
            targets.parse([' nova : notifications ']),
        )

    def test_each_once_in_order(self):
        self.assertEqual(
            [targets.Source('b', 't'), targets.Source('a', 't')],
            targets.parse(['b:t', 'a:t', 'b:t']),
        )

    def test_wrong_value_is_named(self):
        for value in ('nova', 'nova:', ':notifications', 'a:b:c', ''):
            error = self.assertRaises(
                targets.TargetError, targets.parse, ['nova:n', value]
            )
            self.assertIn(repr(value), str(error))
            self.assertIn('EXCHANGE:TOPIC', str(error))

    def test_none_is_an_error(self):
        self.assertRaises(targets.TargetError, targets.parse, [])
