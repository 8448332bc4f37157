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
from stratometrics.reconciler import trove
from stratometrics.tests.unit.reconciler import agreement
from stratometrics.tests.unit.reconciler import fakes

INSTANCE = {
    'id': '3ba3c2d8-1d7a-4f2b-b6a2-0dd9a34c9a52',
    'name': 'orders',
    'status': 'ACTIVE',
    'operating_status': 'HEALTHY',
    'flavor': {'id': 'd2', 'links': []},
    'datastore': {'type': 'mysql', 'version': '8.0'},
    'region': 'RegionOne',
    'access': {},
    'tenant_id': '4ada08c586564ca883b7b49d042f9e30',
    'volume': {'size': 10},
    'created': '2026-11-23T09:00:00.123000',
    'updated': '2026-11-23T10:20:10',
    'server': None,
    'service_status': 'ACTIVE',
    'deleted': False,
    'deleted_at': None,
    'task_description': 'No tasks for the instance.',
}
FLAVORS = [
    {'id': 'd1', 'name': 'db.small', 'links': []},
    {'id': 'd2', 'name': 'db.large', 'links': []},
]


class TroveTest(agreement.ListingCase):
    listings = trove.LISTINGS

    def setUp(self) -> None:
        super().setUp()
        self.compute = agreement.service({'/flavors flavors': FLAVORS})

    def trove(self, *instances: Any) -> fakes.Service:
        """A Trove whose marker is a number."""

        def answer(path: str, query: Any) -> Any:
            self.assertEqual('/mgmt/instances', path)
            begin = query['marker']
            page = instances[begin : begin + query['limit']]
            more = {'links': [{'rel': 'next', 'href': 'http://more'}]}
            return {
                'instances': page,
                **(more if len(page) == query['limit'] else {}),
            }

        return fakes.Service(answer)

    def see(self, **keys: Any) -> observation.Observation:
        (seen,) = self.living(
            'database-instance',
            database=self.trove(agreement.changed(INSTANCE, **keys)),
            compute=self.compute,
        )
        return seen

    def test_an_instance(self) -> None:
        known = agreement.event(INSTANCE['id'], 'trove.instance.modify_flavor')
        seen = self.see()
        self.assert_agrees(known, seen)
        self.assertEqual(
            timestamps.parse('2026-11-23T10:20:10.999999'), seen.changed_at
        )

    def test_pages_begin_at_a_number(self) -> None:
        instances = [
            agreement.changed(INSTANCE, id=f'i{number}') for number in range(7)
        ]
        inquiry = fakes.inquiry(
            3, database=self.trove(*instances), compute=self.compute
        )
        self.assertEqual(
            [f'i{number}' for number in range(7)],
            [
                seen.resource_id
                for page in self.one('database-instance').living(inquiry)
                for seen in page.observations
            ],
        )

    def test_a_page_is_no_longer_than_trove_makes_it(self) -> None:
        """It asks Nova for all servers of a page in one address."""
        service = self.trove(INSTANCE)
        self.living(
            'database-instance', database=service, compute=self.compute
        )
        self.assertEqual(
            [20], [query['limit'] for _, query, _ in service.asked]
        )

    def test_a_trove_without_pages_gives_all_at_once(self) -> None:
        instances = [
            agreement.changed(INSTANCE, id=f'i{number}')
            for number in range(30)
        ]
        service = fakes.Service(lambda _path, _query: {'instances': instances})
        seen = self.living(
            'database-instance', database=service, compute=self.compute
        )
        self.assertEqual(30, len(seen))
        self.assertEqual(1, len(service.asked))

    def test_deleted_instances_are_not_asked_for(self) -> None:
        service = self.trove(INSTANCE)
        self.living(
            'database-instance', database=service, compute=self.compute
        )
        _path, query, _microversion = service.asked[0]
        self.assertEqual('false', query['deleted'])
        self.assertEqual('true', query['include_clustered'])

    def ended(self, since: str, *instances: Any) -> Any:
        """What was deleted, and the Trove that was asked."""
        service = self.trove(*instances)
        inquiry = fakes.inquiry(database=service, compute=self.compute)
        pages = self.one('database-instance').ended(
            inquiry, timestamps.parse(since)
        )
        return [one for page in pages for one in page.observations], service

    def test_the_time_of_a_deletion(self) -> None:
        """Not its creation: it may have failed."""
        deleted = agreement.changed(
            INSTANCE,
            status='SHUTDOWN',
            deleted=True,
            deleted_at='2026-11-23T11:30:00',
            updated='2026-11-23T11:30:04',
        )
        (seen,), service = self.ended('2026-11-23T11:30:00', deleted)
        self.assertEqual(
            ('deleted', False, None, timestamps.parse('2026-11-23T11:30:00')),
            (
                seen.state,
                seen.passing,
                seen.created_at,
                seen.ended_at - 999_999,
            ),
        )
        self.assertEqual('true', service.asked[0][1]['deleted'])
        self.assertEqual([], self.ended('2026-11-23T11:30:01', deleted)[0])

    def test_earlier_deletions_are_not_read(self) -> None:
        deleted = [
            agreement.changed(
                INSTANCE,
                id=f'i{number}',
                deleted_at=f'2026-11-23T11:{59 - number}:00',
                updated=f'2026-11-23T11:{59 - number}:01',
            )
            for number in range(50)
        ]
        seen, service = self.ended('2026-11-23T11:50:00', *deleted)
        self.assertEqual(
            [f'i{number}' for number in range(10)],
            [one.resource_id for one in seen],
        )
        self.assertEqual(2, len(service.asked))

    def test_an_instance_that_the_list_lacks(self) -> None:
        def answer(path: str, _query: Any) -> Any:
            if path == '/mgmt/instances/here':
                return {'instance': INSTANCE}
            return 500 if path == '/mgmt/instances/ill' else 404

        inquiry = fakes.inquiry(database=fakes.Service(answer))
        exists = self.one('database-instance').exists
        self.assertTrue(exists(inquiry, 'here'))
        self.assertFalse(exists(inquiry, 'gone'))
        with self.assertRaisesRegex(listing.Unavailable, '500'):
            exists(inquiry, 'ill')

    def test_a_flavor_without_a_name(self) -> None:
        seen = self.see(flavor={'id': 'd3'})
        self.assertEqual((None, 'd3'), (seen.type, seen.type_id))

    def test_states(self) -> None:
        for status, state, passing in (
            ('BUILD', 'build', True),
            ('ERROR', 'build', True),
            ('FAILED', 'build', True),
            ('RESIZE', 'resize', True),
            ('RESTART_REQUIRED', 'restart_required', False),
        ):
            seen = self.see(status=status)
            self.assertEqual((state, passing), (seen.state, seen.passing))

    def test_what_is_malformed(self) -> None:
        for keys, text in (
            ({'tenant_id': ...}, "'3ba3c2d8.*': tenant_id: missing"),
            ({'flavor': None}, 'id: missing'),
            ({'flavor': 'd2'}, 'id: missing'),
        ):
            self.assert_malformed(
                'database-instance',
                text,
                database=self.trove(agreement.changed(INSTANCE, **keys)),
                compute=self.compute,
            )
