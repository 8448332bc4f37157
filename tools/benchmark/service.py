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
"""The API as it is deployed: a process of its own, behind Keystone."""

from collections.abc import Iterator
import contextlib
import sys
from typing import Any

from benchmark import servers as servers_module
from stratometrics.tests.realparts import identity
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process

#: Seconds that it gets to start.
_PATIENCE = 60


def identity_of(servers: servers_module.Servers) -> identity.Identity:
    """What gives tokens out."""
    where = servers.keystone
    return identity.Identity.from_environment() or identity.Identity(where.url)


@contextlib.contextmanager
def running(
    servers: servers_module.Servers, name: str, **options: Any
) -> Iterator[int]:
    """A running stratometrics-api, by its port.

    :param name: of its files.
    :param options: of the group ``[api]``; all others are as by default.
    """
    keystone = identity_of(servers)
    port = ports.free_port()
    config = servers.configure(
        name,
        DEFAULT={'log_options': False},
        api={'bind_port': port, **options},
        keystone_authtoken={
            'auth_type': 'password',
            'auth_url': keystone.url,
            'www_authenticate_uri': keystone.url,
            'username': 'stratometrics',
            'password': keystone.password,
            'user_domain_id': 'default',
            'project_name': 'service',
            'project_domain_id': 'default',
        },
    )
    api = process.Child(
        'stratometrics-api',
        [
            sys.executable,
            '-m',
            'stratometrics.cmd.api',
            '--config-file',
            str(config),
        ],
        servers.folder / f'{name}.log',
    )
    try:
        api.start()
        api.wait_until(lambda: ports.accepts(port), _PATIENCE)
        yield port
    finally:
        api.stop()
