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
"""How money is rounded and spelled."""

import decimal
import fractions
import unittest

import hypothesis
from hypothesis import strategies as st

from stratometrics.rating import money

FRACTIONS = st.fractions()
#: What the decimal module calls the same.
MODES = {
    'half_up': decimal.ROUND_HALF_UP,
    'half_even': decimal.ROUND_HALF_EVEN,
    'half_down': decimal.ROUND_HALF_DOWN,
    'up': decimal.ROUND_UP,
    'down': decimal.ROUND_DOWN,
}


class MoneyTest(unittest.TestCase):
    def test_minor_units_are_those_of_iso_4217(self):
        self.assertEqual(2, money.digits('EUR'))
        self.assertEqual(0, money.digits('JPY'))
        self.assertEqual(3, money.digits('BHD'))
        self.assertEqual(0, money.digits('ISK'))
        with self.assertRaises(ValueError):
            money.digits('EURO')

    @hypothesis.given(
        st.decimals(allow_nan=False, allow_infinity=False, places=4),
        st.integers(0, 3),
    )
    def test_rounding_is_that_of_the_decimal_module(self, amount, places):
        self.assertEqual(set(MODES), set(money.ROUNDINGS))
        unit = decimal.Decimal(1).scaleb(-places)
        for mode, rounding in MODES.items():
            with decimal.localcontext() as context:
                context.prec = 400
                expected = amount.quantize(unit, rounding)
            found = money.rounded(fractions.Fraction(amount), places, mode)
            self.assertEqual(expected, found)
            self.assertEqual(-places, found.as_tuple().exponent)

    @hypothesis.given(FRACTIONS, st.integers(0, 12))
    def test_a_spelled_fraction_is_the_nearest_one(self, amount, places):
        text = money.spell(amount, places)
        error = abs(fractions.Fraction(text) - amount)
        self.assertLessEqual(error * 2 * 10**places, 1)

    def test_fractions_are_spelled_without_zeros_at_the_end(self):
        for amount, text in (
            (fractions.Fraction(744), '744'),
            (fractions.Fraction(100), '100'),
            (fractions.Fraction('0.0250'), '0.025'),
            (fractions.Fraction(-1, 3), '-0.333333'),
            (fractions.Fraction(-1, 10**9), '0'),
            (
                fractions.Fraction(10**40) + fractions.Fraction(1, 2),
                '1' + '0' * 40 + '.5',
            ),
        ):
            self.assertEqual(text, money.spell(amount, 6))
