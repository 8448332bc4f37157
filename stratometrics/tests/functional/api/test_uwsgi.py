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
"""The API under a real uWSGI, with the file that is shipped for it."""

from concurrent import futures
import contextlib
import os
import pathlib
import signal
import sys

from stratometrics.tests import shipped
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_load
from stratometrics.tests.functional.api import test_server
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process

INI = shipped.CONTRIB / 'uwsgi' / 'stratometrics-api.ini'

CONFIG_FILES = 'OS_STRATOMETRICS_CONFIG_FILES'


class Server(base.Server):
    """The same service; its own options say nothing of the server's."""

    #: What else is changed in the shipped file, and into what.
    changes: tuple[tuple[str, str], ...] = ()

    def configure(self, api: str = '', more: str = '') -> None:
        super().configure(api, more)
        text = shipped.adapted(
            self._ini().read_text(),
            ('127.0.0.1:9721', f'{ports.HOST}:{self.port}'),
            ('processes = 1\n', f'processes = {self._workers}\n'),
            (
                f'binary-path = {shipped.PROGRAMS}python',
                f'binary-path = {self._python()}',
            ),
            *self.changes,
        )
        self.server_file.write_text(text)

    @property
    def server_file(self) -> pathlib.Path:
        return self.folder / 'uwsgi.ini'

    def _ini(self) -> pathlib.Path:
        return INI

    def _python(self) -> str:
        return sys.executable

    def _child(self) -> process.Child:
        return process.Child(
            'uwsgi',
            [
                str(pathlib.Path(sys.executable).with_name('uwsgi')),
                f'--ini={self.server_file}',
            ],
            self.log,
            {**os.environ, CONFIG_FILES: str(self.config_file)},
        )


class BelowPrefix(Server):
    """Where a web server has other services as well."""

    changes = (
        (
            'module = stratometrics.wsgi.api:application\n',
            'mount = /billing=stratometrics.wsgi.api:application\n'
            'manage-script-name = true\n',
        ),
    )

    def start(self) -> None:
        self.url += '/billing'
        super().start()


class UnderUWSGI:
    """Has the tests of a class run under uWSGI."""

    serve = Server


class TestLeaving(UnderUWSGI, test_load.TestLeaving):
    # The service itself sees to this, whatever serves it.
    test_nobody_works_for_one_that_left_while_it_waited = None


class TestBusy(UnderUWSGI, test_load.TestBusy):
    pass


class TestSignals(UnderUWSGI, test_load.SlowTestCase):
    def signal_while_working(self, number: signal.Signals) -> None:
        """See that a running request is answered nevertheless."""
        with futures.ThreadPoolExecutor(1) as crowd:
            slow = crowd.submit(
                self.server.fresh,
                '/v1/instances',
                base.alice(),
                test_usage.PERIOD,
            )
            self.eventually(lambda: self.running() == 1, 20)
            os.kill(self.server.child.pid, number)
            response = slow.result()
        self.assertEqual(200, response.status_code, response.text)
        self.assertEqual(1, len(response.json()['results']))

    def test_it_stops_when_told(self):
        self.signal_while_working(signal.SIGTERM)
        self.eventually(lambda: not self.server.child.running, 10)
        self.assertFalse(ports.accepts(self.server.port))
        self.assertNotIn('Traceback', self.server.log.read_text())

    def test_a_reload_takes_the_files_as_they_are(self):
        before = self.server.child.pid
        self.server.configure(api='timezone = Europe/Berlin')
        self.signal_while_working(signal.SIGHUP)
        self.eventually(lambda: ports.accepts(self.server.port), 10)
        capabilities = self.server.fresh('/v1/', base.alice()).json()
        self.assertEqual('Europe/Berlin', capabilities['timezone'])
        self.assertEqual(before, self.server.child.pid)


class TestProcesses(UnderUWSGI, base.ServerTestCase):
    workers = 2

    def connections(self, pid: int) -> set[str]:
        """The inodes of a process's connections to ClickHouse."""
        port = f':{self.conf.clickhouse.port:04X}'
        table = pathlib.Path(f'/proc/{pid}/net/tcp').read_text()
        there = {
            fields[9]
            for fields in map(str.split, table.splitlines()[1:])
            if fields[2].endswith(port)
        }
        held = set()
        for each in pathlib.Path(f'/proc/{pid}/fd').iterdir():
            with contextlib.suppress(FileNotFoundError):
                held.add(str(each.readlink()))
        return {inode for inode in there if f'socket:[{inode}]' in held}

    def test_no_connection_is_shared(self):
        """The application is loaded before the workers are made."""
        master = self.server.child.pid
        children = pathlib.Path(f'/proc/{master}/task/{master}/children')
        workers = [int(pid) for pid in children.read_text().split()]
        self.assertEqual(self.workers, len(workers))

        def all_are_connected() -> bool:
            self.server.fresh('/v1/usage', base.alice())
            return all(self.connections(pid) for pid in workers)

        self.assertTrue(test_server.eventually(all_are_connected))
        first, second = (self.connections(pid) for pid in workers)
        self.assertEqual(set(), first & second)
        self.assertEqual(set(), self.connections(master))

    def test_a_configuration_that_cannot_be_used_ends_it(self):
        self.server.child.stop()
        self.server.configure(api='timezone = Europe/Atlantis')
        self.server.child.start()
        self.assertTrue(
            test_server.eventually(lambda: not self.server.child.running)
        )
        self.assertIn('Europe/Atlantis', self.server.log.read_text())


class TestBelowPrefix(base.ServerTestCase):
    serve = BelowPrefix

    def test_it_is_served_and_told(self):
        [version] = self.get('/').json()['versions']
        self.assertEqual(f'{self.server.url}/v1/', version['links'][0]['href'])
        self.assertEqual(200, self.get('/healthcheck').status_code)
        response = self.get('/v1/usage', base.alice())
        self.assertEqual(200, response.status_code, response.text)
        self.assertEqual(401, self.get('/v1/usage').status_code)
