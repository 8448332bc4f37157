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
"""A statement as one HTML page that can be printed.

It needs nothing from outside and runs nothing: it has its styles and images
in itself, and forbids the browser everything else.
"""

from collections.abc import Iterator, Sequence
import dataclasses
import datetime
import fractions
import functools
import itertools
from typing import TYPE_CHECKING
import zoneinfo

import markupsafe

from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.rating.rendering import chart
from stratometrics.rating.rendering import document as documents
from stratometrics.rating.rendering import legible
from stratometrics.rating.rendering import notation
from stratometrics.rating.rendering import spelling
from stratometrics.rating.rendering import texts

if TYPE_CHECKING:
    import jinja2

#: How many places more than a total has, an amount of a line is shown with.
_FINER = 2
_QUANTITY_PLACES = 6
#: The most characters that a text from outside is shown with, which is more
#: than OpenStack's names have. Breaking longer ones into lines takes long.
_LONGEST = 255
#: A currency without a total has these.
_USUAL_PLACES = 2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """What an operator's statements look like.

    :param issuer: whose they are.
    :param address: below it, line by line.
    :param footer: at the end.
    :param locale: the one that is used unless another is asked for.
    """

    issuer: str = ''
    address: Sequence[str] = ()
    footer: str = ''
    locale: str = 'en'

    @classmethod
    def from_conf(cls, conf) -> 'Appearance':
        """That of the options.

        :raises ValueError: one of them is wrong; str() names it.
        """
        options = conf.statements
        try:
            notation.locale(options.locale)
        except notation.UnknownLocale as e:
            raise ValueError(f'[statements]/locale: {e}') from e
        return cls(
            issuer=options.issuer,
            address=tuple(options.address),
            footer=options.footer,
            locale=options.locale,
        )


def html(
    document: documents.Document,
    appearance: Appearance,
    locale: str | None = None,
) -> str:
    """The page.

    :param locale: such as ``de-CH``, instead of the operator's own.
    :raises UnknownLocale: there is no such locale.
    """
    statement = document.statement
    place = notation.locale(locale or appearance.locale)
    writes = notation.Notation(place, zoneinfo.ZoneInfo(statement.timezone))
    return _template().render(
        appearance=appearance,
        issued=document.issued,
        statement=statement,
        currencies=[
            _Currency(statement, currency, writes)
            for currency in _currencies(statement)
        ],
        unpriced=[_Unpriced(each, writes) for each in statement.unpriced],
        writes=writes,
        texts=texts,
        isoformat=timestamps.isoformat,
        css_string=_css_string,
    )


def _currencies(statement: statements.Statement) -> list[str]:
    lines = (*statement.lines, *statement.adjustments)
    return sorted(
        {total.currency for total in statement.totals}
        | {line.currency for line in lines}
    )


class _Currency:
    """What is charged in one currency: a section of the page."""

    def __init__(
        self,
        statement: statements.Statement,
        currency: str,
        writes: notation.Notation,
    ) -> None:
        self.code = currency
        self._statement = statement
        self._writes = writes
        self._total = next(
            (each for each in statement.totals if each.currency == currency),
            None,
        )
        self._digits = _USUAL_PLACES
        if self._total:
            exponent = self._total.amount.as_tuple().exponent
            self._digits = max(0, -exponent)

    @property
    def total(self) -> str | None:
        total = self._total
        return total and self._writes.money(
            fractions.Fraction(total.amount), self.code, self._digits
        )

    @property
    def unrounded(self) -> '_Figure | None':
        return self._total and self._amount(self._total.exact)

    @property
    def chart(self) -> markupsafe.Markup | None:
        costs = [
            cost
            for cost in self._statement.daily
            if cost.currency == self.code
        ]
        if not costs:
            return None
        words = chart.Words(
            money=lambda value, digits: self._writes.money(
                value, self.code, digits
            ),
            day=self._writes.day,
            digits=self._digits,
        )
        days = _days(self._statement.period, self._writes)
        # It is made of elements, whose texts are escaped.
        return markupsafe.Markup(  # noqa: S704
            chart.svg(costs, days, words, f'chart-{self.code}')
        )

    @property
    def groups(self) -> Iterator['_Group']:
        """The lines by resource type."""
        return self._grouped(self._statement.lines)

    @property
    def adjustments(self) -> Iterator['_Group']:
        """The lines that earlier months have too much or too little."""
        return self._grouped(self._statement.adjustments)

    def _grouped(self, lines: Sequence[statements.Line]) -> Iterator['_Group']:
        own = [line for line in lines if line.currency == self.code]
        for resource_type, group in itertools.groupby(
            own, key=lambda line: line.resource_type
        ):
            members = list(group)
            amount = sum(
                (line.amount for line in members), fractions.Fraction(0)
            )
            yield _Group(
                resource_type,
                [self._line(line) for line in members],
                self._amount(amount),
            )

    def _line(self, line: statements.Line) -> '_Line':
        unit_price = self._writes.money(
            fractions.Fraction(line.unit_price),
            self.code,
            self._digits,
            len(spelling.plain(line.unit_price).partition('.')[2]),
        )
        return _Line(
            line=line,
            period=(
                None if line.period == self._statement.period else line.period
            ),
            facts=sorted(line.facts.items()),
            quantity=_quantity(line.quantity, self._writes),
            unit=_unit(line.measure, texts.UNITS[line.per]),
            unit_price=unit_price,
            per=_unit(line.measure, texts.PER[line.per], '/ '),
            amount=self._amount(line.amount),
            reason=texts.CHARGES.get(line.kind, ''),
            has_quantity=line.kind is not statements.Charge.MINIMUM,
        )

    def _amount(self, value: fractions.Fraction) -> '_Figure':
        return _Figure(
            self._writes.money(value, self.code, self._digits + _FINER),
            str(value),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Figure:
    """A number as it is shown, and as it is exactly."""

    shown: str
    exact: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Group:
    """The lines of a resource type, one after another."""

    resource_type: str
    lines: Sequence['_Line']
    amount: _Figure


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A row of the table.

    :param period: if it is not that of the statement.
    """

    line: statements.Line
    period: usage.Period | None
    facts: Sequence[tuple[str, str]]
    quantity: _Figure
    unit: str
    unit_price: str
    per: str
    amount: _Figure
    reason: str
    has_quantity: bool


class _Unpriced:
    """A row of the table of what has no price."""

    def __init__(
        self, each: statements.Unpriced, writes: notation.Notation
    ) -> None:
        self.of = each
        self.quantity = _quantity(each.quantity, writes)
        self.unit = texts.UNITS[each.per]


def _quantity(value: fractions.Fraction, writes: notation.Notation) -> _Figure:
    return _Figure(writes.number(value, _QUANTITY_PLACES), str(value))


def _unit(measure: str, unit: str, sign: str = '') -> str:
    units = ' × '.join(filter(None, (measure, unit)))
    return units and sign + units


def _days(
    period: usage.Period, writes: notation.Notation
) -> list[datetime.date]:
    first = writes.local(period.begin).date()
    last = writes.local(period.end - 1).date()
    return [
        first + datetime.timedelta(days=count)
        for count in range((last - first).days + 1)
    ]


def _fit(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, markupsafe.Markup):
        return legible.shortened(legible.legible(value), _LONGEST)
    return value


def _css_string(text: str) -> markupsafe.Markup:
    # All but letters and digits is escaped.
    return markupsafe.Markup(legible.css_string(text))  # noqa: S704


def preload() -> None:
    """Load the template, which otherwise the first page does.

    One that cannot be read is found, and forked processes share it.

    :raises jinja2.TemplateError: it is missing, or wrong.
    :raises ValueError: its folder is missing.
    """
    _template()


@functools.cache
def _template() -> 'jinja2.Template':
    # It takes long to import and to compile, and most programs make no page.
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader('stratometrics.rating.rendering'),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_fit,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template('statement.html')
