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
"""Prices: what is charged for what, from when to when."""

from collections.abc import Mapping
import dataclasses
import decimal
import enum


def number(text: str) -> decimal.Decimal:
    """A decimal that is spelled as short as it can be.

    The same number is spelled the same, wherever it comes from.

    :param text: digits, with a point or without.
    """
    if '.' in text:
        text = text.rstrip('0').rstrip('.')
    return decimal.Decimal(text)


class Per(enum.StrEnum):
    """What one unit of a quantity is."""

    #: One resource, or one unit of a measure, for an hour.
    HOUR = 'hour'
    #: The same for a whole calendar month, however long it is.
    MONTH = 'month'
    #: One, whenever it happens: of a consumption.
    UNIT = 'unit'


class TierMode(enum.StrEnum):
    """What the tiers of a price mean."""

    #: Each part of a quantity costs the price of the tier that it lies in.
    GRADUATED = 'graduated'
    #: The whole quantity costs the price of the tier that it ends in.
    VOLUME = 'volume'


@dataclasses.dataclass(frozen=True, slots=True)
class Tier:
    """A price for quantities up to a bound.

    :param price: for one unit; not negative.
    :param up_to: the quantity at which the next tier begins, which is that
        of one project in one calendar month; None in the last tier.
    """

    price: decimal.Decimal
    up_to: decimal.Decimal | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Equivalent:
    """What somebody else sells for the same purpose.

    :param name: what it is called there, such as ``t3a.medium``.
    :param price: for one unit of the price that it belongs to, in its
        currency.
    """

    name: str
    price: decimal.Decimal


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price of one thing, immutable while it is valid.

    Quantities count for one project and one calendar month: tiers, what is
    included, and the minimum begin anew with each. They go on where a price
    with the same :attr:`subject` follows within the month, so that a price
    can be cut in two at any instant.

    :param id: names the price; given by the service.
    :param resource_type: what it is for.
    :param measure: the measure that is priced; '' for resources as such.
    :param match: accepted values by attribute; all must hold.
    :param project_id: only for this project; '' for all.
    :param domain_id: only for projects of this domain; '' for all.
    :param valid_from: from this instant on; microseconds since the epoch.
    :param valid_to: up to, but not including, this one; None without end.
    :param currency: by its code of ISO 4217.
    :param tiers: at least one; the last has no bound.
    :param included: the quantity that costs nothing: the first of a month.
    :param minimum: what each resource costs at least in a month in which it
        is charged at all.
    :param equivalents: by provider.
    :param description: what a bill says.
    """

    id: str
    resource_type: str
    measure: str = ''
    match: Mapping[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict
    )
    project_id: str = ''
    domain_id: str = ''
    valid_from: int
    valid_to: int | None = None
    currency: str
    per: Per
    tiers: tuple[Tier, ...]
    tier_mode: TierMode = TierMode.GRADUATED
    included: decimal.Decimal = decimal.Decimal(0)
    minimum: decimal.Decimal = decimal.Decimal(0)
    equivalents: Mapping[str, Equivalent] = dataclasses.field(
        default_factory=dict
    )
    description: str = ''

    @property
    def subject(self) -> tuple:
        """What is priced, and for whom: the same in all prices that follow
        one another."""
        return (
            self.resource_type,
            self.measure,
            tuple(
                sorted(
                    (name, tuple(sorted(values)))
                    for name, values in self.match.items()
                )
            ),
            self.project_id,
            self.domain_id,
        )

    @property
    def specificity(self) -> tuple[int, int]:
        """Of several prices that match, the one with the greatest wins.

        One for a project is more specific than one for a domain, that more
        than one for all; then the one that asks for more attributes.
        """
        scope = 2 if self.project_id else 1 if self.domain_id else 0
        return scope, len(self.match)

    def holds_at(self, instant: int) -> bool:
        """Whether the price is valid at an instant."""
        return self.valid_from <= instant and (
            self.valid_to is None or instant < self.valid_to
        )

    def holds_within(self, begin: int, end: int) -> bool:
        """Whether the price is valid at any instant of a period."""
        return self.valid_from < end and (
            self.valid_to is None or begin < self.valid_to
        )


class Change(enum.StrEnum):
    """What was done to a price."""

    CREATED = 'created'
    #: Its end or its description was changed, by which it has a new text
    #: under the same id.
    AMENDED = 'amended'
    #: It is as if it had never been.
    WITHDRAWN = 'withdrawn'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change of the price list, which is kept for ever.

    :param at: when it was made; microseconds since the epoch.
    :param by: the id of the user who made it, or what did.
    :param price: as it is from then on; of one that was withdrawn, as it
        was.
    """

    change: Change
    at: int
    by: str
    price: Price
