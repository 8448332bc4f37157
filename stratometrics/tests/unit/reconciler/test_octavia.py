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
from stratometrics.reconciler import octavia
from stratometrics.tests.unit.reconciler import agreement
from stratometrics.tests.unit.reconciler import fakes

LOAD_BALANCER = {
    'id': 'b2e8a4a5-6d27-4b59-8a0e-3d9d8a3f9d10',
    'name': 'web',
    'description': '',
    'provisioning_status': 'ACTIVE',
    'operating_status': 'ONLINE',
    'admin_state_up': True,
    'project_id': '4ada08c586564ca883b7b49d042f9e30',
    'created_at': '2026-11-23T09:00:00',
    'updated_at': '2026-11-23T09:05:00',
    'vip_address': '198.51.100.7',
    'provider': 'amphora',
    'flavor_id': 'f1',
    'availability_zone': 'az1',
    'tags': [],
}
PROFILE = {
    'id': 'p1',
    'name': 'pair',
    'provider_name': 'amphora',
    'flavor_data': (
        '{"loadbalancer_topology": "ACTIVE_STANDBY", '
        '"compute_flavor": "amphora-large"}'
    ),
}
FLAVOR = {
    'id': 'f1',
    'name': 'pair',
    'description': '',
    'enabled': True,
    'flavor_profile_id': 'p1',
}


class OctaviaTest(agreement.ListingCase):
    listings = octavia.LISTINGS

    def octavia(self, *load_balancers: Any, profile: Any) -> fakes.Service:
        return agreement.service(
            {
                '/lbaas/loadbalancers loadbalancers': list(load_balancers),
                '/lbaas/flavors flavors': [FLAVOR],
                '/lbaas/flavorprofiles flavorprofiles': [profile],
            }
        )

    def see(
        self, profile: Any = PROFILE, **keys: Any
    ) -> list[observation.Observation]:
        return self.living(
            'load-balancer',
            load_balancer=self.octavia(
                agreement.changed(LOAD_BALANCER, **keys), profile=profile
            ),
        )

    def test_a_load_balancer(self) -> None:
        (seen,) = self.see()
        known = agreement.event(
            LOAD_BALANCER['id'], 'octavia.loadbalancer.create.end'
        )
        self.assert_agrees(known, seen)
        self.assertEqual(
            timestamps.parse('2026-11-23T09:05:00.999999'), seen.changed_at
        )

    def test_one_without_a_flavor(self) -> None:
        known = agreement.event(
            '5df76ed8-5226-4cf1-8f38-d99a75aab18f',
            'octavia.loadbalancer.create.end',
        )
        (seen,) = self.see(
            id=known.resource_id,
            name='lb1',
            flavor_id=None,
            availability_zone=None,
        )
        self.assert_agrees(known, seen)

    def test_what_a_flavor_leaves_open_is_empty(self) -> None:
        (seen,) = self.see(agreement.changed(PROFILE, flavor_data='{}'))
        self.assertEqual(
            {'topology': '', 'compute_flavor': '', 'provider': 'amphora'},
            seen.attributes,
        )

    def test_of_a_flavor_that_is_not_listed_nothing_is_known(self) -> None:
        (seen,) = self.see(flavor_id='f2')
        self.assertEqual({'provider': 'amphora'}, seen.attributes)

    def test_providers(self) -> None:
        """One of them has three names, and notifications know one."""
        for told, provider in (
            ('octavia', 'amphora'),
            ('amphorav2', 'amphora'),
            ('ovn', 'ovn'),
        ):
            (seen,) = self.see(provider=told)
            self.assertEqual(provider, seen.attributes['provider'])

    def test_flavors_are_listed_once_and_only_if_there_is_one(self) -> None:
        service = self.octavia(
            LOAD_BALANCER,
            agreement.changed(LOAD_BALANCER, id='b2'),
            profile=PROFILE,
        )
        self.living('load-balancer', load_balancer=service)
        asked = [path for path, query, _ in service.asked if len(query) == 1]
        self.assertEqual(
            [
                '/lbaas/loadbalancers',
                '/lbaas/flavorprofiles',
                '/lbaas/flavors',
            ],
            asked,
        )

    def test_what_may_never_have_been_is_pending(self) -> None:
        for status, state, passing in (
            ('PENDING_CREATE', 'pending_create', True),
            ('ERROR', 'pending_create', True),
            ('PENDING_DELETE', 'pending_create', True),
            ('PENDING_UPDATE', 'active', False),
        ):
            (seen,) = self.see(provisioning_status=status)
            self.assertEqual((state, passing), (seen.state, seen.passing))
        self.assertEqual([], self.see(provisioning_status='DELETED'))

    def test_what_is_malformed(self) -> None:
        for profile, keys, text in (
            (PROFILE, {'project_id': None}, 'b2e8.*: project_id: missing'),
            (
                agreement.changed(PROFILE, flavor_data='{'),
                {},
                "flavor_data of 'p1' is not a JSON object",
            ),
            (
                agreement.changed(PROFILE, flavor_data='[' * 200_000),
                {},
                "flavor_data of 'p1' is not a JSON object",
            ),
            (
                agreement.changed(PROFILE, flavor_data=...),
                {},
                "flavor_data of 'p1' is not a JSON object",
            ),
        ):
            self.assert_malformed(
                'load-balancer',
                text,
                load_balancer=self.octavia(
                    agreement.changed(LOAD_BALANCER, **keys), profile=profile
                ),
            )
