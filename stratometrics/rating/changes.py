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
"""Several changes of the price list, as a body of the API asks for them."""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
from typing import Any

from stratometrics.model import places
from stratometrics.model import prices
from stratometrics.notifications import definitions
from stratometrics.pricing import documents
from stratometrics.pricing import errors
from stratometrics.rating import book
from stratometrics.rating import errors as rating_errors
from stratometrics.rating import ledger
from stratometrics.rating import validation

CHANGES = 'changes'
CHANGE = 'change'
GENERATION = 'generation'
_ID = 'id'
_PRICE = 'price'

#: What is told of each change, besides what it is: what has to be.
NEEDED = {
    prices.Change.CREATED: (_PRICE,),
    prices.Change.AMENDED: (_ID,),
    prices.Change.WITHDRAWN: (_ID,),
}
#: And what may be.
OPTIONAL = {prices.Change.AMENDED: documents.AMENDABLE_KEYS}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A change of one price that is asked for.

    :param where: the way to it, for errors.
    :param price: what is to be created; None if nothing is.
    :param price_id: what is to be amended or withdrawn; '' if nothing is.
    :param changed: fields of it, with their new values.
    """

    change: prices.Change
    where: places.Where
    price: prices.Price | None = None
    price_id: str = ''
    changed: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def read(
    document: Any, resource_types: Mapping[str, definitions.ResourceType]
) -> list[Wanted]:
    """The changes of a document that was parsed.

    :param document: a mapping with a list of ``changes``, and perhaps what
        :func:`read_generation` reads.
    :param resource_types: all that there are, by name.
    :raises Malformed: names place and key.
    """
    documents.require_keys(document, (), (CHANGES, GENERATION))
    entries = document.get(CHANGES)
    if not isinstance(entries, list):
        raise errors.Malformed((CHANGES,), 'expected a list of changes')
    wanted = [
        _read_change(entry, (CHANGES, place), resource_types)
        for place, entry in enumerate(entries)
    ]
    _require_once(wanted)
    return wanted


def read_generation(document: Mapping[str, Any]) -> int | None:
    """The generation of the list that changes were made up for.

    :returns: None if they are for any.
    :raises Malformed: it is none.
    """
    value = document.get(GENERATION)
    if GENERATION in document and (type(value) is not int or value < 0):
        raise errors.Malformed(
            (GENERATION,), 'expected a whole number, as the list told it'
        )
    return value


def _read_change(
    entry: Any,
    where: places.Where,
    resource_types: Mapping[str, definitions.ResourceType],
) -> Wanted:
    documents.require_keys(
        entry, where, (CHANGE, _ID, _PRICE, *documents.AMENDABLE_KEYS)
    )
    _require_key(entry, where, CHANGE)
    change = documents.read_one_of(prices.Change)(
        entry[CHANGE], (*where, CHANGE)
    )
    optional = OPTIONAL.get(change, ())
    documents.require_keys(entry, where, (CHANGE, *NEEDED[change], *optional))
    for key in NEEDED[change]:
        _require_key(entry, where, key)
    if change is prices.Change.CREATED:
        here = (*where, _PRICE)
        price = documents.read_price(entry[_PRICE], here)
        validation.check(price, resource_types, here)
        return Wanted(change=change, where=where, price=price)
    changed: Mapping[str, Any] = {}
    if optional:
        changed = documents.read_amendment(
            {key: entry[key] for key in optional if key in entry}, where
        )
    return Wanted(
        change=change,
        where=where,
        price_id=documents.read_text(entry[_ID], (*where, _ID)),
        changed=changed,
    )


def _require_key(
    entry: Mapping[str, Any], where: places.Where, key: str
) -> None:
    if key not in entry:
        raise errors.Malformed((*where, key), 'missing')


def _require_once(wanted: Iterable[Wanted]) -> None:
    """See that no price is changed twice: nobody could say which counts."""
    seen = set()
    for each in wanted:
        if each.price_id in seen:
            raise errors.Malformed(
                (*each.where, _ID), f'{each.price_id!r} comes twice'
            )
        if each.price_id:
            seen.add(each.price_id)


def plan(
    listed: book.PriceBook,
    wanted: Sequence[Wanted],
    generation: int | None = None,
) -> ledger.Changes:
    """What is to become of the prices of a list.

    What would be amended to what it is already is left alone.

    :param generation: of the list that the changes were made up for; None if
        they are for any.
    :raises Conflict: the list has another generation.
    :raises Malformed: a price is not in the list, or would end before it
        begins; names the place.
    """
    if generation not in (None, listed.generation):
        raise rating_errors.Conflict(
            f'the price list was changed meanwhile: its generation is '
            f'{listed.generation}, not {generation}; read it again'
        )
    known = {price.id: price for price in listed.prices}
    planned = []
    for each in wanted:
        if each.change is prices.Change.CREATED:
            planned.append((each.change, each.price))
            continue
        former = known.get(each.price_id)
        if former is None:
            raise errors.Malformed(
                (*each.where, _ID), f'there is no price {each.price_id!r}'
            )
        price = dataclasses.replace(former, **each.changed)
        if each.change is prices.Change.AMENDED:
            validation.check_validity(price, each.where)
            if price == former:
                continue
        planned.append((each.change, price))
    return planned
