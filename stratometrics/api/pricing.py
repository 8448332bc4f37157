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
"""Questions about the price list, and the answers."""

from collections.abc import Iterable
import dataclasses
from typing import Any

from stratometrics.api import authorization
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api import schemas
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.pricing import documents
from stratometrics.rating import book
from stratometrics.rating import changes
from stratometrics.rating import ledger

_AS_OF = 'as_of'
_HISTORY = 'history'
_VALID_AT = 'valid_at'
_CURRENCY = 'currency'
_DRY_RUN = 'dry_run'
_OF_ONE = (_AS_OF, _HISTORY)
_OF_LIST = (
    *_OF_ONE,
    _VALID_AT,
    _CURRENCY,
    parameters.PROJECT_ID,
    parameters.RESOURCE_TYPE,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, before anyone decided whether the caller may know.

    :param resource_types: only prices for these; () for all.
    :param currencies: only prices in these; () for all.
    :param project_ids: only prices that are for these projects alone; () for
        all.
    :param valid_at: only prices that are valid then; microseconds since the
        epoch.
    :param as_of: as the list was at this time (R15); microseconds since the
        epoch.
    :param history: tell the changes as well.
    """

    resource_types: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    project_ids: tuple[str, ...] = ()
    valid_at: int | None = None
    as_of: int | None = None
    history: bool = False

    def asks_for(self, price: prices.Price) -> bool:
        return (
            price.resource_type
            in (self.resource_types or (price.resource_type,))
            and price.currency in (self.currencies or (price.currency,))
            and price.project_id in (self.project_ids or (price.project_id,))
            and (self.valid_at is None or price.holds_at(self.valid_at))
        )


def question(query: str, rules: parameters.Rules, now: int) -> Question:
    """Read the query string of a question about the list.

    :param query: as it came, percent-encoded.
    :param now: the time of asking, microseconds since the epoch.
    :raises BadRequest: one of its sub-classes, with what is wrong.
    """
    given = parameters.pairs(query, _OF_LIST)
    return Question(
        resource_types=parameters.several(given, parameters.RESOURCE_TYPE),
        currencies=parameters.several(given, _CURRENCY),
        project_ids=parameters.several(given, parameters.PROJECT_ID),
        valid_at=parameters.instant(given, _VALID_AT),
        as_of=parameters.as_of(given, rules, now),
        history=parameters.boolean(given, _HISTORY),
    )


def question_of_one(query: str, rules: parameters.Rules, now: int) -> Question:
    """The same, for a question about one price."""
    given = parameters.pairs(query, _OF_ONE)
    return Question(
        as_of=parameters.as_of(given, rules, now),
        history=parameters.boolean(given, _HISTORY),
    )


def answer(
    asked: Question,
    listed: book.PriceBook,
    visible: authorization.Prices | None,
) -> dict[str, Any]:
    """The body of the answer to a question about the list, ready for JSON.

    :param listed: the list as of the time in question.
    :param visible: the tenant filter (R16).
    """
    body: dict[str, Any] = {}
    if asked.as_of is not None:
        body[_AS_OF] = timestamps.isoformat(asked.as_of)
    elif visible is None:
        # To others it would tell of prices that they do not see (R16).
        body[changes.GENERATION] = listed.generation
    body['prices'] = [
        shown(price)
        for price in listed.prices
        if asked.asks_for(price) and may_see(visible, price)
    ]
    if asked.history:
        body[_HISTORY] = _changes(
            entry for entry in listed.entries if asked.asks_for(entry.price)
        )
    return body


def answer_of_one(
    asked: Question, listed: book.PriceBook, price: prices.Price
) -> dict[str, Any]:
    """The body of the answer to a question about one price."""
    body = shown(price)
    if asked.history:
        body[_HISTORY] = _changes(
            entry for entry in listed.entries if entry.price.id == price.id
        )
    return body


def shown(price: prices.Price) -> dict[str, Any]:
    """A price, ready for JSON."""
    return {'id': price.id, **documents.body(price)}


def is_dry_run(query: str) -> bool:
    """Whether changes are only to be checked.

    :param query: the query string as it came, percent-encoded.
    :raises BadRequest: one of its sub-classes, with what is wrong.
    """
    return parameters.boolean(parameters.pairs(query, (_DRY_RUN,)), _DRY_RUN)


def changed(done: ledger.Changes) -> dict[str, Any]:
    """The body of the answer to changes, ready for JSON."""
    return {
        changes.CHANGES: [
            {changes.CHANGE: str(change), 'price': shown(price)}
            for change, price in done
        ]
    }


def may_see(visible: authorization.Prices | None, price: prices.Price) -> bool:
    """Whether the tenant filter lets a price pass (R16)."""
    return visible is None or (
        price.project_id in ('', *visible.project_ids)
        and price.domain_id in ('', *visible.domain_ids)
    )


def _changes(entries: Iterable[prices.Entry]) -> list[dict[str, Any]]:
    return [
        {
            'change': str(entry.change),
            'at': timestamps.isoformat(entry.at),
            'by': entry.by,
            'price': shown(entry.price),
        }
        for entry in entries
    ]


_TEXT = schemas.text(documents.MAX_TEXT_LENGTH)
_TEXT_OR_NOTHING = schemas.text(documents.MAX_TEXT_LENGTH, shortest=0)
_DECIMAL = {'type': 'string', 'pattern': f'^{documents.DECIMAL.pattern}$'}
_VALUES = schemas.several(_TEXT, minItems=1, maxItems=documents.MAX_MEMBERS)
_END = schemas.or_null(schemas.INSTANT)

#: What is told of a price in the same way whoever tells it.
_ALIKE = {
    'resource_type': _TEXT,
    'measure': _TEXT_OR_NOTHING,
    'project_id': _TEXT_OR_NOTHING,
    'domain_id': _TEXT_OR_NOTHING,
    'valid_from': schemas.INSTANT,
    'valid_to': _END,
    'currency': schemas.CURRENCY,
    'per': schemas.one_of(prices.Per),
    'tier_mode': schemas.one_of(prices.TierMode),
    'included': _DECIMAL,
    'minimum': _DECIMAL,
    'equivalents': schemas.mapping(
        schemas.record({'name': _TEXT, 'price': _DECIMAL}),
        maxProperties=documents.MAX_MEMBERS,
    ),
    'tiers': schemas.several(
        schemas.record({'price': _DECIMAL}, {'up_to': _DECIMAL}),
        minItems=1,
        maxItems=documents.MAX_MEMBERS,
    ),
    'description': _TEXT_OR_NOTHING,
}

#: The schema of :func:`shown`.
PRICE = operations.Named(
    'Price',
    schemas.record(
        {'id': schemas.TEXT, **_ALIKE, 'match': schemas.mapping(_VALUES)}
    ),
)

_CHANGES = schemas.several(
    schemas.record(
        {
            'change': schemas.one_of(prices.Change),
            'at': schemas.INSTANT,
            'by': schemas.TEXT,
            'price': PRICE,
        }
    )
)

#: The schema of :func:`answer`.
PRICES = schemas.record(
    {'prices': schemas.several(PRICE)},
    {
        _AS_OF: schemas.INSTANT,
        changes.GENERATION: schemas.COUNT,
        _HISTORY: _CHANGES,
    },
)

#: The schema of what was added: a price, or several.
ADDED = {'anyOf': [PRICE, schemas.record({'prices': schemas.several(PRICE)})]}

#: The schema of :func:`answer_of_one`.
PRICE_AND_HISTORY = schemas.record(
    PRICE.schema['properties'], {_HISTORY: _CHANGES}
)

#: The schema of what is read by
#: :func:`stratometrics.pricing.documents.read_amendment`.
AMENDMENT = {
    **schemas.record({}, {'valid_to': _END, 'description': _TEXT_OR_NOTHING}),
    'minProperties': 1,
}

#: The schema of :func:`changed`.
CHANGED = schemas.record(
    {
        changes.CHANGES: schemas.several(
            schemas.record(
                {
                    changes.CHANGE: schemas.one_of(prices.Change),
                    'price': PRICE,
                }
            )
        )
    }
)

#: The parameters of :func:`is_dry_run`.
PARAMETERS_OF_CHANGES = (
    operations.Parameter(
        name=_DRY_RUN,
        schema=schemas.BOOLEAN,
        description='Only check and tell what would be changed.',
    ),
)

#: The parameters of :func:`question_of_one`.
PARAMETERS_OF_ONE = (
    parameters.AS_OF,
    operations.Parameter(
        name=_HISTORY,
        schema=schemas.BOOLEAN,
        description='Tell as well who changed what and when.',
    ),
)


#: The parameters of :func:`question`.
PARAMETERS = (
    *PARAMETERS_OF_ONE,
    operations.Parameter(
        name=_VALID_AT,
        schema=schemas.INSTANT,
        description='Only prices that are valid then.',
    ),
    *(
        operations.Parameter(
            name=name,
            schema=schemas.several(
                parameters.VALUE, maxItems=parameters.MAX_VALUES
            ),
            description=f'Only prices with one of these values of {name}.',
        )
        for name in (
            _CURRENCY,
            parameters.PROJECT_ID,
            parameters.RESOURCE_TYPE,
        )
    ),
)


def added(resource_types: Iterable[str]) -> operations.Schema:
    """The schema of what prices are made of: one price, or several.

    :param resource_types: those that there are.
    """
    price = _new(resource_types)
    several = schemas.record(
        {'prices': schemas.several(price)}, {'currency': schemas.CURRENCY}
    )
    return {'anyOf': [_with_currency(price), several]}


def wanted(resource_types: Iterable[str]) -> operations.Schema:
    """The schema of what :func:`stratometrics.rating.changes.read` reads.

    :param resource_types: those that there are.
    """
    members = {
        'id': _TEXT,
        'price': _with_currency(_new(resource_types)),
        **AMENDMENT['properties'],
    }
    kinds = [
        schemas.record(
            {
                changes.CHANGE: schemas.one_of([change]),
                **{key: members[key] for key in needed},
            },
            {key: members[key] for key in changes.OPTIONAL.get(change, ())},
        )
        for change, needed in changes.NEEDED.items()
    ]
    for kind in kinds:
        if len(kind['properties']) > len(kind['required']):
            # One of what may be has to be.
            kind['minProperties'] = len(kind['required']) + 1
    return schemas.record(
        {changes.CHANGES: schemas.several({'anyOf': kinds})},
        {changes.GENERATION: schemas.COUNT},
    )


def _with_currency(price: operations.Schema) -> operations.Schema:
    return {**price, 'required': [*price['required'], 'currency']}


def _new(resource_types: Iterable[str]) -> operations.Schema:
    """The schema of a price to be, whose currency may be told elsewhere."""
    named = {
        **_ALIKE,
        'resource_type': schemas.one_of(resource_types),
        'price': _DECIMAL,
        'match': schemas.mapping(
            {'anyOf': [_TEXT, _VALUES]}, maxProperties=documents.MAX_MEMBERS
        ),
    }
    return {
        **schemas.record({}, named),
        'required': ['resource_type', 'valid_from', 'per'],
        'oneOf': [{'required': ['price']}, {'required': ['tiers']}],
    }
