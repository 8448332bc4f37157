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
from stratometrics.reconciler import designate
from stratometrics.tests.unit.reconciler import agreement

ZONE = {
    'id': '7462f88a-c4e8-41a5-8672-3f543b75d1eb',
    'pool_id': '794ccc2c-d751-44fe-b57f-8894c9f5c842',
    'project_id': '2e4dfc14c36d4b658c8b6c3b030ebd4f',
    'name': 'gamma.example.',
    'email': 'a@gamma.example',
    'description': None,
    'ttl': 600,
    'serial': 1795418613,
    'status': 'PENDING',
    'action': 'CREATE',
    'version': 1,
    'attributes': {},
    'type': 'PRIMARY',
    'masters': [],
    'shared': False,
    'created_at': '2026-11-23T07:23:33.000000',
    'updated_at': None,
    'transferred_at': None,
}


class DesignateTest(agreement.ListingCase):
    listings = designate.LISTINGS

    def see(self, **keys: Any) -> list[observation.Observation]:
        self.dns = agreement.service(
            {'/zones zones': [agreement.changed(ZONE, **keys)]}
        )
        return self.living('zone', dns=self.dns)

    def test_a_zone(self) -> None:
        (seen,) = self.see()
        known = agreement.event(ZONE['id'], 'dns.zone.exists')
        self.assert_agrees(known, seen)
        self.assertEqual(
            timestamps.parse('2026-11-23T07:23:33.999999'), seen.changed_at
        )

    def test_all_projects_are_asked_for(self) -> None:
        self.see()
        _path, query, _microversion = self.dns.asked[0]
        self.assertEqual('true', query['all_projects'])

    def test_a_zone_with_an_error_is_still_a_zone(self) -> None:
        (seen,) = self.see(status='ERROR', action='UPDATE')
        self.assertEqual(('active', False), (seen.state, seen.passing))

    def test_a_zone_ends_when_its_deletion_is_asked_for(self) -> None:
        self.assertEqual([], self.see(action='DELETE'))
        self.assertEqual([], self.see(status='DELETED', action='NONE'))

    def test_what_is_malformed(self) -> None:
        self.assert_malformed(
            'zone',
            "zone '7462f88a.*': project_id: missing",
            dns=agreement.service(
                {'/zones zones': [agreement.changed(ZONE, project_id=None)]}
            ),
        )
