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
import collections
import dataclasses
import hashlib
import json
import unittest

from stratometrics.notifications import definitions
from stratometrics.notifications import plans
from stratometrics.tests import fixtures
from stratometrics.tests.unit.notifications import base


class CorpusTest(unittest.TestCase):
    """Every message is billed or deliberately ignored."""

    def test_every_message_is_decoded(self) -> None:
        counts = collections.Counter()
        for name, recorded in base.recordings():
            with self.subTest(name, event_type=recorded.message['event_type']):
                for event in base.everything().decode(recorded.message):
                    self.assertEqual(base.REGION, event.region)
                    counts[event.resource_type] += 1
        self.assertEqual(
            {
                'backup': 4,
                'cluster': 8,
                'database-instance': 5,
                'floating-ip': 10,
                'image': 15,
                'instance': 443,
                'ipsec-site-connection': 5,
                'load-balancer': 6,
                'network': 12,
                'node': 17,
                'object-request': 14,
                'port': 36,
                'router': 8,
                'share': 10,
                'snapshot': 5,
                'stack': 6,
                'volume': 27,
                'vpn-service': 3,
                'zone': 8,
            },
            dict(counts),
        )

    def test_every_event_is_as_it_was(self) -> None:
        """Where it is meant to be another one, the digest is, too."""
        digest = hashlib.sha256()
        for _name, recorded in base.recordings():
            for event in base.everything().decode(recorded.message):
                facts = dataclasses.asdict(event)
                digest.update(json.dumps(facts, sort_keys=True).encode())
        self.assertEqual(
            'eeeb24d3692310677f7c63195f6e4ed139155e09897bc9419a46c065112e2973',
            digest.hexdigest(),
        )

    def test_every_message_of_the_scenario_is_decoded(self) -> None:
        for recorded in fixtures.load(fixtures.SCENARIO):
            base.everything().decode(recorded.message)

    def test_what_is_switched_off_is_ignored(self) -> None:
        counts = collections.Counter(
            event.resource_type
            for _name, recorded in base.recordings()
            for event in base.shipped().decode(recorded.message)
        )
        shipped = definitions.Definitions.load(None).resource_types
        self.assertEqual(
            {name for name, one in shipped.items() if not one.observed},
            counts.keys(),
        )
        self.assertNotIn('port', counts)
        self.assertNotIn('stack', counts)

    def test_a_message_is_billed_only_from_the_exchange_it_is_said_of(
        self,
    ) -> None:
        """As it says nothing of it, the event type alone decides."""
        exchanges = collections.defaultdict(set)
        for _name, recorded in base.recordings():
            for event in base.everything().decode(recorded.message):
                exchanges[event.resource_type].add(recorded.exchange)
        self.assertEqual(
            {
                'backup': {'openstack'},
                'cluster': {'magnum'},
                'database-instance': {'openstack'},
                'floating-ip': {'neutron'},
                'image': {'glance'},
                'instance': {'nova'},
                'ipsec-site-connection': {'neutron'},
                'load-balancer': {'octavia'},
                'network': {'neutron'},
                'node': {'ironic'},
                'object-request': {'swift'},
                'port': {'neutron'},
                'router': {'neutron'},
                'share': {'openstack'},
                'snapshot': {'openstack'},
                'stack': {'heat'},
                'volume': {'openstack'},
                'vpn-service': {'neutron'},
                'zone': {'designate'},
            },
            exchanges,
        )

    def test_every_reason_to_ignore_is_given(self) -> None:
        event_types = definitions.Definitions.load(None).event_types
        for _name, recorded in base.recordings():
            rule = event_types.find(recorded.message['event_type'])
            if isinstance(rule, plans.Ignored):
                self.assertGreater(len(rule.because), 10)

    def test_the_exchanges_of_what_is_billed_are_known(self) -> None:
        self.assertEqual(
            {
                'designate',
                'glance',
                'ironic',
                'magnum',
                'neutron',
                'nova',
                'octavia',
                'openstack',
                'swift',
            },
            definitions.Definitions.load(None).exchanges,
        )
