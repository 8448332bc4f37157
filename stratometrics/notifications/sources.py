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
"""Which event types carry a resource, and how their messages are read."""

from collections.abc import Iterator, Mapping
import dataclasses
from typing import Any

from stratometrics.model import places
from stratometrics.notifications import facts
from stratometrics.notifications import plans
from stratometrics.notifications import shapes
from stratometrics.notifications import values

_KEYS = facts.KEYS | {'each', 'event_types', 'exchange', 'root', 'wrapper'}
_EVENT_TYPE_KEYS = facts.KEYS | {'audit', 'creation', 'enabled', 'unless'}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """An event type, or a glob of some, that a source carries.

    :param where: the way to it, for errors.
    :param enabled: false if it is to be ignored.
    :param audit: true if it tells regularly of all that exists.
    :param creation: true if it announces that a resource came into being.
    :param facts: how to find each fact, by names such as ``state`` and
        ``measures.vcpus``.
    """

    pattern: str
    where: places.Where
    enabled: bool
    audit: bool
    creation: bool
    exchange: str
    objects: plans.Objects
    unless: tuple[tuple[values.Getter, frozenset[str]], ...]
    facts: Mapping[str, values.Getter]

    def members(self, group: str) -> tuple[tuple[str, values.Getter], ...]:
        """The attributes, or the measures, by their own names."""
        prefix = f'{group}.'
        return tuple(
            (key.removeprefix(prefix), get)
            for key, get in self.facts.items()
            if key.startswith(prefix)
        )


def event_types(name: str, body: Mapping[str, Any]) -> Iterator[EventType]:
    """The event types of all sources of a resource type."""
    where = (name, 'sources')
    sources = body.get('sources')
    if not isinstance(sources, dict) or not sources:
        raise shapes.Malformed(where, 'expected a mapping of sources')
    for source_name, source in sources.items():
        here = (*where, source_name)
        shapes.require_keys(source, _KEYS, here)
        exchange = shapes.require_text(
            source.get('exchange'), (*here, 'exchange')
        )
        wrapper = source.get('wrapper')
        if wrapper is not None:
            shapes.require_text(wrapper, (*here, 'wrapper'))
        objects = _objects(source, here, wrapper)
        shared = {
            **facts.compiled(body, (name,), wrapper),
            **facts.compiled(source, here, wrapper),
        }
        here = (*here, 'event_types')
        patterns = source.get('event_types')
        if not isinstance(patterns, dict) or not patterns:
            raise shapes.Malformed(here, 'expected a mapping of event types')
        for pattern, overrides in patterns.items():
            there = (*here, pattern)
            shapes.require_pattern(pattern, there)
            if overrides is None:
                overrides = {}
            shapes.require_keys(overrides, _EVENT_TYPE_KEYS, there)
            yield EventType(
                pattern=pattern,
                where=there,
                enabled=shapes.flag(overrides, 'enabled', there, True),
                audit=_mark(pattern, overrides, 'audit', there),
                creation=_mark(pattern, overrides, 'creation', there),
                exchange=exchange,
                objects=objects,
                unless=_unless(overrides, there, wrapper),
                facts={**shared, **facts.compiled(overrides, there, wrapper)},
            )


def _objects(
    source: Mapping[str, Any], where: places.Where, wrapper: str | None
) -> plans.Objects:
    """Finds the objects that paths begin at, in the payload."""
    one = _root(source.get('root'), (*where, 'root'), wrapper)
    if 'each' not in source:
        return lambda payload, message: [one(payload, message)]
    here = (*where, 'each')
    if wrapper is not None:
        raise shapes.Malformed(here, 'not together with a wrapper')
    many = values.path(shapes.require_path(source['each'], here), None)

    def objects(payload: dict[str, Any], message: Mapping[str, Any]) -> Any:
        listed = many(payload, message)
        if isinstance(listed, list):
            return listed
        return [one(payload, message)]

    return objects


def _root(raw: Any, where: places.Where, wrapper: str | None) -> values.Getter:
    """Finds the object that paths begin at, in the payload."""
    steps = [] if raw is None else shapes.require_path(raw, where).split('.')
    if wrapper is not None:
        steps = [wrapper, *(key for step in steps for key in (step, wrapper))]
    if not steps:
        return lambda payload, message: payload
    return values.nested(steps)


def _unless(
    body: Mapping[str, Any], where: places.Where, wrapper: str | None
) -> tuple[tuple[values.Getter, frozenset[str]], ...]:
    """Texts that, where they are found, make a message ignored."""
    here = (*where, 'unless')
    raw = body.get('unless', {})
    if not isinstance(raw, dict):
        raise shapes.Malformed(here, 'expected a mapping of paths to texts')
    conditions = []
    for steps, words in raw.items():
        there = (*here, steps)
        get = values.path(shapes.require_path(steps, there), wrapper)
        if isinstance(words, str):
            words = [words]
        if not isinstance(words, list) or not all(
            isinstance(word, str) for word in words
        ):
            raise shapes.Malformed(there, 'expected text or a list of texts')
        shapes.require_once(words, there)
        conditions.append((get, frozenset(words)))
    return tuple(conditions)


def _mark(
    pattern: str, body: Mapping[str, Any], key: str, where: places.Where
) -> bool:
    """What sets an event type apart from the others."""
    mark = shapes.flag(body, key, where, False)
    if mark and '*' in pattern:
        # Such are looked up by their names among what has arrived.
        raise shapes.Malformed(
            (*where, key), 'a glob cannot be one: name the event type'
        )
    return mark
