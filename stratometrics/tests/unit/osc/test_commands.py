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
"""What commands make of rows, by the formatters of cliff."""

import csv
import decimal
import io
import json
import sys
import types
import unittest
from unittest import mock

from osc_lib import exceptions
import yaml

from stratometrics.client import errors
from stratometrics.osc import commands
from stratometrics.osc.tables import columns

D = decimal.Decimal
HEADS = ('Name', 'Usage', 'Events', 'Facts', 'Plain')


def row(name, usage, events, facts=(), plain='x'):
    return (
        columns.Text(name),
        columns.Duration(usage),
        columns.Number(events),
        columns.Attributes(dict(facts)),
        plain,
    )


ROWS = [
    row('long', D('86400.000000'), 9, {'a': 'b'}, None),
    row('\x1b[2J', D('9.000001'), 1000, (), '\x1b[0m'),
    row('', None, None),
]


class Listed(commands.Lister):
    """List what a test gives"""

    nothing = 'Nothing is there.'
    rows = ROWS

    def take_action(self, parsed_args):
        return HEADS, iter(self.rows)


class Shown(commands.ShowOne):
    """Show what a test gives"""

    def take_action(self, parsed_args):
        return HEADS, ROWS[0]


class CommandTest(unittest.TestCase):
    def setUp(self):
        # The application of openstackclient, as far as commands ask it.
        self.app = types.SimpleNamespace(
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            client_manager=types.SimpleNamespace(billing=None),
            cloud=types.SimpleNamespace(config={'auth_type': 'none'}),
            prepare_to_run_command=lambda command: None,
        )

    def run_command(self, kind, *words):
        command = kind(self.app, None)
        parsed = command.get_parser('openstack').parse_args(words)
        self.assertEqual(0, command.run(parsed))
        return self.app.stdout.getvalue()

    def lines(self, *words):
        lines = self.run_command(Listed, *words).splitlines()
        return [line for line in lines if line.startswith('|')]

    def test_numbers_stand_at_the_right(self):
        words = ('-c', 'Name', '-c', 'Usage', '-c', 'Events')
        self.assertEqual(
            [
                r'| Name    | Usage | Events |',
                r'| long    |   1 d |      9 |',
                r'| \x1b[2J |   9 s |  1,000 |',
                r'| -       |     - |      - |',
            ],
            self.lines(*words),
        )

    def test_a_terminal_lacks_a_character(self):
        written = io.BytesIO()
        self.app.stdout = io.TextIOWrapper(written, 'ascii')
        with mock.patch.object(Listed, 'rows', [row('\xfc\u6f22', D(9), 1)]):
            command = Listed(self.app, None)
            parser = command.get_parser('openstack')
            command.run(parser.parse_args(['-c', 'Name']))
            self.app.stdout.flush()
            self.assertIn(b'| \\xfc\\u6f22  |', written.getvalue())
            # What a program reads is right, or not there.
            self.app.stdout = io.TextIOWrapper(io.BytesIO(), 'ascii')
            asked = parser.parse_args(['-f', 'value'])
            self.assertRaises(UnicodeEncodeError, command.run, asked)

    def test_who_closed_the_standard_error_is_told_nothing(self):
        class Telling(Listed):
            """List, and tell something beside it"""

            def take_action(self, parsed_args):
                print('It is told.', file=self.app.stderr)
                print('It is told.', file=sys.stderr)
                self.app.stderr.flush()
                return super().take_action(parsed_args)

        self.app.stderr = None
        with (
            mock.patch('sys.stderr', None),
            mock.patch('sys.stdout', self.app.stdout),
        ):
            found = self.run_command(Telling, '-f', 'json')
        self.assertEqual(len(ROWS), len(json.loads(found)))
        self.assertIsNone(self.app.stderr)

    def test_json_is_exact(self):
        found = json.loads(self.run_command(Listed, '-f', 'json'))
        self.assertEqual(
            [
                ['long', '86400.000000', 9, {'a': 'b'}, None],
                ['\x1b[2J', '9.000001', 1000, {}, '\x1b[0m'],
                ['', None, None, {}, 'x'],
            ],
            [[each[head] for head in HEADS] for each in found],
        )
        self.app.stdout.truncate(0)
        self.app.stdout.seek(0)
        text = self.run_command(Listed, '-f', 'yaml')
        self.assertEqual(found, yaml.safe_load(text))

    def test_csv_has_empty_cells_and_json_in_them(self):
        text = self.run_command(Listed, '-f', 'csv')
        self.assertEqual(
            [
                list(HEADS),
                ['long', '86400.000000', '9', '{"a": "b"}', ''],
                ['\x1b[2J', '9.000001', '1000', '{}', '\x1b[0m'],
                ['', '', '', '{}', 'x'],
            ],
            list(csv.reader(io.StringIO(text))),
        )

    def test_values_are_those_of_cliff(self):
        text = self.run_command(
            Listed, '-f', 'value', '-c', 'Usage', '-c', 'Facts'
        )
        self.assertEqual(
            ['86400.000000 {"a": "b"}', '9.000001 {}', 'None {}'],
            text.splitlines(),
        )

    def test_csv_is_written_while_it_is_read(self):
        seen = []

        def rows():
            for each in ROWS:
                seen.append(self.app.stdout.getvalue().count('\n'))
                yield each

        class Streamed(Listed):
            """Stream"""

            def take_action(self, parsed_args):
                return HEADS, rows()

        self.run_command(Streamed, '-f', 'csv')
        self.assertEqual([1, 2, 3], seen)

    def test_what_is_sorted_is_what_it_stands_for(self):
        for form in ('csv', 'value', 'table'):
            self.setUp()
            text = self.run_command(
                Listed,
                *('-f', form, '-c', 'Events'),
                *('--sort-column', 'usage', '--sort-descending'),
            )
            found = [
                word
                for word in text.replace('"', ' ').replace(',', '').split()
                if word.isdecimal()
            ]
            self.assertEqual(['9', '1000'], found, form)

    def test_people_may_see_it_exactly(self):
        text = self.run_command(Listed, '--exact')
        self.assertIn(' 86400.000000 |', text)
        self.assertIn(' 1,000 |', text)
        self.assertNotIn('\x1b', text)
        self.setUp()
        text = self.run_command(Shown, '--exact')
        self.assertIn('| Usage  | 86400.000000 |', text)

    def test_one_thing(self):
        text = self.run_command(Shown)
        self.assertIn('| Usage  | 1 d   |', text)
        self.setUp()
        found = json.loads(self.run_command(Shown, '-f', 'json'))
        self.assertEqual('86400.000000', found['Usage'])
        self.assertEqual({'a': 'b'}, found['Facts'])

    def test_people_are_told_why_nothing_is_there(self):
        class Empty(Listed):
            """Nothing"""

            rows = ()

        self.run_command(Empty)
        self.assertEqual('Nothing is there.\n', self.app.stderr.getvalue())
        self.setUp()
        self.assertEqual('[]\n', self.run_command(Empty, '-f', 'json'))
        self.assertEqual('', self.app.stderr.getvalue())

    def test_errors_become_hints(self):
        class Failing(Listed):
            """Fail"""

            def take_action(self, parsed_args):
                def rows():
                    yield ROWS[0]
                    raise errors.Unavailable(503, 'x', 'away', '', 'req-1')

                return HEADS, rows()

        for form in ('csv', 'json', 'table'):
            with self.assertRaises(exceptions.CommandError) as caught:
                self.run_command(Failing, '-f', form)
            self.assertIn('away (req-1)', str(caught.exception))
