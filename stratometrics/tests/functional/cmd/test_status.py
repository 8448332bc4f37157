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
"""stratometrics-status, as an operator runs it."""

import dataclasses
import itertools
import json
import socket
import subprocess
import time
import uuid

import kombu

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base
from stratometrics.tests.functional.cmd import test_manage

SUCCESS, WARNING, FAILURE = range(3)

_DAY = 86_400 * timestamps.MICROSECONDS
_NUMBERS = itertools.count(1)


class StatusTestCase(test_manage.CommandTestCase):
    """A broker in which the exchanges and queues of all targets exist."""

    def setUp(self) -> None:
        super().setUp()
        self.broker = base.address('rabbitmq')
        name = uuid.uuid4().hex[:8]
        self.exchange, self.topic = f'nova-{name}', f'notifications-{name}'
        self.configure('DEFAULT', transport_url=self.transport_url())
        self.configure(
            'collector',
            targets=f'{self.exchange}:{self.topic}',
            priorities='info',
        )

    def transport_url(self, **facts: object) -> str:
        return dataclasses.replace(self.broker, scheme='rabbit', **facts).url

    def configure(self, group: str, **options: object) -> None:
        with self.file.open('a') as file:
            file.write(f'[{group}]\n')
            for name, value in options.items():
                file.write(f'{name} = {value}\n')

    def declare(self) -> None:
        with kombu.Connection(self.broker.url) as connection:
            exchange = kombu.Exchange(self.exchange, 'topic', durable=False)
            queue = kombu.Queue(
                f'{self.topic}.info', exchange, durable=False, expires=600
            )
            queue(connection.channel()).declare()

    def status(self) -> subprocess.CompletedProcess:
        return self.check('--json')

    def results(self) -> dict[str, tuple[int, str]]:
        """What each check says; the exit status is that of the worst."""
        done = self.status()
        self.assertEqual('', done.stderr)
        found = {
            each['check']: (each['result'], each['details'] or '')
            for each in json.loads(done.stdout)['checks']
        }
        self.assertEqual(
            max(code for code, _ in found.values()), done.returncode
        )
        return found

    def assert_result(self, check: str, code: int, *words: str) -> None:
        found, details = self.results()[check]
        self.assertEqual(code, found, details)
        for word in words:
            self.assertIn(word, details)

    def store_image(self, age: int) -> None:
        received_at = timestamps.now() - age
        event = event_model.Event(
            resource_type='image',
            resource_id='i',
            event_time=received_at,
            message_id=f'm{next(_NUMBERS)}',
            rank=event_model.RANK_EVENT,
            phase=event_model.Phase.BILLED,
            state='active',
            project_id='p',
            event_type='image.activate',
            region='RegionOne',
        )
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        storage.write_events([event], received_at)


class StatusTest(StatusTestCase):
    def test_all_is_well(self) -> None:
        self.manage('db', 'sync')
        self.declare()
        self.store_image(age=1)
        results = self.results()
        self.assertEqual(
            [
                'ClickHouse',
                'Schema',
                'Resource definitions',
                'Policies',
                'Exchanges and topics',
                'Emitters',
            ],
            list(results),
        )
        self.assertEqual(
            {SUCCESS}, {code for code, _ in results.values()}, results
        )
        self.assertIn('ClickHouse 2', results['ClickHouse'][1])

    def test_the_schema(self) -> None:
        self.assert_result('Schema', FAILURE, 'stratometrics-manage db sync')
        self.assert_result('Emitters', WARNING, 'cannot be told')
        self.manage('db', 'sync')
        self.assert_result('Schema', SUCCESS)
        newer = f'INSERT INTO {self.conf.clickhouse.database}.schema_journal '
        self._run(newer + "VALUES (now64(6) + 1, 998, 999, 'begun')")
        self.assert_result('Schema', FAILURE, 'interrupted')
        self._run(newer + "VALUES (now64(6) + 2, 998, 999, 'done')")
        self.assert_result('Schema', FAILURE, '999', 'newer')

    def _run(self, statement: str) -> None:
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        storage._pool.execute(statement)

    def test_no_clickhouse_is_told_in_the_table_alone(self) -> None:
        self.configure('clickhouse', hosts='127.0.0.2', port=9)
        done = self.check()
        self.assertEqual(FAILURE, done.returncode)
        self.assertIn('no connection to ClickHouse', done.stdout)
        self.assertIn('127.0.0.2', done.stdout)
        self.assertEqual('', done.stderr)

    def test_a_wrong_configuration_is_told_without_a_trace(self) -> None:
        self.configure('clickhouse', port='many')
        done = self.check()
        self.assertEqual((FAILURE, ''), (done.returncode, done.stderr))
        self.assertIn('many', done.stdout)
        self.file.unlink()
        done = self.check()
        self.assertEqual(FAILURE, done.returncode)
        self.assertIn(str(self.file), done.stderr)
        self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)

    def test_wrong_definitions_are_found(self) -> None:
        folder = self.file.parent / 'definitions'
        folder.mkdir()
        (folder / 'wrong.yaml').write_text('instance: {colour: red}\n')
        self.configure('definitions', directory=folder)
        self.assert_result('Resource definitions', FAILURE, 'wrong.yaml')

    def test_a_policy_file(self) -> None:
        policy_file = self.file.parent / 'policy.yaml'
        self.configure('oslo_policy', policy_file=policy_file)
        self.assert_result('Policies', FAILURE, str(policy_file))
        policy_file.write_text('"usage:get": "rule:nobody"\n')
        self.assert_result('Policies', FAILURE, 'usage:get', 'nobody')

    def test_services_that_fell_silent(self) -> None:
        self.manage('db', 'sync')
        self.assert_result('Emitters', WARNING, 'No notification')
        self.store_image(age=2 * _DAY)
        self.assert_result('Emitters', SUCCESS)
        self.configure('coverage', silent_after=3600)
        self.assert_result(
            'Emitters', WARNING, 'image in RegionOne', '2 d 0 h'
        )


class BrokerTest(StatusTestCase):
    CHECK = 'Exchanges and topics'

    def test_what_is_missing_is_named(self) -> None:
        self.assert_result(
            self.CHECK, WARNING, self.exchange, f'{self.topic}.info'
        )
        self.declare()
        self.assert_result(self.CHECK, SUCCESS)
        self.configure(
            'collector',
            targets=f'{self.exchange}:{self.topic},absent-one:{self.topic}',
        )
        _, details = self.results()[self.CHECK]
        self.assertIn('exchange: absent-one.', details)
        self.assertNotIn(self.exchange, details)
        self.assertNotIn('queue:', details)

    def test_looking_declares_nothing(self) -> None:
        for _ in range(2):
            self.assert_result(
                self.CHECK, WARNING, self.exchange, f'{self.topic}.info'
            )

    def test_no_broker(self) -> None:
        self.configure('DEFAULT', transport_url=self.transport_url(port=9))
        code, details = self.results()[self.CHECK]
        self.assertEqual(FAILURE, code)
        self.assertIn('127.0.0.1:9', details)
        self.assertNotIn(self.broker.password, details)

    def test_a_wrong_password(self) -> None:
        self.configure(
            'DEFAULT', transport_url=self.transport_url(password='mistaken')
        )
        code, details = self.results()[self.CHECK]
        self.assertEqual(FAILURE, code)
        self.assertIn('ACCESS_REFUSED', details)
        self.assertNotIn('mistaken', details)

    def test_one_of_two_hosts_answers(self) -> None:
        self.declare()
        url = self.transport_url()
        credentials, _, host = url.removeprefix('rabbit://').rpartition('@')
        self.configure(
            'DEFAULT',
            transport_url=f'rabbit://{credentials}@127.0.0.1:9,'
            f'{credentials}@{host}',
        )
        self.assert_result(self.CHECK, SUCCESS)

    def test_a_broker_that_says_nothing_is_not_waited_for(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as silent:
            port = silent.getsockname()[1]
            self.configure(
                'DEFAULT', transport_url=self.transport_url(port=port)
            )
            begin = time.monotonic()
            self.assert_result(self.CHECK, FAILURE, f'127.0.0.1:{port}')
        self.assertLess(time.monotonic() - begin, 20)

    def test_a_wrong_target(self) -> None:
        self.configure('collector', targets='nova')
        self.assert_result(self.CHECK, FAILURE, "'nova'", 'EXCHANGE:TOPIC')

    def test_a_wrong_address_is_not_repeated(self) -> None:
        self.configure('DEFAULT', transport_url='rabbit://a:mistaken@x:y/')
        code, details = self.results()[self.CHECK]
        self.assertEqual(FAILURE, code)
        self.assertIn('transport_url', details)
        self.assertNotIn('mistaken', details)
