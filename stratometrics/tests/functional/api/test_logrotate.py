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
"""Log files that are rotated while the service writes them."""

import collections
from concurrent import futures
import functools
import getpass
import grp
import gzip
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import threading

from stratometrics.tests import shipped
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_server

RULES = shipped.CONTRIB / 'logrotate' / 'stratometrics'
NAME = 'stratometrics-api.log'


def program() -> str:
    """Where logrotate is, which Debian does not have on everybody's path."""
    path = os.pathsep.join((os.environ.get('PATH', ''), '/usr/sbin'))
    found = shutil.which('logrotate', path=path)
    if not found:
        raise AssertionError('apt-get install logrotate')
    return found


class TestLogrotate(base.ServerTestCase):
    workers = 2

    def start(self) -> None:
        self.logs = self.server.folder / 'logs'
        self.logs.mkdir(mode=0o750)
        text = self.server.config_file.read_text()
        self.server.config_file.write_text(
            '[DEFAULT]\n'
            f'log_dir = {self.logs}\n'
            # It would be that of the program that the unit runs.
            f'log_file = {NAME}\n'
            f'{text}'
        )
        super().start()
        owner = f'{getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name}'
        self.rules = self.server.folder / 'rules'
        self.rules.write_text(
            shipped.adapted(
                RULES.read_text(),
                ('/var/log/stratometrics/*.log', f'{self.logs}/*.log'),
                ('su stratometrics stratometrics', f'su {owner}'),
                ('0640 stratometrics stratometrics', f'0640 {owner}'),
            )
        )

    def rotate(self) -> None:
        subprocess.run(
            [
                program(),
                '--force',
                f'--state={self.server.folder / "state"}',
                str(self.rules),
            ],
            check=True,
        )

    @staticmethod
    def requests(file: pathlib.Path) -> list[int]:
        """The numbers of the requests that a file tells of."""
        opener = gzip.open if file.suffix == '.gz' else open
        with opener(file, 'rt') as lines:
            found = (re.search(r'"GET /\?n=(\d+)"', line) for line in lines)
            return [int(match[1]) for match in found if match]

    def test_no_line_is_lost(self):
        numbers = itertools.count()
        begun: list[int] = []
        asked: list[int] = []
        ended = threading.Event()

        def ask() -> None:
            while not ended.is_set():
                number = next(numbers)
                begun.append(number)
                self.server.fresh(f'/?n={number}')
                asked.append(number)

        def went_on(before: int, under_way: set[int]) -> bool:
            """Whether nobody still writes where the last rotation began.

            A line that is on its way to a file when that is rotated has time
            until the next rotation, a day later, compresses the file.
            """
            return len(asked) > before + 50 and under_way <= set(asked)

        with futures.ThreadPoolExecutor(4) as crowd:
            crowds = [crowd.submit(ask) for _ in range(4)]
            for _ in range(3):
                check = functools.partial(
                    went_on, len(asked), set(begun) - set(asked)
                )
                self.assertTrue(test_server.eventually(check, 60))
                self.rotate()
            ended.set()
            for each in crowds:
                each.result()
        self.server.fresh('/?n=1000000')
        files = {file.name: file for file in self.logs.iterdir()}
        self.assertEqual(
            {NAME, f'{NAME}.1', f'{NAME}.2.gz', f'{NAME}.3.gz'}, set(files)
        )
        told = [n for file in files.values() for n in self.requests(file)]
        self.assertNotIn('Logging error', self.server.log.read_text())
        wanted = collections.Counter([*asked, 1_000_000])
        found = collections.Counter(told)
        self.assertEqual(
            (collections.Counter(), collections.Counter()),
            (wanted - found, found - wanted),
        )
        self.assertIn(1_000_000, self.requests(files[NAME]))
        self.assertEqual(0o640, files[NAME].stat().st_mode & 0o777)
