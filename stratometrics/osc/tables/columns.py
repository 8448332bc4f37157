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
"""What stands in a table: for people there, exact everywhere else.

The formatters of cliff ask a column which of both it is to be: that of tables
is for people, and those of JSON, YAML, CSV and values are for programs. A
column is sorted by what it stands for, not by how it looks.
"""

from collections.abc import Mapping, Sequence
import datetime
import decimal
from typing import Any
import unicodedata
import zoneinfo

from cliff import columns

from stratometrics.client import spelling

#: What stands where there is nothing to say.
NOTHING = '-'

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR

#: More digits than any amount has: a sum of Int128, or a Decimal(76).
PRECISION = 200


class Column(columns.FormattableColumn):
    """A value of a row.

    :cvar rightly: whether it stands at the right edge in a table, as numbers
        do.
    """

    rightly = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Column) and self._order() == other._order()

    def __lt__(self, other: Any) -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[Any, ...]:
        # As cliff sorts None: behind all others.
        key = self._key()
        return (True,) if key is None else (False, key)

    def _key(self) -> Any:
        """What it is sorted by; None if nothing is known."""
        return self._value

    def exact(self) -> str:
        """What people see who want nothing to be rounded."""
        return self.human_readable()


class Exact(Column):
    """Another column that shows to people, too, what it is exactly."""

    def __init__(self, inner: Column) -> None:
        super().__init__(inner._value)
        self._inner = inner
        self.rightly = inner.rightly

    def _key(self) -> Any:
        return self._inner._key()

    def exact(self) -> str:
        return self._inner.exact()

    def human_readable(self) -> str:
        return self._inner.exact()

    def machine_readable(self) -> Any:
        return self._inner.machine_readable()


class Text(Column):
    """A text; people see where it is empty."""

    def human_readable(self) -> str:
        return printable(self._value) if self._value else NOTHING

    def machine_readable(self) -> str:
        return self._value


class Named(Text):
    """The name of something that has an id.

    People see the id where there is no name.

    :param value: the name; '' if there is none.
    :param identity: the id.
    """

    def __init__(self, value: str, identity: str) -> None:
        super().__init__(value)
        self._identity = identity

    def human_readable(self) -> str:
        return printable(self._value or self._identity) or NOTHING


class Number(Column):
    """A whole number, or None."""

    rightly = True

    def human_readable(self) -> str:
        return NOTHING if self._value is None else f'{self._value:,}'

    def machine_readable(self) -> int | None:
        return self._value


class Decimal(Column):
    """A Decimal, or None: exactly a string of plain digits (R4).

    :param signed: whether people see a plus before what is more than zero.
    """

    rightly = True

    def __init__(
        self, value: decimal.Decimal | None, signed: bool = False
    ) -> None:
        super().__init__(value)
        self._signed = signed

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        sign = '+' if self._signed and self._value > 0 else ''
        return sign + self._told(self._value)

    def _told(self, value: decimal.Decimal) -> str:
        return f'{_shortened(value):,f}'

    def exact(self) -> str:
        return NOTHING if self._value is None else f'{self._value:f}'

    def machine_readable(self) -> str | None:
        return None if self._value is None else f'{self._value:f}'


class Duration(Decimal):
    """Seconds, as a Decimal: ``31 d 4 h``."""

    def _told(self, value: decimal.Decimal) -> str:
        return duration(value)


class Hours(Decimal):
    """Seconds times something, as a Decimal: ``1,488 h``, of vCPUs, say."""

    def _told(self, value: decimal.Decimal) -> str:
        return hours(value)


class Money(Decimal):
    """An amount of money: ``EUR 12.40``.

    :param currency: its code in ISO 4217.
    """

    def __init__(
        self,
        value: decimal.Decimal | None,
        currency: str,
        signed: bool = False,
    ) -> None:
        super().__init__(value, signed)
        self._currency = currency

    def _key(self) -> Any:
        # Amounts of two currencies cannot be compared.
        return None if self._value is None else (self._currency, self._value)

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        told = money(self._value, self._currency)
        if self._signed and self._value > 0:
            return told.replace(' ', ' +', 1)
        return told

    def exact(self) -> str:
        if self._value is None:
            return NOTHING
        return f'{self._currency} {self._value:f}'


class Incomparable(Money):
    """An amount of what cannot be compared: people see that there is none."""

    def human_readable(self) -> str:
        return NOTHING

    def exact(self) -> str:
        return NOTHING


class UnitPrice(Money):
    """What one unit costs; of its decimals none is left out."""

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        return f'{self._currency} {_shortened(self._value):,f}'


class Quantity(Decimal):
    """A Decimal that people see with at most three decimals."""

    def _told(self, value: decimal.Decimal) -> str:
        return f'{_shortened(_rounded(value, 3)):,f}'


class Instant(Column):
    """An aware datetime, or None: people see it to the second.

    :param zone: whose clock it is that they see; by default that of UTC.
    """

    def __init__(
        self,
        value: datetime.datetime | None,
        zone: zoneinfo.ZoneInfo | None = None,
    ) -> None:
        super().__init__(value)
        self._zone = zone

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        return instant(self._value, self._zone)

    def exact(self) -> str:
        return self.machine_readable() or NOTHING

    def machine_readable(self) -> str | None:
        return None if self._value is None else spelling.instant(self._value)


class Bound(Instant):
    """Where a bucket of time begins or ends: people see no idle zeros."""

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        return bound(self._value, self._zone)


class YesNo(Column):
    """Whether something is so."""

    def human_readable(self) -> str:
        return 'yes' if self._value else 'no'

    def machine_readable(self) -> bool:
        return self._value


class Texts(Column):
    """Several texts: ``vcpus, ram_mib``."""

    def human_readable(self) -> str:
        return printable(', '.join(self._value)) or NOTHING

    def machine_readable(self) -> Sequence[str]:
        return list(self._value)


class Attributes(Column):
    """Texts by name: ``type=m1.small``."""

    def _key(self) -> Any:
        return self.human_readable()

    def human_readable(self) -> str:
        return printable(_pairs(self._value)) or NOTHING

    def machine_readable(self) -> dict[str, Any]:
        return dict(self._value)


def _pairs(values: Mapping[str, Any]) -> str:
    return ' '.join(f'{name}={value}' for name, value in values.items())


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
        return f'{sign}{_shortened(length):f} s'
    return f'{sign}{whole} s'


def hours(seconds: decimal.Decimal) -> str:
    """Seconds times something as people say it: in hours of it.

    Half a hundredth is rounded away from zero, and what would be nothing then
    is told as less than that.
    """
    with decimal.localcontext(prec=PRECISION):
        exact = seconds / _HOUR
    told = _rounded(exact, 2)
    if exact and not told:
        return f'{"-" if exact < 0 else ""}<0.01 h'
    return f'{_shortened(told):,f} h'


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
        return f'{currency} {_shortened(value):,f}'
    return f'{currency} {_rounded(value, places):,f}'


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


def _rounded(value: decimal.Decimal, places: int) -> decimal.Decimal:
    """The same number with so many decimals, half of one away from zero."""
    unit = decimal.Decimal(1).scaleb(-places)
    with decimal.localcontext(prec=PRECISION):
        rounded = value.quantize(unit, decimal.ROUND_HALF_UP)
        # There is no negative nothing.
        return rounded + 0


def _shortened(value: decimal.Decimal) -> decimal.Decimal:
    """The same number without zeros at its end, with all other digits."""
    text = f'{value:f}'
    if '.' in text:
        text = text.rstrip('0').rstrip('.')
    short = decimal.Decimal(text)
    return short if short else decimal.Decimal(0)
