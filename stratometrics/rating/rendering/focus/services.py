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
"""Which service of a cloud a resource type is of, in the words of FOCUS."""

from typing import NamedTuple


class Service(NamedTuple):
    """An offering.

    :param name: such as those who run clouds call it.
    :param category: one of those that FOCUS allows.
    :param subcategory: one of those that FOCUS allows below the category.
    """

    name: str
    category: str
    subcategory: str


#: What is no usage of a service.
ROUNDING = Service('Rounding', 'Other', 'Other (Other)')

_BLOCK_STORAGE = Service('Block Storage', 'Storage', 'Block Storage')
_FILE_STORAGE = Service('Shared File Systems', 'Storage', 'File Storage')
_NETWORKING = Service('Networking', 'Networking', 'Network Connectivity')
_OBJECT_STORAGE = Service('Object Storage', 'Storage', 'Object Storage')

_SERVICES = {
    'backup': Service('Backup', 'Storage', 'Backup Storage'),
    'cluster': Service('Container Infrastructure', 'Compute', 'Containers'),
    'database-instance': Service('Database', 'Databases', 'Other (Databases)'),
    'floating-ip': _NETWORKING,
    'image': Service('Image', 'Storage', 'Other (Storage)'),
    'instance': Service('Compute', 'Compute', 'Virtual Machines'),
    'ipsec-site-connection': _NETWORKING,
    'load-balancer': Service(
        'Load Balancing', 'Networking', 'Application Networking'
    ),
    'network': _NETWORKING,
    'node': Service('Bare Metal', 'Compute', 'Other (Compute)'),
    'object-account': _OBJECT_STORAGE,
    'object-request': _OBJECT_STORAGE,
    'port': _NETWORKING,
    'router': _NETWORKING,
    'share': _FILE_STORAGE,
    'share-snapshot': _FILE_STORAGE,
    'snapshot': _BLOCK_STORAGE,
    'stack': Service(
        'Orchestration',
        'Management and Governance',
        'Other (Management and Governance)',
    ),
    'volume': _BLOCK_STORAGE,
    'vpn-service': _NETWORKING,
    'zone': Service('DNS', 'Networking', 'Other (Networking)'),
}


def service(resource_type: str) -> Service:
    """The service of a resource type.

    One that comes from a definition of the operator's own is a service by
    itself, of no category.
    """
    return _SERVICES.get(
        resource_type, Service(resource_type, 'Other', 'Other (Other)')
    )
