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
"""What a file of prices would change of the price list, as the API takes it.

Whether a price makes sense is for the service to say. What it says is told of
the place in the file.
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import datetime
import re
from typing import Any

from stratometrics.client import answers
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.osc import pricefiles
from stratometrics.osc import pricelist
from stratometrics.pricing import documents
from stratometrics.pricing import imports

#: How an error names a change, and the price in it.
_PLACE = re.compile(r'\bchanges\[([0-9]+)\](?:\.price\b)?')


@dataclasses.dataclass(frozen=True)
class Revision:
    """A change that is to be made.

    :param request: as the API takes it.
    :param place: where the price stands in a file; '' if it does not.
    """

    request: Mapping[str, Any]
    place: str = ''


def plan(
    listed: Iterable[answers.Price],
    wanted: Sequence[pricefiles.Entry],
    replace_from: datetime.datetime | None = None,
) -> list[Revision]:
    """The changes by which all prices of a file get into a list.

    :param listed: what is there.
    :param wanted: the prices of the file.
    :param replace_from: an aware datetime, from which on there are to be no
        others; see :func:`stratometrics.pricing.imports.plan`.
    """
    steps = imports.plan(
        map(pricelist.price, listed),
        [entry.price for entry in wanted],
        None
        if replace_from is None
        else timestamps.from_datetime(replace_from),
    )
    return [
        Revision(
            _request(step.change, step.price),
            '' if step.number is None else wanted[step.number].place,
        )
        for step in steps
    ]


def replacement(
    listed: Iterable[answers.Price], wanted: Iterable[pricefiles.Entry]
) -> list[Revision]:
    """The changes by which files become the list, and nothing else is in it.

    :param listed: what is there.
    """
    return [
        *(
            Revision({'change': 'withdrawn', 'id': price.id})
            for price in listed
        ),
        *(
            Revision(_request(prices.Change.CREATED, entry.price), entry.place)
            for entry in wanted
        ),
    ]


def _request(change: prices.Change, price: prices.Price) -> Mapping[str, Any]:
    if change is prices.Change.CREATED:
        # Short, as a request must not be too large.
        return {'change': str(change), 'price': documents.short(price)}
    request = {'change': str(change), 'id': price.id}
    if change is prices.Change.AMENDED:
        body = documents.body(price)
        request |= {key: body[key] for key in documents.AMENDABLE_KEYS}
    return request


def placed(message: str, changes: Sequence[Revision]) -> str:
    """An error of the service that names places of files.

    :param changes: what was sent.
    """

    def place(found: re.Match[str]) -> str:
        number = int(found[1])
        known = changes[number].place if number < len(changes) else ''
        return known or found[0]

    return _PLACE.sub(place, message)
