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
"""A real Glance with all that it needs, and what a user does with it."""

import unittest

from keystoneauth1 import session
import requests

from stratometrics.tests.realparts import glance
from stratometrics.tests.realparts import identity
from stratometrics.tests.realparts import keystone
from stratometrics.tests.realparts import rabbitmq


def start(
    case: type[unittest.TestCase],
) -> tuple[rabbitmq.RabbitMQ, keystone.Keystone, glance.Glance]:
    """Start a Glance for the tests of a class.

    :param case: when its tests are over all is stopped.
    :returns: the broker that Glance notifies, its Keystone, and Glance.
    """
    broker, keystone_ = rabbitmq.RabbitMQ(), keystone.Keystone()
    for part in (broker, keystone_):
        case.addClassCleanup(part.close)
        part.launch()
    for part in (broker, keystone_):
        part.wait()
    glance_ = glance.Glance(keystone_.identity, broker.transport_url)
    case.addClassCleanup(glance_.close)
    glance_.start()
    return broker, keystone_, glance_


class Images:
    """Images, as one user sees them.

    :param who: the user.
    """

    def __init__(self, who: session.Session) -> None:
        self._who = who

    def ask(self, method: str, path: str, **more: object) -> requests.Response:
        """Ask Glance; what is refused is raised."""
        where = {'service_type': 'image', 'region_name': identity.REGION}
        return self._who.request(path, method, endpoint_filter=where, **more)

    def upload(self, name: str, data: bytes = b'raw') -> dict:
        """Make an image.

        :returns: what Glance told of it before it had its data.
        """
        image = self.ask(
            'POST',
            '/v2/images',
            json={
                'name': name,
                'disk_format': 'raw',
                'container_format': 'bare',
            },
        ).json()
        self.ask(
            'PUT',
            image['file'],
            data=data,
            headers={'Content-Type': 'application/octet-stream'},
        )
        return image
