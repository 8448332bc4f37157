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
"""What people and programs see of values."""

import datetime
import decimal
import fractions
import re
import unittest
import zoneinfo

import hypothesis
from hypothesis import strategies as st

from stratometrics.osc import wording
from stratometrics.osc.tables import columns

D = decimal.Decimal
ZURICH = zoneinfo.ZoneInfo('Europe/Zurich')

#: Up to what Int128 holds of microseconds.
SECONDS = st.integers(-(2**127), 2**127).map(lambda each: D(each).scaleb(-6))
AMOUNTS = st.integers(-(10**40), 10**40).map(
    lambda each: D((each < 0, tuple(map(int, str(abs(each)))), -20))
)
LENGTHS = {'d': 86400, 'h': 3600, 'min': 60, 's': 1}


def exact(seconds):
    """Exact, as what scaleb() gives is rounded to 28 digits."""
    return D((seconds < 0, tuple(map(int, str(abs(seconds)))), -6))


class TextsTest(unittest.TestCase):
    def test_several_texts_move_no_cursor(self):
        column = columns.Texts(['a', '\x1b[2J'])
        self.assertEqual('a, \\x1b[2J', column.human_readable())


class DurationTest(unittest.TestCase):
    def test_people_see_two_units(self):
        for seconds, expected in (
            ('0', '0 s'),
            ('-0.000000', '0 s'),
            ('0.000001', '0.000001 s'),
            ('0.500000', '0.5 s'),
            ('-0.5', '-0.5 s'),
            ('1.999999', '1 s'),
            ('59.999999', '59 s'),
            ('60', '1 min'),
            ('61', '1 min 1 s'),
            ('-61', '-1 min 1 s'),
            ('3599.999999', '59 min 59 s'),
            ('3600', '1 h'),
            ('3659', '1 h'),
            ('3660', '1 h 1 min'),
            ('86399.999999', '23 h 59 min'),
            ('86400.000000', '1 d'),
            ('2692800', '31 d 4 h'),
            ('86400000000', '1,000,000 d'),
        ):
            self.assertEqual(
                expected, columns.Duration(D(seconds)).human_readable()
            )
        self.assertEqual('-', columns.Duration(None).human_readable())
        for seconds, expected in (
            ('0', '0 s'),
            ('60', '+1 min'),
            ('-60', '-1 min'),
        ):
            cell = columns.Duration(D(seconds), signed=True)
            self.assertEqual(expected, cell.human_readable())

    @hypothesis.given(st.integers(-(2**127), 2**127))
    def test_it_is_cut_below_its_second_unit(self, microseconds):
        value = exact(microseconds)
        told = wording.duration(value)
        self.assertEqual(microseconds < 0, told.startswith('-'))
        parts = re.findall(r'([0-9,.]+) (d|h|min|s)', told)
        self.assertEqual(
            told.lstrip('-'), ' '.join(' '.join(part) for part in parts)
        )
        length = sum(
            fractions.Fraction(number.replace(',', '')) * LENGTHS[unit]
            for number, unit in parts
        )
        left = fractions.Fraction(abs(microseconds), 10**6) - length
        # What is left out is less than one of the unit below the first.
        units = list(LENGTHS)
        place = units.index(parts[0][1])
        below = LENGTHS[units[min(place + 1, 3)]]
        self.assertTrue(0 <= left < below, (told, left))

    @hypothesis.given(st.integers(-(2**127), 2**127))
    def test_programs_see_all_digits(self, microseconds):
        value = exact(microseconds)
        cell = columns.Duration(value)
        for text in (cell.machine_readable(), cell.exact()):
            self.assertRegex(text, r'^-?[0-9]+\.[0-9]{6}$')
            self.assertEqual(
                fractions.Fraction(microseconds, 10**6),
                fractions.Fraction(text),
            )


class HoursTest(unittest.TestCase):
    def test_people_see_hundredths(self):
        for seconds, expected in (
            ('0', '0 h'),
            ('3600', '1 h'),
            ('5400', '1.5 h'),
            ('5356800.000000', '1,488 h'),
            ('1', '<0.01 h'),
            ('-1', '-<0.01 h'),
            ('18', '0.01 h'),
            ('54', '0.02 h'),
            ('-54', '-0.02 h'),
        ):
            self.assertEqual(
                expected, columns.Hours(D(seconds)).human_readable()
            )

    @hypothesis.given(st.integers(-(2**127), 2**127))
    def test_they_are_rounded_once(self, microseconds):
        told = wording.hours(exact(microseconds))
        hypothesis.assume('<' not in told)
        number = fractions.Fraction(told.removesuffix(' h').replace(',', ''))
        wanted = fractions.Fraction(microseconds, 10**6 * 3600)
        self.assertLessEqual(abs(number - wanted), fractions.Fraction(1, 200))


class MoneyTest(unittest.TestCase):
    def test_people_see_minor_units(self):
        for amount, currency, expected in (
            ('12.4', 'EUR', 'EUR 12.40'),
            ('12.405', 'EUR', 'EUR 12.41'),
            ('-12.405', 'EUR', 'EUR -12.41'),
            ('12.404999999999999999999999999999999999', 'EUR', 'EUR 12.40'),
            ('-0.001', 'EUR', 'EUR 0.00'),
            ('1234567.5', 'CHF', 'CHF 1,234,567.50'),
            ('1234.5', 'JPY', 'JPY 1,235'),
            ('1.0005', 'BHD', 'BHD 1.001'),
            # Gold has no minor unit, and the other is none.
            ('1.50', 'XAU', 'XAU 1.5'),
            ('1.50', 'QQQ', 'QQQ 1.5'),
            (
                '1' + '0' * 40 + '.005',
                'EUR',
                'EUR 1' + '0' + ',000' * 13 + '.01',
            ),
        ):
            self.assertEqual(
                expected,
                columns.Money(D(amount), currency).human_readable(),
            )

    def test_people_may_see_all_of_it(self):
        cell = columns.Money(D('12.40500'), 'EUR')
        self.assertEqual('EUR 12.40500', columns.Exact(cell).human_readable())
        self.assertEqual('12.40500', columns.Exact(cell).machine_readable())
        self.assertEqual(
            'EUR +12.41',
            columns.Money(D('12.405'), 'EUR', True).human_readable(),
        )

    @hypothesis.given(AMOUNTS)
    def test_it_is_rounded_once(self, amount):
        told = wording.money(amount, 'EUR').removeprefix('EUR ')
        wanted = fractions.Fraction(f'{amount:f}')
        number = fractions.Fraction(told.replace(',', ''))
        self.assertLessEqual(abs(number - wanted), fractions.Fraction(1, 200))
        self.assertRegex(told, r'^-?[0-9,]+\.[0-9]{2}$')

    def test_of_two_currencies_none_is_less(self):
        cells = [
            columns.Money(D(amount), currency)
            for amount, currency in (
                ('10', 'EUR'),
                ('2', 'EUR'),
                ('10', 'CHF'),
                ('3', 'CHF'),
            )
        ]
        self.assertNotEqual(cells[0], cells[2])
        self.assertEqual(
            ['CHF 3.00', 'CHF 10.00', 'EUR 2.00', 'EUR 10.00'],
            [cell.human_readable() for cell in sorted(cells)],
        )


class DecimalTest(unittest.TestCase):
    @hypothesis.given(AMOUNTS)
    def test_no_digit_is_lost(self, amount):
        cell = columns.Decimal(amount)
        wanted = fractions.Fraction(f'{amount:f}')
        for text in (
            cell.human_readable().replace(',', ''),
            cell.machine_readable(),
            cell.exact(),
        ):
            self.assertEqual(wanted, fractions.Fraction(text))
        self.assertFalse(
            '.' in cell.human_readable()
            and cell.human_readable().endswith('0')
        )

    def test_whole_numbers_keep_their_zeros(self):
        for text, expected in (
            ('100', '100'),
            ('1E+3', '1,000'),
            ('100.50', '100.5'),
            ('-0.0', '0'),
        ):
            self.assertEqual(
                expected, columns.Decimal(D(text)).human_readable()
            )


class InstantTest(unittest.TestCase):
    def test_people_see_the_clock_of_a_zone(self):
        moment = datetime.datetime(
            2026, 10, 25, 1, 30, 5, 7, tzinfo=datetime.UTC
        )
        for zone, expected in (
            (None, '2026-10-25 01:30:05'),
            (zoneinfo.ZoneInfo('UTC'), '2026-10-25 01:30:05'),
            (ZURICH, '2026-10-25 02:30:05+01:00'),
            (
                zoneinfo.ZoneInfo('Asia/Kathmandu'),
                '2026-10-25 07:15:05+05:45',
            ),
        ):
            cell = columns.Instant(moment, zone)
            self.assertEqual(expected, cell.human_readable())
            for text in (cell.exact(), cell.machine_readable()):
                self.assertEqual('2026-10-25T01:30:05.000007Z', text)
        # The same reading half an hour before and after the change.
        earlier = moment - datetime.timedelta(hours=1)
        self.assertEqual(
            '2026-10-25 02:30:05+02:00',
            columns.Instant(earlier, ZURICH).human_readable(),
        )

    def test_people_see_no_idle_zeros_of_buckets(self):
        for text, zone, expected in (
            ('2026-10-01T00:00:00', None, '2026-10-01'),
            ('2026-10-01T22:00:00', ZURICH, '2026-10-02'),
            ('2026-10-01T22:00:00', None, '2026-10-01 22:00'),
            ('2026-10-01T00:00:00', ZURICH, '2026-10-01 02:00+02:00'),
            ('2026-10-01T22:00:01', ZURICH, '2026-10-02 00:00:01+02:00'),
            ('2026-10-01T00:00:00.000001', None, '2026-10-01 00:00'),
        ):
            moment = datetime.datetime.fromisoformat(f'{text}+00:00')
            self.assertEqual(
                expected, columns.Bound(moment, zone).human_readable()
            )

    def test_it_may_be_unknown(self):
        cell = columns.Instant(None)
        self.assertEqual('-', cell.human_readable())
        self.assertEqual('-', cell.exact())
        self.assertIsNone(cell.machine_readable())


class OrderTest(unittest.TestCase):
    def test_what_is_unknown_comes_last_as_cliff_has_it(self):
        for kind in (columns.Number, columns.Decimal, columns.Duration):
            values = [D(3), None, D(20), D(-1), None]
            cells = sorted(kind(value) for value in values)
            self.assertEqual(
                [D(-1), D(3), D(20), None, None],
                [cell._value for cell in cells],
            )

    @hypothesis.given(st.lists(SECONDS))
    def test_durations_are_sorted_by_length(self, lengths):
        for wrapped in (lambda cell: cell, columns.Exact):
            cells = sorted(wrapped(columns.Duration(each)) for each in lengths)
            self.assertEqual(sorted(lengths), [cell._value for cell in cells])


class TextTest(unittest.TestCase):
    def test_a_name_cannot_draw_on_the_terminal(self):
        for text, expected in (
            ('web', 'web'),
            ('', '-'),
            ('\x1b[2Jweb\r\n', r'\x1b[2Jweb\r\n'),
            ('a\u202eb', r'a\u202eb'),
            ('gr\xfcn \U0001f427', 'gr\xfcn \U0001f427'),
        ):
            cell = columns.Text(text)
            self.assertEqual(expected, cell.human_readable())
            self.assertEqual(text, cell.machine_readable())

    def test_what_has_no_name_has_an_id(self):
        self.assertEqual('acme', columns.Named('acme', '7').human_readable())
        nameless = columns.Named('', '7')
        self.assertEqual('7', nameless.human_readable())
        self.assertEqual('', nameless.machine_readable())


class TestPrices(unittest.TestCase):
    def test_a_unit_price_keeps_its_digits(self):
        price = columns.UnitPrice(decimal.Decimal('0.02510'), 'EUR')
        self.assertEqual('EUR 0.0251', price.human_readable())
        self.assertEqual('0.02510', price.machine_readable())

    def test_a_quantity_is_rounded_for_people(self):
        quantity = columns.Quantity(decimal.Decimal('1383.428571428571'))
        self.assertEqual('1,383.429', quantity.human_readable())
        self.assertEqual('1383.428571428571', quantity.machine_readable())
        self.assertEqual('1383.428571428571', quantity.exact())
        self.assertEqual(
            '744', columns.Quantity(decimal.Decimal('744')).human_readable()
        )
        for value, told in (
            ('0', '0'),
            ('0.000174443333', '<0.001'),
            ('-0.0004', '-<0.001'),
            ('0.0005', '0.001'),
        ):
            quantity = columns.Quantity(decimal.Decimal(value))
            self.assertEqual(told, quantity.human_readable())
