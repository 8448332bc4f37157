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
"""Does usage follow a server that is created and deleted?

It asks as the user that OS_CLOUD names, or OS_USERNAME and so on. The last
line says that all is well; whatever is not is told on standard error, and the
exit status is 1.
"""

import argparse
from collections.abc import Callable, Iterator
import contextlib
import decimal
import sys
import time
from typing import Any

from keystoneauth1 import exceptions as keystone_exceptions
import openstack
from openstack import connection
from openstack import exceptions

#: Nova does without a network from this version of its API on.
NO_NETWORK = '2.37'


class Failed(Exception):
    """Usage is not as it should be; the text says how."""


def usage(cloud: connection.Connection, server_id: str) -> decimal.Decimal:
    """The seconds that a server is billed for in this month.

    :param cloud: whose user may see the server's project.
    :param server_id: the server.
    :returns: 0 if it is not known.
    """
    answer = cloud.session.get(
        '/v1/instances',
        params={'resource_id': server_id},
        endpoint_filter={
            'service_type': 'billing',
            'interface': 'public',
            'region_name': cloud.config.get_region_name(),
        },
    )
    return sum(
        (decimal.Decimal(each['usage']) for each in answer.json()['results']),
        decimal.Decimal(),
    )


def wait_until(so: Callable[[], Any], what: str, seconds: float) -> None:
    """Ask again and again.

    :raises Failed: it is not so after that time.
    """
    deadline = time.monotonic() + seconds
    while not so():
        if time.monotonic() > deadline:
            raise Failed(f'after {seconds:.0f} seconds not yet: {what}')
        time.sleep(1)


@contextlib.contextmanager
def server(
    cloud: connection.Connection, flavor: str, seconds: float
) -> Iterator[str]:
    """A server for as long as the context lasts.

    :returns: its id.
    :raises Failed: there is no image to make it of.
    """
    image = next(cloud.image.images(status='active'), None)
    if image is None:
        raise Failed('Glance has no active image')
    cloud.compute.default_microversion = NO_NETWORK
    created = cloud.compute.create_server(
        name='stratometrics-smoke-test',
        image_id=image.id,
        flavor_id=cloud.compute.find_flavor(flavor, ignore_missing=False).id,
        networks='none',
    )
    try:
        cloud.compute.wait_for_server(created, wait=seconds)
        yield created.id
    finally:
        cloud.compute.delete_server(created)
        cloud.compute.wait_for_delete(created, wait=seconds)


def look_for(
    cloud: connection.Connection, server_id: str, seconds: float
) -> None:
    """See that a server's usage is there and grows."""
    wait_until(
        lambda: usage(cloud, server_id) > 0,
        f'server {server_id} has usage',
        seconds,
    )
    before = usage(cloud, server_id)
    wait_until(
        lambda: usage(cloud, server_id) > before,
        f'the usage of server {server_id} grows',
        seconds,
    )


def stands_still(cloud: connection.Connection, server_id: str) -> bool:
    """Whether usage is the same two seconds later."""
    before = usage(cloud, server_id)
    time.sleep(2)
    return usage(cloud, server_id) == before


def main() -> int:
    """Run the test.

    :returns: the exit status.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--server-id', help='only look for this one, which runs already'
    )
    parser.add_argument('--flavor', default='m1.tiny')
    parser.add_argument('--timeout', type=float, default=180)
    options = parser.parse_args()
    try:
        cloud = openstack.connect()
        if options.server_id:
            look_for(cloud, options.server_id, options.timeout)
            print(f'The usage of server {options.server_id} grows.')
            return 0
        with server(cloud, options.flavor, options.timeout) as server_id:
            look_for(cloud, server_id, options.timeout)
        wait_until(
            lambda: stands_still(cloud, server_id),
            f'the usage of the deleted server {server_id} stands still',
            options.timeout,
        )
    except (
        Failed,
        exceptions.SDKException,
        keystone_exceptions.ClientException,
    ) as error:
        print(f'smoke test: {error}', file=sys.stderr)
        return 1
    print(f'The usage of server {server_id} grew until it was deleted.')
    return 0


if __name__ == '__main__':
    sys.exit(main())
