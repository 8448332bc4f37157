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
"""What a file of prices would change of the price list."""

from collections.abc import Iterable, Iterator, Sequence
import dataclasses
import json

from stratometrics.model import prices
from stratometrics.pricing import documents


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """A change of one price.

    :param price: as it is from then on, without an id if it is new; of one
        that is withdrawn, as it was.
    :param number: which price of the file it is for, from 0 on; None if it
        is for one that the file does not have.
    """

    change: prices.Change
    price: prices.Price
    number: int | None = None


def plan(
    listed: Iterable[prices.Price],
    wanted: Sequence[prices.Price],
    replace_from: int | None = None,
) -> list[Step]:
    """The changes by which all prices of a file get into a list.

    What is there already is left alone, so that a file can be imported again.
    A price that differs by its end or its description alone is amended.

    :param listed: what is there.
    :param wanted: the prices of the file, without ids.
    :param replace_from: an instant, in microseconds since the epoch, from
        which on there are to be no others: those that are not in the file end
        then. One that would begin later is withdrawn.
    """
    known = {_substance(price): price for price in listed}
    steps = []
    for number, price in enumerate(wanted):
        former = known.pop(_substance(price), None)
        if former is None:
            steps.append(Step(prices.Change.CREATED, price, number))
            continue
        named = dataclasses.replace(price, id=former.id)
        if named != former:
            steps.append(Step(prices.Change.AMENDED, named, number))
    if replace_from is None:
        return steps
    # First what makes room: it reads better.
    return [
        step
        for price in known.values()
        for step in _ended(price, replace_from)
    ] + steps


def _substance(price: prices.Price) -> str:
    """All that makes a price the one that it is."""
    body = documents.body(price)
    return json.dumps(
        {key: body[key] for key in body if key not in documents.AMENDABLE_KEYS}
    )


def _ended(price: prices.Price, at: int) -> Iterator[Step]:
    if price.valid_from >= at:
        yield Step(prices.Change.WITHDRAWN, price)
    elif price.valid_to is None or price.valid_to > at:
        yield Step(
            prices.Change.AMENDED, dataclasses.replace(price, valid_to=at)
        )
