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
"""Exact numbers as decimal text, the same for equal numbers."""

import decimal
import fractions

#: How many places a fraction gets where it is written as a decimal.
PLACES = 12


def places(value: fractions.Fraction, count: int = PLACES) -> str:
    """A decimal with a fixed number of places, without an exponent.

    :param value: what may need more places; it is rounded half to even.
    """
    scaled = round(value * 10**count)
    digits = f'{abs(scaled):0{count + 1}d}'
    sign = '-' if scaled < 0 else ''
    if not count:
        return sign + digits
    return f'{sign}{digits[:-count]}.{digits[-count:]}'


def plain(value: decimal.Decimal) -> str:
    """All digits of a decimal, and no zero that says nothing."""
    text = unchanged(value)
    return text.rstrip('0').rstrip('.') if '.' in text else text


def unchanged(value: decimal.Decimal) -> str:
    """A decimal with the places that it was rounded to."""
    return format(value if value else value.copy_abs(), 'f')
