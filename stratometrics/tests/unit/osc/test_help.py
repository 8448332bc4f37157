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
"""What the commands say of themselves, as it is read on a terminal."""

import os
import shlex
import unittest
from unittest import mock

from stratometrics.tests.unit.osc import parsers

#: Columns, of a terminal that nobody made wider.
WIDTH = 80


class HelpTest(unittest.TestCase):
    """Each command, one after the other."""

    def test_there_are_some(self):
        self.assertIn('billing coverage show', parsers.classes())

    def each_argument(self):
        for name in parsers.classes():
            for action in parsers.options(name):
                yield f'{name}: {action.dest}', action

    def each_option(self):
        for name, action in self.each_argument():
            if action.option_strings:
                yield name, action

    @mock.patch.dict(os.environ, {'COLUMNS': str(WIDTH)})
    def test_all_of_it_fits(self):
        for name in parsers.classes():
            # argparse never breaks a line of the usage before an option's
            # choices, however long the name of the command is.
            _, _, told = parsers.of(name).format_help().partition('\n\n')
            for line in told.splitlines():
                self.assertLessEqual(len(line), WIDTH, f'{name}: {line}')

    def test_the_list_of_all_commands_has_lines_that_fit(self):
        for name in parsers.classes():
            summary = parsers.of(name).description
            self.assertLess(len(f'  {name}  {summary}'), WIDTH, name)

    def test_a_summary_says_what_to_do(self):
        for name in parsers.classes():
            summary = parsers.of(name).description
            self.assertRegex(summary, r'\A[A-Z][a-z]+[^s] .*[^.]\Z', name)

    def test_each_argument_is_told_of(self):
        for name, action in self.each_argument():
            self.assertRegex(
                action.help or '', r'(?s)\A([^A-Z\s]|[A-Z]{2}).*[^.\s]\Z', name
            )

    def test_nothing_is_to_be_replaced_in_what_is_told(self):
        # The reference shows the text as it is.
        for name, action in self.each_argument():
            self.assertNotIn('%', action.help, name)

    def test_what_follows_an_option_is_named_in_brackets(self):
        for name, action in self.each_option():
            if action.nargs == 0 or action.choices:
                continue
            named = action.metavar
            for each in named if isinstance(named, tuple) else (named,):
                self.assertRegex(
                    each or '', r'\A<[a-z-]+>([=:,[]+<[a-z-]+>[].]*)*\Z', name
                )

    def test_what_is_to_be_given_is_named_in_brackets(self):
        for name, action in self.each_argument():
            if not action.option_strings:
                self.assertRegex(action.metavar or '', r'\A<[a-z-]+>\Z', name)

    def test_examples_are_right(self):
        count = 0
        for name in parsers.classes():
            told = parsers.of(name).epilog.replace('\\\n', '')
            for line in told.splitlines():
                if not line.startswith('  openstack '):
                    continue
                count += 1
                command, _, _ = line.partition(' | ')
                words = shlex.split(command)[1:]
                begin = name.split()
                self.assertEqual(begin, words[: len(begin)])
                # It would end the process.
                parsers.of(name).parse_args(words[len(begin) :])
        self.assertGreater(count, 10)

    def test_options_are_words_with_hyphens(self):
        for name, action in self.each_option():
            for option in action.option_strings:
                self.assertRegex(option, r'\A--[a-z]+(-[a-z]+)*\Z', name)
