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
"""What a definition may say, validated and compiled.

Every function takes a part of a YAML document and the way to it, and raises
:class:`~stratometrics.notifications.values.Malformed` if it is not in order.
"""

from collections.abc import Iterator, Mapping
import dataclasses
import re
from typing import Any

from stratometrics.model import event as event_model
from stratometrics.model import names as names_model
from stratometrics.model import usage
from stratometrics.notifications import documents
from stratometrics.notifications import plans
from stratometrics.notifications import values

_FACTS = {
    'resource_id': values.Kind.NAME,
    'project_id': values.Kind.NAME,
    'user_id': values.Kind.TEXT,
    'name': values.Kind.TEXT,
    'created_at': values.Kind.OPTIONAL_TIME,
    'event_time': values.Kind.TIME,
    'state': values.Kind.NAME,
}
_GROUPS = {
    'attributes': values.Kind.TEXT,
    'measures': values.Kind.MEASURE,
}
#: Attributes that are columns of an event; the others share a map.
_COLUMNS = ('type', 'type_id', 'image', 'availability_zone')
_TIMESTAMP = values.Compiler(values.Kind.TIME, 'timestamp', None)
_DEFAULTS = {
    'user_id': values.constant(''),
    'name': values.constant(''),
    'created_at': values.constant(None),
    'event_time': _TIMESTAMP.compile({'envelope': 'timestamp'}, ()),
    **{f'attributes.{name}': values.constant('') for name in _COLUMNS},
}

#: What one level says of these holds below it, unless it is said again.
_FACT_KEYS = frozenset((*_FACTS, *_GROUPS))
_RESOURCE_KEYS = _FACT_KEYS | {
    'collection',
    'enabled',
    'group_by',
    'kind',
    'names',
    'sources',
    'states',
}
#: Of a resource type that no notification tells of.
_OBSERVED_KEYS = frozenset(
    ('collection', 'enabled', 'group_by', 'names', 'observed', 'states')
)
_SOURCE_KEYS = _FACT_KEYS | {
    'each',
    'event_types',
    'exchange',
    'root',
    'wrapper',
}
_EVENT_TYPE_KEYS = _FACT_KEYS | {'audit', 'creation', 'enabled', 'unless'}
_IGNORED_KEYS = frozenset(
    ('because', 'event_types', 'exchange', 'names', 'priority', 'publisher')
)

_DASHED = re.compile(r'[a-z][a-z0-9]*(-[a-z0-9]+)*')
_UNDERSCORED = re.compile(r'[a-z][a-z0-9]*(_[a-z0-9]+)*')
#: What only a resource with a life has.
_FACTS_OF_A_LIFE = ('created_at', 'state')

#: Paths below /v1 that are not collections of one resource type.
_RESERVED_COLLECTIONS = (
    'coverage',
    'prices',
    'resources',
    'statements',
    'usage',
)
#: Parameters of questions that an attribute, as a filter, would hide, and what
#: a result holds beside the attributes that it is grouped by.
_RESERVED_ATTRIBUTES = (
    'all_projects',
    'as_of',
    'from',
    'granularity',
    'group_by',
    'limit',
    'marker',
    'measures',
    'timezone',
    'to',
    'usage',
    *usage.NAMES.values(),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A kind of thing that is billed.

    :param name: such as ``instance``.
    :param collection: the path of its usage below ``/v1``.
    :param group_by: the key that its usage is grouped by if none is named.
    :param attributes: what its usage can be grouped and filtered by beyond
        :data:`stratometrics.model.usage.COMMON_KEYS`.
    :param measures: its amounts: they multiply time, or count once.
    :param terminal: states that end a timeline (R7), in lower case.
    :param unbilled: states whose time does not count, in lower case.
    :param pending: such states of a resource that is still being made.
    :param names: attributes that hold an id and are shown as its name, with
        the kind of what it names.
    :param audits: event types by which a service tells regularly of all that
        exists, which heals what was lost (R14).
    :param creations: event types that announce that a resource came into
        being, where none tells when it was created (R8).
    :param kind: how it is billed.
    :param observed: whether no notification tells of it, but reconciliation
        alone.
    """

    name: str
    collection: str
    group_by: str
    attributes: tuple[str, ...]
    measures: tuple[str, ...]
    terminal: tuple[str, ...]
    unbilled: tuple[str, ...]
    pending: tuple[str, ...] = ()
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)
    audits: tuple[str, ...] = ()
    creations: frozenset[str] = frozenset()
    kind: usage.Kind = usage.Kind.STATE
    observed: bool = False

    def phase(self, state: str) -> event_model.Phase:
        """What a state means for the bill.

        :param state: in any case.
        """
        word = state.lower()
        if word in self.terminal:
            return event_model.Phase.ENDED
        if word in self.unbilled:
            return event_model.Phase.UNBILLED
        if word in self.pending:
            return event_model.Phase.PENDING
        return event_model.Phase.BILLED


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
    where: documents.Where
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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource type with the event types that carry it."""

    type: ResourceType
    enabled: bool
    phases: Mapping[str, event_model.Phase]
    event_types: tuple[EventType, ...]

    def plan(self, event_type: EventType) -> plans.Plan:
        """How a message of one of the event types becomes an event.

        :raises Malformed: the definition lacks a fact that every event has.
        """
        facts = {**_DEFAULTS, **event_type.facts}
        if self.type.kind is usage.Kind.CONSUMPTION:
            facts['state'] = values.constant('')
        for key in (
            'resource_id',
            'project_id',
            'state',
            *(f'measures.{name}' for name in self.type.measures),
        ):
            if key not in facts:
                raise values.Malformed(
                    (self.type.name, *key.split('.')),
                    f'missing for {documents.spelled(event_type.where[1:])}',
                )
        return plans.Plan(
            resource_type=self.type.name,
            phases=self.phases,
            otherwise=_OTHERWISE[self.type.kind],
            objects=event_type.objects,
            unless=event_type.unless,
            **{key: facts[key] for key in _FACTS},
            **{key: facts[f'attributes.{key}'] for key in _COLUMNS},
            attributes=tuple(
                (name, get)
                for name, get in event_type.members('attributes')
                if name not in _COLUMNS
            ),
            measures=event_type.members('measures'),
        )


def is_atomic(where: documents.Where) -> bool:
    """Whether a later file replaces a mapping whole.

    What says where one fact is found is a whole: keys of two ways to find it
    must not mix.

    :param where: the way to the mapping, beginning with the resource.
    """
    if len(where) < 2:
        return False
    parent, key = where[-2:]
    if len(where) > 2 and parent in _GROUPS:
        return True
    named = len(where) > 2 and parent in ('event_types', 'sources')
    return not named and (key in _FACTS or key == 'unless')


def ignored(
    entry: Any, where: documents.Where
) -> tuple[tuple[str, ...], plans.Ignored]:
    """An entry of the list of ignored event types."""
    _require_keys(entry, _IGNORED_KEYS, where)
    for key in ('because', 'exchange'):
        _require_text(entry.get(key), (*where, key))
    priority = entry.get('priority')
    if priority is not None:
        priority = _require_text(priority, (*where, 'priority')).lower()
    publisher = entry.get('publisher')
    if publisher is not None:
        publisher = plans.glob(_require_text(publisher, (*where, 'publisher')))
    renamed = _renamed(entry.get('names', {}), (*where, 'names'))
    if renamed and (priority is not None or publisher is not None):
        # Such an entry is found by more than the event type.
        raise values.Malformed(
            (*where, 'names'), 'not together with a priority or a publisher'
        )
    patterns = entry.get('event_types')
    where = (*where, 'event_types')
    if not isinstance(patterns, list) or not patterns:
        raise values.Malformed(where, 'expected a list of event types')
    for place, pattern in enumerate(patterns):
        _require_pattern(pattern, (*where, place))
    return tuple(patterns), plans.Ignored(
        entry['because'], priority, publisher, renamed
    )


def _renamed(
    raw: Any, where: documents.Where
) -> tuple[tuple[str, values.Getter], ...]:
    """Where the ids are of what may have another name now, by kind."""
    _require_keys(raw, frozenset(names_model.KINDS), where)
    return tuple(
        (
            kind,
            values.Compiler(values.Kind.TEXT, kind, None).compile(
                way, (*where, kind)
            ),
        )
        for kind, way in raw.items()
    )


def resource(name: Any, body: Any) -> Resource:
    """One resource type."""
    where = (name,)
    if not isinstance(name, str) or _DASHED.fullmatch(name) is None:
        raise values.Malformed(
            where, 'a resource is named in lower case, with dashes'
        )
    if isinstance(body, dict) and 'observed' in body:
        _require_keys(body, _OBSERVED_KEYS, where)
        event_types: tuple[EventType, ...] = ()
        attributes, measures = _observed(body['observed'], (name, 'observed'))
    else:
        _require_keys(body, _RESOURCE_KEYS, where)
        event_types = tuple(_event_types(name, body))
        attributes = _names(event_types, 'attributes')
        measures = _names(event_types, 'measures')
    kind = _kind(body, where)
    phases: Mapping[str, event_model.Phase] = {}
    if kind is usage.Kind.STATE:
        phases = _phases(body.get('states'), (*where, 'states'))
    else:
        _require_no_life(body, event_types, where)
    collection = body.get('collection')
    here = (*where, 'collection')
    if _DASHED.fullmatch(_require_text(collection, here)) is None:
        raise values.Malformed(here, 'expected lower case, with dashes')
    if collection in _RESERVED_COLLECTIONS:
        raise values.Malformed(here, f'{collection} has a meaning of its own')
    group_by = body.get('group_by', 'type')
    if group_by not in (*usage.COMMON_KEYS, *attributes):
        raise values.Malformed(
            (*where, 'group_by'), 'neither a common key nor an attribute'
        )
    return Resource(
        type=ResourceType(
            name=name,
            collection=collection,
            group_by=group_by,
            attributes=tuple(key for key in attributes if key not in _COLUMNS),
            measures=measures,
            terminal=_states(phases, event_model.Phase.ENDED),
            unbilled=_states(phases, event_model.Phase.UNBILLED),
            pending=_states(phases, event_model.Phase.PENDING),
            names=_named(body, attributes, (*where, 'names')),
            audits=tuple(
                event_type.pattern
                for event_type in event_types
                if event_type.audit and event_type.enabled
            ),
            # Of one that is switched off there may be events from before.
            creations=frozenset(
                event_type.pattern
                for event_type in event_types
                if event_type.creation
            ),
            kind=kind,
            observed='observed' in body,
        ),
        enabled=_flag(body, 'enabled', where, True),
        phases=phases,
        event_types=event_types,
    )


def _named(
    body: Mapping[str, Any],
    attributes: tuple[str, ...],
    where: documents.Where,
) -> Mapping[str, str]:
    """Attributes that are shown by name, with the kind of what is named."""
    raw = body.get('names', {})
    named = frozenset(attributes) - {'type_id'}
    _require_keys(raw, named, where)
    for attribute, kind in raw.items():
        if kind not in names_model.ATTRIBUTE_KINDS:
            known = ', '.join(names_model.ATTRIBUTE_KINDS)
            raise values.Malformed(
                (*where, attribute), f'expected one of {known}'
            )
    return raw


def _observed(
    raw: Any, where: documents.Where
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The attributes and measures that a service tells when it is asked."""
    _require_keys(raw, frozenset(_GROUPS), where)
    for group in _GROUPS:
        here = (*where, group)
        names = raw.get(group, [])
        if not isinstance(names, list):
            raise values.Malformed(here, 'expected a list of names')
        for place, member in enumerate(names):
            _require_member(group, member, (*here, place))
    return tuple(raw.get('attributes', ())), tuple(raw.get('measures', ()))


def _kind(body: Mapping[str, Any], where: documents.Where) -> usage.Kind:
    raw = body.get('kind', usage.Kind.STATE)
    if not isinstance(raw, str) or raw not in tuple(usage.Kind):
        raise values.Malformed(
            (*where, 'kind'), f'expected one of {", ".join(usage.Kind)}'
        )
    return usage.Kind(raw)


def _require_no_life(
    body: Mapping[str, Any],
    event_types: tuple[EventType, ...],
    where: documents.Where,
) -> None:
    """See that a consumption tells of no life: nothing would ask for it."""
    if 'states' in body:
        raise values.Malformed(
            (*where, 'states'), 'a consumption has no states'
        )
    for event_type in event_types:
        if event_type.creation:
            raise values.Malformed(
                (*event_type.where, 'creation'),
                'a consumption is not created',
            )
        for key in _FACTS_OF_A_LIFE:
            if key in event_type.facts:
                raise values.Malformed(
                    (*where, key),
                    'a consumption has none; said for '
                    f'{documents.spelled(event_type.where[1:])}',
                )


def _event_types(name: str, body: Mapping[str, Any]) -> Iterator[EventType]:
    where = (name, 'sources')
    sources = body.get('sources')
    if not isinstance(sources, dict) or not sources:
        raise values.Malformed(where, 'expected a mapping of sources')
    for source_name, source in sources.items():
        here = (*where, source_name)
        _require_keys(source, _SOURCE_KEYS, here)
        exchange = _require_text(source.get('exchange'), (*here, 'exchange'))
        wrapper = source.get('wrapper')
        if wrapper is not None:
            _require_text(wrapper, (*here, 'wrapper'))
        objects = _objects(source, here, wrapper)
        facts = {
            **_facts(body, (name,), wrapper),
            **_facts(source, here, wrapper),
        }
        here = (*here, 'event_types')
        event_types = source.get('event_types')
        if not isinstance(event_types, dict) or not event_types:
            raise values.Malformed(here, 'expected a mapping of event types')
        for pattern, overrides in event_types.items():
            there = (*here, pattern)
            _require_pattern(pattern, there)
            if overrides is None:
                overrides = {}
            _require_keys(overrides, _EVENT_TYPE_KEYS, there)
            yield EventType(
                pattern=pattern,
                where=there,
                enabled=_flag(overrides, 'enabled', there, True),
                audit=_mark(pattern, overrides, 'audit', there),
                creation=_mark(pattern, overrides, 'creation', there),
                exchange=exchange,
                objects=objects,
                unless=_unless(overrides, there, wrapper),
                facts={**facts, **_facts(overrides, there, wrapper)},
            )


def _facts(
    body: Mapping[str, Any], where: documents.Where, wrapper: str | None
) -> dict[str, values.Getter]:
    """The facts that one level tells, compiled, by their full names."""
    facts = {}
    for key, kind in _FACTS.items():
        if key in body:
            compiler = values.Compiler(kind, key, wrapper)
            facts[key] = compiler.compile(body[key], (*where, key))
    for group, kind in _GROUPS.items():
        members = body.get(group, {})
        if not isinstance(members, dict):
            raise values.Malformed((*where, group), 'expected a mapping')
        for name, raw in members.items():
            here = (*where, group, name)
            _require_member(group, name, here)
            key = f'{group}.{name}'
            compiler = values.Compiler(kind, key, wrapper)
            facts[key] = compiler.compile(raw, here)
    return facts


def _names(event_types: tuple[EventType, ...], group: str) -> tuple[str, ...]:
    """What any event type has in a group, in the order of appearance."""
    return tuple(
        dict.fromkeys(
            name
            for event_type in event_types
            for name, _get in event_type.members(group)
        )
    )


def _objects(
    source: Mapping[str, Any], where: documents.Where, wrapper: str | None
) -> plans.Objects:
    """Finds the objects that paths begin at, in the payload."""
    one = _root(source.get('root'), (*where, 'root'), wrapper)
    if 'each' not in source:
        return lambda payload, message: [one(payload, message)]
    here = (*where, 'each')
    if wrapper is not None:
        raise values.Malformed(here, 'not together with a wrapper')
    many = values.path(values.require_path(source['each'], here), None)

    def objects(payload: dict[str, Any], message: Mapping[str, Any]) -> Any:
        listed = many(payload, message)
        if isinstance(listed, list):
            return listed
        return [one(payload, message)]

    return objects


def _root(
    raw: Any, where: documents.Where, wrapper: str | None
) -> values.Getter:
    """Finds the object that paths begin at, in the payload."""
    steps = [] if raw is None else values.require_path(raw, where).split('.')
    if wrapper is not None:
        steps = [wrapper, *(key for step in steps for key in (step, wrapper))]
    if not steps:
        return lambda payload, message: payload
    return values.nested(steps)


def _unless(
    body: Mapping[str, Any], where: documents.Where, wrapper: str | None
) -> tuple[tuple[values.Getter, frozenset[str]], ...]:
    """Texts that, where they are found, make a message ignored."""
    here = (*where, 'unless')
    raw = body.get('unless', {})
    if not isinstance(raw, dict):
        raise values.Malformed(here, 'expected a mapping of paths to texts')
    conditions = []
    for steps, words in raw.items():
        there = (*here, steps)
        get = values.path(values.require_path(steps, there), wrapper)
        if isinstance(words, str):
            words = [words]
        if not isinstance(words, list) or not all(
            isinstance(word, str) for word in words
        ):
            raise values.Malformed(there, 'expected text or a list of texts')
        conditions.append((get, frozenset(words)))
    return tuple(conditions)


def _phases(
    raw: Any, where: documents.Where
) -> Mapping[str, event_model.Phase]:
    """What each state that is not simply billed means, in lower case."""
    _require_keys(raw, frozenset(('terminal', 'unbilled', 'pending')), where)
    phases: dict[str, event_model.Phase] = {}
    for key, phase in (
        ('terminal', event_model.Phase.ENDED),
        ('unbilled', event_model.Phase.UNBILLED),
        ('pending', event_model.Phase.PENDING),
    ):
        here = (*where, key)
        words = raw.get(key, [])
        if not isinstance(words, list) or not all(
            isinstance(word, str) and word for word in words
        ):
            raise values.Malformed(here, 'expected a list of states')
        for word in words:
            if phases.setdefault(word.lower(), phase) is not phase:
                raise values.Malformed(
                    here, f'{word} is {_WORDS[phases[word.lower()]]} too'
                )
    if event_model.Phase.ENDED not in phases.values():
        raise values.Malformed(
            (*where, 'terminal'), 'without one a timeline has no end'
        )
    return phases


_OTHERWISE = {
    usage.Kind.STATE: event_model.Phase.BILLED,
    usage.Kind.CONSUMPTION: event_model.Phase.CONSUMED,
}
_WORDS = {
    event_model.Phase.ENDED: 'terminal',
    event_model.Phase.UNBILLED: 'unbilled',
    event_model.Phase.PENDING: 'pending',
}


def _states(
    phases: Mapping[str, event_model.Phase], wanted: event_model.Phase
) -> tuple[str, ...]:
    return tuple(state for state, phase in phases.items() if phase is wanted)


def _require_keys(
    raw: Any, known: frozenset[str], where: documents.Where
) -> None:
    if not isinstance(raw, dict):
        raise values.Malformed(where, 'expected a mapping')
    for key in raw:
        if key not in known:
            raise values.Malformed(
                (*where, key),
                f'unknown key; expected one of {", ".join(sorted(known))}',
            )


def _require_text(raw: Any, where: documents.Where) -> str:
    if not isinstance(raw, str) or not raw:
        raise values.Malformed(where, 'expected text')
    return raw


def _flag(
    body: Mapping[str, Any], key: str, where: documents.Where, default: bool
) -> bool:
    flag = body.get(key, default)
    if not isinstance(flag, bool):
        raise values.Malformed((*where, key), 'expected true or false')
    return flag


def _mark(
    pattern: str, body: Mapping[str, Any], key: str, where: documents.Where
) -> bool:
    """What sets an event type apart from the others."""
    mark = _flag(body, key, where, False)
    if mark and '*' in pattern:
        # Such are looked up by their names among what has arrived.
        raise values.Malformed(
            (*where, key), 'a glob cannot be one: name the event type'
        )
    return mark


def _require_pattern(raw: Any, where: documents.Where) -> None:
    if not isinstance(raw, str) or not plans.is_pattern(raw):
        raise values.Malformed(
            where, 'expected an event type, or a glob of one with *'
        )


def _require_member(group: str, name: Any, where: documents.Where) -> None:
    if not isinstance(name, str) or _UNDERSCORED.fullmatch(name) is None:
        raise values.Malformed(
            where, 'expected a name in lower case, with underscores'
        )
    if group == 'attributes' and (
        name in _RESERVED_ATTRIBUTES
        or (name in usage.COMMON_KEYS and name not in _COLUMNS)
    ):
        raise values.Malformed(where, f'{name} has a meaning of its own')
