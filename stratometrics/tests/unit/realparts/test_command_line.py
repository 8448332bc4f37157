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

import contextlib
import io
import os
import socket
import unittest
from unittest import mock

from stratometrics.tests.realparts import __main__ as command_line
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import given
from stratometrics.tests.realparts import rabbitmq


class CommandLineTest(unittest.TestCase):
    def _run(self, *arguments: str, **variables: str) -> tuple[int, str]:
        said = io.StringIO()
        with (
            mock.patch('sys.argv', ['realparts', *arguments]),
            mock.patch('signal.signal'),
            mock.patch.dict(os.environ, variables),
            contextlib.redirect_stderr(said),
        ):
            try:
                status = command_line.main()
            except SystemExit as e:
                status = e.code
        return status, said.getvalue()

    def test_an_unknown_part_is_named(self) -> None:
        status, said = self._run('run', '--only', 'ham', '--', 'true')
        self.assertEqual(2, status)
        self.assertIn('ham is none of clickhouse, rabbitmq, keystone', said)

    def test_glance_is_fetched_but_not_started(self) -> None:
        parser = command_line.parser()
        self.assertIn('glance', parser.parse_args(['fetch']).only)
        self.assertNotIn('glance', parser.parse_args(['up']).only)
        status, said = self._run('up', '--only', 'glance')
        self.assertEqual(2, status)
        self.assertIn('glance is none of clickhouse', said)

    def test_a_missing_command_is_named_before_anything_starts(self) -> None:
        with mock.patch.object(command_line, 'running') as running:
            status, said = self._run('run', '--', 'no-such-command')
        self.assertEqual(1, status)
        self.assertEqual(
            'realparts: no-such-command: command not found\n', said
        )
        running.assert_not_called()

    def test_the_command_keeps_its_own_options(self) -> None:
        args = command_line.parser().parse_args(
            ['run', '--only', 'rabbitmq', '--', 'ls', '--data', '-l']
        )
        self.assertEqual(['ls', '--data', '-l'], args.command)

    def test_a_bad_address_is_one_line(self) -> None:
        status, said = self._run(
            'run',
            '--only',
            'rabbitmq',
            '--',
            'true',
            STRATO_AMQP_URL='nonsense',
        )
        self.assertEqual(1, status)
        self.assertEqual(1, said.count('\n'))

    def test_a_silent_server_is_named(self) -> None:
        with mock.patch.object(given.Given, 'timeout', 0):
            status, said = self._run(
                'run',
                '--only',
                'clickhouse',
                '--',
                'true',
                STRATO_CLICKHOUSE_URL='clickhouse://u:hush@127.0.0.1:1/',
            )
        self.assertEqual(1, status)
        self.assertEqual(
            'realparts: clickhouse does not answer at 127.0.0.1:1, which '
            'STRATO_CLICKHOUSE_URL names\n',
            said,
        )

    def test_without_a_keystone_there_is_no_token(self) -> None:
        status, said = self._run('token', 'alice', STRATO_KEYSTONE_URL='')
        self.assertEqual(1, status)
        self.assertIn('STRATO_KEYSTONE_URL names no Keystone', said)


class GivenTest(unittest.TestCase):
    def test_its_variable_is_passed_on_as_it_is(self) -> None:
        part = given.Given(rabbitmq.RabbitMQ, 'amqp://u:p@mq')
        self.assertEqual(
            {
                'STRATO_AMQP_URL': 'amqp://u:p@mq',
                'STRATO_TRANSPORT_URL': 'rabbit://u:p@mq:5672/',
            },
            part.environment,
        )

    def test_one_that_accepts_and_says_nothing_does_not_answer(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as server:
            host, port = server.getsockname()
            part = given.Given(
                clickhouse.ClickHouse,
                f'clickhouse://u:p@{host}:{port}/'
                '?connect_timeout=1&send_receive_timeout=1',
            )
            with self.assertLogs('clickhouse_driver'):
                self.assertFalse(clickhouse.ClickHouse.answers(part.address))
