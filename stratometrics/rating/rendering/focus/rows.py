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
"""From bills to rows of FOCUS.

All costs of a row are the product of its quantity and its unit price, to the
last digit. A quantity of hours or months seldom ends after some digits; in
seconds, in which usage is told as well, it does.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
import dataclasses
import decimal
import fractions
import json
from urllib import parse
import zoneinfo

from stratometrics.model import instants
from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.rating import costs
from stratometrics.rating import money
from stratometrics.rating.rendering.focus import columns
from stratometrics.rating.rendering.focus import services
from stratometrics.rating.rendering.focus import units

#: What is told of a row, by column.
Row = Mapping[str, str | int | decimal.Decimal | None]

#: What lines must tell apart as facts, beside what prices do.
SHOWN = ('region', 'availability_zone')

#: Begins the keys of all tags: no user gave them.
_TAG_PREFIX = 'openstack/'
#: Who sells if nobody says.
_UNNAMED = 'OpenStack'
_HOUR = 3600 * timestamps.MICROSECONDS


@dataclasses.dataclass(slots=True)
class _Account:
    """What a project is charged for a month, by currency.

    :param common: what all of its rows tell.
    :param exact: the sum of the lines.
    :param told: the sum of the rows.
    """

    common: Row
    exact: dict[str, fractions.Fraction] = dataclasses.field(
        default_factory=lambda: defaultdict(fractions.Fraction)
    )
    told: dict[str, fractions.Fraction] = dataclasses.field(
        default_factory=lambda: defaultdict(fractions.Fraction)
    )


class Ledger:
    """Makes rows of bills, and remembers what they come to.

    :param listed: the prices that the bills were made by, and maybe others.
    :param zone: whose calendar says when a month begins.
    :param rounding: how totals are rounded; one of
        :data:`stratometrics.rating.money.ROUNDINGS`.
    :param provider: the name of who sells, and bills for it: if these were
        two, FOCUS would expect that nothing is billed here.
    """

    def __init__(
        self,
        listed: Iterable[prices.Price],
        zone: zoneinfo.ZoneInfo,
        rounding: str,
        provider: str,
    ) -> None:
        self._prices = {price.id: price for price in listed}
        self._zone = zone
        self._rounding = rounding
        self._provider = _text(provider) or _UNNAMED
        self._accounts: dict[tuple[usage.Period, str], _Account] = {}

    def rows(
        self,
        bill: costs.Bill,
        month: usage.Period,
        adjustments: Iterable[statements.Line] = (),
        invoice_id: str = '',
    ) -> Iterator[Row]:
        """The rows of what a project is charged for a month, or a part of it.

        :param bill: with lines for each resource.
        :param adjustments: of earlier months.
        :param invoice_id: the number of the statement that was issued.
        """
        common = {
            'BillingAccountId': bill.project_id,
            'BillingAccountName': _text(bill.project_name) or bill.project_id,
            'BillingPeriodStart': month.begin,
            'BillingPeriodEnd': month.end,
            'InvoiceId': _text(invoice_id),
            'InvoiceIssuerName': self._provider,
            'ProviderName': self._provider,
            'PublisherName': self._provider,
            'HostProviderName': self._provider,
            'ServiceProviderName': self._provider,
            'SubAccountId': None,
            'SubAccountName': None,
            'x_DomainId': _text(bill.domain_id),
            'x_DomainName': _text(bill.domain_name),
        }
        adjustments = tuple(adjustments)
        places = _places((*bill.lines, *adjustments))
        account = self._accounts.setdefault(
            (month, bill.project_id), _Account(common)
        )
        for line, charge_class in (
            *((line, None) for line in bill.lines),
            *((line, 'Correction') for line in adjustments),
        ):
            row = common | self._row(line, charge_class, places)
            account.exact[line.currency] += line.amount
            account.told[line.currency] += fractions.Fraction(
                row['BilledCost']
            )
            yield row

    def closing(self) -> Iterator[Row]:
        """The rows of what the totals are rounded by, if that is anything.

        With them the sum of BilledCost of an account, month and currency is
        what is to be paid.
        """
        for (month, _), account in self._accounts.items():
            for currency, exact in sorted(account.exact.items()):
                total = money.rounded(
                    exact, money.digits(currency), self._rounding
                )
                missing = fractions.Fraction(total) - account.told[currency]
                if missing:
                    yield account.common | _rounding_row(
                        currency, month, missing
                    )

    def _row(
        self,
        line: statements.Line,
        charge_class: str | None,
        places: Mapping[tuple[str, str], Mapping[str, str]],
    ) -> dict[str, str | int | decimal.Decimal | None]:
        service = services.service(line.resource_type)
        price = self._prices[line.price_id]
        place = line.facts or places.get(_resource(line), {})
        region = _text(place.get('region'))
        resource_id = _text(line.resource_id)
        name = _text(line.name)
        return {
            'AvailabilityZone': _text(place.get('availability_zone')),
            'BillingCurrency': line.currency,
            'ChargeClass': charge_class,
            # A price may be valid from within a second.
            'ChargePeriodStart': _second(line.period.begin),
            'ChargePeriodEnd': -_second(-line.period.end),
            'ChargeDescription': _description(line),
            'ChargeFrequency': 'Usage-Based',
            'RegionId': region,
            'RegionName': region,
            'ResourceId': resource_id,
            'ResourceName': (
                name if resource_id and name != resource_id else None
            ),
            'ResourceType': line.resource_type if resource_id else None,
            'ServiceCategory': service.category,
            'ServiceName': service.name,
            'ServiceSubcategory': service.subcategory,
            'SkuId': _sku(price),
            'SkuMeter': ' '.join(
                filter(None, (line.resource_type, line.measure))
            ),
            'SkuPriceDetails': None,
            'SkuPriceId': line.price_id,
            'Tags': _tags(line),
            **self._charge(line),
        }

    def _charge(
        self, line: statements.Line
    ) -> dict[str, str | decimal.Decimal | None]:
        if line.kind is statements.Charge.MINIMUM:
            return _adjustment(_decimal(line.amount, columns.PLACES))
        quantity = _decimal(line.quantity, columns.PLACES)
        cost = _decimal(
            fractions.Fraction(quantity) * fractions.Fraction(line.unit_price),
            columns.AMOUNT_PLACES,
        )
        return {
            'ChargeCategory': 'Usage',
            **_costs(cost),
            'ConsumedQuantity': _decimal(
                line.quantity * self._length(line), columns.PLACES
            ),
            'ConsumedUnit': units.consumed(line.measure, line.per),
            'ContractedUnitPrice': line.unit_price,
            'ListUnitPrice': line.unit_price,
            'PricingCategory': 'Standard',
            'PricingQuantity': quantity,
            'PricingUnit': units.pricing(line.measure, line.per),
        }

    def _length(self, line: statements.Line) -> fractions.Fraction:
        """How many seconds a unit of the quantity is; else 1."""
        match line.per:
            case prices.Per.HOUR:
                length = _HOUR
            case prices.Per.MONTH:
                begin, end = instants.month(line.period.begin, self._zone)
                length = end - begin
            case prices.Per.UNIT:
                return fractions.Fraction(1)
        return fractions.Fraction(length, timestamps.MICROSECONDS)


def _rounding_row(
    currency: str, month: usage.Period, missing: fractions.Fraction
) -> dict[str, str | int | decimal.Decimal | None]:
    service = services.ROUNDING
    return {
        'AvailabilityZone': None,
        'BillingCurrency': currency,
        'ChargeClass': None,
        'ChargePeriodStart': month.begin,
        'ChargePeriodEnd': month.end,
        'ChargeDescription': 'What the total of the month is rounded by',
        'ChargeFrequency': 'One-Time',
        'RegionId': None,
        'RegionName': None,
        'ResourceId': None,
        'ResourceName': None,
        'ResourceType': None,
        'ServiceCategory': service.category,
        'ServiceName': service.name,
        'ServiceSubcategory': service.subcategory,
        'SkuId': None,
        'SkuMeter': None,
        'SkuPriceDetails': None,
        'SkuPriceId': None,
        'Tags': None,
        **_adjustment(_decimal(missing, columns.AMOUNT_PLACES)),
    }


def _adjustment(
    cost: decimal.Decimal,
) -> dict[str, str | decimal.Decimal | None]:
    """A charge that is for no quantity."""
    return {
        'ChargeCategory': 'Adjustment',
        **_costs(cost),
        'ConsumedQuantity': None,
        'ConsumedUnit': None,
        'ContractedUnitPrice': None,
        'ListUnitPrice': None,
        'PricingCategory': None,
        'PricingQuantity': None,
        'PricingUnit': None,
    }


def _costs(cost: decimal.Decimal) -> dict[str, decimal.Decimal]:
    """There are neither discounts nor prepayments."""
    return {
        'BilledCost': cost,
        'ContractedCost': cost,
        'EffectiveCost': cost,
        'ListCost': cost,
    }


def _places(
    lines: Iterable[statements.Line],
) -> dict[tuple[str, str], Mapping[str, str]]:
    """Where resources are that have a line which does not tell it: that of a
    minimum."""
    lines = tuple(lines)
    wanted = {
        _resource(line)
        for line in lines
        if line.kind is statements.Charge.MINIMUM
    }
    return {
        _resource(line): line.facts
        for line in lines
        if line.kind is not statements.Charge.MINIMUM
        and _resource(line) in wanted
    }


def _resource(line: statements.Line) -> tuple[str, str]:
    return line.resource_type, line.resource_id


def _sku(price: prices.Price) -> str:
    """What is sold, for whatever price and to whomever."""
    text = '/'.join(filter(None, (price.resource_type, price.measure)))
    match = [
        (key, value)
        for key, values in sorted(price.match.items())
        for value in sorted(values)
    ]
    return f'{text}?{parse.urlencode(match)}' if match else text


def _description(line: statements.Line) -> str:
    words = (line.resource_type, line.type, line.state, line.measure)
    what = _text(line.description) or ' '.join(filter(None, words))
    match line.kind:
        case statements.Charge.MINIMUM:
            return f'{what}: what is missing to the minimum charge'
        case statements.Charge.INCLUDED:
            return f'{what}: included in the price'
    unit = units.pricing(line.measure, line.per)
    return f'{what}: {unit} at {line.unit_price:f} {line.currency}'


def _tags(line: statements.Line) -> str | None:
    known = {'type': line.type, 'state': line.state, **line.facts}
    tags = {
        f'{_TAG_PREFIX}{key}': value
        for key, value in sorted(known.items())
        if value and key not in SHOWN
    }
    return json.dumps(tags, ensure_ascii=False) if tags else None


def _text(text: str | None) -> str | None:
    """A text that says something."""
    return text if text and not text.isspace() else None


def _second(instant: int) -> int:
    """The whole second before an instant, or at it."""
    return instant - instant % timestamps.MICROSECONDS


def _decimal(amount: fractions.Fraction, places: int) -> decimal.Decimal:
    return money.rounded(amount, places, 'half_even')
