#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

from clickhouse_driver import errors as driver_errors
from keystoneauth1 import exceptions
import kombu
import requests

from stratometrics.tests.functional import images
from stratometrics.tests.realparts import chdb
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import glance
from stratometrics.tests.realparts import keystone
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import rabbitmq
from stratometrics.tests.realparts import shards

STAND_IN = """\
#!/bin/sh
case "$1 $2" in
'server --version') echo 'ClickHouse server version 26.7.2.1.' ;;
'server --config-file='*)
    echo served > "$(dirname "$0")/log"
    exec '{python}' '{engine}' '{library}' "$2" --query "{listen}" ;;
*) exit 1 ;;
esac
"""

TOOL = (sys.executable, '-m', 'stratometrics.tests.realparts')


class ClickHouseTest(unittest.TestCase):
    def _start(self, *args: object, **kwargs: object) -> clickhouse.ClickHouse:
        server = clickhouse.ClickHouse(*args, **kwargs)
        self.addCleanup(server.close)
        server.start()
        return server

    def _ask(
        self, server: clickhouse.ClickHouse, query: str, **login: str
    ) -> list[tuple]:
        with server.client(**login) as client:
            return client.execute(query)

    def _fill(self, server: clickhouse.ClickHouse) -> None:
        for statement in (
            'CREATE DATABASE billing',
            'CREATE TABLE billing.kept (n Int64) '
            'ENGINE = MergeTree ORDER BY n',
            'INSERT INTO billing.kept SELECT number + 1 FROM numbers(2)',
        ):
            self._ask(server, statement)

    def _sum(self, server: clickhouse.ClickHouse) -> int:
        [[total]] = self._ask(server, 'SELECT sum(n) FROM billing.kept')
        return total

    def test_data_survives_a_restart(self) -> None:
        server = self._start()
        self._fill(server)
        url, pid = server.url, server.pid
        server.restart()
        self.assertEqual(url, server.url)
        self.assertNotEqual(pid, server.pid)
        self.assertEqual(3, self._sum(server))

    def test_data_survives_a_crash(self) -> None:
        server = self._start()
        self._fill(server)
        server.kill()
        self.assertFalse(ports.accepts(server.port))
        server.start()
        self.assertEqual(3, self._sum(server))

    def test_a_given_folder_is_kept_and_used_again(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with clickhouse.ClickHouse(folder) as server:
                self._fill(server)
                url = server.url
            with clickhouse.ClickHouse(folder) as server:
                self.assertEqual(url, server.url)
                self.assertEqual(3, self._sum(server))

    def test_a_temporary_folder_is_removed(self) -> None:
        with clickhouse.ClickHouse() as server:
            self.assertTrue(server.data_dir.is_dir())
        self.assertFalse(server.data_dir.exists())

    def test_several_run_side_by_side(self) -> None:
        one, other = self._start(), self._start()
        self._fill(one)
        self.assertIn(('billing',), self._ask(one, 'SHOW DATABASES'))
        self.assertNotIn(('billing',), self._ask(other, 'SHOW DATABASES'))

    def test_two_make_a_cluster(self) -> None:
        with shards.Shards() as cluster:
            for node in cluster.nodes:
                self._fill(node)
            self._ask(
                cluster.nodes[0],
                'CREATE TABLE billing.everything AS billing.kept '
                f'ENGINE = Distributed({shards.NAME}, billing, kept, n)',
            )
            self.assertEqual(
                [(6,)],
                self._ask(
                    cluster.nodes[0], 'SELECT sum(n) FROM billing.everything'
                ),
            )

    def test_a_wrong_password_is_refused(self) -> None:
        server = self._start()
        # It may close the connection before its answer is read.
        refused = 'Authentication failed|reset by peer'
        for user, password in ((server.user, 'wrong'), ('nobody', '')):
            with (
                self.subTest(user),
                self.assertRaisesRegex(driver_errors.Error, refused),
            ):
                self._ask(server, 'SELECT 1', user=user, password=password)

    def test_a_user_may_do_what_is_granted(self) -> None:
        grants = ('GRANT SELECT ON billing.*',)
        server = self._start(users=[clickhouse.User('reader', 'pw', grants)])
        self._fill(server)
        login = {'user': 'reader', 'password': 'pw'}
        self.assertEqual(
            [(2,)],
            self._ask(server, 'SELECT count() FROM billing.kept', **login),
        )
        with self.assertRaisesRegex(
            driver_errors.ServerException, 'Not enough privileges'
        ):
            self._ask(server, 'DROP TABLE billing.kept', **login)

    def test_the_user_without_a_password_can_read_nothing(self) -> None:
        server = self._start()
        self._fill(server)
        login = {'user': 'default', 'password': ''}
        with self.assertRaisesRegex(
            driver_errors.ServerException, 'Not enough privileges'
        ):
            self._ask(server, 'SELECT count() FROM billing.kept', **login)

    def test_memory_is_limited(self) -> None:
        server = self._start(memory=1 << 30)
        with self.assertRaisesRegex(
            driver_errors.ServerException, '(?i)memory limit'
        ):
            self._ask(
                server,
                'SELECT length(groupArray(number)) FROM numbers(1000000000)',
            )

    def test_an_installed_program_is_preferred(self) -> None:
        # The packaged engine stands in for it behind a server's arguments.
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, 'clickhouse')
            program.write_text(
                STAND_IN.format(
                    python=sys.executable,
                    engine=clickhouse.ENGINE,
                    library=chdb.library(),
                    listen=clickhouse.LISTEN,
                )
            )
            program.chmod(0o755)
            path = f'{folder}:{os.environ["PATH"]}'
            with mock.patch.dict(os.environ, PATH=path):
                server = self._start()
            self._fill(server)
            server.stop()
            self.assertEqual(
                'served\n', pathlib.Path(folder, 'log').read_text()
            )

    def test_a_taken_port_is_named(self) -> None:
        port = self._start().port
        second = clickhouse.ClickHouse(port=port)
        self.addCleanup(second.close)
        with self.assertRaisesRegex(
            errors.PartError, f'{port}: the port is taken'
        ):
            second.start()

    def test_a_folder_in_use_is_named(self) -> None:
        first = self._start()
        second = clickhouse.ClickHouse(first.data_dir)
        with self.assertRaisesRegex(errors.PartError, 'is in use already'):
            second.start()
        self.assertEqual([(1,)], self._ask(first, 'SELECT 1'))


class RabbitMQTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.broker = rabbitmq.RabbitMQ()
        cls.addClassCleanup(cls.broker.close)
        cls.broker.start()

    def _publish(self, body: str) -> None:
        # Only a confirmed message is sure to be on disk.
        with kombu.Connection(
            self.broker.url, transport_options={'confirm_publish': True}
        ) as connection:
            queue = kombu.Queue('kept', kombu.Exchange('kept'), 'kept')
            connection.Producer().publish(
                body,
                exchange=queue.exchange,
                routing_key='kept',
                declare=[queue],
                delivery_mode='persistent',
            )

    def _consume(self) -> str:
        with kombu.Connection(self.broker.url) as connection:
            queue = kombu.Queue('kept', kombu.Exchange('kept'), 'kept')
            consumed = queue(connection.channel()).get(no_ack=True)
            return consumed.payload

    def test_a_message_survives_restart_and_crash(self) -> None:
        url = self.broker.url
        self._publish('restart')
        self.broker.restart()
        self.assertEqual(url, self.broker.url)
        self.assertEqual('restart', self._consume())
        self._publish('crash')
        self.broker.kill()
        self.assertFalse(ports.accepts(self.broker.port))
        self.broker.start()
        self.assertEqual('crash', self._consume())

    def test_it_is_administered_beside_another_one(self) -> None:
        with rabbitmq.RabbitMQ(user='other', password='p@ss/:') as other:
            self.broker.rabbitmqctl(
                'set_policy',
                '--apply-to',
                'queues',
                'dead',
                '.*',
                '{"dead-letter-exchange": "dead"}',
            )
            self.assertIn('dead', self.broker.rabbitmqctl('list_policies'))
            self.assertNotIn('dead', other.rabbitmqctl('list_policies'))
            with kombu.Connection(other.url) as connection:
                connection.connect()
            with self.assertRaisesRegex(
                errors.PartError, 'cannot run rabbitmqctl dance'
            ):
                other.rabbitmqctl('dance')

    def test_a_wrong_password_is_refused(self) -> None:
        wrong = dataclasses.replace(self.broker.address, password='wrong')
        with self.assertRaisesRegex(errors.PartError, 'refuses user strato'):
            rabbitmq.RabbitMQ.answers(wrong)


class KeystoneTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.keystone = keystone.Keystone(
            billing_url='http://billing:80/x', token_expiration=4
        )
        cls.addClassCleanup(cls.keystone.close)
        cls.keystone.start()

    def _look_at(self, token: str) -> dict:
        service = self.keystone.identity.session('stratometrics', 'service')
        return service.get(
            f'{self.keystone.url}/auth/tokens',
            headers={'X-Subject-Token': token},
        ).json()['token']

    def test_tokens_carry_project_and_roles(self) -> None:
        for user, project, roles in (
            ('alice', 'acme', {'member', 'reader'}),
            ('bob', 'globex', {'reader'}),
            ('billing', 'service', {'service'}),
            ('stratometrics', 'service', {'service'}),
        ):
            with self.subTest(user):
                seen = self._look_at(self.keystone.token(user, project))
                self.assertEqual(user, seen['user']['name'])
                self.assertEqual(project, seen['project']['name'])
                self.assertEqual(
                    roles, {role['name'] for role in seen['roles']}
                )

    def test_the_administrator_is_one(self) -> None:
        seen = self._look_at(self.keystone.token('admin', 'admin'))
        self.assertIn('admin', {role['name'] for role in seen['roles']})

    def test_one_without_roles_gets_only_an_unscoped_token(self) -> None:
        seen = self._look_at(self.keystone.token('eve'))
        self.assertNotIn('project', seen)
        with self.assertRaises(exceptions.Unauthorized):
            self.keystone.token('eve', 'acme')

    def test_a_project_of_others_is_closed(self) -> None:
        with self.assertRaises(exceptions.Unauthorized):
            self.keystone.token('bob', 'acme')

    def test_a_wrong_password_is_refused(self) -> None:
        with self.assertRaises(exceptions.Unauthorized):
            self.keystone.identity.token('alice', 'acme', password='wrong')

    def test_the_catalog_names_the_services(self) -> None:
        alice = self.keystone.identity.session('alice', 'acme')
        for kind, url in (
            ('billing', 'http://billing:80/x'),
            ('identity', self.keystone.url),
        ):
            self.assertEqual(
                url,
                alice.get_endpoint(service_type=kind, region_name='RegionOne'),
            )

    def test_a_token_expires(self) -> None:
        token = self.keystone.token('alice', 'acme')
        self._look_at(token)
        deadline = time.monotonic() + 20
        with self.assertRaises(exceptions.NotFound):
            while time.monotonic() < deadline:
                self._look_at(token)
                time.sleep(0.2)

    def test_a_token_survives_a_restart(self) -> None:
        with keystone.Keystone() as server:
            token = server.token('alice', 'acme')
            server.kill()
            server.start()
            service = server.identity.session('stratometrics', 'service')
            answer = service.get(
                f'{server.url}/auth/tokens', headers={'X-Subject-Token': token}
            )
        self.assertEqual(200, answer.status_code)


class GlanceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.broker, cls.keystone, cls.glance = images.start(cls)
        cls.alice = cls.keystone.identity.session('alice', 'acme')
        cls.images = images.Images(cls.alice)

    def _names(self, user: str, project: str) -> set[str]:
        who = self.keystone.identity.session(user, project)
        answer = images.Images(who).ask('GET', '/v2/images').json()
        return {image['name'] for image in answer['images']}

    def _hear(self, event_type: str, image: dict) -> dict:
        """Take notifications until the one of an image that is meant."""
        deadline = time.monotonic() + 30
        with kombu.Connection(self.broker.url) as connection:
            queue = kombu.Queue('notifications.info')(connection.channel())
            while time.monotonic() < deadline:
                message = queue.get(no_ack=True)
                if not message:
                    time.sleep(0.05)
                    continue
                body = json.loads(message.body)
                said = json.loads(body['oslo.message'])
                if (said['event_type'], said['payload'].get('id')) == (
                    event_type,
                    image['id'],
                ):
                    return said
        raise AssertionError(f'no {event_type} of {image["name"]} has come')

    def test_an_administrator_lists_the_images_of_other_projects(self) -> None:
        self.images.upload('listed')
        self.assertIn('listed', self._names('reconciler', 'service'))
        self.assertIn('listed', self._names('alice', 'acme'))
        self.assertNotIn('listed', self._names('bob', 'globex'))

    def test_without_a_token_nothing_is_shown(self) -> None:
        answer = requests.get(f'{self.glance.url}v2/images', timeout=10)
        self.assertEqual(401, answer.status_code)

    def test_the_broker_hears_of_an_image(self) -> None:
        image = self.images.upload('heard of')
        said = self._hear('image.upload', image)['payload']
        self.assertEqual((image['owner'], 3), (said['owner'], said['size']))
        self.assertEqual(self.alice.get_project_id(), image['owner'])

    def test_an_image_survives_a_restart(self) -> None:
        image = self.images.upload('kept')
        self.glance.kill()
        self.glance.start()
        answer = self.images.ask('GET', image['file'])
        self.assertEqual(b'raw', answer.content)

    def test_one_that_does_not_come_up_says_why(self) -> None:
        wrong = glance.Glance(self.keystone.identity, 'pigeon://')
        self.addCleanup(wrong.close)
        with self.assertRaisesRegex(errors.PartError, 'pigeon'):
            wrong.start()


class CommandLineTest(unittest.TestCase):
    def _environ(self) -> dict[str, str]:
        # These tests may themselves run under the tool.
        return {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('STRATO_')
        }

    def test_a_command_finds_the_parts_and_its_status_is_kept(self) -> None:
        script = (
            'import os, clickhouse_driver; '
            'url = os.environ["STRATO_CLICKHOUSE_URL"]; '
            'client = clickhouse_driver.Client.from_url(url); '
            'print(client.execute("SELECT 6 * 7")[0][0]); '
            'raise SystemExit(9)'
        )
        done = subprocess.run(
            [
                *TOOL,
                'run',
                '--only',
                'clickhouse',
                '--',
                sys.executable,
                '-c',
                script,
            ],
            env=self._environ(),
            capture_output=True,
            text=True,
        )
        self.assertEqual((9, '42\n'), (done.returncode, done.stdout))

    def test_a_part_that_runs_already_is_used(self) -> None:
        with clickhouse.ClickHouse() as server:
            done = subprocess.run(
                [
                    *TOOL,
                    'run',
                    '--only',
                    'clickhouse',
                    '--',
                    'sh',
                    '-c',
                    'echo $STRATO_CLICKHOUSE_URL',
                ],
                capture_output=True,
                text=True,
                env={**self._environ(), **server.environment},
            )
            self.assertEqual(f'{server.url}\n', done.stdout)
            server.check()

    def test_a_refused_password_is_one_line(self) -> None:
        with clickhouse.ClickHouse() as server:
            url = server.url.replace(server.password, 'wrong')
            done = subprocess.run(
                [*TOOL, 'run', '--only', 'clickhouse', '--', 'true'],
                capture_output=True,
                text=True,
                env={**self._environ(), 'STRATO_CLICKHOUSE_URL': url},
            )
        self.assertEqual(1, done.returncode)
        self.assertEqual(
            f'realparts: clickhouse at 127.0.0.1:{server.port} refuses user '
            'strato\n',
            done.stderr,
        )

    def test_signals_end_everything(self) -> None:
        for number, action, status in (
            (signal.SIGTERM, ['up'], 0),
            (signal.SIGINT, ['up'], 0),
            (signal.SIGTERM, ['run', '--', 'sleep', '100'], 143),
        ):
            with (
                self.subTest(number=number, action=action[0]),
                tempfile.TemporaryDirectory() as folder,
            ):
                command = [
                    *TOOL,
                    action[0],
                    '--only',
                    'clickhouse',
                    '--data',
                    folder,
                    *action[1:],
                ]
                with subprocess.Popen(
                    command,
                    env=self._environ(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                ) as tool:
                    self.assertIn('clickhouse is at', tool.stderr.readline())
                    port = pathlib.Path(folder, 'clickhouse', 'port')
                    self.assertTrue(ports.accepts(int(port.read_text())))
                    tool.send_signal(number)
                    tool.stderr.read()
                self.assertEqual(status, tool.returncode)
                self.assertFalse(ports.accepts(int(port.read_text())))
