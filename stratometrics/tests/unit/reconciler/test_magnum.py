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
from stratometrics.reconciler import comparison
from stratometrics.reconciler import magnum
from stratometrics.tests.unit.reconciler import agreement

CLUSTER = {
    'uuid': '5d12f6fd-a196-4bf0-ae4c-1f639a523a52',
    'name': 'k8s',
    'cluster_template_id': 'b9b1f1ae-3ff8-4d29-8b5c-1c7b9a1a6a11',
    'project_id': 'aed0fed09e9842e4ac2444ec51c85eef',
    'user_id': '76cf7e97eaf94c20a06a3419ebba7b78',
    'keypair': None,
    'node_count': 5,
    'master_count': 1,
    'flavor_id': 'm1.large',
    'master_flavor_id': 'm1.medium',
    'status': 'UPDATE_COMPLETE',
    'status_reason': None,
    'health_status': 'HEALTHY',
    'labels': {},
    'created_at': '2026-11-23T09:00:00+00:00',
    'updated_at': '2026-11-23T10:03:00+00:00',
}


class MagnumTest(agreement.ListingCase):
    listings = magnum.LISTINGS

    def see(self, **keys: Any) -> list[observation.Observation]:
        return self.living(
            'cluster',
            container_infrastructure_management=agreement.service(
                {
                    '/clusters/detail clusters': [
                        agreement.changed(CLUSTER, **keys)
                    ]
                }
            ),
        )

    def test_a_cluster(self) -> None:
        (seen,) = self.see()
        known = agreement.event(
            CLUSTER['uuid'], 'magnum.cluster.update', state='UPDATE_COMPLETE'
        )
        self.assert_agrees(known, seen)
        self.assertEqual(
            timestamps.parse('2026-11-23T10:03:00.999999'), seen.changed_at
        )

    def test_the_fraction_of_its_creation_is_cut_off(self) -> None:
        (seen,) = self.see(created_at='2026-11-23T09:00:00.75+00:00')
        self.assertEqual(
            timestamps.parse('2026-11-23T09:00:00'), seen.created_at
        )

    def test_while_it_changes(self) -> None:
        (seen,) = self.see(status='UPDATE_IN_PROGRESS', node_count=9)
        self.assertTrue(seen.passing)
        self.assertTrue(seen.resizing)
        self.assertEqual({'masters': 1, 'nodes': 9}, seen.measures)
        known = agreement.event(
            CLUSTER['uuid'], 'magnum.cluster.update', state='UPDATE_COMPLETE'
        )
        self.assertEqual((), comparison.differences(known, seen))

    def test_states_that_do_not_pass(self) -> None:
        for status in ('CREATE_FAILED', 'DELETE_IN_PROGRESS', 'UPDATE_FAILED'):
            (seen,) = self.see(status=status)
            self.assertEqual((status, False), (seen.state, seen.passing))
        self.assertEqual([], self.see(status='DELETE_COMPLETE'))

    def test_what_is_malformed(self) -> None:
        with self.assertRaisesRegex(
            magnum.listing.Unavailable,
            "cluster '5d12f6fd.*': project_id: missing",
        ):
            self.see(project_id=...)
