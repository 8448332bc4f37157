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
"""Bars are as long as their values, and fit where they are drawn."""

import decimal
import fractions
import io
import os
import re
import unittest
from unittest import mock

import hypothesis
from hypothesis import strategies as st
from rich import cells

from stratometrics.osc.charts import barchart

D = decimal.Decimal
VALUES = st.decimals(0, 10**30, places=6)


class Terminal(io.TextIOWrapper):
    """A terminal that shows what is written to it."""

    def __init__(self, encoding='utf-8'):
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self):
        return True

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


def bars(*pairs, **options):
    return [
        barchart.Bar(
            label=label, value=D(value), shown=f'{value} s', **options
        )
        for label, value in pairs
    ]


def plain(drawn, width=40, **variables):
    out = io.StringIO()
    environ = {'COLUMNS': str(width), **variables}
    # What the machine of the tests says of its terminal does not count.
    with mock.patch.dict(os.environ, environ):
        barchart.draw(drawn, out)
    return out.getvalue()


def coloured(drawn, width=40, encoding='utf-8', **variables):
    out = Terminal(encoding)
    environ = {'COLUMNS': str(width), 'TERM': 'xterm', **variables}
    with mock.patch.dict(os.environ, environ, clear=True):
        barchart.draw(drawn, out)
    return out.text()


class LengthTest(unittest.TestCase):
    @hypothesis.given(VALUES, VALUES, st.integers(1, 2000))
    def test_it_is_proportional(self, one, other, whole):
        largest = max(one, other)
        hypothesis.assume(largest)
        for value in (one, other):
            found = barchart.length(value, largest, whole)
            exact = fractions.Fraction(value) / fractions.Fraction(largest)
            exact *= whole
            if 0 < exact < fractions.Fraction(1, 2):
                self.assertEqual(1, found)
            else:
                self.assertLessEqual(
                    abs(found - exact), fractions.Fraction(1, 2)
                )
            self.assertEqual(value == 0, found == 0)
        self.assertEqual(whole, barchart.length(largest, largest, whole))

    def test_half_a_part_is_drawn(self):
        self.assertEqual(3, barchart.length(D(5), D(10), 5))
        self.assertEqual(2, barchart.length(D('4.999999'), D(10), 5))


class PlainTest(unittest.TestCase):
    def test_it_is_ascii(self):
        self.assertEqual(
            'm1.large  ####################  100 s\n'
            'm1.small  ##########             50 s\n'
            'm1.tiny   #                       1 s\n'
            'none                              0 s\n',
            plain(
                bars(
                    ('m1.large', '100'),
                    ('m1.small', '50'),
                    ('m1.tiny', '1'),
                    ('none', '0'),
                ),
                37,
                FORCE_COLOR='1',
            ),
        )

    def test_what_it_is_compared_with(self):
        drawn = bars(('now', '2')) + bars(('then', '1'), faint=True)
        self.assertEqual(
            'now   ##########  2 s\nthen  -----       1 s\n', plain(drawn, 21)
        )

    def test_heads(self):
        drawn = bars(('1st', '2'), ('2nd', '1'), head='web') + bars(
            ('1st', '1'), head='db'
        )
        self.assertEqual(
            'web\n'
            '1st  ##########  2 s\n'
            '2nd  #####       1 s\n'
            'db\n'
            '1st  #####       1 s\n',
            plain(drawn, 20),
        )

    def test_without_bars_there_is_nothing(self):
        self.assertEqual('', plain([]))

    def test_all_may_be_nothing(self):
        self.assertEqual(['a', '0', 's'], plain(bars(('a', '0'))).split())

    @hypothesis.given(
        labels=st.lists(
            st.text('ab\xe4\u6f22\u5b57 ', min_size=1, max_size=60).filter(
                str.strip
            ),
            min_size=1,
            unique_by=str.strip,
        ),
        width=st.integers(12, 120),
    )
    def test_labels_are_whole_and_lines_fit(self, labels, width):
        drawn = bars(*((label, str(n)) for n, label in enumerate(labels)))
        lines = plain(drawn, width).splitlines()
        for label in labels:
            self.assertTrue(
                any(line.startswith(label.rstrip()) for line in lines)
            )
        for line in lines:
            if line not in [label.rstrip() for label in labels]:
                self.assertLessEqual(cells.cell_len(line), width)


class TerminalTest(unittest.TestCase):
    drawn = bars(('large', '16'), ('small', '6'))

    def test_blocks_have_eighths(self):
        text = re.sub(r'\x1b\[[0-9;]*m', '', coloured(self.drawn, 24))
        self.assertEqual(
            'large  ' + '\u2588' * 11 + '  16 s\n'
            'small  ' + '\u2588' * 4 + '\u258f' + ' ' * 6 + '   6 s\n',
            text,
        )

    def test_colours_are_as_wanted(self):
        self.assertIn('\x1b[36m', coloured(self.drawn))
        text = coloured(self.drawn, NO_COLOR='1')
        self.assertNotIn('\x1b', text)
        self.assertIn('\u2588', text)

    def test_no_colour_without_bold(self):
        drawn = bars(('1st', '2'), head='web') + bars(
            ('1st', '1'), head='web', faint=True
        )
        self.assertNotIn('\x1b', coloured(drawn, NO_COLOR='1'))

    def test_a_terminal_without_blocks(self):
        for text in (
            coloured(self.drawn, encoding='latin-1'),
            coloured(self.drawn, TERM='dumb'),
        ):
            self.assertIn('####', text)
            self.assertTrue(text.isascii())

    def test_labels_are_no_markup(self):
        drawn = bars(('[red]x[/red] :smile:', '1'))
        self.assertIn('[red]x[/red] :smile:', coloured(drawn, 80))
