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
"""The price of a month in plain Python: slow, obvious, and independent.

It knows no segments, lines or steps. It walks along the quantity of a subject
one unit after the other, and asks of each what it costs.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
import dataclasses
import fractions
import itertools

from stratometrics.model import prices

HOUR = 3_600_000_000

Totals = Mapping[str, fractions.Fraction]


@dataclasses.dataclass(frozen=True)
class Stay:
    """A resource that had the same facts from one whole hour to another."""

    resource_id: str
    type: str
    state: str
    begin: int
    end: int
    vcpus: int


def totals(
    stays: Iterable[Stay], listed: Iterable[prices.Price], month: int
) -> Totals:
    """What is charged in each currency.

    :param listed: prices whose times are microseconds of whole hours, and
        whose bounds fall between two hours.
    :param month: its length, in hours from 0.
    """
    listed = list(listed)
    rulers = defaultdict(list)
    for stay in stays:
        for hour in range(stay.begin, stay.end):
            for measure, count in (('', 1), ('vcpus', stay.vcpus)):
                price = _winner(stay, measure, hour, listed)
                if price is not None:
                    rulers[price.subject] += [(hour, stay, price)] * count
    owed: dict[str, fractions.Fraction] = defaultdict(fractions.Fraction)
    for ruler in rulers.values():
        for price, amount in _charged(ruler, month):
            owed[price.currency] += amount
    return dict(owed)


def _winner(
    stay: Stay, measure: str, hour: int, listed: Iterable[prices.Price]
) -> prices.Price | None:
    facts = {'type': stay.type, 'state': stay.state}
    found = [
        price
        for price in listed
        if price.measure == measure
        and price.holds_at(hour * HOUR)
        and all(facts[key] in some for key, some in price.match.items())
    ]
    return max(found, key=lambda price: price.specificity, default=None)


def _charged(ruler, month):
    """Each hour on the ruler of a subject, then what is missing."""
    paid, last = defaultdict(fractions.Fraction), {}
    ruler.sort(key=lambda mark: mark[0])
    position = 0
    for _, run in itertools.groupby(ruler, lambda mark: _terms(mark[2])):
        for _, stay, price in sorted(run, key=_place):
            size = fractions.Fraction(
                1, month if price.per is prices.Per.MONTH else 1
            )
            cost = size * _cost(price, position * size, len(ruler) * size)
            yield price, cost
            paid[stay.resource_id, price.currency] += cost
            last[stay.resource_id] = price
            position += 1
    for resource_id, price in last.items():
        missing = (
            fractions.Fraction(price.minimum)
            - paid[resource_id, price.currency]
        )
        yield price, max(missing, fractions.Fraction(0))


def _terms(price):
    return dataclasses.replace(
        price, id='', valid_from=0, valid_to=None, match={}
    )


def _place(mark):
    hour, stay, _ = mark
    return stay.type, stay.state, stay.resource_id, hour


def _cost(price, begin, whole):
    """What the unit that begins at a quantity costs, of so much in all."""
    if begin < price.included:
        return fractions.Fraction(0)
    for tier in price.tiers:
        inside = (
            whole <= tier.up_to
            if tier.up_to and price.tier_mode is prices.TierMode.VOLUME
            else tier.up_to and begin < tier.up_to
        )
        if tier.up_to is None or inside:
            return fractions.Fraction(tier.price)
    raise AssertionError('the last tier has no bound')
