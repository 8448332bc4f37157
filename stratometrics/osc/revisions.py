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
"""What a file of prices would change of the price list.

The service decides what a price may be. Here it is only seen which prices of
a file are in the list already: whatever is not surely one of those is sent,
and refused if it is none.
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import datetime
import json
import re
from typing import Any

from stratometrics.client import answers
from stratometrics.client import spelling
from stratometrics.model import instants
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.osc import pricefiles

#: What a price can be given anew without becoming another one.
_END = 'valid_to'
_AMENDABLE = (_END, 'description')

_DECIMAL = re.compile(r'[0-9]{1,18}(?:\.[0-9]{1,12})?')
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

    What is there already is left alone, so that a file can be imported again.
    A price that differs by its end or its description alone is amended.

    :param listed: what is there.
    :param wanted: the prices of the file.
    :param replace_from: an aware datetime, from which on there are to be no
        others: those that are not in the file end then. One that would begin
        later is withdrawn.
    """
    known = {_substance(pricefiles.body(price)): price for price in listed}
    changes = []
    for entry in wanted:
        former = known.pop(_substance(entry.body), None)
        if former is None:
            changes.append(_created(entry))
        elif changed := _amended(former, entry.body):
            changes.append(
                Revision(
                    {'change': 'amended', 'id': former.id, **changed},
                    entry.place,
                )
            )
    if replace_from is None:
        return changes
    # First what makes room: it reads better.
    return [
        change
        for price in known.values()
        for change in _ended(price, replace_from)
    ] + changes


def replacement(
    listed: Iterable[answers.Price], wanted: Iterable[pricefiles.Entry]
) -> list[Revision]:
    """The changes by which files become the list, and nothing else is in it.

    :param listed: what is there.
    """
    return [
        *map(_withdrawn, listed),
        *map(_created, wanted),
    ]


def placed(message: str, changes: Sequence[Revision]) -> str:
    """An error of the service that names places of files.

    :param changes: what was sent.
    """

    def place(found: re.Match[str]) -> str:
        number = int(found[1])
        known = changes[number].place if number < len(changes) else ''
        return known or found[0]

    return _PLACE.sub(place, message)


def _created(entry: pricefiles.Entry) -> Revision:
    return Revision({'change': 'created', 'price': entry.body}, entry.place)


def _withdrawn(price: answers.Price) -> Revision:
    return Revision({'change': 'withdrawn', 'id': price.id})


def _amended(
    former: answers.Price, entry: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What an entry says of a price that is new."""
    there = pricefiles.body(former)
    changed = {}
    for key in _AMENDABLE:
        value = entry.get(key, pricefiles.DEFAULTS[key])
        same = _instant(value) if key == _END else value
        if same != there[key]:
            changed[key] = value
    return changed


def _ended(price: answers.Price, at: datetime.datetime) -> Sequence[Revision]:
    if price.valid_from >= at:
        return [_withdrawn(price)]
    if price.valid_to is None or price.valid_to > at:
        end = spelling.instant(at)
        return [Revision({'change': 'amended', 'id': price.id, _END: end})]
    return []


def _substance(entry: Any) -> str:
    """All that makes a price the one that it is, spelled in one way."""
    if not isinstance(entry, Mapping):
        return json.dumps(entry)
    whole = {**pricefiles.DEFAULTS, **entry}
    for key in _AMENDABLE:
        del whole[key]
    if 'price' in whole and 'tiers' not in whole:
        whole['tiers'] = [{'price': whole.pop('price')}]
    for key, same in _SPELLED.items():
        if key in whole:
            whole[key] = same(whole[key])
    return json.dumps(whole, sort_keys=True)


def _number(value: Any) -> Any:
    if not (isinstance(value, str) and _DECIMAL.fullmatch(value)):
        return value
    return spelling.decimal_text(prices.number(value))


def _instant(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return timestamps.isoformat(instants.parse(value))
    except (instants.InvalidInstant, OverflowError):
        return value


def _match(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: _values(each) for name, each in value.items()}


def _values(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(
        isinstance(each, str) for each in value
    ):
        return sorted(set(value))
    return value


def _tiers(value: Any) -> Any:
    if not isinstance(value, list) or not all(
        isinstance(each, Mapping) for each in value
    ):
        return value
    tiers = [
        {key: _number(each) for key, each in tier.items()} for tier in value
    ]
    if tiers and tiers[-1].get('up_to', '') is None:
        del tiers[-1]['up_to']
    return tiers


def _equivalents(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        provider: (
            {**each, 'price': _number(each['price'])}
            if isinstance(each, Mapping) and 'price' in each
            else each
        )
        for provider, each in value.items()
    }


_SPELLED = {
    'match': _match,
    'valid_from': _instant,
    'tiers': _tiers,
    'included': _number,
    'minimum': _number,
    'equivalents': _equivalents,
}
