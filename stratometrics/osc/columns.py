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

from collections.abc import Mapping
import datetime
import decimal
from typing import Any

from cliff import columns

from stratometrics.client import spelling

#: What stands where there is nothing to say.
NOTHING = '-'

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


class Column(columns.FormattableColumn):
    """A value of a row.

    :cvar rightly: whether it stands at the right edge in a table, as numbers
        do.
    """

    rightly = False

    def __lt__(self, other: Any) -> bool:
        mine, others = self._key(), other._key()
        # Where nothing is known comes first.
        if mine is None or others is None:
            return mine is None and others is not None
        return mine < others

    def _key(self) -> Any:
        return self._value


class Exact(Column):
    """Another column that shows to people, too, what it is exactly."""

    def __init__(self, inner: Column) -> None:
        super().__init__(inner._value)
        self._inner = inner
        self.rightly = inner.rightly

    def _key(self) -> Any:
        return self._inner._key()

    def human_readable(self) -> str:
        exact = self._inner.machine_readable()
        return NOTHING if exact in (None, '') else str(exact)

    def machine_readable(self) -> Any:
        return self._inner.machine_readable()


class Text(Column):
    """A text; people see where it is empty."""

    def human_readable(self) -> str:
        return self._value or NOTHING

    def machine_readable(self) -> str:
        return self._value


class Number(Column):
    """A whole number, or None."""

    rightly = True

    def human_readable(self) -> str:
        return NOTHING if self._value is None else f'{self._value:,}'

    def machine_readable(self) -> int | None:
        return self._value


class Decimal(Column):
    """A Decimal, or None: exactly a string of plain digits (R4)."""

    rightly = True

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        return f'{_shortened(self._value):,f}'

    def machine_readable(self) -> str | None:
        return None if self._value is None else f'{self._value:f}'


class Duration(Decimal):
    """Seconds, as a Decimal: ``31 d 4 h``."""

    def human_readable(self) -> str:
        return NOTHING if self._value is None else duration(self._value)


class Money(Decimal):
    """An amount of money: ``EUR 12.40``.

    :param currency: its code in ISO 4217.
    """

    def __init__(self, value: decimal.Decimal | None, currency: str) -> None:
        super().__init__(value)
        self._currency = currency

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        return money(self._value, self._currency)


class UnitPrice(Money):
    """What one unit costs; of its decimals none is left out."""

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        return f'{self._currency} {_shortened(self._value):,f}'


class Quantity(Decimal):
    """A Decimal that people see with at most three decimals."""

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        return f'{_shortened(_rounded(self._value, 3)):,f}'


class Instant(Column):
    """An aware datetime, or None: people see it in UTC, to the second."""

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        moment = self._value.astimezone(datetime.UTC)
        return f'{moment:%Y-%m-%d %H:%M:%S}'

    def machine_readable(self) -> str | None:
        return None if self._value is None else spelling.instant(self._value)


class YesNo(Column):
    """Whether something is so."""

    def human_readable(self) -> str:
        return 'yes' if self._value else 'no'

    def machine_readable(self) -> bool:
        return self._value


class Attributes(Column):
    """Texts by name: ``type=m1.small``."""

    def _key(self) -> Any:
        return self.human_readable()

    def human_readable(self) -> str:
        return _pairs(self._value) or NOTHING

    def machine_readable(self) -> dict[str, Any]:
        return dict(self._value)


def _pairs(values: Mapping[str, Any]) -> str:
    return ' '.join(f'{name}={value}' for name, value in values.items())


def duration(seconds: decimal.Decimal) -> str:
    """A length of time as people say it, by its two greatest units.

    It is cut, not rounded: what is not over yet is not told as if it were.
    """
    sign = '-' if seconds < 0 else ''
    whole = int(abs(seconds))
    for unit, name, part, part_name in (
        (_DAY, 'd', _HOUR, 'h'),
        (_HOUR, 'h', _MINUTE, 'min'),
        (_MINUTE, 'min', 1, 's'),
    ):
        if whole >= unit:
            rest = whole % unit // part
            more = f' {rest} {part_name}' if rest else ''
            return f'{sign}{whole // unit:,} {name}{more}'
    if seconds and not whole:
        return f'{seconds.normalize():f} s'
    return f'{sign}{whole} s'


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


def _rounded(value: decimal.Decimal, places: int) -> decimal.Decimal:
    """The same number with so many decimals, half of one away from zero."""
    unit = decimal.Decimal(1).scaleb(-places)
    with decimal.localcontext(prec=60):
        rounded = value.quantize(unit, decimal.ROUND_HALF_UP)
        # There is no negative nothing.
        return rounded + 0


def _shortened(value: decimal.Decimal) -> decimal.Decimal:
    """The same number without zeros at its end."""
    if value == value.to_integral_value():
        return value.to_integral_value()
    return value.normalize()
