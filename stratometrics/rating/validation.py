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
"""Whether a price makes sense by itself."""

from collections.abc import Iterable, Iterator, Mapping

import iso4217

from stratometrics.model import event as event_model
from stratometrics.model import places
from stratometrics.model import prices
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.pricing import errors

#: The way to a key of a price, and what is wrong there.
_Problem = tuple[places.Where, str]

#: Keys of usage that a price has fields for.
_FIELDS = ('resource_type', 'project_id', 'domain_id')


def check(
    price: prices.Price,
    resource_types: Mapping[str, definitions.ResourceType],
    where: places.Where = (),
) -> None:
    """See that a price can be for something.

    :param resource_types: all that there are, by name.
    :param where: the way to the price, for errors.
    :raises Malformed: names place and key.
    """
    for key, problem in _problems(price, resource_types):
        raise errors.Malformed((*where, *key), problem)


def check_validity(price: prices.Price, where: places.Where = ()) -> None:
    """See that a price ends after it begins.

    :param where: the way to the price, for errors.
    :raises Malformed: it does not.
    """
    for key, problem in _problems_of_validity(price):
        raise errors.Malformed((*where, *key), problem)


def _problems(
    price: prices.Price,
    resource_types: Mapping[str, definitions.ResourceType],
) -> Iterator[_Problem]:
    resource_type = resource_types.get(price.resource_type)
    if resource_type is None:
        yield (
            ('resource_type',),
            f'{price.resource_type!r} is none of {_listed(resource_types)}',
        )
        return
    if price.measure and price.measure not in resource_type.measures:
        yield (
            ('measure',),
            f'{price.measure!r} is none of {_listed(resource_type.measures)}',
        )
    consumed = resource_type.kind is usage.Kind.CONSUMPTION
    if consumed != (price.per is prices.Per.UNIT):
        units = 'unit' if consumed else 'hour or month'
        yield ('per',), f'{resource_type.name} can be priced per {units} only'
    yield from _problems_of_match(price, resource_type, consumed)
    if price.project_id and price.domain_id:
        yield ('domain_id',), 'project_id and domain_id exclude each other'
    yield from _problems_of_validity(price)
    yield from _problems_of_currency(price.currency)


def _problems_of_match(
    price: prices.Price,
    resource_type: definitions.ResourceType,
    consumed: bool,
) -> Iterator[_Problem]:
    known = matchable(resource_type)
    for name, values in price.match.items():
        if name not in known:
            yield (
                ('match',),
                f'{name!r} is no attribute of {resource_type.name}; it has '
                f'{_listed(known)}',
            )
        elif name == 'state' and not consumed:
            for state in values:
                phase = resource_type.phase(state)
                if phase is not event_model.Phase.BILLED:
                    yield (
                        ('match', 'state'),
                        f'time in the state {state!r} is not billed, so the '
                        f'price would be for nothing',
                    )


def _problems_of_validity(price: prices.Price) -> Iterator[_Problem]:
    if price.valid_to is not None and price.valid_to <= price.valid_from:
        yield ('valid_to',), 'must be later than valid_from'


def _problems_of_currency(code: str) -> Iterator[_Problem]:
    try:
        currency = iso4217.Currency(code)
    except ValueError:
        yield ('currency',), f'{code!r} is no currency of ISO 4217'
        return
    if currency.exponent is None:
        yield ('currency',), f'{code!r} has no minor unit to round to'


def matchable(resource_type: definitions.ResourceType) -> tuple[str, ...]:
    """The attributes that a price for a resource type can match on."""
    names = (*usage.COMMON_KEYS, *resource_type.attributes)
    # What is consumed has no state.
    absent = ('state',) if resource_type.kind is usage.Kind.CONSUMPTION else ()
    return tuple(
        name
        for name in dict.fromkeys(names)
        if name not in (*_FIELDS, *absent)
    )


def _listed(names: Iterable[str]) -> str:
    return ', '.join(names) or 'none'
