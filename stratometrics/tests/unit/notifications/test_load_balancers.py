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
import unittest

from stratometrics.model import event as event_model
from stratometrics.tests.unit.notifications import base

RECORDED = '5df76ed8-5226-4cf1-8f38-d99a75aab18f'
FAILED = '173137d8-3b06-40bb-9737-3ad204ca0a88'
WITH_A_FLAVOR = 'b2e8a4a5-6d27-4b59-8a0e-3d9d8a3f9d10'
ACME = '4ada08c586564ca883b7b49d042f9e30'


class LoadBalancerTest(unittest.TestCase):
    def test_a_life(self) -> None:
        """Not recorded, as it has a flavor: see ``built`` in the fixtures."""
        life = base.life(WITH_A_FLAVOR)
        self.assertEqual(
            [('active', 'web'), ('deleted', 'web-renamed')],
            base.changes(life, 'state', 'name'),
        )
        self.assertEqual(
            {('load-balancer', 'az1', 'ACTIVE_STANDBY', 'amphora-large')},
            {
                (
                    one.resource_type,
                    one.availability_zone,
                    one.attributes['topology'],
                    one.attributes['compute_flavor'],
                )
                for one in life
            },
        )
        self.assertEqual(
            {('active', ACME, '', '0'): '3600.200000'},
            base.usage(life, '08:00:00', '12:00:00'),
        )

    def test_it_is_billed_from_the_end_of_its_creation(self) -> None:
        """Octavia does not tell when it was created."""
        life = base.life(RECORDED)
        self.assertEqual(
            [
                'octavia.loadbalancer.create.end',
                'octavia.loadbalancer.update.end',
            ],
            [one.event_type for one in life],
        )
        self.assertEqual(
            {'topology': '', 'compute_flavor': '', 'provider': 'amphora'},
            life[0].attributes,
        )
        self.assertEqual(
            {('active', ACME, '', '0'): '0.691625'},
            base.usage(life, '06:00:00', '07:26:47'),
        )

    def test_one_that_failed_is_never_billed(self) -> None:
        (event,) = base.life(FAILED)
        self.assertIs(event_model.Phase.ENDED, event.phase)
        self.assertEqual({}, base.usage([event], '06:00:00', '08:00:00'))
