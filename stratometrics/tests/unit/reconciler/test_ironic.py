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
from stratometrics.reconciler import ironic
from stratometrics.tests.unit.reconciler import agreement

ACME = '4ada08c586564ca883b7b49d042f9e30'
NODE = {
    'uuid': 'c9a86c70-39c2-4d4c-8cd0-1f3d5a3c6f2e',
    'name': 'bm1',
    'lessee': ACME,
    'owner': None,
    'provision_state': 'available',
    'provision_updated_at': '2026-11-23T09:02:00+00:00',
    'resource_class': 'baremetal-gold',
    'links': [],
}


class IronicTest(agreement.ListingCase):
    listings = ironic.LISTINGS

    def see(self, **keys: Any) -> observation.Observation:
        self.baremetal = agreement.service(
            {'/nodes nodes': [agreement.changed(NODE, **keys)]},
            ('1.1', '1.95'),
        )
        (seen,) = self.living('node', baremetal=self.baremetal)
        return seen

    def test_a_node(self) -> None:
        known = agreement.event(
            NODE['uuid'],
            'baremetal.node.update.end',
            state='available',
            project_id=ACME,
        )
        seen = self.see()
        self.assert_agrees(known, seen)
        self.assertIsNone(seen.created_at)
        self.assertEqual(
            timestamps.parse('2026-11-23T09:02:00.999999'), seen.changed_at
        )

    def test_whose_it_is(self) -> None:
        for lessee, owner, project_id in (
            (ACME, 'beta', ACME),
            (None, 'beta', 'beta'),
            ('', None, 'none'),
            (..., ..., 'none'),
        ):
            seen = self.see(lessee=lessee, owner=owner)
            self.assertEqual(project_id, seen.project_id)

    def test_only_what_is_read_is_asked_for(self) -> None:
        self.see()
        _path, query, microversion = self.baremetal.asked[0]
        self.assertEqual('1.65', microversion)
        self.assertEqual(
            'uuid,name,lessee,owner,provision_state,provision_updated_at,'
            'resource_class',
            query['fields'],
        )

    def test_who_leases_a_node_has_to_be_told(self) -> None:
        for microversions in (('1.1', '1.64'), (None, None)):
            self.assert_malformed(
                'node',
                'microversion 1.65 is needed',
                baremetal=agreement.service(
                    {'/nodes nodes': [NODE]}, microversions
                ),
            )

    def test_what_is_malformed(self) -> None:
        self.assert_malformed(
            'node',
            "node 'c9a86c70.*': provision_state: missing",
            baremetal=agreement.service(
                {
                    '/nodes nodes': [
                        agreement.changed(NODE, provision_state=None)
                    ]
                },
                ('1.1', '1.95'),
            ),
        )
