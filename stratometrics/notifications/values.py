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
"""Where a fact is found in a message, compiled once into a closure.

A definition says it in one of these ways::

    a.b                             a path through nested objects
    a.0.b                           and through lists, by number
    {path: a.b, match: '(?:.*/)?(.*)'}  the one group of a regular expression
    {first: [a, b.c]}               the first that is neither null nor ''
    {sum: [a, b]}                   of amounts
    {find: {in: a, where: {b.c: word}, path: d}}  in the first object of a list
    {value: deleted}                a constant
    {envelope: timestamp}           a key of the message beside the payload
    {end_of_second: deleted_at}     a time that may lack its fraction

``per: 1024`` beside a way to an amount divides it; what is begun counts whole.
``match`` is for texts and times. ``replace: {old: new}`` beside a way to a
text exchanges whole texts.
"""

from collections.abc import Callable, Mapping, Sequence
import enum
import re
from typing import Any

from stratometrics.model import places
from stratometrics.notifications import checks
from stratometrics.notifications import errors
from stratometrics.notifications import shapes

#: Takes the object that paths begin at and the whole message.
Getter = Callable[[dict[str, Any], Mapping[str, Any]], Any]

_ENVELOPE_KEYS = ('event_type', 'publisher_id', 'timestamp')
_FIND_KEYS = {'in', 'path', 'where'}
#: Ways that lead to what is no text of a message.
_WAYS_TO_NO_TEXT = ('value', 'end_of_second')


class Kind(enum.Enum):
    """What a fact must be; the value is the check that it must pass."""

    NAME = enum.member(checks.name)
    TEXT = enum.member(checks.text)
    MEASURE = enum.member(checks.measure)
    TIME = enum.member(checks.time)
    OPTIONAL_TIME = enum.member(checks.optional_time)


_EXTRAS = {
    Kind.NAME: {'match', 'replace'},
    Kind.TEXT: {'match', 'replace'},
    Kind.MEASURE: {'per'},
    Kind.TIME: {'match'},
    Kind.OPTIONAL_TIME: {'match'},
}


def constant(value: Any) -> Getter:
    """A fact that does not depend on the message."""
    return lambda root, message: value


def path(steps: str, wrapper: str | None) -> Getter:
    """Find what a dotted path leads to.

    :param wrapper: the key that every nested object hides its content under.
    """
    keys = steps.split('.')
    if wrapper is None:
        return nested(keys)
    between = [key for step in keys for key in (step, wrapper)]
    return nested(between[:-1])


def nested(keys: Sequence[str]) -> Getter:
    """Descend through nested objects; None where the way ends early."""
    first, *rest = keys
    if not rest:
        return lambda root, message: root.get(first)
    if any(key.isdecimal() for key in rest):
        return _nested_in_lists(keys)

    def descend(root: dict[str, Any], message: Mapping[str, Any]) -> Any:
        value = root.get(first)
        for key in rest:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value

    return descend


def _nested_in_lists(keys: Sequence[str]) -> Getter:
    """The same, where a number also leads to a place in a list."""

    def descend(root: dict[str, Any], message: Mapping[str, Any]) -> Any:
        value: Any = root
        for key in keys:
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and key.isdecimal():
                place = int(key)
                value = value[place] if place < len(value) else None
            else:
                return None
        return value

    return descend


def _matching(get: Getter, pattern: re.Pattern[str]) -> Getter:
    search = pattern.search

    def match(root: dict[str, Any], message: Mapping[str, Any]) -> Any:
        value = get(root, message)
        if not isinstance(value, str):
            return value
        found = search(value)
        return found[1] if found else None

    return match


def _replacing(get: Getter, words: Mapping[str, str]) -> Getter:
    def replace(root: dict[str, Any], message: Mapping[str, Any]) -> Any:
        value = get(root, message)
        return words.get(value, value) if isinstance(value, str) else value

    return replace


def _first(getters: list[Getter]) -> Getter:
    def first(root: dict[str, Any], message: Mapping[str, Any]) -> Any:
        for get in getters:
            value = get(root, message)
            if value is not None and value != '':
                return value
        return None

    return first


def _find(
    listed: Getter, conditions: Sequence[tuple[Getter, str]], get: Getter
) -> Getter:
    """Look into the first object of a list that meets all conditions."""

    def find(root: dict[str, Any], message: Mapping[str, Any]) -> Any:
        found = listed(root, message)
        for thing in found if isinstance(found, list) else ():
            if isinstance(thing, dict) and all(
                told(thing, message) == word for told, word in conditions
            ):
                return get(thing, message)
        return None

    return find


def _end_of_second(key: str, get: Getter) -> Getter:
    return lambda root, message: checks.end_of_second(key, get(root, message))


def _sum(key: str, getters: list[Getter]) -> Getter:
    def total(root: dict[str, Any], message: Mapping[str, Any]) -> int:
        return sum(checks.measure(key, get(root, message)) for get in getters)

    return total


def _per(key: str, get: Getter, unit: int) -> Getter:
    """Whole units of an amount; one that is begun counts as a whole one."""
    return lambda root, message: (
        -(-checks.measure(key, get(root, message)) // unit)
    )


def _require_pattern(raw: Any, where: places.Where) -> re.Pattern[str]:
    try:
        pattern = re.compile(shapes.require_text(raw, where))
    except RecursionError:
        raise shapes.Malformed(where, 'nested too deeply') from None
    except (re.error, OverflowError, ValueError) as error:
        # What re does not mind itself are numbers beyond all measure.
        raise shapes.Malformed(
            where, f'not a regular expression: {error}'
        ) from None
    if pattern.groups != 1:
        raise shapes.Malformed(
            where, 'expected a regular expression with one group'
        )
    return pattern


def _require_unit(raw: Any, where: places.Where) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 1:
        raise shapes.Malformed(where, 'expected a whole number of 1 or more')
    return raw


def _require_words(raw: Any, where: places.Where) -> Mapping[str, str]:
    if (
        not isinstance(raw, dict)
        or not raw
        or not all(isinstance(word, str) for word in (*raw, *raw.values()))
    ):
        raise shapes.Malformed(where, 'expected a mapping of text to text')
    return raw


class Compiler:
    """Makes closures of what a definition says about one fact.

    :param kind: what the fact must be.
    :param key: its name in reasons, such as ``measures.vcpus``.
    :param wrapper: see :func:`path`.
    """

    def __init__(self, kind: Kind, key: str, wrapper: str | None) -> None:
        self._kind = kind
        self._key = key
        self._wrapper = wrapper
        self._ways = {'path', 'first', 'find'}
        if kind in (Kind.NAME, Kind.TEXT, Kind.MEASURE):
            self._ways.add('value')
        if kind is Kind.MEASURE:
            self._ways.add('sum')
        if kind is Kind.TIME:
            self._ways |= {'envelope', 'end_of_second'}

    def compile(self, raw: Any, where: places.Where) -> Getter:
        """The closure that finds the fact and checks it.

        :raises Malformed: the definition says it in none of the known ways.
        """
        get = self._lookup(raw, where)
        if isinstance(raw, dict) and raw.keys() == {'value'}:
            return get
        check, key = self._kind.value, self._key
        return lambda root, message: check(key, get(root, message))

    def _lookup(self, raw: Any, where: places.Where) -> Getter:
        if not isinstance(raw, dict):
            return path(shapes.require_path(raw, where), self._wrapper)
        for key in raw:
            if key not in self._ways | _EXTRAS[self._kind]:
                raise shapes.Malformed((*where, key), 'unknown key')
        ways = self._ways & raw.keys()
        if len(ways) != 1:
            known = ', '.join(sorted(self._ways))
            raise shapes.Malformed(where, f'expected a path or one of {known}')
        (way,) = ways
        get = self._way(way, raw[way], (*where, way))
        for key in ('match', 'replace'):
            if key in raw and way in _WAYS_TO_NO_TEXT:
                raise shapes.Malformed(
                    (*where, key), f'not together with {way}'
                )
        if 'per' in raw:
            unit = _require_unit(raw['per'], (*where, 'per'))
            get = _per(self._key, get, unit)
        if 'match' in raw:
            here = (*where, 'match')
            get = _matching(get, _require_pattern(raw['match'], here))
        if 'replace' in raw:
            here = (*where, 'replace')
            get = _replacing(get, _require_words(raw['replace'], here))
        return get

    def _way(self, way: str, raw: Any, where: places.Where) -> Getter:
        match way:
            case 'path':
                return path(shapes.require_path(raw, where), self._wrapper)
            case 'first':
                return _first(self._items(raw, where))
            case 'sum':
                return _sum(self._key, self._items(raw, where))
            case 'find':
                return self._finder(raw, where)
            case 'value':
                return constant(self._checked(raw, where))
            case 'end_of_second':
                return _end_of_second(
                    self._key,
                    path(shapes.require_path(raw, where), self._wrapper),
                )
            case _ if raw in _ENVELOPE_KEYS:
                return lambda root, message: message.get(raw)
        known = ', '.join(_ENVELOPE_KEYS)
        raise shapes.Malformed(where, f'expected one of {known}')

    def _checked(self, raw: Any, where: places.Where) -> Any:
        try:
            return self._kind.value(self._key, raw)
        except errors.NotUnderstood as error:
            raise shapes.Malformed(where, str(error)) from None

    def _finder(self, raw: Any, where: places.Where) -> Getter:
        if self._wrapper is not None:
            raise shapes.Malformed(where, 'not together with a wrapper')
        if not isinstance(raw, dict) or raw.keys() != _FIND_KEYS:
            known = ', '.join(sorted(_FIND_KEYS))
            raise shapes.Malformed(where, f'expected a mapping of {known}')
        here = (*where, 'where')
        conditions = [
            (path(shapes.require_path(steps, (*here, steps)), None), word)
            for steps, word in _require_words(raw['where'], here).items()
        ]
        return _find(
            path(shapes.require_path(raw['in'], (*where, 'in')), None),
            conditions,
            path(shapes.require_path(raw['path'], (*where, 'path')), None),
        )

    def _items(self, raw: Any, where: places.Where) -> list[Getter]:
        if not isinstance(raw, list) or not raw:
            raise shapes.Malformed(where, 'expected a list of paths')
        items = []
        for place, item in enumerate(raw):
            here = (*where, place)
            if isinstance(item, dict) and not item.keys().isdisjoint(
                ('first', 'sum')
            ):
                raise shapes.Malformed(here, 'a list inside a list')
            items.append(self._lookup(item, here))
        return items
