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

CLUSTER = '5d12f6fd-a196-4bf0-ae4c-1f639a523a52'
BROKEN = '97a1a0f8-5e0f-4a7c-8f34-3f2b5a7a2f0d'
BETA = 'aed0fed09e9842e4ac2444ec51c85eef'
TEMPLATE = 'b9b1f1ae-3ff8-4d29-8b5c-1c7b9a1a6a11'


class ClusterTest(unittest.TestCase):
    """Not recorded: see ``built`` in the fixtures."""

    def test_a_life(self) -> None:
        life = base.life(CLUSTER)
        self.assertEqual(
            [
                ('CREATE_IN_PROGRESS', 2, event_model.Phase.PENDING),
                ('CREATE_COMPLETE', 2, event_model.Phase.BILLED),
                ('UPDATE_COMPLETE', 5, event_model.Phase.BILLED),
                ('UPDATE_FAILED', 5, event_model.Phase.BILLED),
                ('DELETE_COMPLETE', 5, event_model.Phase.ENDED),
            ],
            [(one.state, one.measures['nodes'], one.phase) for one in life],
        )
        self.assertEqual(
            {
                (
                    'cluster',
                    'k8s',
                    TEMPLATE,
                    TEMPLATE,
                    1,
                    'm1.large',
                    'm1.medium',
                )
            },
            {
                (
                    one.resource_type,
                    one.name,
                    one.type,
                    one.type_id,
                    one.measures['masters'],
                    one.attributes['flavor_id'],
                    one.attributes['master_flavor_id'],
                )
                for one in life
            },
        )
        self.assertEqual(
            {
                ('CREATE_COMPLETE', BETA, TEMPLATE, '1'): '3380.249999',
                ('UPDATE_COMPLETE', BETA, TEMPLATE, '1'): '1621.250002',
                ('UPDATE_FAILED', BETA, TEMPLATE, '1'): '1948.654319',
            },
            base.usage(life, '08:00:00', '12:00:00'),
        )

    def test_nodes_that_are_only_wished_for_are_not_billed(self) -> None:
        wished = [
            content['node_count']
            for _name, recorded in base.recordings()
            if recorded.message['event_type'] == 'magnum.cluster.update'
            for content in [
                recorded.message['payload']['target']['attachments'][0][
                    'content'
                ]
            ]
        ]
        self.assertIn(9, wished)
        self.assertEqual(
            {2, 5}, {one.measures['nodes'] for one in base.life(CLUSTER)}
        )

    def test_one_that_was_never_complete_is_never_billed(self) -> None:
        life = base.life(BROKEN)
        self.assertEqual(
            ['CREATE_IN_PROGRESS', 'CREATE_FAILED', 'DELETE_COMPLETE'],
            [one.state for one in life],
        )
        self.assertEqual({}, base.usage(life, '08:00:00', '12:00:00'))

    def test_a_deletion_that_fails_does_not_bill_it(self) -> None:
        message = base.message('magnum.cluster.delete', outcome='failure')
        content = message['payload']['target']['attachments'][0]['content']
        content['status'] = 'DELETE_FAILED'
        (event,) = base.shipped().decode(message)
        self.assertIs(event_model.Phase.UNBILLED, event.phase)

    def test_one_time_of_creation(self) -> None:
        """The first message comes before the database has cut it."""
        message = base.message('magnum.cluster.create')
        content = message['payload']['target']['attachments'][0]['content']
        for spelled in (
            '2026-11-23T09:00:00.123456',
            '2026-11-23T09:00:00.000000',
            '2026-11-23T09:00:00+00:00',
            '2026-11-23T09:00:00Z',
        ):
            content['created_at'] = spelled
            (event,) = base.shipped().decode(message)
            self.assertEqual(base.moment('09:00:00'), event.created_at)
