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
"""The log of the price list, in ClickHouse."""

from collections.abc import Sequence
import decimal

from stratometrics.model import prices
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import layout

_RECORD = """
INSERT INTO $database.price_entries (
    entered_at, entered_by, change, price_id, resource_type, measure, match,
    project_id, domain_id, valid_from, valid_to, currency, per, tier_bounds,
    tier_prices, tier_mode, included, minimum, equivalents.provider,
    equivalents.name, equivalents.price, description
) VALUES
"""

_RECORD_SETTINGS = {'async_insert': 0, **layout.IN_SEQUENCE}

_ENTRIES = """
SELECT
    toUnixTimestamp64Micro(entered_at) AS entered,
    entered_by,
    toString(change),
    price_id,
    toString(resource_type),
    toString(measure),
    match,
    project_id,
    domain_id,
    toUnixTimestamp64Micro(valid_from),
    toUnixTimestamp64Micro(valid_to),
    toString(currency),
    toString(per),
    tier_bounds,
    tier_prices,
    toString(tier_mode),
    included,
    minimum,
    equivalents.provider,
    equivalents.name,
    equivalents.price,
    description
FROM $database.price_entries
WHERE {every:Bool} OR entered_at <= fromUnixTimestamp64Micro({as_of:Int64})
ORDER BY entered, price_id, change
LIMIT 1 BY entered, price_id, change
"""


class Prices:
    """Reads and writes the log of the price list."""

    def __init__(self, pool: clickhouse_client.Pool) -> None:
        self._pool = pool

    def price_entries(self, as_of: int | None = None) -> list[prices.Entry]:
        """See :class:`stratometrics.storage.base.PriceStore`."""
        rows = self._pool.execute(
            _ENTRIES,
            {'every': as_of is None, 'as_of': as_of or 0},
            layout.IN_SEQUENCE,
        )
        return [_entry(row) for row in rows]

    def record_prices(self, entries: Sequence[prices.Entry]) -> None:
        """See :class:`stratometrics.storage.base.PriceStore`."""
        if entries:
            rows = [_row(entry) for entry in entries]
            self._pool.insert(
                _RECORD,
                list(zip(*rows, strict=True)),
                settings=_RECORD_SETTINGS,
            )


def _row(entry: prices.Entry) -> tuple:
    price = entry.price
    return (
        entry.at,
        entry.by,
        str(entry.change),
        price.id,
        price.resource_type,
        price.measure,
        {name: list(values) for name, values in price.match.items()},
        price.project_id,
        price.domain_id,
        price.valid_from,
        price.valid_to,
        price.currency,
        str(price.per),
        [tier.up_to for tier in price.tiers[:-1]],
        [tier.price for tier in price.tiers],
        str(price.tier_mode),
        price.included,
        price.minimum,
        list(price.equivalents),
        [equivalent.name for equivalent in price.equivalents.values()],
        [equivalent.price for equivalent in price.equivalents.values()],
        price.description,
    )


def _entry(row: tuple) -> prices.Entry:
    (
        at,
        by,
        change,
        id_,
        resource_type,
        measure,
        match,
        project_id,
        domain_id,
        valid_from,
        valid_to,
        currency,
        per,
        bounds,
        tier_prices,
        tier_mode,
        included,
        minimum,
        providers,
        names,
        their_prices,
        description,
    ) = row
    return prices.Entry(
        change=prices.Change(change),
        at=at,
        by=by,
        price=prices.Price(
            id=id_,
            resource_type=resource_type,
            measure=measure,
            match={name: tuple(values) for name, values in match.items()},
            project_id=project_id,
            domain_id=domain_id,
            valid_from=valid_from,
            valid_to=valid_to,
            currency=currency,
            per=prices.Per(per),
            tiers=tuple(
                prices.Tier(_short(price), up_to and _short(up_to))
                for price, up_to in zip(
                    tier_prices, (*bounds, None), strict=True
                )
            ),
            tier_mode=prices.TierMode(tier_mode),
            included=_short(included),
            minimum=_short(minimum),
            equivalents={
                provider: prices.Equivalent(name, _short(price))
                for provider, name, price in zip(
                    providers, names, their_prices, strict=True
                )
            },
            description=description,
        ),
    )


def _short(number: decimal.Decimal) -> decimal.Decimal:
    """The same number without the zeros that a column adds to it."""
    return prices.number(f'{number:f}')
