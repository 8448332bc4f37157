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
"""Prices, of which a test says only what it is about."""

import decimal
from typing import Any

from stratometrics.model import prices


def price(id_: str = '', **changes: Any) -> prices.Price:
    """EUR 0.025 an hour for any instance, for all.

    :param changes: what is different.
    """
    facts: dict[str, Any] = {
        'resource_type': 'instance',
        'valid_from': 1000,
        'currency': 'EUR',
        'per': prices.Per.HOUR,
        'tiers': (prices.Tier(decimal.Decimal('0.025')),),
    }
    return prices.Price(id=id_, **(facts | changes))


def created(new: prices.Price, at: int = 0) -> prices.Entry:
    """The entry by which alice put a price into the list.

    :param at: when she did; microseconds since the epoch.
    """
    return prices.Entry(
        change=prices.Change.CREATED, at=at, by='alice', price=new
    )
