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
"""How the quickstart shows commands."""

import os
import pathlib
import shlex

import fixtures
import testtools

from stratometrics.tests.quickstart import commandline
from stratometrics.tests.realparts import errors

#: In the place of openstack, which would ask a service.
_PROGRAM = """\
#!/bin/sh
cd "${0%/*}"
echo "$@" >words
env >environment
[ "$1" != wrong ]
"""


class CommandLineTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        program = self.folder / 'openstack'
        program.write_text(_PROGRAM)
        program.chmod(0o700)
        self.useFixture(
            fixtures.MonkeyPatch(f'{commandline.__name__}.FOLDER', self.folder)
        )
        self.said: list[str] = []
        self.shell = commandline.CommandLine(
            pathlib.Path('/data/clouds.yaml'), self.said.append
        )

    def test_it_knows_no_credentials_but_those_of_the_file(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable('OS_AUTH_URL', 'other'))
        self.shell.show('alice', 'right')
        self.assertEqual(
            {
                'OS_CLOUD=alice',
                'OS_CLIENT_CONFIG_FILE=/data/clouds.yaml',
            },
            {
                line
                for line in (self.folder / 'environment')
                .read_text()
                .splitlines()
                if line.startswith('OS_')
            },
        )
        self.assertEqual('other', os.environ['OS_AUTH_URL'])

    def test_what_is_shown_can_be_typed(self) -> None:
        words = ['right', *('--number', 'one') * 20]
        self.shell.show('alice', *words)
        [shown] = self.said
        lines = shown.strip().removeprefix('$ ').splitlines()
        self.assertGreater(len(lines), 1)
        self.assertLess(max(map(len, lines)), 80)
        self.assertFalse([line for line in lines if line.endswith('r \\')])
        typed = shlex.split(' '.join(line.rstrip('\\') for line in lines))
        self.assertEqual(['openstack', *words], typed)
        self.assertEqual(words, (self.folder / 'words').read_text().split())

    def test_a_failure_is_told(self) -> None:
        error = self.assertRaises(
            errors.PartError, self.shell.show, 'alice', 'wrong'
        )
        self.assertEqual('exit status 1 of openstack wrong', str(error))

    def test_it_has_to_be_installed(self) -> None:
        commandline.require()
        (self.folder / 'openstack').unlink()
        error = self.assertRaises(errors.PartError, commandline.require)
        self.assertIn('extra "cli"', str(error))
