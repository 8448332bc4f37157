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
"""Statements: what a project is charged for a period, line by line.

Quantities and amounts are exact: fractions, of which nothing is rounded but
the total.
"""

from collections.abc import Mapping
import dataclasses
import datetime
import decimal
import enum
import fractions

from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.model import usage


class Charge(enum.StrEnum):
    """Why something is charged."""

    #: For its usage.
    USAGE = 'usage'
    #: For nothing: this usage is included in the price.
    INCLUDED = 'included'
    #: What is missing to the minimum of a resource.
    MINIMUM = 'minimum'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A part of a bill that has one price.

    :param period: when it was used; a month that a price change divides
        gives two lines. A minimum is of the end of a resource's usage.
    :param type: such as the flavor; '' if the resource has none.
    :param state: that of the usage; '' in the line of a minimum.
    :param resource_id: only if the bill is detailed by resource, or '': then
        the line is of all resources with the same facts.
    :param name: of the resource, if there is one.
    :param facts: what else was told apart by a price, by attribute; none in
        the line of a minimum.
    :param measure: what is priced; '' for resources as such.
    :param quantity: units of ``per``: such as hours, or GiB-months. Of a
        minimum, 0.
    :param unit_price: for one unit; of a minimum, 0.
    :param amount: what is charged; of a correction it can be negative, like
        its quantity.
    """

    period: usage.Period
    kind: Charge = Charge.USAGE
    resource_type: str
    type: str = ''
    state: str = ''
    resource_id: str = ''
    name: str = ''
    facts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    price_id: str
    description: str = ''
    measure: str = ''
    per: prices.Per
    quantity: fractions.Fraction
    unit_price: decimal.Decimal
    amount: fractions.Fraction
    currency: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unpriced:
    """Usage that no price is for. It is reported, never silently free.

    :param usage: resource-microseconds; of a consumption, events.
    :param billed_by: which of the two it is.
    """

    period: usage.Period
    resource_type: str
    type: str
    state: str
    usage: int
    billed_by: usage.Kind = usage.Kind.STATE

    @property
    def per(self) -> prices.Per:
        """What :attr:`quantity` is in units of."""
        if self.billed_by is usage.Kind.CONSUMPTION:
            return prices.Per.UNIT
        return prices.Per.HOUR

    @property
    def quantity(self) -> fractions.Fraction:
        """Resource-hours; of a consumption, events."""
        if self.billed_by is usage.Kind.CONSUMPTION:
            return fractions.Fraction(self.usage)
        return fractions.Fraction(self.usage, 3600 * timestamps.MICROSECONDS)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DailyCost:
    """What the lines of a month charge for one day, for its chart.

    :param day: in the operator's time zone.
    :param type: such as the flavor; '' if the resource has none.
    """

    day: datetime.date
    resource_type: str
    type: str = ''
    amount: fractions.Fraction
    currency: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What is to be paid in one currency.

    :param exact: the sum of the amounts.
    :param amount: the same, rounded once to the minor unit of the currency.
    """

    currency: str
    exact: fractions.Fraction
    amount: decimal.Decimal


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one project is charged for one calendar month.

    It is a pure function of the events and the price list as they were at
    ``as_of`` (R1, R15).

    :param period: the month, in the calendar of the operator's time zone.
    :param timezone: the name of that time zone.
    :param as_of: the watermark; microseconds since the epoch.
    :param lines: in a fixed order.
    :param adjustments: what is charged more, or less, for earlier months of
        which statements were issued: because of events that arrived, and
        prices that were changed, after their watermarks.
    :param unpriced: usage that no price is for: of the month, and of earlier
        ones what their statements did not report yet.
    :param totals: of lines and adjustments, a currency each, in the order of
        their codes.
    :param daily: what the lines charge by day and type; empty without a
        chart.
    """

    project_id: str
    project_name: str = ''
    domain_id: str = ''
    domain_name: str = ''
    region: str = ''
    period: usage.Period
    timezone: str
    as_of: int
    lines: tuple[Line, ...]
    adjustments: tuple[Line, ...] = ()
    unpriced: tuple[Unpriced, ...] = ()
    totals: tuple[Total, ...]
    daily: tuple[DailyCost, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """That a statement was issued: all that is known of it but its text.

    :param number: names it, such as ``2026-10-<project id>``: there is one
        for each project and month.
    :param issued_at: microseconds since the epoch. Of the statements of one
        project no two have the same.
    :param issued_by: the id of the user who did, or what did.
    :param sha256: the digest of the text, in hexadecimal.
    """

    number: str
    project_id: str
    period: usage.Period
    as_of: int
    issued_at: int
    issued_by: str
    sha256: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Issued(Receipt):
    """A statement that was issued, and can never change again.

    :param content: its canonical JSON text, as it was then.
    """

    content: str


def number(month: str, project_id: str) -> str:
    """What the statement of a project and month is called.

    :param month: such as ``2026-10``.
    """
    return f'{month}-{project_id}'
