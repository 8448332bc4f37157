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
"""How prices are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from stratometrics.client import answers
from stratometrics.client import spelling
from stratometrics.osc import pricelist
from stratometrics.osc import wording
from stratometrics.osc.tables import columns
from stratometrics.pricing import documents

#: What a price is told by in a table.
HEADS = ('ID', 'Resource Type', 'Measure', 'Match', 'Price', 'Per')
#: All that there is to tell of it.
ALL_HEADS = (
    *HEADS,
    'Currency',
    'Valid From',
    'Valid To',
    'Project ID',
    'Domain ID',
    'Tiers',
    'Tier Mode',
    'Included',
    'Minimum',
    'Equivalents',
    'Description',
)
CHANGE_HEADS = ('At', 'By', 'Change')


class Match(columns.Column):
    """Accepted values by attribute: ``type=m1.small,m1.large``."""

    def _key(self) -> Any:
        return self.human_readable()

    def human_readable(self) -> str:
        told = ' '.join(
            f'{name}={",".join(values)}'
            for name, values in sorted(self._value.items())
        )
        return wording.printable(told) or columns.NOTHING

    def machine_readable(self) -> Mapping[str, Sequence[str]]:
        return {
            name: list(values) for name, values in sorted(self._value.items())
        }


class Price(columns.Column):
    """The price of one unit, with all its digits: ``EUR 0.025``.

    That of tiers is told for people: ``0.1 to 100, 0.08``.
    """

    rightly = True

    def _key(self) -> Any:
        return self._value.currency, self._value.tiers[0].price

    def human_readable(self) -> str:
        return f'{self._value.currency} {self.machine_readable()}'

    def machine_readable(self) -> str:
        return ', '.join(
            f'{tier["price"]} to {tier["up_to"]}'
            if 'up_to' in tier
            else tier['price']
            for tier in _body(self._value)['tiers']
        )


class Tiers(columns.Column):
    """The same for programs; people see it where there are several."""

    def _key(self) -> Any:
        return self._value.tiers[0].price

    def human_readable(self) -> str:
        if len(self._value.tiers) == 1:
            return columns.NOTHING
        return Price(self._value).machine_readable()

    def machine_readable(self) -> list[dict[str, str]]:
        return _body(self._value)['tiers']


class Equivalents(columns.Column):
    """What others ask: ``aws: 0.0397 (t3a.medium)``."""

    def _key(self) -> Any:
        return self.human_readable()

    def human_readable(self) -> str:
        told = ', '.join(
            f'{provider}: {each["price"]} ({each["name"]})'
            for provider, each in self.machine_readable().items()
        )
        return wording.printable(told) or columns.NOTHING

    def machine_readable(self) -> dict[str, dict[str, str]]:
        return _body(self._value)['equivalents']


class History(columns.Column):
    """Who did what to a price, and when."""

    def _key(self) -> Any:
        return self._value[-1].at if self._value else None

    def human_readable(self) -> str:
        return '\n'.join(
            f'{columns.Instant(each.at).human_readable()} {each.change} by '
            f'{wording.printable(each.by)}, valid to '
            f'{columns.Instant(each.price.valid_to).human_readable()}'
            for each in self._value
        )

    def machine_readable(self) -> list[dict[str, Any]]:
        return [
            {
                'change': each.change,
                'at': spelling.instant(each.at),
                'by': each.by,
                'price': {'id': each.price.id, **_body(each.price)},
            }
            for each in self._value
        ]


def whole(price: answers.Price) -> tuple[Any, ...]:
    """A price under :data:`ALL_HEADS`."""
    return (
        columns.Text(price.id),
        price.resource_type,
        columns.Text(price.measure),
        Match(price.match),
        Price(price),
        price.per,
        price.currency,
        columns.Instant(price.valid_from),
        columns.Instant(price.valid_to),
        columns.Text(price.project_id),
        columns.Text(price.domain_id),
        Tiers(price),
        price.tier_mode,
        columns.Decimal(price.included),
        columns.Decimal(price.minimum),
        Equivalents(price),
        columns.Text(price.description),
    )


def change(made: answers.Change) -> tuple[Any, ...]:
    """A change of the list under :data:`CHANGE_HEADS`."""
    return columns.Instant(made.at), columns.Text(made.by), made.change


def _body(price: answers.Price) -> dict[str, Any]:
    """All of a price but its id, as the API tells it."""
    return documents.body(pricelist.price(price))
