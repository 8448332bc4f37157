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

ZONE = '7462f88a-c4e8-41a5-8672-3f543b75d1eb'
SHORT = '72908953-7931-4dc6-a6bf-39377455d638'
ACME = '4ada08c586564ca883b7b49d042f9e30'
GAMMA = '2e4dfc14c36d4b658c8b6c3b030ebd4f'


class ZoneTest(unittest.TestCase):
    def test_a_life(self) -> None:
        """Its transfer and its end were not recorded: see ``built``."""
        life = base.life(ZONE)
        self.assertEqual(
            [('active', GAMMA), ('active', ACME), ('deleted', ACME)],
            base.changes(life, 'state', 'project_id'),
        )
        self.assertEqual({'zone'}, {one.resource_type for one in life})
        self.assertEqual('gamma.example.', life[0].name)
        self.assertEqual(
            {
                ('active', GAMMA, '', '0'): '147.200000',
                ('active', ACME, '', '0'): '240.100000',
            },
            base.usage(life, '07:00:00', '08:00:00'),
        )

    def test_nothing_counts_twice(self) -> None:
        """Each event is sent as dns.domain.* and as dns.zone.*."""
        twice = [
            recorded.message['event_type']
            for _name, recorded in base.recordings()
            if recorded.message['payload'].__class__ is dict
            and recorded.message['payload'].get('id') == ZONE
        ]
        once = [one.event_type for one in base.life(ZONE)]
        self.assertEqual(
            [name for name in twice if name.startswith('dns.zone.')],
            [
                name
                for name in once
                if name != 'dns.zone_transfer_accept.create'
            ],
        )
        self.assertEqual(
            len(once) - 1,
            len([name for name in twice if name.startswith('dns.domain.')]),
        )

    def test_its_status_is_not_its_state(self) -> None:
        for status in ('PENDING', 'ACTIVE', 'ERROR'):
            (event,) = base.shipped().decode(
                base.message('dns.zone.update', status=status)
            )
            self.assertEqual('active', event.state)

    def test_a_lost_deletion_is_told_again(self) -> None:
        """By what the name servers do, and by an audit before they do it."""
        for message in (
            base.message('dns.zone.update', status='DELETED'),
            base.message('dns.zone.exists', action='DELETE'),
        ):
            (event,) = base.shipped().decode(message)
            self.assertIs(event_model.Phase.ENDED, event.phase)
        for action in ('NONE', 'CREATE', 'UPDATE'):
            (event,) = base.shipped().decode(
                base.message('dns.zone.exists', action=action)
            )
            self.assertEqual('active', event.state)

    def test_one_whose_deletion_alone_is_known(self) -> None:
        life = base.life(SHORT)
        self.assertEqual(
            {('active', GAMMA, '', '0'): '60.448724'},
            base.usage(life, '07:00:00', '08:00:00'),
        )

    def test_a_transfer_that_failed_changes_nothing(self) -> None:
        self.assertEqual(
            (),
            base.shipped().decode(
                base.message('dns.zone_transfer_accept.create', status='ERROR')
            ),
        )
