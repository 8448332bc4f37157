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
import copy
import unittest

from stratometrics.model import event as event_model
from stratometrics.notifications import decoder
from stratometrics.tests.unit.notifications import base

FLOATING_IP = '6722ca79-0f42-439a-a86c-fd9ed8d9c553'
FOR_ANOTHER = '7f5535bb-742e-429d-9974-981a0e9852e9'
LOST_ITS_PORT = '18dd336e-3e7b-4992-b0a8-5c6f1c20ad79'
ROUTER = '8af1c6eb-8114-43ad-b613-79eaa55922d7'
NETWORK = '036547d3-ba2f-46ee-93cb-ce2c9117a1d6'
BULK = (
    'bdae7d34-9181-4756-bcfd-60928dd4ccf6',
    '3eb9e134-d864-419f-ae21-abfd695395d6',
)
PUBLIC = 'f90da944-3d8a-4aea-8829-9918bce74074'
PORT = '2cf321a8-4f7a-4f21-8da5-d5d443538069'
ROUTER_PORT = '6de6b89d-b2ec-40bb-86ec-3943093eebfd'
VPN_SERVICE = 'f1b7a0ac-9d0b-4d5f-8a53-3d8a1c3f7b10'
CONNECTIONS = (
    '6d2b0f3e-1c2d-4e5f-9a7b-0c1d2e3f4a51',
    '6d2b0f3e-1c2d-4e5f-9a7b-0c1d2e3f4a52',
)
ACME = '4ada08c586564ca883b7b49d042f9e30'
BETA = 'aed0fed09e9842e4ac2444ec51c85eef'


class FloatingIPTest(unittest.TestCase):
    def test_a_life(self) -> None:
        life = base.life(FLOATING_IP)
        self.assertEqual(
            [
                ('active', 'floatingip.create.end'),
                ('active', 'floatingip.update.end'),
                ('deleted', 'floatingip.delete.end'),
            ],
            base.changes(life, 'state', 'event_type'),
        )
        self.assertEqual(
            {('floating-ip', '203.0.113.85', PUBLIC)},
            {
                (
                    one.resource_type,
                    one.name,
                    one.attributes['external_network_id'],
                )
                for one in life
            },
        )
        self.assertEqual(
            {('active', BETA, '', '0'): '7.277866'},
            base.usage(life, '06:00:00', '08:00:00'),
        )

    def test_the_owner_pays_and_not_who_asked(self) -> None:
        life = base.life(FOR_ANOTHER)
        self.assertEqual({BETA}, {one.project_id for one in life})
        self.assertEqual(2, len(life))

    def test_without_a_port_it_is_billed_all_the_same(self) -> None:
        """Neither its port nor its status is told when it changes."""
        life = base.life(LOST_ITS_PORT)
        self.assertEqual(
            ['floatingip.create.end', 'floatingip.exists'],
            [one.event_type for one in life],
        )
        first, second = map(base.facts, life)
        self.assertEqual(first, second)
        self.assertEqual(
            {('active', BETA, '', '0'): '3611.000000'},
            base.usage(life, '06:00:00', '08:00:00'),
        )

    def test_several_at_once(self) -> None:
        """Not recorded of floating IPs; networks are told in this way."""
        message = base.message('floatingip.create.end')
        one = message['payload'].pop('floatingip')
        message['payload']['floatingips'] = [one, one | {'id': 'another'}]
        self.assertEqual(
            [one['id'], 'another'],
            [event.resource_id for event in base.shipped().decode(message)],
        )


class RouterTest(unittest.TestCase):
    def test_a_life(self) -> None:
        life = base.life(ROUTER)
        self.assertEqual(
            [
                ('active', ''),
                ('active', PUBLIC),
                ('active', ''),
                ('deleted', ''),
            ],
            [
                (state, attributes['external_network_id'])
                for state, attributes in base.changes(
                    life, 'state', 'attributes'
                )
            ],
        )
        self.assertEqual({'r2'}, {one.name for one in life})
        self.assertEqual(
            {('active', BETA, '', '0'): '3.411253'},
            base.usage(life, '06:00:00', '08:00:00'),
        )

    def test_a_flavor_is_its_type(self) -> None:
        message = base.message('router.create.end')
        message['payload']['router']['flavor_id'] = 'gold'
        (event,) = base.shipped().decode(message)
        self.assertEqual(('gold', 'gold'), (event.type, event.type_id))

    def test_an_audit_tells_what_a_user_was_told(self) -> None:
        life = base.life('2d8e63bf-02a2-4018-962e-a305d63dabc7')
        self.assertEqual(
            ['router.create.end', 'router.exists'],
            [one.event_type for one in life],
        )
        self.assertEqual(base.facts(life[0]), base.facts(life[1]))


class NetworkTest(unittest.TestCase):
    def test_a_life(self) -> None:
        life = base.life(NETWORK)
        self.assertEqual(
            [
                ('active', 'net2'),
                ('active', 'net2-new'),
                ('deleted', 'net2-new'),
            ],
            base.changes(life, 'state', 'name'),
        )
        self.assertEqual(
            {('active', BETA, '', '0'): '19.906407'},
            base.usage(life, '06:00:00', '08:00:00'),
        )

    def test_several_at_once(self) -> None:
        lives = [base.life(one) for one in BULK]
        self.assertEqual(lives[0][0].message_id, lives[1][0].message_id)
        self.assertEqual(
            [('bulk-a', '1.911163'), ('bulk-b', '0.598741')],
            [
                (
                    life[0].name,
                    base.usage(life, '06:00:00', '08:00:00')[
                        ('active', BETA, '', '0')
                    ],
                )
                for life in lives
            ],
        )

    def test_an_audit_tells_what_a_user_was_told(self) -> None:
        life = base.life(PUBLIC)
        self.assertEqual(
            ['network.create.end', 'network.exists'],
            [one.event_type for one in life],
        )
        self.assertEqual(base.facts(life[0]), base.facts(life[1]))
        self.assertEqual({'external': 'true'}, life[0].attributes)

    def test_a_network_of_nobody_is_not_billed(self) -> None:
        """Not recorded: neutron 29.0.0 makes one for each project that has
        highly available routers, without an owner.
        """
        message = base.message('network.exists')
        message['payload']['network'].update(
            project_id='', tenant_id='', name=f'HA network tenant {ACME}'
        )
        self.assertEqual((), base.shipped().decode(message))


class PortTest(base.FolderTestCase):
    def test_they_are_switched_off(self) -> None:
        for event_type in (
            'port.create.end',
            'port.exists',
            'router.interface.delete',
        ):
            self.assertEqual(
                (), base.shipped().decode(base.message(event_type))
            )
        self.assertNotIn('port', self.load().resource_types)

    def test_a_file_switches_them_on(self) -> None:
        self.write('on.yaml', 'resources: {port: {enabled: true}}')
        self.assertEqual(
            'ports', self.load().resource_types['port'].collection
        )
        (event,) = self.decoder().decode(base.message('port.create.end'))
        self.assertEqual('port', event.resource_type)

    def test_a_life(self) -> None:
        life = base.life(PORT)
        self.assertEqual(
            [
                ('active', ''),
                ('active', 'compute:nova'),
                ('active', ''),
                ('deleted', ''),
            ],
            [
                (state, attributes['device_owner'])
                for state, attributes in base.changes(
                    life, 'state', 'attributes'
                )
            ],
        )
        self.assertEqual(
            {('active', BETA, '', '0'): '21.934045'},
            base.usage(life, '06:00:00', '08:00:00'),
        )

    def test_a_port_that_a_router_took_dies_with_its_interface(self) -> None:
        (event,) = base.life(ROUTER_PORT)
        self.assertEqual('router.interface.delete', event.event_type)
        self.assertIs(event_model.Phase.ENDED, event.phase)
        self.assertEqual(BETA, event.project_id)
        self.assertIsNone(event.birth())

    def test_ports_of_neutron_are_not_billed(self) -> None:
        for owner, project, count in (
            ('compute:nova', ACME, 1),
            ('network:dhcp', ACME, 0),
            ('network:router_interface', ACME, 0),
            ('network:router_gateway', '', 0),
        ):
            message = base.message('port.exists')
            message['payload']['port'].update(
                device_owner=owner, project_id=project, tenant_id=project
            )
            with self.subTest(owner):
                self.assertEqual(count, len(base.everything().decode(message)))


class VPNTest(unittest.TestCase):
    """Not recorded: see ``built`` in the fixtures."""

    def test_the_life_of_a_service(self) -> None:
        life = base.life(VPN_SERVICE)
        self.assertEqual(
            [
                ('active', 'vpn1'),
                ('active', 'vpn-renamed'),
                ('deleted', 'vpn-renamed'),
            ],
            base.changes(life, 'state', 'name'),
        )
        self.assertEqual({'vpn-service'}, {one.resource_type for one in life})
        self.assertEqual(
            {('active', BETA, '', '0'): '3600.300000'},
            base.usage(life, '08:00:00', '12:00:00'),
        )

    def test_the_lives_of_connections_that_were_made_together(self) -> None:
        lives = [base.life(one) for one in CONNECTIONS]
        self.assertEqual(lives[0][0].message_id, lives[1][0].message_id)
        self.assertEqual(
            [1500200000, 2100300000],
            [life[-1].event_time - life[0].event_time for life in lives],
        )
        for life, seconds in zip(
            lives, ('1500.200000', '2100.300000'), strict=True
        ):
            self.assertEqual(
                {('active', BETA, '', '0'): seconds},
                base.usage(life, '08:00:00', '12:00:00'),
            )
            self.assertEqual(VPN_SERVICE, life[0].attributes['vpn_service_id'])

    def test_the_secret_of_a_connection_is_not_read(self) -> None:
        message = base.message('ipsec_site_connection.update.end')
        message['payload']['ipsec_site_connection']['psk'] = 'hush-hush'
        (event,) = base.shipped().decode(message)
        self.assertNotIn('hush-hush', repr(event))


class DeletionTest(unittest.TestCase):
    def test_a_deletion_without_the_object_is_refused(self) -> None:
        """Neutron sends an empty object if it could not read it before."""
        for kind in ('floatingip', 'router', 'network', 'vpnservice'):
            message = copy.deepcopy(base.message(f'{kind}.delete.end'))
            message['payload'][kind] = {}
            with (
                self.subTest(kind),
                self.assertRaises(decoder.NotUnderstood) as caught,
            ):
                base.shipped().decode(message)
            self.assertEqual('resource_id: missing', str(caught.exception))
