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
import decimal
import fractions
import unittest

import hypothesis
from hypothesis import strategies

from stratometrics.rating.rendering import spelling
from stratometrics.tests.unit.rating.rendering import drawn


class PlacesTest(unittest.TestCase):
    def test_there_are_always_as_many(self) -> None:
        for value, expected in (
            ('0', '0.000000000000'),
            ('7/3', '2.333333333333'),
            ('-7/3', '-2.333333333333'),
            ('1/2000000000000', '0.000000000000'),
            ('3/2000000000000', '0.000000000002'),
            ('-1/9000000000000', '0.000000000000'),
            ('1000000000000000000000', '1000000000000000000000.000000000000'),
        ):
            with self.subTest(value):
                self.assertEqual(
                    expected, spelling.places(fractions.Fraction(value))
                )

    def test_without_places_there_is_no_point(self) -> None:
        self.assertEqual('-3', spelling.places(fractions.Fraction(-3), 0))

    @hypothesis.given(drawn.FRACTIONS, strategies.integers(0, 15))
    def test_it_is_the_nearest(
        self, value: fractions.Fraction, count: int
    ) -> None:
        text = spelling.places(value, count)
        error = abs(fractions.Fraction(text) - value)
        self.assertLessEqual(error, fractions.Fraction(1, 2 * 10**count))


class DecimalTest(unittest.TestCase):
    def test_equal_prices_have_one_spelling(self) -> None:
        for text in ('0.05', '0.0500', '5E-2', '500E-4'):
            self.assertEqual('0.05', spelling.plain(decimal.Decimal(text)))
        for text in ('0', '-0.00', '0E+5'):
            self.assertEqual('0', spelling.plain(decimal.Decimal(text)))
        self.assertEqual('1200', spelling.plain(decimal.Decimal('12E+2')))

    def test_a_total_keeps_its_places(self) -> None:
        for text, expected in (
            ('12.30', '12.30'),
            ('1200', '1200'),
            ('-0.00', '0.00'),
        ):
            self.assertEqual(
                expected, spelling.unchanged(decimal.Decimal(text))
            )
