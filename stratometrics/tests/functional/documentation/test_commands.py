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
"""Every command of the pages is run by a test, or known to be impossible."""

import collections
import importlib
import inspect
import re

import testtools

from stratometrics.tests.functional.documentation import pages
from stratometrics.tests.functional.documentation import table
from stratometrics.tests.functional.documentation import walk

#: How lines begin that are for a shell.
_TYPED = re.compile(
    r'(?:[$#] )?(?:\./|\. |(?:apt|apt-get|bash|cd|curl|docker|git|helm|kubectl'
    r'|kolla\S*|openstack|pip|python3?|sudo|systemctl|tox'
    r'|stratometrics-\w+) )'
)


class CommandsTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.table = table.load()
        self.commands = [
            command
            for page in pages.pages()
            for command in pages.commands(page)
        ]

    def test_each_is_run_or_said_to_be_impossible(self) -> None:
        self.assertEqual(
            [],
            [
                str(command)
                for command in self.commands
                if command.page not in self.table.walks
                and not self.table.command(command)
            ],
            'These are in no walk, and table.yaml does not say why.',
        )

    def test_the_table_has_no_command_that_no_page_has(self) -> None:
        found = collections.Counter(
            self.table.command(command) for command in self.commands
        )
        self.assertEqual(
            [],
            [str(apart) for apart in self.table.commands if not found[apart]],
        )

    def test_what_is_compared_in_part_is_shown(self) -> None:
        for page, begins in (
            *self.table.heads.items(),
            *self.table.numbers.items(),
        ):
            for begin in begins:
                self.assertTrue(
                    any(
                        command.output
                        for command in self.commands
                        if command.page == page
                        and command.words.startswith(begin)
                    ),
                    f'{page}: {begin}',
                )

    def test_what_runs_a_command_elsewhere_does_so(self) -> None:
        self.assertEqual(
            [],
            [
                f'{apart}: {apart.fault()}'
                for apart in (*self.table.commands, *self.table.blocks)
                if apart.fault()
            ],
        )

    def test_each_walk_follows_its_page(self) -> None:
        for page, name in self.table.walks.items():
            module = importlib.import_module(name)
            self.assertIn(
                page.removeprefix('doc/source/').removesuffix('.rst'),
                inspect.getsource(module),
                f'{name} does not follow {page}',
            )
            self.assertTrue(
                any(
                    inspect.isclass(each) and issubclass(each, walk.Walk)
                    for each in vars(module).values()
                ),
                name,
            )

    def test_what_is_typed_shows_as_in_a_terminal(self) -> None:
        """So that the reader of pages finds it."""
        self.assertEqual(
            [],
            [
                f'{block}: {line}'
                for page in pages.pages()
                for block in pages.blocks(page)
                if block.language in ('', 'bash', 'shell', 'sh', 'text')
                for line in block.text.splitlines()
                if _TYPED.match(line)
            ],
        )
