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
"""Money: what it is rounded to, how, and how fractions are spelled."""

import decimal
import fractions

import iso4217

_HALF = fractions.Fraction(1, 2)

#: The ways to round. Each says whether the last digit becomes one greater, by
#: the digits as a whole number and by what is left of it, a fraction of 1.
#: They know no sign: a refund is rounded as the charge was.
ROUNDINGS = {
    'half_up': lambda whole, rest: rest >= _HALF,
    'half_down': lambda whole, rest: rest > _HALF,
    'half_even': lambda whole, rest: (
        rest > _HALF or (rest == _HALF and whole % 2 == 1)
    ),
    'up': lambda whole, rest: rest > 0,
    'down': lambda whole, rest: False,
}


def digits(currency: str) -> int:
    """How many digits after the point the minor unit of a currency takes.

    :param currency: its code of ISO 4217; of those without a minor unit, such
        as gold, whole units are counted.
    :raises ValueError: there is no such currency.
    """
    return iso4217.Currency(currency).exponent or 0


def rounded(
    amount: fractions.Fraction, places: int, rounding: str
) -> decimal.Decimal:
    """An amount with so many digits after the point.

    :param rounding: one of :data:`ROUNDINGS`.
    """
    scaled = abs(amount) * 10**places
    whole = scaled.numerator // scaled.denominator
    whole += ROUNDINGS[rounding](whole, scaled - whole)
    # Made of its parts, a Decimal has all of its digits, however many.
    return decimal.Decimal(
        (int(amount < 0 < whole), tuple(map(int, str(whole))), -places)
    )


def spell(amount: fractions.Fraction, places: int) -> str:
    """A fraction as a decimal number, without zeros at its end.

    It is exact if it ends within so many digits after the point, and
    otherwise rounded to them, halves to even.
    """
    text = f'{rounded(amount, places, "half_even"):f}'
    return text.rstrip('0').rstrip('.') if '.' in text else text
