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
import unittest

from stratometrics.notifications import definitions
from stratometrics.notifications import plans
from stratometrics.tests.unit.notifications import base


class CorpusTest(unittest.TestCase):
    """Every recorded message is billed or deliberately ignored."""

    def test_every_message_is_decoded(self) -> None:
        counts = collections.Counter()
        for name, recorded in base.recordings():
            with self.subTest(name, event_type=recorded.message['event_type']):
                events = base.shipped().decode(recorded.message)
                self.assertLessEqual(len(events), 1)
                for event in events:
                    self.assertEqual(base.REGION, event.region)
                    counts[event.resource_type] += 1
        self.assertEqual({'instance': 443, 'volume': 27}, dict(counts))

    def test_a_message_is_billed_only_from_the_exchange_it_is_said_of(
        self,
    ) -> None:
        exchanges = {'instance': 'nova', 'volume': 'openstack'}
        for _name, recorded in base.recordings():
            for event in base.shipped().decode(recorded.message):
                self.assertEqual(
                    exchanges[event.resource_type], recorded.exchange
                )

    def test_every_reason_to_ignore_is_given(self) -> None:
        event_types = definitions.Definitions.load(None).event_types
        for _name, recorded in base.recordings():
            rule = event_types.find(recorded.message['event_type'])
            if isinstance(rule, plans.Ignored):
                self.assertGreater(len(rule.because), 10)

    def test_the_exchanges_of_what_is_billed_are_known(self) -> None:
        self.assertEqual(
            {'nova', 'openstack'}, definitions.Definitions.load(None).exchanges
        )
