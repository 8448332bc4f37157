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
"""Guru Meditation Reports of the real processes."""

import os
import pathlib
import re
import signal
import sys
import time

import fixtures
import psutil
import requests

from stratometrics.tests.functional import base as functional_base
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process


def eventually(check, timeout=20.0):
    deadline = time.monotonic() + timeout
    while not (answer := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


class ReportTestCase:
    """Reports go to a folder, one file each."""

    def folder_of_reports(self) -> pathlib.Path:
        return pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def reports(self, folder: pathlib.Path) -> dict[int, pathlib.Path]:
        """Those there are, by process."""
        return {
            int(re.search(r'_(\d+)_gurumeditation_', path.name)[1]): path
            for path in folder.iterdir()
            if 'Configuration' in path.read_text()
        }

    def assert_report(self, path: pathlib.Path, *secrets: str) -> str:
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        text = path.read_text()
        for title in ('Package', 'Threads', 'Processes', 'Configuration'):
            self.assertIn(f' {title} ', text)
        self.assertRegex(text, r'version = \S+')
        self.assertRegex(text, r'(?s)clickhouse:.*password = \*\*\*')
        self.assertIn('stratometrics', text)
        for secret in secrets:
            self.assertNotIn(f' = {secret}\n', text)
            self.assertNotIn(f':{secret}@', text)
        return text


class ApiTest(ReportTestCase, base.ServerTestCase):
    workers = 2

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.folder_of_reports()
        self.watched = self.folder.parent / f'{self.folder.name}.watched'
        self.addCleanup(self.watched.unlink, missing_ok=True)

    def configure(self, options: str) -> None:
        self.server.configure(
            more=f'[oslo_reports]\nlog_dir = {self.folder}\n{options}'
        )
        self.server.child.stop()
        self.server.start()
        self.assertTrue(
            eventually(lambda: len(self.processes()) == 1 + self.workers)
        )

    def processes(self) -> list[int]:
        master = psutil.Process(self.server.child.pid)
        return [master.pid, *(each.pid for each in master.children())]

    def test_every_process_reports_when_signalled(self) -> None:
        self.configure('')
        # The second one shows that the first changed nothing.
        for _ in range(2):
            for pid in self.processes():
                os.kill(pid, signal.SIGUSR2)
            self.assertTrue(
                eventually(
                    lambda: (
                        self.reports(self.folder).keys()
                        == set(self.processes())
                    )
                )
            )
            for path in self.reports(self.folder).values():
                text = self.assert_report(path, self.keystone_password())
                self.assertIn('gunicorn', text)
                path.unlink()
        self.assertTrue(self.get('/').ok)
        self.assertEqual(1 + self.workers, len(self.processes()))

    def keystone_password(self) -> str:
        [password] = re.findall(
            r'username = stratometrics\npassword = (.*)',
            self.server.config_file.read_text(),
        )
        return password

    def test_every_process_reports_when_a_file_changes(self) -> None:
        self.configure(f'file_event_handler = {self.watched}\n')
        time.sleep(0.1)
        self.watched.touch()
        self.assertTrue(
            eventually(
                lambda: (
                    self.reports(self.folder).keys() == set(self.processes())
                )
            )
        )
        self.assertEqual(1 + self.workers, len(list(self.folder.iterdir())))


class UwsgiTest(ReportTestCase, functional_base.StorageTestCase):
    """The API in a server that has its own mind about signals."""

    def test_it_reports_when_a_file_changes(self) -> None:
        folder = self.folder_of_reports()
        watched = folder.parent / f'{folder.name}.watched'
        self.addCleanup(watched.unlink, missing_ok=True)
        server = base.Server(self.conf)
        self.addCleanup(server.close)
        server.configure(
            more=f'[oslo_reports]\nlog_dir = {folder}\n'
            f'file_event_handler = {watched}\n'
        )
        port = ports.free_port()
        child = process.Child(
            'uwsgi',
            [
                str(pathlib.Path(sys.executable).with_name('uwsgi')),
                f'--http-socket=127.0.0.1:{port}',
                '--module=stratometrics.wsgi.api:application',
                '--master',
                '--die-on-term',
                '--enable-threads',
                '--processes=1',
            ],
            folder.parent / f'{folder.name}.log',
            {
                **os.environ,
                'OS_STRATOMETRICS_CONFIG_FILES': str(server.config_file),
            },
        )
        self.addCleanup(child.stop)
        child.start()

        def answers() -> bool:
            try:
                return requests.get(f'http://127.0.0.1:{port}/', timeout=5).ok
            except requests.RequestException:
                return False

        log = folder.parent / f'{folder.name}.log'
        self.assertTrue(eventually(answers), log.read_text())
        [worker] = psutil.Process(child.pid).children()
        watched.touch()
        self.assertTrue(eventually(lambda: worker.pid in self.reports(folder)))
        self.assert_report(self.reports(folder)[worker.pid])
        self.assertTrue(answers())


class CollectorTest(ReportTestCase, bed.CollectorTestCase):
    def test_master_and_workers_report(self) -> None:
        folder = self.folder_of_reports()
        self.configure('oslo_reports', log_dir=folder)
        collector = self.start_and_wait()
        pids = {
            collector.pid,
            *(each.pid for each in psutil.Process(collector.pid).children()),
        }
        self.assertGreaterEqual(len(pids), 3)
        for pid in pids:
            os.kill(pid, signal.SIGUSR2)
        self.wait_until(
            lambda: self.reports(folder).keys() == pids, 'all report'
        )
        texts = [
            self.assert_report(path, self.broker.password)
            for path in self.reports(folder).values()
        ]
        self.assertTrue(any('oslo_messaging' in text for text in texts))
        # They still do what they are for.
        messages = bed.notifications(50)
        self.publish(bed.envelope(each) for each in messages)
        self.wait_stored(bed.billed(messages))

    def test_without_a_folder_it_goes_to_standard_error(self) -> None:
        collector = self.start_and_wait()
        os.kill(collector.pid, signal.SIGUSR2)
        self.wait_until(
            lambda: 'Configuration' in self.log(), 'the report is there'
        )
        self.assertIn('Guru Meditation', self.log())
        self.assertNotIn(f':{self.broker.password}@', self.log())
