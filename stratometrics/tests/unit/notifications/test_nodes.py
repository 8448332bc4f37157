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

NODE = 'c9a86c70-39c2-4d4c-8cd0-1f3d5a3c6f2e'
ACME = '4ada08c586564ca883b7b49d042f9e30'
BETA = 'aed0fed09e9842e4ac2444ec51c85eef'
ADMIN = '78da4042dfe545f78eb265a4496f4636'


class NodeTest(unittest.TestCase):
    """Not recorded: see ``built`` in the fixtures."""

    def test_a_life(self) -> None:
        life = base.life(NODE)
        self.assertEqual(
            [
                ('none', 'baremetal-gold'),
                (ACME, 'baremetal-gold'),
                (BETA, 'baremetal-silver'),
                ('none', 'baremetal-silver'),
                (ADMIN, 'baremetal-silver'),
            ],
            base.changes(life, 'project_id', 'type'),
        )
        self.assertEqual(
            {('node', 'bm1')}, {(one.resource_type, one.name) for one in life}
        )
        self.assertEqual(
            {
                ('active', ACME, 'baremetal-gold', '0'): '2400.000001',
                ('rescuing', ACME, 'baremetal-gold', '0'): '300.000001',
                ('rescue', ACME, 'baremetal-gold', '0'): '1500.249992',
                ('rescue', BETA, 'baremetal-silver', '0'): '1799.750009',
            },
            base.usage(life, '08:00:00', '13:00:00'),
        )
        self.assertIs(event_model.Phase.ENDED, life[-1].phase)

    def test_what_is_wished_for_is_ignored(self) -> None:
        for event_type in (
            'baremetal.node.create.start',
            'baremetal.node.update.start',
            'baremetal.node.delete.start',
            'baremetal.node.power_set.end',
        ):
            self.assertEqual(
                (), base.shipped().decode(base.message(event_type))
            )

    def test_a_node_outlives_a_deleted_server(self) -> None:
        """Ironic spells a state of such a node "deleted"."""
        message = base.message('baremetal.node.provision_set.success')
        data = message['payload']['ironic_object.data']
        data['provision_state'] = 'deleted'
        (event,) = base.shipped().decode(message)
        self.assertIs(event_model.Phase.UNBILLED, event.phase)

    def test_the_first_sight_says_nothing_of_the_past(self) -> None:
        """It may have been enrolled years ago, for somebody else."""
        message = base.message('baremetal.node.update.end')
        data = message['payload']['ironic_object.data']
        self.assertEqual('2026-11-23T09:00:00Z', data['created_at'])
        data['provision_state'] = 'active'
        (event,) = base.shipped().decode(message)
        self.assertIsNone(event.birth())
