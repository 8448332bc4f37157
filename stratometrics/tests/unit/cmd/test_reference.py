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
"""The pages of the commands tell of each of them what it says itself."""

import argparse
from collections.abc import Iterator
import importlib.util
import pathlib
import re
import unittest

from stratometrics.cmd import manage

DOC = pathlib.Path(__file__).parents[4] / 'doc'


def commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    """All commands of a parser that have no further ones below them."""
    below = [
        action.choices
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    if not below:
        yield parser.prog
    for choices in below:
        for each in choices.values():
            yield from commands(each)


class ReferenceTest(unittest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if not DOC.exists():
            self.skipTest('the documentation is not installed')

    def shown(self, program: str) -> set[str]:
        page = DOC / 'source' / 'cli' / f'{program}.rst'
        return set(
            re.findall(r'^\.\. command-help:: (.*)$', page.read_text(), re.M)
        )

    def test_each_command_of_manage_is_shown(self) -> None:
        name = 'stratometrics-manage'
        parser = argparse.ArgumentParser(prog=name)
        manage.COMMAND.handler(parser.add_subparsers())
        self.assertEqual({name, *commands(parser)}, self.shown(name))

    def test_each_program_is_shown(self) -> None:
        setup = (DOC.parent / 'setup.cfg').read_text()
        programs = re.findall(r'^ *(stratometrics-\w+) =', setup, re.M)
        self.assertLess(3, len(programs))
        for program in programs:
            self.assertIn(program, self.shown(program))

    def test_what_is_shown_is_what_the_option_prints(self) -> None:
        spec = importlib.util.spec_from_file_location(
            'help_text', DOC / 'ext' / 'help_text.py'
        )
        help_text = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(help_text)
        said = help_text.text_of('stratometrics-manage', 'db', 'sync')
        self.assertIn('--dry-run', said)
        with self.assertRaises(ValueError):
            help_text.text_of('stratometrics-manage', 'db', 'sink')
