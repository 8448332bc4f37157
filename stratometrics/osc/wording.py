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
"""How people read names, lengths of time, money and instants.

What is exact is in :mod:`stratometrics.client.spelling`.
"""

import datetime
import decimal
import unicodedata
import zoneinfo

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR

#: More digits than any amount has: a sum of Int128, or a Decimal(76).
PRECISION = 200


def printable(text: str) -> str:
    """A text of which nothing moves the cursor or turns the others round.

    Names are chosen by users, and a terminal obeys what they hold.
    """
    return ''.join(_escaped(each) for each in text)


def printable_lines(text: str) -> str:
    """The same of several lines, which stay that."""
    return '\n'.join(map(printable, text.split('\n')))


def _escaped(character: str) -> str:
    turns = '\u202a' <= character <= '\u202e' or (
        '\u2066' <= character <= '\u2069'
    )
    if turns or unicodedata.category(character) in ('Cc', 'Cs', 'Zl', 'Zp'):
        return character.encode('unicode_escape').decode()
    return character


def duration(seconds: decimal.Decimal) -> str:
    """A length of time as people say it, by its two greatest units.

    It is cut, not rounded: what is not over yet is not told as if it were.
    """
    sign = '-' if seconds < 0 else ''
    # What abs() gives is rounded to the digits of the context.
    length = seconds.copy_abs()
    whole = int(length)
    for unit, name, part, part_name in (
        (_DAY, 'd', _HOUR, 'h'),
        (_HOUR, 'h', _MINUTE, 'min'),
        (_MINUTE, 'min', 1, 's'),
    ):
        if whole >= unit:
            rest = whole % unit // part
            more = f' {rest} {part_name}' if rest else ''
            return f'{sign}{whole // unit:,} {name}{more}'
    if not whole:
        return f'{sign}{shortened(length):f} s'
    return f'{sign}{whole} s'


def hours(seconds: decimal.Decimal) -> str:
    """Seconds times something as people say it: in hours of it."""
    with decimal.localcontext(prec=PRECISION):
        exact = seconds / _HOUR
    return f'{number(exact, 2)} h'


def number(value: decimal.Decimal, places: int) -> str:
    """A number as people say it, with at most so many decimals.

    Half of the last one is rounded away from zero, and what would be nothing
    then is told as less than that.
    """
    told = rounded(value, places)
    if value and not told:
        unit = decimal.Decimal(1).scaleb(-places)
        return f'{"-" if value < 0 else ""}<{unit:f}'
    return f'{shortened(told):,f}'


def money(value: decimal.Decimal, currency: str) -> str:
    """An amount as people write it, with the decimals of its currency.

    Half a unit is rounded away from zero; only what is to be paid exactly is
    rounded by the service.
    """
    # Slow to import, and few commands tell of money.
    import iso4217

    try:
        places = iso4217.Currency(currency).exponent
    except ValueError:
        places = None
    if places is None:
        return f'{currency} {shortened(value):,f}'
    return f'{currency} {rounded(value, places):,f}'


def instant(
    value: datetime.datetime, zone: zoneinfo.ZoneInfo | None = None
) -> str:
    """An instant as people write it, to the second.

    :param zone: whose clock counts, by default that of UTC. The offset of any
        other stands behind it: some clocks show a time twice.
    """
    moment = value.astimezone(zone or datetime.UTC)
    return f'{moment:%Y-%m-%d %H:%M:%S}{_offset(moment, zone)}'


def bound(
    value: datetime.datetime, zone: zoneinfo.ZoneInfo | None = None
) -> str:
    """The same of where something begins or ends: no more than is needed.

    What is the first instant of a day is that day.
    """
    moment = value.astimezone(zone or datetime.UTC)
    if moment.time() == datetime.time() and not moment.fold:
        return f'{moment:%Y-%m-%d}'
    if moment.second:
        return instant(value, zone)
    return f'{moment:%Y-%m-%d %H:%M}{_offset(moment, zone)}'


def _offset(moment: datetime.datetime, zone: zoneinfo.ZoneInfo | None) -> str:
    if zone is None or zone.key == 'UTC':
        return ''
    return moment.isoformat(timespec='seconds')[len('2026-10-05T12:00:00') :]


def rounded(value: decimal.Decimal, places: int) -> decimal.Decimal:
    """The same number with so many decimals, half of one away from zero."""
    unit = decimal.Decimal(1).scaleb(-places)
    with decimal.localcontext(prec=PRECISION):
        rounded = value.quantize(unit, decimal.ROUND_HALF_UP)
        # There is no negative nothing.
        return rounded + 0


def shortened(value: decimal.Decimal) -> decimal.Decimal:
    """The same number without zeros at its end, with all other digits."""
    text = f'{value:f}'
    if '.' in text:
        text = text.rstrip('0').rstrip('.')
    short = decimal.Decimal(text)
    return short if short else decimal.Decimal(0)
