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
"""The process: how it starts, reloads, stops, and lives through outages."""

import signal
import socket
import subprocess
import time

import testtools

from stratometrics.cmd import api
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base as functional_base
from stratometrics.tests.functional.api import base
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import ports


def eventually(check, timeout=15.0):
    """Ask again and again until it is so.

    :returns: the last answer.
    """
    deadline = time.monotonic() + timeout
    while not (answer := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


class TestOutage(testtools.TestCase):
    def test_clickhouse_goes_and_comes_back(self):
        own = clickhouse.ClickHouse()
        self.addCleanup(own.close)
        own.start()
        conf = functional_base.configuration_of(own.address)
        storage = driver.get_storage(conf)
        server = base.Server(conf)
        self.addCleanup(server.close)
        server.start()

        # No schema yet.
        response = server.get('/healthcheck')
        self.assertEqual(503, response.status_code, response.text)
        response = server.get('/v1/usage', base.alice())
        self.assertEqual(503, response.status_code, response.text)
        storage.schema.migrate(storage.schema.newest)
        storage.close()
        self.assertTrue(eventually(lambda: server.get('/healthcheck').ok, 5))
        self.assertEqual(
            200, server.get('/v1/usage', base.alice()).status_code
        )

        for end in (own.stop, own.kill):
            end()
            self.assertTrue(
                eventually(
                    lambda: server.get('/healthcheck').status_code == 503, 5
                )
            )
            response = server.get('/v1/usage', base.alice())
            self.assertEqual(503, response.status_code, response.text)
            self.assertEqual('5', response.headers['Retry-After'])
            [error] = response.json()['errors']
            self.assertEqual('stratometrics.unavailable', error['code'])
            self.assertNotIn(str(own.port), response.text)
            self.assertEqual(200, server.get('/').status_code)

            own.start()
            self.assertTrue(eventually(lambda: server.get('/healthcheck').ok))
            for _ in range(10):
                response = server.get('/v1/usage', base.alice())
                self.assertEqual(200, response.status_code, response.text)


class TestProcess(base.ServerTestCase):
    workers = 2

    def capabilities(self):
        return self.get('/v1/', base.alice()).json()

    def signal(self, number):
        self.server.child.check()
        subprocess.run(
            ['kill', f'-{number.value}', str(self.server.child.pid)],
            check=True,
        )

    def test_a_reload_takes_the_files_as_they_are(self):
        self.assertEqual('UTC', self.capabilities()['timezone'])
        self.server.configure(api='timezone = Europe/Berlin')
        self.signal(signal.SIGHUP)
        self.assertTrue(
            eventually(
                lambda: self.capabilities()['timezone'] == 'Europe/Berlin'
            )
        )

    def test_a_broken_reload_changes_nothing(self):
        self.server.configure(api='timezone = Europe/Atlantis')
        self.signal(signal.SIGHUP)
        self.assertTrue(
            eventually(
                lambda: 'Europe/Atlantis' in self.server.log.read_text()
            )
        )
        # The workers have been replaced nevertheless.
        self.assertTrue(
            eventually(
                lambda: (
                    self.server.log.read_text().count('Worker exiting') >= 2
                )
            )
        )
        for _ in range(10):
            self.assertEqual('UTC', self.capabilities()['timezone'])
        self.server.child.check()

    def test_it_stops_when_told(self):
        self.signal(signal.SIGTERM)
        self.assertTrue(eventually(lambda: not self.server.child.running, 10))
        self.assertFalse(ports.accepts(self.server.port))
        self.assertNotIn('Traceback', self.server.log.read_text())

    def test_errors_come_from_the_api_and_not_from_the_server(self):
        for path, status in (
            ('/v1/usage', 401),
            ('/v1/%ff', 400),
            ('/v1/usage?a=%ff', 400),
        ):
            response = self.get(path)
            self.assertEqual(status, response.status_code)
            self.assertIn('errors', response.json())

    def test_head_and_options(self):
        response = self.get('/v1/usage', base.alice(), method='HEAD')
        self.assertEqual(200, response.status_code)
        self.assertEqual('', response.text)
        response = self.get('/v1/usage', method='OPTIONS')
        self.assertEqual(204, response.status_code)

    def test_a_body_without_end_is_cut_off(self):
        with socket.create_connection((ports.HOST, self.server.port)) as sock:
            sock.settimeout(20)
            sock.sendall(
                b'POST /v1/usage HTTP/1.1\r\nHost: x\r\n'
                b'X-Auth-Token: ' + base.alice().encode() + b'\r\n'
                b'Content-Length: 100000000\r\n\r\n'
            )
            self.assertIn(b' 413 ', sock.recv(4096))

    def test_clients_that_fall_silent_occupy_no_threads(self):
        threads = self.workers * api.threads(self.conf.api)
        for _ in range(threads):
            sock = socket.create_connection((ports.HOST, self.server.port))
            self.addCleanup(sock.close)
            sock.sendall(b'GET /v1/usage HTTP/1.1\r\nHost: x\r\nX-Slow: ')
        time.sleep(1)
        response = self.get('/healthcheck')
        self.assertEqual(200, response.status_code)


class TestStart(functional_base.StorageTestCase):
    def setUp(self):
        super().setUp()
        self.server = base.Server(self.conf)
        self.addCleanup(self.server.close)

    def refused(self):
        """What it writes on its error stream when it does not start."""
        ended = subprocess.run(
            [*base.COMMAND, '--config-file', str(self.server.config_file)],
            capture_output=True,
            text=True,
            timeout=30,
        )
        self.assertEqual(1, ended.returncode, ended.stderr)
        self.assertNotIn('Traceback', ended.stderr)
        return [
            line
            for line in ended.stderr.splitlines()
            if line.startswith('stratometrics-api: ')
        ]

    def test_a_taken_port(self):
        with socket.create_server((ports.HOST, self.server.port)):
            [line] = self.refused()
        self.assertIn(f'port {self.server.port}', line)
        self.assertIn('already in use', line)

    def test_an_unknown_time_zone(self):
        self.server.configure(api='timezone = Europe/Atlantis')
        [line] = self.refused()
        self.assertIn('Europe/Atlantis', line)

    def test_a_broken_policy_file(self):
        self.server.policy('"usage:get": [\n')
        [line] = self.refused()
        self.assertIn('policy', line)

    def test_a_missing_policy_file(self):
        self.server.configure(more='[oslo_policy]\npolicy_file = none.yaml')
        [line] = self.refused()
        self.assertIn('none.yaml', line)

    def test_a_missing_configuration_file(self):
        self.server.config_file.unlink()
        [line] = self.refused()
        self.assertIn('stratometrics.conf', line)

    def test_a_wrong_option(self):
        self.server.configure(api='max_working = 0')
        [line] = self.refused()
        self.assertIn('max_working', line)

    def test_a_broken_definition(self):
        folder = self.server.folder / 'definitions'
        folder.mkdir()
        (folder / 'mine.yaml').write_text('resources: [')
        self.server.configure(more=f'[definitions]\ndirectory = {folder}')
        [line] = self.refused()
        self.assertIn('mine.yaml', line)

    def test_no_credentials_for_keystone(self):
        text = self.server.config_file.read_text()
        self.server.config_file.write_text(
            text.replace('auth_type = password\n', '')
        )
        [line] = self.refused()
        self.assertIn('auth_type', line)
        self.server.config_file.write_text(
            text.replace('auth_type = password', 'auth_type = pigeon')
        )
        [line] = self.refused()
        self.assertIn('pigeon', line)


class TestUnderAnotherServer(functional_base.StorageTestCase):
    def test_the_module_names_an_application(self):
        server = base.Server(self.conf)
        self.addCleanup(server.close)
        code = (
            'import webob; from stratometrics.wsgi import api; '
            'r = webob.Request.blank("/").get_response(api.application); '
            'assert r.status_int == 200, r; '
            'r = webob.Request.blank("/v1/usage"); '
            'r = r.get_response(api.application); '
            'assert r.status_int == 401, r'
        )
        ended = subprocess.run(
            [base.COMMAND[0], '-c', code],
            capture_output=True,
            text=True,
            timeout=30,
            env={'OS_STRATOMETRICS_CONFIG_FILES': str(server.config_file)},
        )
        self.assertEqual(0, ended.returncode, ended.stderr)
