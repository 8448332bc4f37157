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

from stratometrics.notifications import timestamps
from stratometrics.reconciler import cinder
from stratometrics.tests.unit.reconciler import agreement
from stratometrics.tests.unit.reconciler import fakes

SSD = '0458af5f-d68d-48ab-9128-60361854131e'
VOLUME = {
    'id': 'c1f0aa55-552e-4a7d-b175-43ba56b6883b',
    'status': 'available',
    'size': 15,
    'availability_zone': 'nova',
    'created_at': '2026-11-23T06:59:22.000000',
    'updated_at': '2026-11-23T06:59:34.000000',
    'attachments': [],
    'name': 'g1-renamed',
    'description': None,
    'volume_type': 'ssd',
    'volume_type_id': SSD,
    'snapshot_id': None,
    'source_volid': None,
    'metadata': {},
    'user_id': 'e4e86758f72543ef9419d93becaf54aa',
    'bootable': 'false',
    'encrypted': False,
    'multiattach': False,
    'os-vol-host-attr:host': 'storage1@lab#fake',
    'os-vol-mig-status-attr:migstat': None,
    'os-vol-tenant-attr:tenant_id': '2e4dfc14c36d4b658c8b6c3b030ebd4f',
}
SNAPSHOT = {
    'id': '003e2897-63c9-4ff2-b14b-b465b86226cc',
    'created_at': '2026-11-23T07:00:00.000000',
    'updated_at': '2026-11-23T07:00:02.000000',
    'name': 'snap1b',
    'description': None,
    'volume_id': 'ca9045d2-b9dd-49c4-9793-cba4c130bfd6',
    'status': 'available',
    'size': 5,
    'metadata': {},
    'user_id': '76cf7e97eaf94c20a06a3419ebba7b78',
    'os-extended-snapshot-attributes:progress': '100%',
    'os-extended-snapshot-attributes:project_id': (
        'aed0fed09e9842e4ac2444ec51c85eef'
    ),
}
BACKUP = {
    'id': '65cd78e5-62cb-471f-94f8-746aac489b9e',
    'status': 'available',
    'size': 15,
    'object_count': 0,
    'availability_zone': 'nova',
    'container': None,
    'created_at': '2026-11-23T07:04:55.000000',
    'updated_at': '2026-11-23T07:04:56.000000',
    'name': 'bk1',
    'description': None,
    'fail_reason': None,
    'volume_id': 'f0bafea4-a89f-4a76-b272-59a46f161d50',
    'is_incremental': False,
    'has_dependent_backups': False,
    'snapshot_id': None,
    'data_timestamp': '2026-11-23T07:04:55.000000',
    'user_id': 'e4e86758f72543ef9419d93becaf54aa',
    'os-backup-project-attr:project_id': '2e4dfc14c36d4b658c8b6c3b030ebd4f',
}
TYPES = [
    {'id': '2b94a05d-5c3b-43ca-9bc3-35af08ac53b2', 'name': 'standard'},
    {'id': SSD, 'name': 'ssd'},
]


class CinderTest(agreement.ListingCase):
    listings = cinder.LISTINGS

    def cinder(self, *volumes: Any, snapshot: Any = SNAPSHOT) -> fakes.Service:
        return agreement.service(
            {
                '/volumes/detail volumes': list(volumes),
                '/snapshots/detail snapshots': [snapshot],
                '/backups/detail backups': [BACKUP],
                '/types volume_types': TYPES,
            },
            ('3.0', '3.71'),
        )

    def volume(self, **keys: Any) -> Any:
        """What is seen of one volume."""
        (seen,) = self.living(
            'volume',
            block_storage=self.cinder(agreement.changed(VOLUME, **keys)),
        )
        return seen

    def test_a_volume(self) -> None:
        known = agreement.event(VOLUME['id'], 'volume.detach.end')
        self.assert_agrees(known, self.volume())
        self.assertEqual(
            timestamps.parse('2026-11-23T06:59:34.999999'),
            self.volume().changed_at,
        )

    def test_all_projects_are_asked_for(self) -> None:
        service = self.cinder(VOLUME)
        self.living('volume', block_storage=service)
        path, query, microversion = service.asked[0]
        self.assertEqual('/volumes/detail', path)
        self.assertEqual('1', query['all_tenants'])
        self.assertEqual('3.65', microversion)
        self.assertNotIn('/types', [asked[0] for asked in service.asked])

    def test_the_name_of_a_type_becomes_its_id(self) -> None:
        seen = self.volume(volume_type_id=...)
        self.assertEqual((SSD, SSD), (seen.type, seen.type_id))
        seen = self.volume(volume_type_id=..., volume_type='gone')
        self.assertEqual((None, None), (seen.type, seen.type_id))
        for keys in (
            {'volume_type_id': ..., 'volume_type': None},
            {'volume_type_id': None, 'volume_type': None},
        ):
            seen = self.volume(**keys)
            self.assertEqual(('', ''), (seen.type, seen.type_id))

    def test_the_types_are_listed_once(self) -> None:
        told = agreement.changed(VOLUME, volume_type_id=...)
        service = self.cinder(told, agreement.changed(told, id='v2'))
        self.assertEqual(2, len(self.living('volume', block_storage=service)))
        self.assertEqual(
            1,
            [
                (path, 'marker' in query) for path, query, _ in service.asked
            ].count(('/types', False)),
        )

    def test_what_may_never_have_been_is_pending(self) -> None:
        for status in ('error', 'managing', 'error_managing'):
            seen = self.volume(status=status)
            self.assertEqual(('creating', True), (seen.state, seen.passing))

    def test_states_that_pass(self) -> None:
        for status, passing in (
            ('creating', True),
            ('downloading', True),
            ('attaching', True),
            ('awaiting-transfer', True),
            ('in-use', False),
            ('error_deleting', False),
        ):
            seen = self.volume(status=status)
            self.assertEqual((status, passing), (seen.state, seen.passing))

    def test_a_volume_that_never_changed(self) -> None:
        self.assertEqual(
            timestamps.parse('2026-11-23T06:59:22.999999'),
            self.volume(updated_at=None).changed_at,
        )

    def test_the_copy_that_a_migration_fills_is_left_out(self) -> None:
        key = 'os-vol-mig-status-attr:migstat'
        copied = agreement.changed(VOLUME, id='v2', **{key: 'target:v1'})
        moved = agreement.changed(VOLUME, id='v1', **{key: 'migrating'})
        seen = self.living('volume', block_storage=self.cinder(copied, moved))
        self.assertEqual(['v1'], [one.resource_id for one in seen])

    def test_what_cinder_makes_for_itself_is_left_out(self) -> None:
        """No notification tells of it, and it would be billed twice."""
        own = agreement.changed(VOLUME, id='v2', consumes_quota=False)
        users = agreement.changed(VOLUME, id='v1', consumes_quota=True)
        seen = self.living('volume', block_storage=self.cinder(own, users))
        self.assertEqual(['v1'], [one.resource_id for one in seen])
        for consumes_quota, found in ((False, 0), (True, 1)):
            service = self.cinder(
                snapshot=agreement.changed(
                    SNAPSHOT, consumes_quota=consumes_quota
                )
            )
            seen = self.living('snapshot', block_storage=service)
            self.assertEqual(found, len(seen))

    def test_a_snapshot(self) -> None:
        (seen,) = self.living('snapshot', block_storage=self.cinder())
        known = agreement.event(SNAPSHOT['id'], 'snapshot.update.end')
        self.assert_agrees(known, seen, {'availability_zone'})

    def test_a_backup(self) -> None:
        (seen,) = self.living('backup', block_storage=self.cinder())
        known = agreement.event(BACKUP['id'], 'backup.create.end')
        self.assert_agrees(known, seen)

    def test_what_is_malformed(self) -> None:
        for keys, text in (
            (
                {'os-vol-tenant-attr:tenant_id': ...},
                "volume 'c1f0aa55.*': os-vol-tenant-attr:tenant_id: missing",
            ),
            ({'size': '15'}, 'size: expected an integer'),
            ({'status': None}, 'status: missing'),
            ({'created_at': 'yesterday'}, 'created_at: not a timestamp'),
        ):
            self.assert_malformed(
                'volume',
                text,
                block_storage=self.cinder(agreement.changed(VOLUME, **keys)),
            )
