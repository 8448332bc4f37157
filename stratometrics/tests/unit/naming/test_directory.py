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
"""What is made of the answers of services.

The services are mocks of what the SDK really has. The functional tests ask a
real Keystone.
"""

import types
from unittest import mock

from keystoneauth1 import exceptions as keystone_exceptions
from openstack import connection
from openstack import exceptions as sdk_exceptions
import testtools

from stratometrics import cloud
from stratometrics.model import names
from stratometrics.naming import directory

#: By kind: the service, and how it is asked for one and for all.
ASKED = {
    names.PROJECT: ('identity', 'get_project', 'projects'),
    names.DOMAIN: ('identity', 'get_domain', 'domains'),
    names.USER: ('identity', 'get_user', None),
    names.CLUSTER_TEMPLATE: (
        'container_infrastructure_management',
        'get_cluster_template',
        None,
    ),
    names.FLAVOR: ('compute', 'get_flavor', None),
    names.NETWORK_FLAVOR: ('network', 'get_flavor', None),
    names.SHARE_TYPE: ('shared_file_system', 'get_share_type', None),
    names.VOLUME_TYPE: ('block_storage', 'get_type', None),
}


class DirectoryTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = mock.Mock(spec=['endpoint_for'])
        for service, *_ in ASKED.values():
            versions = getattr(
                connection.Connection, service
            ).supported_versions
            setattr(
                self.cloud,
                service,
                mock.create_autospec(versions[max(versions)], instance=True),
            )
        self.directory = directory.Directory(self.cloud)

    def method(self, kind, position=1):
        service = getattr(self.cloud, ASKED[kind][0])
        return getattr(service, ASKED[kind][position])

    def test_every_kind_can_be_asked_for(self):
        self.assertEqual(set(names.KINDS), set(ASKED))
        for kind in names.KINDS:
            with self.subTest(kind):
                self.method(kind).return_value = types.SimpleNamespace(
                    id='i1', name='called', domain_id='d1'
                )
                owned = kind in (names.PROJECT, names.USER)
                self.assertEqual(
                    names.Name(
                        kind=kind,
                        id='i1',
                        name='called',
                        parent_id='d1' if owned else '',
                    ),
                    self.directory.find(kind, 'i1'),
                )
                self.assertEqual('i1', self.method(kind).call_args.args[0])

    def test_what_is_not_found(self):
        for kind in names.KINDS:
            self.method(kind).side_effect = sdk_exceptions.NotFoundException(
                'no'
            )
        for kind in (names.PROJECT, names.DOMAIN, names.USER):
            self.assertEqual(
                names.Name(kind=kind, id='i1', found=False),
                self.directory.find(kind, 'i1'),
            )
        # It may be one of another region.
        for kind in names.ATTRIBUTE_KINDS:
            self.assertIsNone(self.directory.find(kind, 'i1'))

    def test_failures(self):
        for raised in (
            keystone_exceptions.ConnectFailure('no'),
            keystone_exceptions.Unauthorized('no'),
            sdk_exceptions.ForbiddenException('no'),
        ):
            self.method(names.USER).side_effect = raised
            self.method(names.PROJECT, 2).side_effect = raised
            self.assert_raises(cloud.CloudError)
        # There may be no catalog at all.
        self.cloud.endpoint_for.side_effect = raised
        self.assert_raises(cloud.CloudError)

    def test_a_list_that_is_not_there(self):
        """The endpoint in the catalog is a wrong one."""
        self.method(
            names.PROJECT, 2
        ).side_effect = sdk_exceptions.NotFoundException('no')
        self.assertRaises(
            cloud.CloudError, self.directory.listed, names.PROJECT
        )

    def test_a_service_that_is_not_there(self):
        self.cloud.endpoint_for.return_value = None
        self.assertRaises(
            directory.NotOffered, self.directory.find, names.FLAVOR, 'f1'
        )
        self.cloud.endpoint_for.assert_called_with('compute')

    def test_no_cloud_is_without_keystone(self):
        self.cloud.endpoint_for.return_value = None
        self.assert_raises(cloud.CloudError)
        self.cloud.endpoint_for.assert_called_with('identity')

    def assert_raises(self, expected):
        self.assertRaises(expected, self.directory.find, names.USER, 'u1')
        self.assertRaises(expected, self.directory.listed, names.PROJECT)

    def test_no_odd_id_gets_into_a_path(self):
        for odd in ('', '..', '.', 'a/b', 'a?b', 'a#b', 'a%2fb', 'a b', 'a\n'):
            self.assertIsNone(self.directory.find(names.PROJECT, odd))
        self.method(names.PROJECT).assert_not_called()

    def test_what_is_listed(self):
        for kind in (names.PROJECT, names.DOMAIN):
            self.method(kind, 2).return_value = iter(
                [types.SimpleNamespace(id='i1', name='a', domain_id='d1')]
            )
            [(id_, name)] = self.directory.listed(kind).items()
            self.assertEqual(('i1', 'i1', 'a'), (id_, name.id, name.name))
        self.assertEqual({}, self.directory.listed(names.USER))

    def test_what_is_no_answer_is_no_name(self):
        """What is known by now is kept, and neighbours are not harmed."""
        for told in (
            None,
            {},
            types.SimpleNamespace(id='i1', name=None, domain_id='d1'),
            types.SimpleNamespace(id='i1', name=5, domain_id='d1'),
            types.SimpleNamespace(id='i1', name='\ud800', domain_id='d1'),
            types.SimpleNamespace(id='i1', name='a', domain_id=['d1']),
            types.SimpleNamespace(id='i2', name='a', domain_id='d1'),
        ):
            with self.subTest(told):
                self.method(names.USER).return_value = told
                if told is None:
                    self.method(names.USER).side_effect = TypeError('null')
                self.assertRaises(
                    cloud.CloudError, self.directory.find, names.USER, 'i1'
                )
                self.method(names.USER).side_effect = None
