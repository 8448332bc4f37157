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
"""Prices that the client read, as they stand in the price list.

A newer service may tell of a unit or a mode of tiers that is not known here.
It is passed on as it is.
"""

import enum
from typing import TypeVar

from stratometrics.client import answers
from stratometrics.model import prices
from stratometrics.model import timestamps

_Kind = TypeVar('_Kind', bound=enum.StrEnum)


def price(told: answers.Price) -> prices.Price:
    """A price with its id; instants are microseconds since the epoch."""
    return prices.Price(
        id=told.id,
        resource_type=told.resource_type,
        measure=told.measure,
        match=told.match,
        project_id=told.project_id,
        domain_id=told.domain_id,
        valid_from=timestamps.from_datetime(told.valid_from),
        valid_to=(
            None
            if told.valid_to is None
            else timestamps.from_datetime(told.valid_to)
        ),
        currency=told.currency,
        per=_known(prices.Per, told.per),
        tiers=tuple(
            prices.Tier(tier.price, tier.up_to) for tier in told.tiers
        ),
        tier_mode=_known(prices.TierMode, told.tier_mode),
        included=told.included,
        minimum=told.minimum,
        equivalents={
            provider: prices.Equivalent(each.name, each.price)
            for provider, each in told.equivalents.items()
        },
        description=told.description,
    )


def _known(kind: type[_Kind], text: str) -> _Kind | str:
    return next((each for each in kind if each == text), text)
