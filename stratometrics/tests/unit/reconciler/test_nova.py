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
from collections.abc import Mapping
import dataclasses
from typing import Any
import unittest

from stratometrics.model import event as event_model
from stratometrics.model import observation
from stratometrics.notifications import timestamps
from stratometrics.reconciler import listing
from stratometrics.reconciler import nova
from stratometrics.tests.unit.notifications import base
from stratometrics.tests.unit.reconciler import fakes

SMALL = {
    'id': '72f1253d-cde5-4794-92bf-da6a8fd9c6d1',
    'name': 'm1.small',
    'ram': 2048,
    'disk': 20,
    'swap': '',
    'OS-FLV-EXT-DATA:ephemeral': 0,
    'OS-FLV-DISABLED:disabled': False,
    'vcpus': 1,
    'os-flavor-access:is_public': True,
    'rxtx_factor': 1.0,
    'description': None,
}
SERVICES = [
    {'binary': 'nova-conductor', 'host': 'c1', 'status': 'enabled'},
    {'binary': 'nova-compute', 'host': 'compute1', 'status': 'disabled'},
]


def server(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A server as Nova 2.69 lists it, but for what nobody asks.

    :param changes: keys, with ``STS_``, ``USG_``, ``AZ_`` and ``ATTR_`` for
        the prefixes of extensions.
    """
    told: dict[str, Any] = {
        'id': f'3496b580-1d33-482c-9497-{number:012}',
        'name': 'web1',
        'status': 'ACTIVE',
        'tenant_id': '4ada08c586564ca883b7b49d042f9e30',
        'user_id': '1fae40d53a70469997d021384c78080a',
        'image': {'id': '273cd261-4358-462e-8c83-d09374f7588a', 'links': []},
        'flavor': {
            'vcpus': 1,
            'ram': 2048,
            'disk': 20,
            'ephemeral': 0,
            'swap': 0,
            'original_name': 'm1.small',
            'extra_specs': {},
        },
        'created': '2026-11-23T06:54:15Z',
        'updated': '2026-11-23T06:54:19Z',
        'OS-EXT-AZ:availability_zone': 'nova',
        'OS-EXT-SRV-ATTR:host': 'compute1',
        'OS-EXT-STS:task_state': None,
        'OS-EXT-STS:vm_state': 'active',
        'OS-EXT-STS:power_state': 1,
        'OS-SRV-USG:launched_at': '2026-11-23T06:54:19.000000',
        'OS-SRV-USG:terminated_at': None,
    }
    for key, value in changes.items():
        prefix, _, name = key.partition('_')
        extension = {
            'STS': 'OS-EXT-STS',
            'USG': 'OS-SRV-USG',
            'AZ': 'OS-EXT-AZ',
            'ATTR': 'OS-EXT-SRV-ATTR',
        }.get(prefix)
        told[f'{extension}:{name}' if extension else key] = value
    return told


class Nova:
    """What a Nova answers.

    :param servers: what it lists, a page at a time.
    """

    def __init__(self, *servers: Mapping[str, Any]) -> None:
        self.servers = list(servers)
        self.living = {one['id'] for one in servers}
        self.flavors: list[dict[str, Any]] = [SMALL]
        self.services: list[Any] = [SERVICES]
        self.service = fakes.Service(self._answer, ((2, 1), (2, 103)))
        self.inquiry = fakes.inquiry(2, compute=self.service)

    def _answer(self, path: str, query: Mapping[str, Any]) -> Any:
        if path == '/os-services':
            services = self.services
            return {
                'services': services.pop() if services[1:] else services[0]
            }
        if path == '/flavors/detail':
            return {'flavors': self._page(self.flavors, query)}
        if path == '/servers/detail':
            return {'servers': self._page(self.servers, query)}
        return {'server': {}} if path.split('/')[-1] in self.living else 404

    @staticmethod
    def _page(objects: list[Any], query: Mapping[str, Any]) -> list[Any]:
        names = [one['id'] for one in objects]
        start = names.index(query['marker']) + 1 if 'marker' in query else 0
        return objects[start : start + query['limit']]

    def list_living(self) -> list[observation.Observation]:
        return [
            one
            for page in nova.living(self.inquiry)
            for one in page.observations
        ]

    def list_ended(self, since: str) -> list[observation.Observation]:
        return [
            one
            for page in nova.ended(self.inquiry, timestamps.parse(since))
            for one in page.observations
        ]

    def one(self) -> observation.Observation:
        (found,) = self.list_living()
        return found

    def asked(self, path: str) -> list[Mapping[str, Any]]:
        """The queries to a path."""
        return [query for at, query, _ in self.service.asked if at == path]


class LivingTest(unittest.TestCase):
    def test_all_facts(self) -> None:
        self.assertEqual(
            observation.Observation(
                resource_type='instance',
                resource_id='3496b580-1d33-482c-9497-000000000001',
                project_id='4ada08c586564ca883b7b49d042f9e30',
                state='active',
                user_id='1fae40d53a70469997d021384c78080a',
                name='web1',
                created_at=timestamps.parse('2026-11-23T06:54:15Z'),
                changed_at=timestamps.parse('2026-11-23T06:54:19.999999Z'),
                type='m1.small',
                type_id='72f1253d-cde5-4794-92bf-da6a8fd9c6d1',
                image='273cd261-4358-462e-8c83-d09374f7588a',
                availability_zone='nova',
                measures={'vcpus': 1, 'ram_mib': 2048, 'disk_gib': 20},
            ),
            Nova(server()).one(),
        )

    def test_all_pages_of_all_projects_are_read(self) -> None:
        cloud = Nova(*(server(number) for number in range(5)))
        self.assertEqual(
            [one['id'] for one in cloud.servers],
            [one.resource_id for one in cloud.list_living()],
        )
        first, *_rest = cloud.asked('/servers/detail')
        self.assertEqual(
            {'limit': 2, 'all_tenants': 'True', 'soft_deleted': 'True'}, first
        )
        self.assertEqual(
            {'2.69'}, {version for _, _, version in cloud.service.asked}
        )

    def test_a_server_from_a_volume_has_no_image(self) -> None:
        self.assertEqual('', Nova(server(image='')).one().image)

    def test_disk_is_root_and_ephemeral(self) -> None:
        told = server()
        told['flavor']['ephemeral'] = 30
        self.assertEqual(50, Nova(told).one().measures['disk_gib'])

    def test_a_flavor_with_other_sizes_is_another_one(self) -> None:
        told = server()
        told['flavor']['ram'] = 4096
        found = Nova(told).one()
        self.assertEqual('m1.small', found.type)
        self.assertEqual(4096, found.measures['ram_mib'])
        self.assertIsNone(found.type_id)

    def test_two_flavors_that_look_alike_are_told_apart_by_nobody(
        self,
    ) -> None:
        cloud = Nova(server())
        cloud.flavors = [SMALL, {**SMALL, 'id': 'other'}]
        self.assertIsNone(cloud.one().type_id)

    def test_an_old_nova_tells_the_id_of_the_flavor(self) -> None:
        cloud = Nova(
            server(1, flavor={'id': SMALL['id'], 'links': []}),
            server(2, flavor={'id': 'gone', 'links': []}),
            server(3, flavor={}),
        )
        self.assertEqual(
            [
                (
                    'm1.small',
                    SMALL['id'],
                    {'vcpus': 1, 'ram_mib': 2048, 'disk_gib': 20},
                ),
                (None, 'gone', {}),
                (None, None, {}),
            ],
            [
                (one.type, one.type_id, one.measures)
                for one in cloud.list_living()
            ],
        )

    def test_the_zone_is_not_known_before_it_is_chosen(self) -> None:
        unplaced = {'ATTR_host': None, 'AZ_availability_zone': ''}
        for state, zone in (
            ('building', None),
            ('error', ''),
            ('shelved_offloaded', ''),
        ):
            told = server(STS_vm_state=state, **unplaced)
            self.assertEqual(zone, Nova(told).one().availability_zone)

    def test_a_cell_that_is_down_leaves_the_list_without_an_end(self) -> None:
        down = [
            *SERVICES,
            {'binary': 'nova-compute', 'host': 'lost', 'status': 'UNKNOWN'},
        ]
        for services, listed in (([down], 0), ([down, SERVICES], 1)):
            cloud = Nova(server())
            cloud.services = services
            found = []
            with (
                self.assertLogs('stratometrics', 'WARNING') as logged,
                self.assertRaisesRegex(listing.Unavailable, 'is down'),
            ):
                for page in nova.living(cloud.inquiry):
                    found.extend(page.observations)
            self.assertIn('lost', logged.output[0])
            self.assertEqual(listed, len(found))

    def test_a_partial_record_leaves_the_list_without_an_end(self) -> None:
        partial = {
            'id': 'x',
            'status': 'UNKNOWN',
            'tenant_id': 'p',
            'created': '2026-11-23T06:54:15Z',
            'links': [],
        }
        cloud = Nova(partial, server())
        found = []
        with (
            self.assertLogs('stratometrics', 'WARNING'),
            self.assertRaisesRegex(listing.Unavailable, '1 servers'),
        ):
            for page in nova.living(cloud.inquiry):
                found.extend(page.observations)
        self.assertEqual(['active'], [one.state for one in found])

    def test_an_answer_of_another_shape_is_a_failure(self) -> None:
        for wrong in (
            server(created='yesterday'),
            server(image='x'),
            server(flavor=None),
            server(flavor=1),
            server(flavor='original_name'),
            server(tenant_id=None),
            server(tenant_id=''),
            server(user_id=[]),
            server(flavor={**server()['flavor'], 'vcpus': '1'}),
            server(STS_vm_state=5),
        ):
            with self.assertRaisesRegex(
                listing.Unavailable, 'is not understood'
            ):
                Nova(wrong).list_living()
        cloud = Nova(server())
        cloud.flavors = [{'id': 'x'}]
        with self.assertRaisesRegex(listing.Unavailable, "flavor 'x'"):
            cloud.list_living()
        cloud = Nova(server())
        for wrong in (None, [None]):
            cloud.services = [wrong]
            with self.assertRaisesRegex(
                listing.Unavailable, 'list of services'
            ):
                cloud.list_living()


class EndedTest(unittest.TestCase):
    def test_the_time_of_a_deletion(self) -> None:
        for terminated_at, expected in (
            ('2026-11-23T07:00:01.250000', '2026-11-23T07:00:01.250000Z'),
            ('2026-11-23T07:00:01.000000', '2026-11-23T07:00:01.999999Z'),
            (None, '2026-11-23T07:00:03.999999Z'),
        ):
            cloud = Nova(
                server(
                    STS_vm_state='deleted',
                    USG_terminated_at=terminated_at,
                    updated='2026-11-23T07:00:03Z',
                )
            )
            (found,) = cloud.list_ended('2026-11-23T07:00:00.5Z')
            self.assertEqual(timestamps.parse(expected), found.ended_at)
            self.assertEqual('deleted', found.state)
            self.assertEqual('m1.small', found.type)
            self.assertEqual(
                {
                    'limit': 2,
                    'all_tenants': 'True',
                    'deleted': 'True',
                    'changes-since': '2026-11-23T07:00:00Z',
                },
                cloud.asked('/servers/detail')[0],
            )

    def test_earlier_deletions_are_left_out(self) -> None:
        cloud = Nova(server(STS_vm_state='deleted'))
        self.assertEqual([], cloud.list_ended('2026-11-23T06:54:20Z'))

    def test_what_lives_is_not_taken_for_deleted(self) -> None:
        """Nova lists the softly deleted ones as deleted.

        And it passes over a filter that the credentials do not allow.
        """
        never_placed = server(9, STS_vm_state='error')
        cloud = Nova(
            server(1, STS_vm_state='soft-delete'),
            server(2, STS_vm_state='active'),
            server(3, STS_vm_state='error'),
            never_placed,
        )
        cloud.living.remove(never_placed['id'])
        (found,) = cloud.list_ended('2026-11-23T06:00:00Z')
        self.assertEqual(never_placed['id'], found.resource_id)
        self.assertEqual('deleted', found.state)


class SpellingTest(unittest.TestCase):
    """The API and the notifications tell the same facts alike."""

    def listed(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What Nova's API shows of the columns that a payload shows."""
        image = payload['image_ref_url'].rsplit('/', 1)[-1]
        return server(
            id=payload['instance_id'],
            name=payload['display_name'],
            tenant_id=payload['tenant_id'],
            user_id=payload['user_id'],
            image={'id': image, 'links': []} if image else '',
            flavor={
                'original_name': payload['instance_type'],
                'vcpus': payload['vcpus'],
                'ram': payload['memory_mb'],
                'disk': payload['root_gb'],
                'ephemeral': payload['ephemeral_gb'],
                'swap': 0,
            },
            created=payload['created_at'].replace('+00:00', 'Z'),
            AZ_availability_zone=payload['availability_zone'] or '',
            ATTR_host=payload['host'],
            STS_vm_state=payload['state'],
        )

    def flavor(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **SMALL,
            'id': payload['instance_flavor_id'],
            'name': payload['instance_type'],
            'vcpus': payload['vcpus'],
            'ram': payload['memory_mb'],
            'disk': payload['root_gb'],
            'OS-FLV-EXT-DATA:ephemeral': payload['ephemeral_gb'],
        }

    def test_no_fact_of_a_recorded_server_differs(self) -> None:
        compared = set()
        for _name, recorded in base.recordings():
            payload = recorded.message['payload']
            for event in base.shipped().decode(recorded.message):
                if (
                    event.resource_type != 'instance'
                    or 'instance_flavor_id' not in payload
                    or event.phase is event_model.Phase.ENDED
                ):
                    continue
                cloud = Nova(self.listed(payload))
                cloud.flavors = [self.flavor(payload)]
                told = dataclasses.asdict(cloud.one())
                for name in ('changed_at', 'ended_at', 'passing', 'resizing'):
                    del told[name]
                self.assertEqual(
                    {name: getattr(event, name) for name in told}, told
                )
                compared.add(event.state)
        self.assertEqual(
            {
                'active',
                'building',
                'error',
                'paused',
                'rescued',
                'resized',
                'shelved',
                'shelved_offloaded',
                'soft-delete',
                'stopped',
                'suspended',
            },
            compared,
        )
