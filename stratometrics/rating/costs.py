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
"""What things cost, and what they would cost elsewhere."""

import bisect
from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import fractions

from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import usage

#: Attributes of a line that costs can be grouped by; all others are facts.
_OF_LINES = (
    'resource_type',
    'type',
    'state',
    'resource_id',
    'measure',
    'price_id',
)
_OF_BILLS = ('project_id', 'project_name', 'domain_id', 'domain_name')


class TooMuch(Exception):
    """To answer would take more memory than is allowed."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What is charged to a project.

    :param lines: of any period.
    """

    project_id: str
    project_name: str = ''
    domain_id: str = ''
    domain_name: str = ''
    lines: tuple[statements.Line, ...]
    unpriced: tuple[statements.Unpriced, ...] = ()


@dataclasses.dataclass(slots=True, kw_only=True)
class Comparison:
    """What something costs here, and with one other provider.

    :param cost: of what has an equivalent there.
    :param equivalent: what the same quantity costs there.
    :param without_equivalent: the cost of what has none. It is in neither of
        the two others.
    """

    cost: fractions.Fraction = fractions.Fraction(0)
    equivalent: fractions.Fraction = fractions.Fraction(0)
    without_equivalent: fractions.Fraction = fractions.Fraction(0)

    @property
    def saving(self) -> fractions.Fraction:
        """How much less it costs here; negative if it costs more."""
        return self.equivalent - self.cost


@dataclasses.dataclass(slots=True, kw_only=True)
class Cost:
    """What a group costs in one currency.

    :param group: the values of what costs are grouped by, in its order.
    :param period: the bucket that it was used in.
    :param comparisons: by provider; each report has the same ones in all of
        its groups.
    """

    group: tuple[str, ...]
    period: usage.Period
    currency: str
    cost: fractions.Fraction = fractions.Fraction(0)
    comparisons: Mapping[str, Comparison]


def report(
    bills: Iterable[Bill],
    listed: Iterable[prices.Price],
    group_by: Sequence[str],
    buckets: Sequence[usage.Period],
    most: int | None = None,
) -> list[Cost]:
    """Costs by group, bucket and currency, in this order.

    What is missing to a minimum is a cost without a quantity: it makes what
    has an equivalent dearer here. What is included costs nothing here, but
    does elsewhere.

    :param listed: the prices that the bills were made by, and maybe others.
    :param group_by: keys of usage, ``measure`` or ``price_id``.
    :param buckets: periods side by side. Every line lies within one.
    :param most: how many there may be; None for any number.
    :raises TooMuch: there are more.
    """
    by_id = {price.id: price for price in listed}
    providers = sorted(
        {name for price in by_id.values() for name in price.equivalents}
    )
    begins = [bucket.begin for bucket in buckets]
    found: dict[tuple, Cost] = {}
    for bill in bills:
        for line in bill.lines:
            group = tuple(_value(bill, line, key) for key in group_by)
            number = bisect.bisect(begins, line.period.begin) - 1
            key = group, number, line.currency
            if key not in found:
                if len(found) == most:
                    raise TooMuch(f'there are more than {most} groups')
                found[key] = Cost(
                    group=group,
                    period=buckets[number],
                    currency=line.currency,
                    comparisons={name: Comparison() for name in providers},
                )
            _add(found[key], line, by_id[line.price_id])
    return [cost for _, cost in sorted(found.items(), key=_first)]


def _first(pair: tuple[tuple, Cost]) -> tuple:
    return pair[0]


def _value(bill: Bill, line: statements.Line, key: str) -> str:
    if key in _OF_BILLS:
        return getattr(bill, key)
    if key in _OF_LINES:
        return getattr(line, key)
    return line.facts.get(key, '')


def _add(cost: Cost, line: statements.Line, price: prices.Price) -> None:
    cost.cost += line.amount
    for name, comparison in cost.comparisons.items():
        equivalent = price.equivalents.get(name)
        if equivalent is None:
            comparison.without_equivalent += line.amount
        else:
            comparison.cost += line.amount
            comparison.equivalent += line.quantity * fractions.Fraction(
                equivalent.price
            )
