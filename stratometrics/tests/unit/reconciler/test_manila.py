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
from stratometrics.reconciler import manila
from stratometrics.tests.unit.reconciler import agreement
from stratometrics.tests.unit.reconciler import fakes

BETA = 'aed0fed09e9842e4ac2444ec51c85eef'
SHARE = {
    'id': '2696b24c-3126-44fd-97ce-30c5f0106868',
    'size': 2,
    'availability_zone': 'nova',
    'created_at': '2026-11-23T07:23:37.000000',
    'status': 'available',
    'name': 'sh1',
    'description': None,
    'project_id': BETA,
    'user_id': '76cf7e97eaf94c20a06a3419ebba7b78',
    'snapshot_id': None,
    'share_proto': 'NFS',
    'metadata': {},
    'share_type': 'd492dba0-6c22-486f-9802-b7bb583451d7',
    'share_type_name': 'default',
    'is_public': False,
    'is_soft_deleted': False,
    'scheduled_to_be_deleted_at': None,
}
SNAPSHOT = {
    'id': 'f9a1b1c5-55d0-4ab4-8e5a-16f0b0f9f3a2',
    'share_id': SHARE['id'],
    'share_size': 2,
    'created_at': '2026-11-23T07:30:00.000000',
    'status': 'available',
    'name': 'snap',
    'description': None,
    'size': 2,
    'share_proto': 'NFS',
    'user_id': '76cf7e97eaf94c20a06a3419ebba7b78',
    'project_id': BETA,
    'metadata': {},
}


class ManilaTest(agreement.ListingCase):
    listings = manila.LISTINGS

    def manila(
        self, told: Any, soft_deleted: tuple[Any, ...] = (), highest='2.92'
    ) -> fakes.Service:
        def answer(path: str, query: Any) -> Any:
            key = path.split('/')[1]
            listed = soft_deleted if 'is_soft_deleted' in query else [told]
            return {key: listed[query['offset'] :]}

        return fakes.Service(answer, ('2.0', highest))

    def see(self, **keys: Any) -> observation.Observation:
        (seen,) = self.living(
            'share',
            shared_file_system=self.manila(agreement.changed(SHARE, **keys)),
        )
        return seen

    def snapshot(self, **keys: Any) -> observation.Observation:
        (seen,) = self.living(
            'share-snapshot',
            shared_file_system=self.manila(
                agreement.changed(SNAPSHOT, **keys)
            ),
        )
        return seen

    def test_a_share(self) -> None:
        known = agreement.event(
            SHARE['id'], 'share.consumed.size', project_id=BETA
        )
        self.assert_agrees(known, self.see())
        self.assertEqual(
            timestamps.parse('2026-11-23T07:23:37'), self.see().created_at
        )

    def test_a_deletion_that_is_deferred(self) -> None:
        known = agreement.event(
            '7a2f6d2e-55f5-4f5b-9a39-2a4b6a4b0a01', 'share.delete.start'
        )
        seen = self.see(
            id=known.resource_id,
            name=known.name,
            project_id=known.project_id,
            user_id=known.user_id,
            size=4,
            status='deferred_deleting',
        )
        self.assert_agrees(known, seen)

    def test_states(self) -> None:
        for status, state, passing in (
            ('extending', 'available', True),
            ('shrinking_error', 'available', True),
            ('creating', 'creating', True),
            ('error', 'creating', True),
            ('error_deferred_deleting', 'error_deferred_deleting', False),
        ):
            seen = self.see(status=status)
            self.assertEqual((state, passing), (seen.state, seen.passing))

    def test_a_share_whose_size_is_not_known_yet(self) -> None:
        """One that cannot be managed keeps no other from its turn."""
        for status in ('manage_starting', 'manage_error'):
            seen = self.see(status=status, size=None)
            self.assertEqual(
                ('creating', True, {'size_gib': 0}),
                (seen.state, seen.passing, seen.measures),
            )

    def test_a_share_that_neither_list_has(self) -> None:
        def answer(path: str, _query: Any) -> Any:
            return {'share': SHARE} if path == '/shares/here' else 404

        service = fakes.Service(answer, ('2.0', '2.92'))
        inquiry = fakes.inquiry(shared_file_system=service)
        exists = self.one('share').exists
        self.assertTrue(exists(inquiry, 'here'))
        self.assertFalse(exists(inquiry, 'gone'))
        self.assertEqual('2.69', service.asked[0][2])

    def test_all_projects_are_asked_for(self) -> None:
        service = self.manila(SHARE)
        self.living('share', shared_file_system=service)
        path, query, microversion = service.asked[0]
        self.assertEqual('/shares/detail', path)
        self.assertEqual('1', query['all_tenants'])
        self.assertEqual('2.69', microversion)

    def test_the_recycle_bin_is_listed_where_there_is_one(self) -> None:
        for highest, ids in (
            ('2.92', [SHARE['id'], 'binned']),
            ('2.51', [SHARE['id']]),
        ):
            service = self.manila(
                SHARE, (agreement.changed(SHARE, id='binned'),), highest
            )
            seen = self.living('share', shared_file_system=service)
            self.assertEqual(ids, [one.resource_id for one in seen])

    def test_a_snapshot(self) -> None:
        self.assertEqual(
            observation.Observation(
                resource_type='share-snapshot',
                resource_id=SNAPSHOT['id'],
                project_id=BETA,
                state='available',
                user_id='76cf7e97eaf94c20a06a3419ebba7b78',
                name='snap',
                created_at=timestamps.parse('2026-11-23T07:30:00'),
                attributes={'share_id': SHARE['id']},
                measures={'size_gib': 2},
            ),
            self.snapshot(),
        )

    def test_a_snapshot_that_may_never_have_been(self) -> None:
        seen = self.snapshot(status='error')
        self.assertEqual(('creating', True), (seen.state, seen.passing))

    def test_what_is_malformed(self) -> None:
        for told, highest, text in (
            (
                agreement.changed(SHARE, project_id=None),
                '2.92',
                "share '2696b24c.*': project_id: missing",
            ),
            (
                agreement.changed(SHARE, size=None),
                '2.92',
                'size: missing',
            ),
        ):
            self.assert_malformed(
                'share',
                text,
                shared_file_system=self.manila(told, highest=highest),
            )
        self.assert_malformed(
            'share',
            'no microversion up to 2.69',
            shared_file_system=fakes.Service(lambda _path, _query: {}),
        )
