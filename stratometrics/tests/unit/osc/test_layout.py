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
"""Tables and paragraphs, on terminals of several widths."""

import argparse
import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
import textwrap
import unittest

from cliff.formatters import table

from stratometrics.osc.tables import columns
from stratometrics.osc.tables import layout

HEADS = ('Resource Id', 'Resource Type', 'Usage')
ID = 'b3239824-b4a9-4f1f-8568-915e71832a46'


def options(**given):
    return argparse.Namespace(
        **{
            'formatter': 'table',
            'max_width': 0,
            'fit_width': False,
            'print_empty': False,
            **given,
        }
    )


class Terminal(io.StringIO):
    def isatty(self):
        return True


class FittingTest(unittest.TestCase):
    rows = ((ID, 'instance', columns.Number(7)), ('x', 'volume', 12))

    def shown(self, width, rows=rows):
        stdout = io.StringIO()
        layout.Fitting(table.TableFormatter(), width).emit_list(
            HEADS, iter(rows), stdout, options()
        )
        return stdout.getvalue()

    def test_a_table_that_fits_is_one(self):
        shown = self.shown(64)
        self.assertIn(f'| {ID} | instance      | 7     |\n', shown)
        self.assertEqual(64, len(shown.splitlines()[0]))

    def test_another_becomes_paragraphs(self):
        self.assertEqual(
            textwrap.dedent(f"""\
                Resource Id:   {ID}
                Resource Type: instance
                Usage:         7

                Resource Id:   x
                Resource Type: volume
                Usage:         12

                """),
            self.shown(63),
        )

    def test_nothing_is_shown_of_nothing(self):
        self.assertEqual('\n', self.shown(10, rows=()))

    def test_wide_letters_count_twice(self):
        rows = [('課' * 10, 'a', 'b')]
        edge = 'Resource Type'
        table_width = 20 + len(edge) + len('Usage') + 10
        self.assertIn('|', self.shown(table_width, rows))
        self.assertNotIn('|', self.shown(table_width - 1, rows))

    def test_one_thing_is_a_paragraph_too(self):
        stdout = io.StringIO()
        fitting = layout.Fitting(table.TableFormatter(), 40)
        fitting.emit_one(('Id', 'Type'), iter((ID, 'a')), stdout, options())
        self.assertEqual(f'Id:   {ID}\nType: a\n\n', stdout.getvalue())


class ParagraphsTest(unittest.TestCase):
    def one(self, cell, width=30):
        text = layout.paragraphs(['Name'], [[cell]], width)
        self.assertEqual('\n\n', text[-2:])
        return text[:-1]

    def test_a_value_goes_on_below_itself(self):
        self.assertEqual(
            'Name: one two three four five\n      six seven\n',
            self.one('one two three four five six seven'),
        )

    def test_a_word_is_not_broken(self):
        self.assertEqual(f'Name: {ID}\n', self.one(ID))

    def test_lines_stay_lines(self):
        self.assertEqual('Name: a\n      b\n', self.one('a\nb'))

    def test_a_name_does_not_move_the_cursor(self):
        self.assertEqual('Name: a\\x1b[2Jb\n', self.one('a\x1b[2Jb'))

    def test_what_is_empty_has_its_head(self):
        self.assertEqual('Name:\n', self.one(''))

    def test_numbers_lose_their_edge(self):
        self.assertEqual('Name: 5\n', self.one('    5'))


class FittedTest(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.formatter = table.TableFormatter()

    def is_fitted(self, stdout=None, **given):
        chosen = layout.fitted(
            self.formatter,
            options(**given),
            Terminal() if stdout is None else stdout,
        )
        return chosen is not self.formatter

    def test_on_a_terminal(self):
        self.assertTrue(self.is_fitted())

    def test_a_file_has_no_edge(self):
        self.assertFalse(self.is_fitted(io.StringIO()))

    def test_who_says_how_wide_gets_that(self):
        self.assertFalse(self.is_fitted(max_width=40))
        self.assertFalse(self.is_fitted(fit_width=True))

    def test_other_formats_have_no_edge(self):
        self.assertFalse(self.is_fitted(formatter='csv'))


PROGRAM = f"""
import sys
from cliff.formatters import table
from stratometrics.osc.tables import layout
from stratometrics.tests.unit.osc import test_layout
options = test_layout.options()
layout.fitted(table.TableFormatter(), options, sys.stdout).emit_list(
    {HEADS!r}, [({ID!r}, 'instance', '7')], sys.stdout, options)
"""


class TerminalTest(unittest.TestCase):
    """A terminal of the kernel, whose width it is that counts."""

    def shown(self, width):
        here, there = pty.openpty()
        self.addCleanup(os.close, here)
        size = struct.pack('HHHH', 24, width, 0, 0)
        fcntl.ioctl(there, termios.TIOCSWINSZ, size)
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ('COLUMNS', 'LINES')
        }
        subprocess.run(
            [sys.executable, '-c', PROGRAM],
            stdout=there,
            env={**environment, 'PYTHONPATH': os.pathsep.join(sys.path)},
            check=True,
            timeout=60,
        )
        os.close(there)
        return os.read(here, 10_000).decode().replace('\r\n', '\n')

    def test_a_wide_one_shows_a_table(self):
        self.assertIn(f'| {ID} | instance ', self.shown(64))

    def test_a_narrow_one_shows_paragraphs(self):
        shown = self.shown(63)
        self.assertIn(f'Resource Id:   {ID}\n', shown)
        self.assertNotIn('|', shown)
