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

"""All that runs: the real parts, the collector and the API."""

from collections.abc import Iterator, Mapping
import contextlib
import os
import pathlib
import sys
import time

import requests

from stratometrics.tests.realparts import choice
from stratometrics.tests.realparts import given
from stratometrics.tests.realparts import identity
from stratometrics.tests.realparts import part
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process

CONFIG = """\
[DEFAULT]
transport_url = {transport_url}

[clickhouse]
hosts = {clickhouse.host}
port = {clickhouse.port}
user = {clickhouse.user}
password = {clickhouse.password}
database = {database}

[collector]
targets = {targets}
batch_timeout = 0.2
region_name = {region}

[api]
bind_host = {host}
bind_port = {port}
# Whoever is told that all is stored may ask at once.
settling_time = 0

[keystone_authtoken]
auth_type = password
auth_url = {keystone_url}
www_authenticate_uri = {keystone_url}
username = stratometrics
password = {keystone_password}
user_domain_id = default
project_name = service
project_domain_id = default
region_name = {region}
"""

TARGETS = (
    'nova:notifications',
    'nova:versioned_notifications',
    'openstack:notifications',
    'neutron:notifications',
    'glance:notifications',
    'keystone:notifications',
)

#: Seconds that a service may take to start.
PATIENCE = 60


class Services:
    """The parts and services of one run, each a process of its own.

    :param folder: where their data, configuration and logs are.
    :param port: where the API listens.
    :param database: the name of the database in ClickHouse.
    """

    def __init__(self, folder: pathlib.Path, port: int, database: str) -> None:
        self.folder = folder
        self.url = f'http://{ports.HOST}:{port}'
        self.config_file = folder / 'stratometrics.conf'
        self.parts: dict[str, part.Part | given.Given] = {}
        self._port = port
        self._database = database
        self.collector = self._service('collector')
        self.api = self._service('api')

    def _service(self, name: str) -> process.Child:
        return process.Child(
            f'stratometrics-{name}',
            self._command(name),
            self.log(f'stratometrics-{name}'),
        )

    def _command(self, name: str, *arguments: str) -> list[str]:
        return [
            sys.executable,
            '-m',
            f'stratometrics.cmd.{name}',
            f'--config-file={self.config_file}',
            *arguments,
        ]

    def log(self, name: str) -> pathlib.Path:
        """The file that a service logs to."""
        return self.folder / f'{name}.log'

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that tell where the parts are."""
        return {
            name: value
            for each in self.parts.values()
            for name, value in each.environment.items()
        }

    @property
    def identities(self) -> identity.Identity:
        """The users in Keystone."""
        return identity.Identity(
            self.parts['keystone'].address.url,
            self.environment[identity.PASSWORD_VARIABLE],
        )

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Start everything; stop it at the end.

        :raises: PartError if something does not start.
        """
        ports.require_free(self._port, 'stratometrics-api')
        with contextlib.ExitStack() as stack:
            for name in choice.PARTS:
                each = choice.choose(name, self.folder, os.environ)
                stack.callback(each.close)
                self.parts[name] = each
            for each in self.parts.values():
                each.launch()
            for each in self.parts.values():
                each.wait()
            self.identities.point_billing(self.url)
            self._configure()
            process.run(
                self._command('manage', 'db', 'sync'), 'make the database'
            )
            for service in (self.collector, self.api):
                stack.callback(service.stop)
                service.start()
            self.api.wait_until(self._healthy, PATIENCE)
            yield

    def check(self) -> None:
        """Fail if something has ended by itself.

        :raises: PartError with the end of its log.
        """
        for each in (*self.parts.values(), self.collector, self.api):
            each.check()

    def stay(self) -> None:
        """Stay until something ends by itself.

        :raises: PartError with the end of its log.
        """
        while True:
            self.check()
            time.sleep(0.5)

    def _configure(self) -> None:
        text = CONFIG.format(
            transport_url=self.environment['STRATO_TRANSPORT_URL'],
            clickhouse=self.parts['clickhouse'].address,
            database=self._database,
            targets=', '.join(TARGETS),
            host=ports.HOST,
            port=self._port,
            keystone_url=self.identities.url,
            keystone_password=self.identities.password,
            region=identity.REGION,
        )
        self.config_file.touch(mode=0o600)
        # A single dollar sign would refer to another option.
        self.config_file.write_text(text.replace('$', '$$'))

    def _healthy(self) -> bool:
        try:
            return requests.get(f'{self.url}/healthcheck', timeout=10).ok
        except requests.ConnectionError:
            return False


def fetch() -> None:
    """Bring into the cache what the parts need.

    :raises: PartError if that is impossible.
    """
    for kind in choice.PARTS.values():
        if not os.environ.get(kind.variable):
            kind.fetch()
