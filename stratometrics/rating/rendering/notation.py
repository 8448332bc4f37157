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
"""Numbers, money and dates as people in a place write them."""

import copy
import datetime
import decimal
import fractions
import zoneinfo

import babel
from babel import dates
from babel import numbers

from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.rating.rendering import spelling


class UnknownLocale(ValueError):
    """There is no such locale; str() says so."""


def locale(name: str) -> babel.Locale:
    """A locale by its name, such as ``en``, ``de-CH`` or ``pt_BR``.

    :raises UnknownLocale: there is none.
    """
    try:
        return babel.Locale.parse(name.replace('-', '_'))
    except (ValueError, babel.UnknownLocaleError) as e:
        raise UnknownLocale(f'there is no locale {name!r}') from e


class Notation:
    """How a locale writes what is on a bill, in a time zone."""

    def __init__(self, place: babel.Locale, zone: zoneinfo.ZoneInfo) -> None:
        self._locale = place
        self._zone = zone
        self._number = place.decimal_formats[None]
        self._money = place.currency_formats['standard']
        self._minus = numbers.get_minus_sign_symbol(place)

    @property
    def language(self) -> str:
        """The tag of BCP 47."""
        return str(self._locale).replace('_', '-')

    @property
    def direction(self) -> str:
        """``ltr``, or ``rtl`` of what is written from right to left."""
        return self._locale.text_direction

    def number(self, value: fractions.Fraction, most: int) -> str:
        """A number with at most so many decimal places."""
        return self._apply(self._number, value, 0, most)

    def money(
        self,
        value: fractions.Fraction,
        currency: str,
        digits: int,
        most: int | None = None,
    ) -> str:
        """An amount with its currency.

        :param digits: its decimal places, or the fewest.
        :param most: the most, if it can have more.
        """
        most = digits if most is None else max(digits, most)
        return self._apply(self._money, value, digits, most, currency)

    def month(self, instant: int) -> str:
        """The calendar month that an instant lies in."""
        return dates.format_skeleton(
            'yMMMM', self.local(instant), locale=self._locale
        )

    def moment(self, instant: int) -> str:
        """Date and time, to the second, with the offset."""
        local = self.local(instant)
        offset = dates.format_datetime(local, 'xxx', locale=self._locale)
        text = dates.format_datetime(local, 'medium', locale=self._locale)
        return f'{text} {offset}'

    def span(self, period: usage.Period) -> str:
        """The first and the last day, or, if it does not consist of days,
        the first instant and that at which it is over."""
        begin, end = self.local(period.begin), self.local(period.end)
        midnight = datetime.time()
        if begin.time() != midnight or end.time() != midnight:
            return f'{self.moment(period.begin)} – {self.moment(period.end)}'
        return dates.format_interval(
            begin.date(),
            end.date() - datetime.timedelta(days=1),
            'yMMMd',
            locale=self._locale,
        )

    def day(self, day: datetime.date) -> str:
        """A date without its year."""
        return dates.format_skeleton('MMMd', day, locale=self._locale)

    def local(self, instant: int) -> datetime.datetime:
        """An instant, in microseconds since the epoch, by the local clock."""
        return timestamps.to_datetime(instant).astimezone(self._zone)

    def _apply(
        self,
        pattern: numbers.NumberPattern,
        value: fractions.Fraction,
        fewest: int,
        most: int,
        currency: str | None = None,
    ) -> str:
        digits = spelling.places(value, most)
        exact = copy.copy(pattern)
        exact.frac_prec = (fewest, most)
        # The usual precision would refuse what has more digits.
        with decimal.localcontext(prec=len(digits) + most + 1):
            text = exact.apply(
                decimal.Decimal(digits),
                self._locale,
                currency=currency,
                currency_digits=False,
            )
        # The locale's own, which keeps its place where text runs leftwards.
        return text.replace('-', self._minus)
