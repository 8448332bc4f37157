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

import openstack

from stratometrics.reconciler import listing
from stratometrics.reconciler import services
from stratometrics.tests import answers
from stratometrics.tests.unit.answers import base

#: How many of each resource type there were at the end.
LIVING = {
    'instance': 22,
    'volume': 16,
    'snapshot': 2,
    'backup': 1,
    'image': 11,
    'floating-ip': 4,
    'router': 4,
    'network': 7,
    'vpn-service': 2,
    'ipsec-site-connection': 1,
    'load-balancer': 3,
    'share': 6,
    'share-snapshot': 2,
    'zone': 2,
    'node': 5,
    'stack': 3,
}
SERVERS = '/compute/v2.1/servers/detail'
VOLUMES = '/block-storage/v3/volumes/detail'


class AnswersTest(base.AnswersCase):
    def test_the_filters_choose_the_servers_that_nova_chose(self) -> None:
        recorded = answers.load()
        served = answers.Answers(recorded)
        seen = 0
        for answer in recorded['answers']:
            key = answers._list_key(answer['body'])
            path = f'/{answer["service"]}{answer["path"]}'
            if not path.startswith('/compute/v2.1/servers/det') or (
                answer['query'].get('limit') != '1000'
                or 'marker' in answer['query']
            ):
                continue
            everything = answers._union(
                [
                    each
                    for each in served._recorded[path]
                    if each['microversion'] == answer['microversion']
                ],
                key,
            )
            listed = answers._filtered(everything, path, answer['query'])
            self.assertEqual(
                {each['id'] for each in answer['body'][key]},
                {each['id'] for each in listed},
                answer['query'],
            )
            seen += 1
        self.assertLess(10, seen)

    def test_openstacksdk_reads_every_service(self) -> None:
        self.serve()
        cloud = self.cloud()
        for found in (
            cloud.identity.projects(),
            cloud.compute.servers(all_projects=True),
            cloud.compute.flavors(is_public=None),
            cloud.block_storage.volumes(all_projects=True),
            cloud.block_storage.snapshots(all_projects=True),
            cloud.block_storage.backups(all_projects=True),
            cloud.block_storage.types(is_public=None),
            cloud.image.images(),
            cloud.network.ips(),
            cloud.network.routers(),
            cloud.network.ports(),
            cloud.network.vpn_services(),
            cloud.load_balancer.load_balancers(),
            cloud.load_balancer.flavors(),
            cloud.shared_file_system.shares(all_projects=True),
            cloud.dns.zones(all_projects=True),
        ):
            resource = next(iter(found))
            with self.subTest(type(resource).__name__):
                self.assertTrue(resource.id)

    def test_the_reconciler_lists_the_same_in_pages_of_any_size(self) -> None:
        self.serve()
        cloud = self.cloud(system_scope='all')
        for each in services.ALL:
            if each.resource_type not in LIVING:
                continue
            for size in (1000, 2):
                with self.subTest(each.resource_type, size=size):
                    pages = each.living(listing.Inquiry(cloud, size))
                    found = [
                        one.resource_id
                        for page in pages
                        for one in page.observations
                    ]
                    self.assertEqual(
                        LIVING[each.resource_type], len(set(found))
                    )

    def test_pages_are_cut_and_joined(self) -> None:
        served = self.serve()
        cloud = self.cloud()
        for whole, paged, path in (
            (
                cloud.compute.servers(all_projects=True),
                cloud.compute.servers(all_projects=True, limit=4),
                SERVERS,
            ),
            (
                cloud.block_storage.volumes(all_projects=True),
                cloud.block_storage.volumes(all_projects=True, limit=4),
                VOLUMES,
            ),
            (
                cloud.image.images(),
                cloud.image.images(limit=4),
                '/image/v2/images',
            ),
            (
                cloud.network.ports(),
                cloud.network.ports(limit=4),
                '/network/v2.0/ports',
            ),
            (
                cloud.load_balancer.load_balancers(),
                cloud.load_balancer.load_balancers(limit=1),
                '/load-balancer/v2.0/lbaas/loadbalancers',
            ),
            (
                cloud.dns.zones(all_projects=True),
                cloud.dns.zones(all_projects=True, limit=1),
                '/dns/v2/zones',
            ),
        ):
            with self.subTest(path):
                expected = [each.id for each in whole]
                asked = served.requests[f'GET {path}']
                self.assertEqual(expected, [each.id for each in paged])
                self.assertLess(asked + 1, served.requests[f'GET {path}'])

    def test_deleted_servers_come_when_asked_for(self) -> None:
        self.serve()
        compute = self.cloud().compute
        living = {each.id for each in compute.servers(all_projects=True)}
        deleted = {
            each.id: each.status
            for each in compute.servers(all_projects=True, deleted=True)
        }
        self.assertFalse(living & set(deleted))
        self.assertEqual({'DELETED', 'SOFT_DELETED'}, set(deleted.values()))
        later = compute.servers(
            all_projects=True,
            deleted=True,
            changes_since='2026-11-25T10:33:00Z',
        )
        self.assertLess({each.id for each in later}, set(deleted))

    def test_without_asking_for_all_only_the_own_project_is_listed(
        self,
    ) -> None:
        self.serve()
        cloud = self.cloud()
        self.assertEqual([], list(cloud.compute.servers()))
        self.assertEqual([], list(cloud.block_storage.volumes()))
        self.assertEqual([], list(cloud.dns.zones()))

    def test_a_project_can_be_chosen(self) -> None:
        self.serve()
        cloud = self.cloud()
        for listed in (cloud.compute.servers, cloud.block_storage.volumes):
            owners = [each.project_id for each in listed(all_projects=True)]
            mine = [
                each.project_id
                for each in listed(all_projects=True, project_id=owners[0])
            ]
            self.assertEqual([owners[0]] * owners.count(owners[0]), mine)
            self.assertLess(len(mine), len(owners))

    def test_a_single_resource_and_its_actions(self) -> None:
        self.serve()
        cloud = self.cloud()
        server = next(iter(cloud.compute.servers(all_projects=True)))
        self.assertEqual(server.name, cloud.compute.get_server(server).name)
        actions = [
            each.action for each in cloud.compute.server_actions(server)
        ]
        self.assertIn('create', actions)
        volume = next(iter(cloud.block_storage.volumes(all_projects=True)))
        self.assertEqual(
            volume.size, cloud.block_storage.get_volume(volume.id).size
        )
        with self.assertRaises(openstack.exceptions.NotFoundException):
            cloud.block_storage.get_volume('11111111')

    def test_nodes_are_listed_to_the_system(self) -> None:
        self.serve()
        project, system = self.cloud(), self.cloud(system_scope='all')
        self.assertEqual([], list(project.baremetal.nodes(details=True)))
        self.assertLess(3, len(list(system.baremetal.nodes(details=True))))

    def test_stacks_of_all_projects_need_a_policy(self) -> None:
        for forbidden, status in ((False, 200), (True, 403)):
            with self.subTest(forbidden=forbidden):
                self.serve(stacks_are_forbidden=forbidden)
                answer = self.cloud().orchestration.get(
                    '/stacks?global_tenant=True&show_deleted=True',
                    raise_exc=False,
                )
                self.assertEqual(status, answer.status_code)

    def test_other_lists_can_be_given(self) -> None:
        first = next(
            each['body']['volumes'][0]
            for each in answers.load()['answers']
            if each['path'] == '/v3/volumes/detail'
        )
        many = [
            answers.altered(first, id=f'volume-{number}')
            for number in range(2500)
        ]
        served = self.serve(altered={VOLUMES: many})
        storage = self.cloud().block_storage
        found = storage.volumes(all_projects=True, limit=1000)
        self.assertEqual(
            [each['id'] for each in many], [each.id for each in found]
        )
        # openstacksdk asks once more, behind the last page.
        self.assertEqual(4, served.requests[f'GET {VOLUMES}'])
        self.assertEqual('volume-7', storage.get_volume('volume-7').id)
