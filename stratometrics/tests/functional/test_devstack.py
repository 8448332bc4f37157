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
"""What the DevStack plugin has written is used, and its commands are run.

The plugin runs where stratometrics/tests/devstack stands in for DevStack, with
real programs: openstack, stratometrics-manage, uwsgi and Apache. Keystone,
RabbitMQ and ClickHouse are real. Packages are not installed, and nothing is
run by systemd. Nova is not here: what it would tell comes from a recording.
"""

import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any
from xml.etree import ElementTree

import clickhouse_driver
import fixtures
import kombu
import requests
import testtools

from stratometrics.tests import fixtures as recordings
from stratometrics.tests.devstack import apache
from stratometrics.tests.devstack import harness
from stratometrics.tests.devstack import nova
from stratometrics.tests.quickstart import notifications
from stratometrics.tests.quickstart import today
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import keystone
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process
from stratometrics.tests.realparts import rabbitmq

#: Servers of the recording, and the project that they were in. The first one
#: was never deleted.
SERVER = '3496b580-1d33-482c-9497-3d3683e6c2bb'
DELETED = '007628e1-995f-411c-815a-55c817d98ef6'
PROJECT = '4ada08c586564ca883b7b49d042f9e30'

DATABASE = 'metering'
CLICKHOUSE_PASSWORD = 'of-clickhouse'

LOCALRC = """\
SERVICE_HOST={address}
KEYSTONE_SERVICE_URI={keystone}
SERVICE_PASSWORD={password}
MEMCACHE_SERVERS=
RABBIT_HOST={broker.host}
RABBIT_PORT={broker.port}
RABBIT_USERID={broker.user}
RABBIT_PASSWORD={broker.password}
STRATOMETRICS_CLICKHOUSE_PORT={clickhouse}
STRATOMETRICS_CLICKHOUSE_PASSWORD={clickhouse_password}
STRATOMETRICS_CLICKHOUSE_DATABASE={database}
"""

CLOUDS = """\
clouds:
  devstack-system-admin:
    auth:
      auth_url: {url}
      username: admin
      password: {password}
      user_domain_id: default
      system_scope: all
    region_name: RegionOne
  devstack:
    auth:
      auth_url: {url}
      username: alice
      password: {password}
      user_domain_id: default
      project_name: acme
      project_domain_id: default
    region_name: RegionOne
"""

#: Seconds after which a test gives up waiting.
PATIENCE = 120


class ClickHouse(clickhouse.ClickHouse):
    """With the users that a file of the plugin has, and no other."""

    users_file: pathlib.Path

    def _configure(self) -> None:
        super()._configure()
        [users] = ElementTree.parse(self.users_file).getroot().iter('users')
        (self.data_dir / 'users.xml').write_text(
            clickhouse.USERS.format(
                users=''.join(
                    ElementTree.tostring(user, 'unicode') for user in users
                )
            )
        )


class DevStackTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.keystone = keystone.Keystone()
        self.broker = rabbitmq.RabbitMQ()
        self.clickhouse = ClickHouse(
            user='stratometrics', password=CLICKHOUSE_PASSWORD
        )
        for part in (self.keystone, self.broker, self.clickhouse):
            self.addCleanup(part.close)
        self.keystone.launch()
        self.broker.launch()
        self.port = ports.free_port()
        self.url = f'http://{ports.HOST}:{self.port}/billing'
        self.start_clickhouse()
        self.keystone.wait()
        self.broker.wait()
        self.forget()
        self.machine = self.stack_of('machine')
        self.processes: dict[str, process.Child] = {}
        self.addOnException(self.attach_logs)

    def attach_logs(self, exc_info: Any) -> None:
        for log in self.folder.glob('*.log'):
            self.addDetail(
                log.name, testtools.content.text_content(log.read_text())
            )

    def stack_of(self, name: str, **options: Any) -> harness.Stack:
        folder = self.folder / name
        folder.mkdir()
        programs = {
            name: [sys.executable, '-m', f'stratometrics.cmd.{module}']
            for name, module in (
                ('stratometrics-manage', 'manage'),
                ('stratometrics-collector', 'collector'),
            )
        }
        programs |= {
            name: [str(pathlib.Path(sys.executable).with_name(program))]
            for name, program in (
                ('openstack', 'openstack'),
                ('uwsgi', 'pyuwsgi'),
            )
        }
        clouds = folder / 'clouds.yaml'
        clouds.write_text(
            CLOUDS.format(
                url=self.keystone.url, password=self.keystone.identity.password
            )
        )
        environment = {'OS_CLIENT_CONFIG_FILE': str(clouds)}
        if 'PYTHONPATH' in os.environ:
            environment['PYTHONPATH'] = os.environ['PYTHONPATH']
        localrc = LOCALRC.format(
            address=f'{ports.HOST}:{self.port}',
            keystone=self.keystone.url.removesuffix('/v3'),
            password=self.keystone.identity.password,
            broker=self.broker.address,
            clickhouse=self.clickhouse.port,
            clickhouse_password=CLICKHOUSE_PASSWORD,
            database=DATABASE,
        )
        return harness.Stack(
            folder,
            localrc,
            **{
                'programs': programs,
                'environment': environment,
                **options,
            },
        )

    def start_clickhouse(self) -> None:
        """With the user that the plugin writes before it starts the server."""
        machine = self.stack_of('earlier', programs={}, environment={})
        machine.run('stack')
        self.clickhouse.users_file = (
            machine.root / 'etc/clickhouse-server/users.d/stratometrics.xml'
        )
        self.clickhouse.start()

    def forget(self) -> None:
        """Take away what the plugin has to create."""
        session = self.keystone.identity.session('admin', 'admin')
        for kind in ('service', 'user'):
            url = f'{self.keystone.url}/{kind}s'
            [found] = session.get(
                url, params={'name': 'stratometrics'}
            ).json()[f'{kind}s']
            session.delete(f'{url}/{found["id"]}')

    def start(self) -> None:
        """The services, as systemd would, and the proxy."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        # The package uWSGI comes as here is a module of a Python that runs
        # already: it does not see what the file adds to the environment.
        name, _, value = self.machine.ini(
            'stratometrics/stratometrics-api-uwsgi.ini'
        )['uwsgi']['env'].partition('=')
        environment[name] = value
        for name, command in self.machine.units.items():
            self.processes[name] = process.Child(
                name,
                command.split(),
                self.folder / f'{name}.log',
                environment,
            )
        self.processes['apache'] = apache.Apache(
            self.folder,
            self.machine.root / 'etc/apache2/sites-available',
            self.port,
        )
        for child in self.processes.values():
            child.start()
            self.addCleanup(child.stop)
        self.processes['strato-api'].wait_until(self.is_healthy, PATIENCE)
        self.processes['strato-collector'].wait_until(
            lambda: 'Listening to' in self.log('strato-collector'), PATIENCE
        )

    def is_healthy(self) -> bool:
        try:
            return requests.get(f'{self.url}/healthcheck', timeout=10).ok
        except requests.RequestException:
            return False

    def stop(self) -> None:
        for child in self.processes.values():
            child.stop()

    def log(self, name: str) -> str:
        return (self.folder / f'{name}.log').read_text()

    def get(self, path: str, token: str | None = None, **query: str) -> Any:
        return requests.get(
            self.url + path,
            headers={'X-Auth-Token': token} if token else {},
            params=query,
            timeout=30,
        )

    def publish(self, server: str, *event_types: str) -> None:
        """What Nova said of a server, in a project that is here, now."""
        project = self.keystone.identity.session(
            'alice', 'acme'
        ).get_project_id()
        messages = [
            each.message
            for each in recordings.load('nova')
            if each.message['event_type'] in event_types
            and each.message['payload']['instance_id'] == server
        ]
        self.assertEqual(len(event_types), len(messages))
        seconds = notifications.distance(time.time_ns() // 1000)
        exchange = kombu.Exchange('nova', type='topic', durable=False)
        with kombu.Connection(self.broker.url) as connection:
            producer = kombu.Producer(connection.channel(), exchange)
            for message in messages:
                text = json.dumps(today.moved(message, seconds))
                producer.publish(
                    {
                        'oslo.version': '2.0',
                        'oslo.message': text.replace(PROJECT, project),
                    },
                    routing_key='notifications.info',
                    mandatory=True,
                )

    def test_from_nothing_to_an_answer(self) -> None:
        self.machine.run('stack')
        self.check_catalog()
        self.start()

        self.assertEqual(401, self.get('/v1/instances').status_code)
        for path in ('', '/'):
            [version] = self.get(path).json()['versions']
            self.assertEqual(
                [{'rel': 'self', 'href': f'{self.url}/v1/'}],
                version['links'],
                path,
            )
        token = self.keystone.token('alice', 'acme')
        response = self.get('/v1/instances', token)
        self.assertEqual(200, response.status_code, response.text)
        self.assertEqual([], response.json()['results'])

        self.check_smoke_test()
        self.check_command_line()

        # The collector knows the credentials of [service_credentials].
        said = self.manage('names', 'sync')
        self.assertIn('asked for', said)

        self.stop()
        for name in ('strato-api', 'strato-collector'):
            self.assertNotIn('Traceback', self.log(name))
        self.again()

    def check_smoke_test(self) -> None:
        """With a Nova that only says what was recorded."""
        cloud = nova.Cloud(
            DELETED,
            lambda: self.publish(
                DELETED,
                'compute.instance.create.start',
                'compute.instance.create.end',
            ),
            lambda: self.publish(DELETED, 'compute.instance.delete.end'),
        )
        self.addCleanup(cloud.close)
        for kind in ('compute', 'image'):
            path = {'compute': '/compute/v2.1', 'image': '/image'}[kind]
            self.keystone.identity.point(kind, kind, cloud.url + path)
        ran = self.smoke_test()
        self.assertEqual(
            f'The usage of server {DELETED} grew until it was deleted.\n',
            ran.stdout,
            ran.stderr,
        )
        self.assertEqual(0, ran.returncode)
        self.assertEqual(
            {'imageRef': 'i', 'flavorRef': 'f', 'networks': 'none'},
            {
                name: value
                for name, value in cloud.asked.items()
                if name != 'name'
            },
        )

        self.publish(SERVER, 'compute.instance.create.end')
        ran = self.smoke_test('--server-id', SERVER)
        self.assertEqual(0, ran.returncode, ran.stderr)
        self.assertEqual(f'The usage of server {SERVER} grows.\n', ran.stdout)

        ran = self.smoke_test('--server-id', DELETED, '--timeout=2')
        self.assertEqual(1, ran.returncode, ran.stdout)
        self.assertEqual(
            'smoke test: after 2 seconds not yet: '
            f'the usage of server {DELETED} grows\n',
            ran.stderr,
        )

    def check_command_line(self) -> None:
        """It finds the service in the catalog."""
        openstack = pathlib.Path(sys.executable).with_name('openstack')
        ran = subprocess.run(
            [
                openstack,
                *('billing', 'usage', 'show', 'instance'),
                *('--group-by', 'state', '-f', 'json'),
            ],
            env=os.environ
            | {
                'OS_CLIENT_CONFIG_FILE': f'{self.machine.folder}/clouds.yaml',
                'OS_CLOUD': 'devstack',
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=300,
        )
        states = {each['State'] for each in json.loads(ran.stdout)}
        self.assertIn('active', states)

    def smoke_test(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        environment |= {
            'OS_AUTH_URL': self.keystone.url,
            'OS_USERNAME': 'alice',
            'OS_PASSWORD': self.keystone.identity.password,
            'OS_PROJECT_NAME': 'acme',
            'OS_USER_DOMAIN_ID': 'default',
            'OS_PROJECT_DOMAIN_ID': 'default',
            'OS_REGION_NAME': 'RegionOne',
        }
        script = harness.REPOSITORY / 'devstack/tools/smoke_test.py'
        return subprocess.run(
            [sys.executable, '-W', 'ignore', str(script), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def manage(self, *arguments: str) -> str:
        ran = subprocess.run(
            [
                sys.executable,
                '-m',
                'stratometrics.cmd.manage',
                '--config-file',
                str(self.machine.conf_dir / 'stratometrics.conf'),
                *arguments,
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(0, ran.returncode, ran.stderr)
        return ran.stdout

    def events(self) -> int:
        client = clickhouse_driver.Client(
            host=ports.HOST,
            port=self.clickhouse.port,
            user='stratometrics',
            password=CLICKHOUSE_PASSWORD,
        )
        try:
            [(count,)] = client.execute(
                f'SELECT count() FROM {DATABASE}.events'
            )
        finally:
            client.disconnect()
        return count

    def check_catalog(self) -> None:
        session = self.keystone.identity.session('admin', 'admin')
        [service] = session.get(
            f'{self.keystone.url}/services', params={'type': 'billing'}
        ).json()['services']
        endpoints = session.get(
            f'{self.keystone.url}/endpoints',
            params={'service_id': service['id']},
        ).json()['endpoints']
        self.assertEqual(
            sorted(
                (name, 'RegionOne', self.url)
                for name in ('public', 'internal', 'admin')
            ),
            sorted(
                (each['interface'], each['region'], each['url'])
                for each in endpoints
            ),
        )

    def again(self) -> None:
        """The database is empty after the next stack.sh."""
        self.assertGreater(self.events(), 0)
        self.machine.run('unstack')
        # It takes seconds for each command, and Keystone knows all by now.
        self.machine.only_record('openstack')
        self.machine.run('stack')
        self.assertEqual(0, self.events())
