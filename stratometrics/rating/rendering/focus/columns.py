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
"""The columns of FOCUS, the FinOps Open Cost and Usage Specification.

https://focus.finops.org/focus-specification/v1-2/ says what they mean.
"""

import dataclasses
import enum


class Type(enum.Enum):
    """What the values of a column are."""

    STRING = enum.auto()
    DECIMAL = enum.auto()
    #: An instant: microseconds since the epoch, of which whole seconds are
    #: written.
    TIME = enum.auto()
    #: A JSON object, as text.
    PAIRS = enum.auto()


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A column.

    :param nullable: whether a row may have no value for it. An empty text is
        none.
    :param places: the decimal places that are kept.
    """

    name: str
    type: Type = Type.STRING
    nullable: bool = False
    places: int = 0


#: Decimal places of quantities and of prices for one unit.
PLACES = 12
#: Those of amounts: a quantity times a price needs no more.
AMOUNT_PLACES = 2 * PLACES


def _amount(name: str) -> Column:
    return Column(name, Type.DECIMAL, places=AMOUNT_PLACES)


def _number(name: str) -> Column:
    return Column(name, Type.DECIMAL, nullable=True, places=PLACES)


def _time(name: str) -> Column:
    return Column(name, Type.TIME)


def _optional(name: str) -> Column:
    return Column(name, nullable=True)


_OF_1_2 = (
    _optional('AvailabilityZone'),
    _amount('BilledCost'),
    Column('BillingAccountId'),
    Column('BillingAccountName'),
    Column('BillingCurrency'),
    _time('BillingPeriodEnd'),
    _time('BillingPeriodStart'),
    Column('ChargeCategory'),
    _optional('ChargeClass'),
    Column('ChargeDescription'),
    Column('ChargeFrequency'),
    _time('ChargePeriodEnd'),
    _time('ChargePeriodStart'),
    _number('ConsumedQuantity'),
    _optional('ConsumedUnit'),
    _amount('ContractedCost'),
    _number('ContractedUnitPrice'),
    _amount('EffectiveCost'),
    _optional('InvoiceId'),
    Column('InvoiceIssuerName'),
    _amount('ListCost'),
    _number('ListUnitPrice'),
    _optional('PricingCategory'),
    _number('PricingQuantity'),
    _optional('PricingUnit'),
    Column('ProviderName'),
    Column('PublisherName'),
    _optional('RegionId'),
    _optional('RegionName'),
    _optional('ResourceId'),
    _optional('ResourceName'),
    _optional('ResourceType'),
    Column('ServiceCategory'),
    Column('ServiceName'),
    Column('ServiceSubcategory'),
    _optional('SkuId'),
    _optional('SkuMeter'),
    Column('SkuPriceDetails', Type.PAIRS, nullable=True),
    _optional('SkuPriceId'),
    _optional('SubAccountId'),
    _optional('SubAccountName'),
    Column('Tags', Type.PAIRS, nullable=True),
)
#: 1.3 tells who sells from whose machines they are, and is to give up
#: ProviderName and PublisherName for that.
_SINCE_1_3 = (
    _optional('HostProviderName'),
    Column('ServiceProviderName'),
)
#: They begin like this.
_OWN = (
    _optional('x_DomainId'),
    _optional('x_DomainName'),
)


def _ordered(*of_focus: Column) -> tuple[Column, ...]:
    """Columns by their names, with our own behind the others."""
    return (*sorted(of_focus, key=lambda column: column.name), *_OWN)


#: The columns by the version of the specification, in the order in which they
#: are written. Those that a version has only for what no OpenStack cloud does,
#: such as commitments to buy, are left out.
VERSIONS = {
    '1.2': _ordered(*_OF_1_2),
    '1.3': _ordered(*_OF_1_2, *_SINCE_1_3),
}

#: The one that is written unless another one is asked for.
DEFAULT_VERSION = '1.2'
