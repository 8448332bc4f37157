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
"""Tests of running a command many times in what is loaded once."""

import colorsys
from concurrent import futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from stratometrics.tests.functional import preloaded

#: One of others, and one of ours.
LATER = 'sched'
OURS = 'stratometrics.tests.oracle'


def command() -> int:
    """What the tests run; its first argument says what it does."""
    match sys.argv[1:]:
        case ['tell']:
            print(
                json.dumps(
                    {
                        'argv': sys.argv,
                        'cwd': str(pathlib.Path.cwd()),
                        'env': dict(os.environ),
                        'read': sys.stdin.read(),
                        'timezone': time.tzname[0],
                        'pid': os.getpid(),
                        'parent': os.getppid(),
                    }
                )
            )
            print('and to the other', file=sys.stderr)
            return 3
        case ['load']:
            print(LATER in sys.modules, OURS in sys.modules)
            __import__(LATER)
            __import__(OURS)
            return 0
        case ['change']:
            print(colorsys.ONE_THIRD)
            colorsys.ONE_THIRD = 3
            return 0
        case ['raise']:
            raise ValueError('all is lost')
        case ['say']:
            sys.exit('no')
        case ['die']:
            os.kill(os.getpid(), signal.SIGKILL)
        case ['wait', file]:
            pathlib.Path(file).write_text(str(os.getpid()))
            time.sleep(60)
        case ['end']:
            os.kill(os.getppid(), signal.SIGKILL)
    return 0


class PreloadedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.program = preloaded.Program('tested', f'{__name__}:command')

    def test_it_is_as_if_it_were_started(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            done = self.program.run(
                'tell', cwd=folder, env={'LONE': '1', 'TZ': 'EAT-3'}
            )
            told = json.loads(done.stdout)
            self.assertEqual(str(pathlib.Path(folder).resolve()), told['cwd'])
        self.assertEqual(
            (3, 'and to the other\n'), (done.returncode, done.stderr)
        )
        self.assertEqual(['tested', 'tell'], told['argv'])
        self.assertEqual({'LONE': '1', 'TZ': 'EAT-3'}, told['env'])
        self.assertEqual(('', 'EAT'), (told['read'], told['timezone']))
        self.assertNotIn(os.getpid(), (told['pid'], told['parent']))

    def test_the_variables_and_the_folder_are_ours_by_default(self) -> None:
        told = json.loads(self.program.run('tell').stdout)
        self.assertEqual(str(pathlib.Path.cwd()), told['cwd'])
        self.assertEqual(dict(os.environ), told['env'])

    def test_what_one_has_loaded_of_others_the_next_finds(self) -> None:
        told = [self.program.run('load').stdout for _ in range(2)]
        self.assertEqual(['False False\n', 'True False\n'], told)

    def test_what_one_has_changed_the_next_does_not_see(self) -> None:
        told = {self.program.run('change').stdout for _ in range(2)}
        self.assertEqual({f'{colorsys.ONE_THIRD}\n'}, told)

    def test_how_it_ends(self) -> None:
        for word, status, said in (
            ('say', 1, 'no\n'),
            ('die', -signal.SIGKILL, ''),
            ('nothing', 0, ''),
        ):
            with self.subTest(word):
                done = self.program.run(word)
                self.assertEqual(
                    (status, '', said),
                    (done.returncode, done.stdout, done.stderr),
                )
        done = self.program.run('raise')
        self.assertEqual(1, done.returncode)
        self.assertIn('Traceback', done.stderr)
        self.assertTrue(done.stderr.endswith('ValueError: all is lost\n'))

    def test_one_that_does_not_end_is_killed(self) -> None:
        self.program.run('nothing')
        with tempfile.NamedTemporaryFile('r') as file:
            with self.assertRaises(subprocess.TimeoutExpired):
                self.program.run('wait', file.name, timeout=2)
            [pid] = file.read().split()
        self.assert_ends(pathlib.Path('/proc', pid, 'stat'))
        self.assertEqual(0, self.program.run('nothing').returncode)

    def assert_ends(self, stat: pathlib.Path) -> None:
        """See that a process is gone soon, or only waits to be forgotten."""
        for _ in range(100):
            try:
                if ') Z ' in stat.read_text():
                    return
            except OSError:
                return
            time.sleep(0.05)
        self.fail(f'{stat} is still there')

    def test_one_whose_server_ends(self) -> None:
        with self.assertRaisesRegex(RuntimeError, 'command cannot be run'):
            self.program.run('end')
        self.assertEqual(0, self.program.run('nothing').returncode)

    def test_one_that_cannot_be_loaded(self) -> None:
        program = preloaded.Program('none', 'stratometrics.none:main')
        with self.assertRaisesRegex(RuntimeError, 'No module named'):
            program.run()

    def test_long_arguments(self) -> None:
        word = 'x' * 100_000
        done = self.program.run('tell', env={'A': word, 'B': word, 'C': word})
        self.assertEqual(word, json.loads(done.stdout)['env']['C'])

    def test_in_threads(self) -> None:
        with futures.ThreadPoolExecutor() as pool:
            statuses = pool.map(
                lambda word: self.program.run(word).returncode,
                ['nothing', 'say'] * 5,
            )
        self.assertEqual([0, 1] * 5, list(statuses))
