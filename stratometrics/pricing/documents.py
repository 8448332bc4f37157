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
"""Prices as people write them: in YAML files and in bodies of the API.

Both have the same keys. Numbers are strings, because neither a YAML nor a
JSON number is a decimal, and instants have an offset (R3). Whether a price
makes sense is for the service to say.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
import decimal
import re
from typing import Any, TypeVar
import unicodedata

from stratometrics.model import instants
from stratometrics.model import places
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.pricing import errors

#: The longest text, in characters.
MAX_TEXT_LENGTH = 255
#: The most values of an attribute, tiers of a price and keys of a mapping.
MAX_MEMBERS = 100
#: Digits before and after the point.
MAX_WHOLE_DIGITS = 18
MAX_DECIMAL_PLACES = 12

#: What can be told of a price. Of the first two a price has one.
PRICE_KEYS = (
    'price',
    'tiers',
    'resource_type',
    'measure',
    'match',
    'project_id',
    'domain_id',
    'valid_from',
    'valid_to',
    'currency',
    'per',
    'tier_mode',
    'included',
    'minimum',
    'equivalents',
    'description',
)
#: What can be changed of a price that is there.
AMENDABLE_KEYS = ('valid_to', 'description')

#: A number that is not negative.
DECIMAL = re.compile(
    rf'[0-9]{{1,{MAX_WHOLE_DIGITS}}}(?:\.[0-9]{{1,{MAX_DECIMAL_PLACES}}})?'
)
#: What a document of several prices has.
_CURRENCY = 'currency'
_PRICES = 'prices'
_EARLIEST = '1970-01-01T00:00:00Z'
_LATEST = '2200-01-01T00:00:00Z'
#: Categories of Unicode: control characters and lone surrogates.
_UNPRINTABLE = ('Cc', 'Cs')

_T = TypeVar('_T')


def read(document: Any) -> list[prices.Price]:
    """The prices of a document that was parsed, without ids.

    :param document: a mapping with a list of ``prices`` and, for those that
        name none, a ``currency``.
    :raises Malformed: names place and key.
    """
    require_keys(document, (), (_CURRENCY, _PRICES))
    currency = document.get(_CURRENCY, '')
    if _CURRENCY in document:
        read_text(currency, (_CURRENCY,))
    entries = document.get(_PRICES)
    if not isinstance(entries, list):
        raise errors.Malformed((_PRICES,), 'expected a list of prices')
    return [
        read_price(entry, place(number), currency)
        for number, entry in enumerate(entries)
    ]


def place(number: int) -> places.Where:
    """The way to one of the prices of a document."""
    return (_PRICES, number)


def whole(listed: Iterable[prices.Price]) -> dict[str, Any]:
    """A document that gives the same prices again, but for their ids."""
    entries = [short(price) for price in listed]
    currencies = {entry[_CURRENCY] for entry in entries}
    if len(currencies) != 1:
        return {_PRICES: entries}
    for entry in entries:
        del entry[_CURRENCY]
    return {_CURRENCY: currencies.pop(), _PRICES: entries}


def read_price(
    entry: Any, where: places.Where = (), currency: str = ''
) -> prices.Price:
    """One price that was parsed, without an id.

    :param where: the way to it, for errors.
    :param currency: that of prices which name none.
    :raises Malformed: names place and key.
    """
    require_keys(entry, where, PRICE_KEYS)

    def find(key: str, read_value: Callable[..., _T], *default: _T) -> _T:
        if key in entry:
            return read_value(entry[key], (*where, key))
        if not default:
            raise errors.Malformed((*where, key), 'missing')
        return default[0]

    if ('price' in entry) == ('tiers' in entry):
        raise errors.Malformed(where, 'expected either a price or tiers')
    if 'price' in entry:
        tiers: tuple[prices.Tier, ...] = (
            prices.Tier(find('price', _decimal)),
        )
    else:
        tiers = find('tiers', _tiers)
    return prices.Price(
        id='',
        resource_type=find('resource_type', read_text),
        measure=find('measure', _text_or_nothing, ''),
        match=find('match', _match, {}),
        project_id=find('project_id', _text_or_nothing, ''),
        domain_id=find('domain_id', _text_or_nothing, ''),
        valid_from=find('valid_from', _instant),
        valid_to=find('valid_to', _instant_or_never, None),
        currency=find('currency', read_text, *filter(None, [currency])),
        per=find('per', read_one_of(prices.Per)),
        tiers=tiers,
        tier_mode=find(
            'tier_mode',
            read_one_of(prices.TierMode),
            prices.TierMode.GRADUATED,
        ),
        included=find('included', _decimal, decimal.Decimal(0)),
        minimum=find('minimum', _decimal, decimal.Decimal(0)),
        equivalents=find('equivalents', _equivalents, {}),
        description=find('description', _text_or_nothing, ''),
    )


def read_amendment(entry: Any, where: places.Where = ()) -> dict[str, Any]:
    """What is to be changed of a price: fields of it with their new values.

    :param where: the way to it, for errors.
    :raises Malformed: names the key; one that cannot be changed as well.
    """
    require_keys(entry, where, AMENDABLE_KEYS)
    if not entry:
        raise errors.Malformed(
            where, f'expected {" or ".join(AMENDABLE_KEYS)}, or both'
        )
    readers = {'valid_to': _instant_or_never, 'description': _text_or_nothing}
    return {key: readers[key](entry[key], (*where, key)) for key in entry}


def body(price: prices.Price) -> dict[str, Any]:
    """All of a price but its id, ready for JSON and for :func:`read_price`."""
    return {
        'resource_type': price.resource_type,
        'measure': price.measure,
        'match': {
            name: list(values) for name, values in sorted(price.match.items())
        },
        'project_id': price.project_id,
        'domain_id': price.domain_id,
        'valid_from': timestamps.isoformat(price.valid_from),
        'valid_to': (
            None
            if price.valid_to is None
            else timestamps.isoformat(price.valid_to)
        ),
        'currency': price.currency,
        'per': str(price.per),
        'tiers': [_tier(tier) for tier in price.tiers],
        'tier_mode': str(price.tier_mode),
        'included': f'{price.included:f}',
        'minimum': f'{price.minimum:f}',
        'equivalents': {
            provider: {
                'name': equivalent.name,
                'price': f'{equivalent.price:f}',
            }
            for provider, equivalent in sorted(price.equivalents.items())
        },
        'description': price.description,
    }


def _tier(tier: prices.Tier) -> dict[str, str]:
    bound = {} if tier.up_to is None else {'up_to': f'{tier.up_to:f}'}
    return {**bound, 'price': f'{tier.price:f}'}


#: What a price need not say.
_DEFAULTS = {
    'measure': '',
    'match': {},
    'project_id': '',
    'domain_id': '',
    'valid_to': None,
    'tier_mode': 'graduated',
    'included': '0',
    'minimum': '0',
    'equivalents': {},
    'description': '',
}


def short(price: prices.Price) -> dict[str, Any]:
    """The same as people write it: without what it need not say."""
    entry = {
        key: value
        for key, value in body(price).items()
        if key not in _DEFAULTS or value != _DEFAULTS[key]
    }
    if 'match' in entry:
        entry['match'] = {
            name: values[0] if len(values) == 1 else values
            for name, values in entry['match'].items()
        }
    if len(entry['tiers']) == 1:
        return {
            'price' if key == 'tiers' else key: (
                value[0]['price'] if key == 'tiers' else value
            )
            for key, value in entry.items()
        }
    return entry


def require_keys(raw: Any, where: places.Where, keys: Sequence[str]) -> None:
    """See that something is a mapping, and has no other keys than these.

    :raises Malformed: it is not, or has.
    """
    _require_mapping(raw, where)
    for key in raw:
        if key not in keys:
            raise errors.Malformed(
                where,
                f'unknown key {places.shown(key)}; expected {", ".join(keys)}',
            )


def _require_mapping(raw: Any, where: places.Where) -> None:
    if not isinstance(raw, dict):
        raise errors.Malformed(where, 'expected a mapping')
    if len(raw) > MAX_MEMBERS:
        raise errors.Malformed(where, f'more than {MAX_MEMBERS} members')


def read_text(raw: Any, where: places.Where) -> str:
    """A text that is not empty.

    :raises Malformed: it is none.
    """
    text = _text_or_nothing(raw, where)
    if not text:
        raise errors.Malformed(where, 'must not be empty')
    return text


def _text_or_nothing(raw: Any, where: places.Where) -> str:
    if not isinstance(raw, str):
        raise errors.Malformed(where, 'expected a string: put it in quotes')
    if len(raw) > MAX_TEXT_LENGTH:
        raise errors.Malformed(
            where, f'longer than {MAX_TEXT_LENGTH} characters'
        )
    if any(unicodedata.category(sign) in _UNPRINTABLE for sign in raw):
        raise errors.Malformed(where, 'has characters that cannot be printed')
    return raw


def _read_key(raw: Any, where: places.Where) -> str:
    # The place is that of the mapping: it does not say which key is meant.
    if not isinstance(raw, str):
        raise errors.Malformed(
            where,
            f'the key {places.shown(raw)} is no string: put it in quotes',
        )
    return read_text(raw, where)


def _decimal(raw: Any, where: places.Where) -> decimal.Decimal:
    if isinstance(raw, float):
        raise errors.Malformed(
            where,
            'expected a string such as "0.0250": a number would be a binary '
            'fraction, and not exactly what was written',
        )
    if not isinstance(raw, str):
        raise errors.Malformed(where, 'expected a string such as "0.0250"')
    if raw.startswith('-'):
        raise errors.Malformed(where, 'must not be negative')
    if not DECIMAL.fullmatch(raw):
        raise errors.Malformed(
            where,
            f'{places.shown(raw)} is not a decimal with at most '
            f'{MAX_WHOLE_DIGITS} digits before the point and '
            f'{MAX_DECIMAL_PLACES} after it',
        )
    return prices.number(raw)


def _instant(raw: Any, where: places.Where) -> int:
    if not isinstance(raw, str):
        raise errors.Malformed(
            where, 'expected a date-time such as 2026-10-01T00:00:00Z'
        )
    try:
        instant = instants.parse(raw)
    except instants.InvalidInstant as error:
        raise errors.Malformed(where, f'{places.shown(raw)} {error}') from None
    if not instants.parse(_EARLIEST) <= instant <= instants.parse(_LATEST):
        raise errors.Malformed(
            where, f'must lie between {_EARLIEST} and {_LATEST}'
        )
    return instant


def _instant_or_never(raw: Any, where: places.Where) -> int | None:
    return None if raw is None else _instant(raw, where)


def read_one_of(kind: type[_T]) -> Callable[[Any, places.Where], _T]:
    """What reads a member of an enumeration, and raises Malformed."""

    def read_value(raw: Any, where: places.Where) -> _T:
        for member in kind:
            if raw == member.value:
                return member
        expected = ', '.join(member.value for member in kind)
        raise errors.Malformed(where, f'expected one of {expected}')

    return read_value


def _match(raw: Any, where: places.Where) -> dict[str, tuple[str, ...]]:
    _require_mapping(raw, where)
    return {
        _read_key(name, where): _values(values, (*where, name))
        for name, values in raw.items()
    }


def _values(raw: Any, where: places.Where) -> tuple[str, ...]:
    if not isinstance(raw, list):
        return (read_text(raw, where),)
    if not 0 < len(raw) <= MAX_MEMBERS:
        raise errors.Malformed(where, f'expected 1 to {MAX_MEMBERS} values')
    return tuple(
        sorted(
            {
                read_text(value, (*where, place))
                for place, value in enumerate(raw)
            }
        )
    )


def _tiers(raw: Any, where: places.Where) -> tuple[prices.Tier, ...]:
    if not isinstance(raw, list) or not 0 < len(raw) <= MAX_MEMBERS:
        raise errors.Malformed(
            where, f'expected a list of 1 to {MAX_MEMBERS} tiers'
        )
    tiers: list[prices.Tier] = []
    for place, entry in enumerate(raw):
        here = (*where, place)
        require_keys(entry, here, ('up_to', 'price'))
        if 'price' not in entry:
            raise errors.Malformed((*here, 'price'), 'missing')
        up_to = None
        if place < len(raw) - 1:
            up_to = _bound(entry, here, tiers)
        elif entry.get('up_to') is not None:
            raise errors.Malformed(
                (*here, 'up_to'), 'the last tier must be without a bound'
            )
        tiers.append(
            prices.Tier(_decimal(entry['price'], (*here, 'price')), up_to)
        )
    return tuple(tiers)


def _bound(
    entry: Mapping[str, Any],
    where: places.Where,
    before: Sequence[prices.Tier],
) -> decimal.Decimal:
    here = (*where, 'up_to')
    if 'up_to' not in entry:
        raise errors.Malformed(
            here, 'missing: only the last tier has no bound'
        )
    up_to = _decimal(entry['up_to'], here)
    if up_to <= (before[-1].up_to if before else 0):
        raise errors.Malformed(
            here, 'must be greater than that of the tier before, and than 0'
        )
    return up_to


def _equivalents(
    raw: Any, where: places.Where
) -> dict[str, prices.Equivalent]:
    _require_mapping(raw, where)
    found = {}
    for provider, entry in raw.items():
        here = (*where, _read_key(provider, where))
        require_keys(entry, here, ('name', 'price'))
        for key in ('name', 'price'):
            if key not in entry:
                raise errors.Malformed((*here, key), 'missing')
        found[provider] = prices.Equivalent(
            read_text(entry['name'], (*here, 'name')),
            _decimal(entry['price'], (*here, 'price')),
        )
    return found
