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
from typing import Any

from stratometrics.model import observation
from stratometrics.notifications import timestamps
from stratometrics.reconciler import listing
from stratometrics.reconciler import neutron
from stratometrics.tests.unit.reconciler import agreement
from stratometrics.tests.unit.reconciler import fakes

BETA = 'aed0fed09e9842e4ac2444ec51c85eef'
PUBLIC = 'f90da944-3d8a-4aea-8829-9918bce74074'
FLOATING_IP = {
    'id': '18dd336e-3e7b-4992-b0a8-5c6f1c20ad79',
    'project_id': BETA,
    'floating_ip_address': '203.0.113.64',
    'floating_network_id': PUBLIC,
    'created_at': '2026-11-23T06:59:49Z',
    'updated_at': '2026-11-23T07:09:13Z',
}
ROUTER = {
    'id': '2d8e63bf-02a2-4018-962e-a305d63dabc7',
    'name': 'gamma-rtr',
    'project_id': '2e4dfc14c36d4b658c8b6c3b030ebd4f',
    'external_gateway_info': {
        'network_id': PUBLIC,
        'external_fixed_ips': [
            {
                'subnet_id': 'f12a81c4-1ac9-4f38-932e-3c79a20bd0c8',
                'ip_address': '203.0.113.86',
            }
        ],
        'enable_snat': True,
    },
    'flavor_id': None,
    'created_at': '2026-11-23T06:53:48Z',
    'updated_at': '2026-11-23T06:53:49Z',
}
NETWORK = {
    'id': PUBLIC,
    'name': 'public',
    'project_id': '78da4042dfe545f78eb265a4496f4636',
    'router:external': True,
    'created_at': '2026-11-23T06:53:41Z',
    'updated_at': '2026-11-23T06:53:41Z',
}
PORT = {
    'id': '010c5992-3f99-4e24-a0e1-c0d1b0e35212',
    'name': '',
    'project_id': BETA,
    'device_owner': 'compute:nova',
    'created_at': '2026-11-23T07:08:12Z',
    'updated_at': '2026-11-23T07:08:13Z',
}
VPN_SERVICE = {
    'id': 'f1b7a0ac-9d0b-4d5f-8a53-3d8a1c3f7b10',
    'name': 'vpn1',
    'project_id': BETA,
    'router_id': '3a8ba4dd-ad0a-4008-b34d-b472373a3fb4',
    'flavor_id': None,
}
CONNECTION = {
    'id': '6d2b0f3e-1c2d-4e5f-9a7b-0c1d2e3f4a51',
    'name': 'c1',
    'project_id': BETA,
    'vpnservice_id': VPN_SERVICE['id'],
}
#: Path and key, by resource type.
PLACES = {
    'floating-ip': '/floatingips floatingips',
    'router': '/routers routers',
    'network': '/networks networks',
    'port': '/ports ports',
    'vpn-service': '/vpn/vpnservices vpnservices',
    'ipsec-site-connection': (
        '/vpn/ipsec-site-connections ipsec_site_connections'
    ),
}


class NeutronTest(agreement.ListingCase):
    listings = neutron.LISTINGS

    def neutron(
        self, resource_type: str, *things: Any, vpn: bool = True
    ) -> fakes.Service:
        return agreement.service(
            {
                PLACES[resource_type]: list(things),
                '/extensions extensions': [
                    {'alias': 'router'},
                    *([{'alias': 'vpnaas'}] if vpn else []),
                ],
            }
        )

    def see(
        self, resource_type: str, *things: Any, **keys: bool
    ) -> list[observation.Observation]:
        return self.living(
            resource_type, network=self.neutron(resource_type, *things, **keys)
        )

    def test_what_is_told_agrees(self) -> None:
        for resource_type, told, event_type in (
            ('floating-ip', FLOATING_IP, 'floatingip.exists'),
            ('router', ROUTER, 'router.exists'),
            ('network', NETWORK, 'network.exists'),
            ('port', PORT, 'port.exists'),
            ('vpn-service', VPN_SERVICE, 'vpnservice.create.end'),
            (
                'ipsec-site-connection',
                CONNECTION,
                'ipsec_site_connection.create.end',
            ),
        ):
            with self.subTest(resource_type):
                (seen,) = self.see(resource_type, told)
                known = agreement.event(told['id'], event_type)
                self.assert_agrees(known, seen)

    def test_when_something_changed(self) -> None:
        (seen,) = self.see('floating-ip', FLOATING_IP)
        self.assertEqual(
            timestamps.parse('2026-11-23T07:09:13.999999'), seen.changed_at
        )
        (seen,) = self.see('vpn-service', VPN_SERVICE)
        self.assertEqual((None, None), (seen.created_at, seen.changed_at))

    def test_a_router_with_a_flavor_and_without_a_gateway(self) -> None:
        (seen,) = self.see(
            'router',
            agreement.changed(
                ROUTER, flavor_id='f1', external_gateway_info=None
            ),
        )
        self.assertEqual(('f1', 'f1'), (seen.type, seen.type_id))
        self.assertEqual('', seen.attributes['external_network_id'])

    def test_what_belongs_to_nobody_is_left_out(self) -> None:
        for resource_type, told in (
            ('floating-ip', FLOATING_IP),
            ('router', ROUTER),
            ('network', NETWORK),
            ('port', PORT),
            ('vpn-service', VPN_SERVICE),
            ('ipsec-site-connection', CONNECTION),
        ):
            self.assertEqual(
                [],
                self.see(
                    resource_type, agreement.changed(told, project_id='')
                ),
            )

    def test_ports_that_neutron_makes_are_left_out(self) -> None:
        own = agreement.changed(PORT, device_owner='network:router_gateway')
        users = agreement.changed(PORT, device_owner='')
        self.assertEqual(1, len(self.see('port', own, users)))

    def test_only_what_is_read_is_asked_for(self) -> None:
        service = self.neutron('ipsec-site-connection', CONNECTION)
        self.living('ipsec-site-connection', network=service)
        _path, query, _microversion = service.asked[1]
        self.assertEqual(
            [
                'id',
                'project_id',
                'created_at',
                'updated_at',
                'name',
                'vpnservice_id',
            ],
            query['fields'],
        )
        self.assertEqual('id', query['sort_key'])

    def test_a_cloud_without_the_vpn_service_has_none(self) -> None:
        for resource_type in ('vpn-service', 'ipsec-site-connection'):
            with self.assertRaisesRegex(
                listing.NotOffered, f'no {resource_type}.*vpnaas is missing'
            ):
                self.see(resource_type, VPN_SERVICE, vpn=False)

    def test_what_the_list_of_the_vpn_service_lacks(self) -> None:
        """With a marker that is gone it ends early, and does not say so."""

        def answer(path: str, _query: Any) -> Any:
            return {'it': {'id': 'here'}} if path.endswith('/here') else 404

        service = fakes.Service(answer)
        inquiry = fakes.inquiry(network=service)
        for resource_type in ('vpn-service', 'ipsec-site-connection'):
            exists = self.one(resource_type).exists
            self.assertTrue(exists(inquiry, 'here'))
            self.assertFalse(exists(inquiry, 'gone'))
        self.assertEqual(
            [
                ('/vpn/vpnservices/here', {'fields': 'id'}, None),
                ('/vpn/vpnservices/gone', {'fields': 'id'}, None),
                ('/vpn/ipsec-site-connections/here', {'fields': 'id'}, None),
                ('/vpn/ipsec-site-connections/gone', {'fields': 'id'}, None),
            ],
            service.asked,
        )
        self.assertIsNone(self.one('router').exists)

    def test_what_is_malformed(self) -> None:
        for resource_type, told, keys, text in (
            (
                'network',
                NETWORK,
                {'project_id': None},
                "network 'f90da944.*': project_id: missing",
            ),
            (
                'floating-ip',
                FLOATING_IP,
                {'project_id': 7},
                "floating-ip '18dd336e.*': project_id: expected text",
            ),
        ):
            self.assert_malformed(
                resource_type,
                text,
                network=self.neutron(
                    resource_type, agreement.changed(told, **keys)
                ),
            )
        self.assert_malformed(
            'vpn-service',
            'there is no list of extensions',
            network=fakes.Service(lambda _path, _query: {}),
        )
