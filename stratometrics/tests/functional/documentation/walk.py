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
"""A page whose commands are run one after the other."""

from collections.abc import Callable, Mapping
import os
import pathlib
import sys

import fixtures
import testtools

from stratometrics.tests.functional.documentation import outputs
from stratometrics.tests.functional.documentation import pages
from stratometrics.tests.functional.documentation import shell
from stratometrics.tests.functional.documentation import table

#: Of a request that is refused curl says so by its exit status.
_CURL = 'silent\nshow-error\nfail-with-body\n'


class Walk(testtools.TestCase):
    """A test that follows pages, as somebody does who types them.

    The shell is in a temporary folder, which is the home of its user as well;
    there the programs find their configuration. What the page calls by a name
    that is not here is replaced. Which commands are left out is in the table.
    """

    #: Texts of the pages, and what is typed instead; see also replace().
    replacements: Mapping[str, str] = {}

    #: Commands that go on, by how they begin; how to wait until they are
    #: ready, of the file of their output.
    services: Mapping[str, Callable[[pathlib.Path], None]] = {}

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.environment = {
            'HOME': str(self.folder),
            # The one who does what statements and histories tell.
            'LOGNAME': 'operator',
            'PATH': f'{pathlib.Path(sys.executable).parent}:'
            + os.environ['PATH'],
            'PYTHONPATH': str(pages.ROOT),
            'PYTHONWARNINGS': 'ignore',
        }
        (self.folder / '.curlrc').write_text(_CURL)
        self.replacements = dict(self.replacements)
        self.services = dict(self.services)

    def configure(self, text: str) -> None:
        """Write where the programs find it without being told."""
        folder = self.folder / '.stratometrics'
        folder.mkdir(exist_ok=True)
        (folder / 'stratometrics.conf').write_text(text)

    def follow(self, page: str) -> None:
        """Run the commands of a page, and compare what it shows of them."""
        self.shell = shell.Shell(self.folder, self.environment)
        self.addCleanup(self.shell.close)
        known = table.load()
        count = 0
        for command in pages.commands(page):
            if not known.command(command):
                count += 1
                self._run(command)
        self.assertTrue(count, f'nothing of {page} was run')

    def _run(self, command: pages.Command) -> None:
        known = table.load()
        text = self.replaced(command.text)
        for begin, wait in self.services.items():
            if command.words.startswith(begin):
                wait(self.shell.start(text))
                return
        ran = self.shell.run(text)
        self.assertIn(
            ran.status,
            known.statuses(command),
            f'{command}\n{ran.output}\n{ran.errors}',
        )
        self.assertNotIn('Traceback', ran.errors)
        if command.output:
            self.assertEqual(
                '',
                outputs.difference(
                    self.replaced(command.output),
                    ran.output,
                    **known.comparison(command),
                ),
                str(command),
            )

    def replaced(self, text: str) -> str:
        """A text of the page, with the names that are right here."""
        for there, here in self.replacements.items():
            text = text.replace(there, here)
        return text
