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
import zoneinfo

from cliff import columns

from stratometrics.client import spelling
from stratometrics.osc import wording

#: What stands where there is nothing to say.
NOTHING = '-'


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
        return wording.printable(self._value) if self._value else NOTHING

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
        return wording.printable(self._value or self._identity) or NOTHING


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
        return f'{wording.shortened(value):,f}'

    def exact(self) -> str:
        return NOTHING if self._value is None else f'{self._value:f}'

    def machine_readable(self) -> str | None:
        return None if self._value is None else f'{self._value:f}'


class Duration(Decimal):
    """Seconds, as a Decimal: ``31 d 4 h``."""

    def _told(self, value: decimal.Decimal) -> str:
        return wording.duration(value)


class Hours(Decimal):
    """Seconds times something, as a Decimal: ``1,488 h``, of vCPUs, say."""

    def _told(self, value: decimal.Decimal) -> str:
        return wording.hours(value)


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
        told = wording.money(self._value, self._currency)
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
        return f'{self._currency} {wording.shortened(self._value):,f}'


class Quantity(Decimal):
    """A Decimal that people see with at most three decimals."""

    def _told(self, value: decimal.Decimal) -> str:
        return wording.number(value, 3)


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
        return wording.instant(self._value, self._zone)

    def exact(self) -> str:
        return self.machine_readable() or NOTHING

    def machine_readable(self) -> str | None:
        return None if self._value is None else spelling.instant(self._value)


class Bound(Instant):
    """Where a bucket of time begins or ends: people see no idle zeros."""

    def human_readable(self) -> str:
        if self._value is None:
            return NOTHING
        return wording.bound(self._value, self._zone)


class YesNo(Column):
    """Whether something is so."""

    def human_readable(self) -> str:
        return 'yes' if self._value else 'no'

    def machine_readable(self) -> bool:
        return self._value


class Texts(Column):
    """Several texts: ``vcpus, ram_mib``."""

    def human_readable(self) -> str:
        return wording.printable(', '.join(self._value)) or NOTHING

    def machine_readable(self) -> Sequence[str]:
        return list(self._value)


class Attributes(Column):
    """Texts by name: ``type=m1.small``."""

    def _key(self) -> Any:
        return self.human_readable()

    def human_readable(self) -> str:
        return wording.printable(_pairs(self._value)) or NOTHING

    def machine_readable(self) -> dict[str, Any]:
        return dict(self._value)


def _pairs(values: Mapping[str, Any]) -> str:
    return ' '.join(f'{name}={value}' for name, value in values.items())
