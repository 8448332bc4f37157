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
import pathlib
import signal
import socket
import subprocess
import sys
import time

import fixtures
import testtools

PATIENCE = 60
#: A ClickHouse that never says anything.
CONFIG = """
[clickhouse]
hosts = 127.0.0.1
port = {port}
[service_credentials]
auth_type = password
auth_url = http://127.0.0.1:9/v3
username = stratometrics
password = secret
user_domain_id = default
"""


def _state(pid):
    """What a process is doing, by the letter of proc(5): S if it sleeps."""
    stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    return stat.rpartition(')')[2].split()[0]


class SignalTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.silent = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.silent.close)
        self.silent.settimeout(PATIENCE)
        # Who runs tests in the background ignores it, and so would a child.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = folder / 'stratometrics.conf'
        self.file.write_text(CONFIG.format(port=self.silent.getsockname()[1]))

    def end(self, number, *command):
        """End a command by a signal, while it waits; give what it said."""
        process = subprocess.Popen(
            [
                sys.executable,
                '-m',
                'stratometrics.cmd.manage',
                '--config-file',
                str(self.file),
                *command,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.kill)
        asked, _ = self.silent.accept()
        with asked:
            # It has said who it is, and waits: a signal that comes just
            # before a system call does not interrupt it.
            asked.recv(1)
            while _state(process.pid) != 'S':
                time.sleep(0.01)
            process.send_signal(number)
            _, said = process.communicate(timeout=PATIENCE)
        return process.returncode, said

    def test_who_is_told_to_end_says_so_in_one_line(self):
        for command in (('replay',), ('names', 'sync'), ('reconcile',)):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(command, number=number):
                    self.assertEqual(
                        (
                            128 + number,
                            f'stratometrics-manage: ended by {number.name}\n',
                        ),
                        self.end(number, *command),
                    )


class OutputTest(testtools.TestCase):
    """Where what is printed cannot go."""

    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (self.folder / 'prices.yaml').write_text('prices: []\n')
        (self.folder / 'stratometrics.conf').write_text(CONFIG.format(port=9))

    def check(self, redirection):
        return subprocess.run(
            [
                'sh',
                '-c',
                f'exec "$0" "$@" {redirection}',
                sys.executable,
                '-m',
                'stratometrics.cmd.manage',
                '--config-file',
                str(self.folder / 'stratometrics.conf'),
                'prices',
                'check',
                str(self.folder / 'prices.yaml'),
            ],
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
        )

    def test_a_full_disk_is_told_in_one_line(self):
        done = self.check('> /dev/full')
        *_, line = done.stderr.splitlines()
        self.assertEqual(1, done.returncode)
        self.assertNotIn('Traceback', done.stderr)
        self.assertIn('stratometrics-manage: ', line)
        self.assertIn('No space left', line)

    def test_a_closed_output_is_no_failure(self):
        done = self.check('>&-')
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn('Traceback', done.stderr)
