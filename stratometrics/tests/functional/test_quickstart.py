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

"""The quickstart, as a user runs it."""

import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import testtools

from stratometrics.tests.realparts import choice
from stratometrics.tests.realparts import ports

COMMAND = (sys.executable, '-m', 'stratometrics.tests.quickstart')
#: The same, with one group too few in what it holds the answers against.
MISTAKEN = (
    sys.executable,
    '-c',
    """
import sys
from stratometrics.tests.quickstart import __main__ as quickstart
from stratometrics.tests.quickstart import expectation

right = expectation.amounts

def mistaken(*arguments):
    amounts = dict(right(*arguments))
    amounts.pop(next(iter(amounts)))
    return amounts

expectation.amounts = mistaken
sys.exit(quickstart.main())
""",
)
MARK = 'STRATO_TEST_MARK'
#: Seconds; a first run downloads servers.
PATIENCE = 900


class QuickstartTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.mark = secrets.token_hex(8)
        # Without the servers that tests share: it starts its own.
        shared = {kind.variable for kind in choice.PARTS.values()}
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in shared
        } | {MARK: self.mark, 'TMPDIR': str(self.folder)}
        self.port = ports.free_port()

    def start(
        self, *arguments: str, command: tuple[str, ...] = COMMAND
    ) -> subprocess.Popen:
        child = subprocess.Popen(
            [*command, '--port', str(self.port), *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        return child

    def assert_nothing_left(self) -> None:
        """No process that inherited this test's mark is there any more."""
        mark = f'{MARK}={self.mark}'.encode()
        for process in pathlib.Path('/proc').iterdir():
            try:
                marked = mark in (process / 'environ').read_bytes()
                command = (process / 'cmdline').read_text()
            except OSError:
                continue
            self.assertFalse(marked, f'still running: {command}')

    @unittest.skipUnless(shutil.which('curl'), 'curl is not installed')
    def test_stays_until_told_and_can_be_asked(self) -> None:
        data = self.folder / 'data'
        child = self.start('--data', str(data))
        said = ''
        for line in child.stdout:
            said += line
            if 'Ctrl-C' in line:
                break
        else:
            self.fail(f'{said}\n{child.stderr.read()}')

        clouds_file = data / 'clouds.yaml'
        self.assertEqual(0o600, clouds_file.stat().st_mode & 0o777)
        lines = said[said.index('export PATH') : said.index('All of it ends')]
        asked = subprocess.run(
            ['bash', '-euo', 'pipefail', '-c', lines],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        helped, _, answer = asked.stdout.rpartition('\n{')
        self.assertIn('billing usage show', helped)
        results = json.loads('{' + answer)['results']
        [running] = (
            each
            for each in results
            if (each['type'], each['state']) == ('m1.medium', 'active')
        )
        # The exact amount depends on the present, for a server that lives.
        self.assertGreater(float(running['usage']), 300)

        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)
        self.assertEqual(0, child.returncode)
        self.assertFalse(clouds_file.exists())
        self.assert_nothing_left()

        # The same facts again, in the same folder: nothing counts twice.
        again = self.start('--data', str(data), '--once')
        said_again, errors = again.communicate(timeout=PATIENCE)
        self.assertEqual(0, again.returncode, said_again + errors)
        ended = r'acme +instance +m1.small +shelved +(\S+)'
        self.assertEqual(
            re.search(ended, said)[1], re.search(ended, said_again)[1]
        )
        self.assert_nothing_left()

    def test_once_leaves_nothing_behind(self) -> None:
        child = self.start('--once')
        said, errors = child.communicate(timeout=PATIENCE)
        self.assertEqual((0, ''), (child.returncode, errors), said)
        self.assertIn('43 groups: each equals', said)
        _, *shown = said.split('\n$ openstack ')
        for command, part, answer in zip(
            (
                'billing usage show instance --group-by type,state ',
                'billing resource list --resource-type instance ',
                'billing timeline show db1 --chart --chart-by type ',
            ),
            shown,
            (
                # As the API has answered it before.
                r'\| m1.medium +\| active +\| +5 min 38 s \|',
                r'\| batch-2-rebuilt +\| m1.nano +\| active +\|',
                r'm1.medium \|.*#.*\| 5 min 41 s\n *c1.large +\|.*#',
            ),
            strict=True,
        ):
            self.assertTrue(part.startswith(command), part)
            self.assertRegex(part, answer)
        self.assertEqual([], list(self.folder.iterdir()))
        self.assert_nothing_left()

    def test_a_wrong_answer_is_told_and_ends_with_a_failure(self) -> None:
        child = self.start('--once', command=MISTAKEN)
        said, errors = child.communicate(timeout=PATIENCE)
        self.assertEqual(1, child.returncode, said + errors)
        self.assertIn('WRONG: 1 groups differ', said)

    def test_the_clouds_of_somebody_else_are_left_alone(self) -> None:
        theirs = self.folder / 'clouds.yaml'
        theirs.write_text('clouds: {}\n')
        child = self.start('--once', '--data', str(self.folder))
        said, errors = child.communicate(timeout=PATIENCE)
        self.assertEqual((1, ''), (child.returncode, said))
        self.assertIn(f'{theirs} was not written by quickstart.sh', errors)
        self.assertEqual('clouds: {}\n', theirs.read_text())

    def test_a_taken_port_is_named(self) -> None:
        with socket.create_server(('127.0.0.1', self.port)):
            child = self.start('--once')
            _, errors = child.communicate(timeout=PATIENCE)
        self.assertEqual(1, child.returncode)
        self.assertEqual(
            f'quickstart.sh: stratometrics-api cannot listen on 127.0.0.1:'
            f'{self.port}: the port is taken\n',
            errors,
        )
        self.assertEqual([], list(self.folder.iterdir()))
        self.assert_nothing_left()
