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
"""What a definition says of a resource type, validated and compiled."""

from collections.abc import Mapping
import dataclasses
import re
from typing import Any

from stratometrics.model import event as event_model
from stratometrics.model import names as names_model
from stratometrics.model import places
from stratometrics.model import usage
from stratometrics.notifications import facts
from stratometrics.notifications import plans
from stratometrics.notifications import shapes
from stratometrics.notifications import sources
from stratometrics.notifications import states
from stratometrics.notifications import values

_KEYS = facts.KEYS | {
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
_DASHED = re.compile(r'[a-z][a-z0-9]*(-[a-z0-9]+)*')
#: What only a resource with a life has.
_FACTS_OF_A_LIFE = ('created_at', 'state')

#: Paths below /v1 that are not collections of one resource type.
_RESERVED_COLLECTIONS = (
    'costs',
    'coverage',
    'prices',
    'resources',
    'statements',
    'usage',
)

_OTHERWISE = {
    usage.Kind.STATE: event_model.Phase.BILLED,
    usage.Kind.CONSUMPTION: event_model.Phase.CONSUMED,
}


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
class Resource:
    """A resource type with the event types that carry it."""

    type: ResourceType
    enabled: bool
    phases: Mapping[str, event_model.Phase]
    event_types: tuple[sources.EventType, ...]

    def plan(self, event_type: sources.EventType) -> plans.Plan:
        """How a message of one of the event types becomes an event.

        :raises Malformed: the definition lacks a fact that every event has.
        """
        ways = {**facts.DEFAULTS, **event_type.facts}
        if self.type.kind is usage.Kind.CONSUMPTION:
            ways['state'] = values.constant('')
        for key in (
            'resource_id',
            'project_id',
            'state',
            *(f'measures.{name}' for name in self.type.measures),
        ):
            if key not in ways:
                raise shapes.Malformed(
                    (self.type.name, *key.split('.')),
                    f'missing for {places.spelled(event_type.where[1:])}',
                )
        return plans.Plan(
            resource_type=self.type.name,
            phases=self.phases,
            otherwise=_OTHERWISE[self.type.kind],
            objects=event_type.objects,
            unless=event_type.unless,
            **{key: ways[key] for key in facts.FACTS},
            **{key: ways[f'attributes.{key}'] for key in facts.COLUMNS},
            attributes=tuple(
                (name, get)
                for name, get in event_type.members('attributes')
                if name not in facts.COLUMNS
            ),
            measures=event_type.members('measures'),
        )


def resource(name: Any, body: Any) -> Resource:
    """One resource type."""
    where = (name,)
    if not isinstance(name, str) or _DASHED.fullmatch(name) is None:
        raise shapes.Malformed(
            where, 'a resource is named in lower case, with dashes'
        )
    if isinstance(body, dict) and 'observed' in body:
        shapes.require_keys(body, _OBSERVED_KEYS, where)
        event_types: tuple[sources.EventType, ...] = ()
        attributes, measures = _observed(body['observed'], (name, 'observed'))
    else:
        shapes.require_keys(body, _KEYS, where)
        event_types = tuple(sources.event_types(name, body))
        attributes = _names(event_types, 'attributes')
        measures = _names(event_types, 'measures')
    kind = _kind(body, where)
    phases: Mapping[str, event_model.Phase] = {}
    if kind is usage.Kind.STATE:
        phases = states.phases(body.get('states'), (*where, 'states'))
    else:
        _require_no_life(body, event_types, where)
    collection = body.get('collection')
    here = (*where, 'collection')
    if _DASHED.fullmatch(shapes.require_text(collection, here)) is None:
        raise shapes.Malformed(here, 'expected lower case, with dashes')
    if collection in _RESERVED_COLLECTIONS:
        raise shapes.Malformed(here, f'{collection} has a meaning of its own')
    group_by = body.get('group_by', 'type')
    if group_by not in (*usage.COMMON_KEYS, *attributes):
        raise shapes.Malformed(
            (*where, 'group_by'), 'neither a common key nor an attribute'
        )
    return Resource(
        type=ResourceType(
            name=name,
            collection=collection,
            group_by=group_by,
            attributes=tuple(
                key for key in attributes if key not in facts.COLUMNS
            ),
            measures=measures,
            terminal=states.of_phase(phases, event_model.Phase.ENDED),
            unbilled=states.of_phase(phases, event_model.Phase.UNBILLED),
            pending=states.of_phase(phases, event_model.Phase.PENDING),
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
        enabled=shapes.flag(body, 'enabled', where, True),
        phases=phases,
        event_types=event_types,
    )


def _named(
    body: Mapping[str, Any],
    attributes: tuple[str, ...],
    where: places.Where,
) -> Mapping[str, str]:
    """Attributes that are shown by name, with the kind of what is named."""
    raw = body.get('names', {})
    named = frozenset(attributes) - {'type_id'}
    shapes.require_keys(raw, named, where)
    for attribute, kind in raw.items():
        if kind not in names_model.ATTRIBUTE_KINDS:
            known = ', '.join(names_model.ATTRIBUTE_KINDS)
            raise shapes.Malformed(
                (*where, attribute), f'expected one of {known}'
            )
    return raw


def _observed(
    raw: Any, where: places.Where
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The attributes and measures that a service tells when it is asked."""
    shapes.require_keys(raw, frozenset(facts.GROUPS), where)
    for group in facts.GROUPS:
        here = (*where, group)
        names = raw.get(group, [])
        if not isinstance(names, list):
            raise shapes.Malformed(here, 'expected a list of names')
        for place, member in enumerate(names):
            facts.require_member(group, member, (*here, place))
        shapes.require_once(names, here)
    return tuple(raw.get('attributes', ())), tuple(raw.get('measures', ()))


def _kind(body: Mapping[str, Any], where: places.Where) -> usage.Kind:
    raw = body.get('kind', usage.Kind.STATE)
    if not isinstance(raw, str) or raw not in tuple(usage.Kind):
        raise shapes.Malformed(
            (*where, 'kind'), f'expected one of {", ".join(usage.Kind)}'
        )
    return usage.Kind(raw)


def _require_no_life(
    body: Mapping[str, Any],
    event_types: tuple[sources.EventType, ...],
    where: places.Where,
) -> None:
    """See that a consumption tells of no life: nothing would ask for it."""
    if 'states' in body:
        raise shapes.Malformed(
            (*where, 'states'), 'a consumption has no states'
        )
    for event_type in event_types:
        if event_type.creation:
            raise shapes.Malformed(
                (*event_type.where, 'creation'),
                'a consumption is not created',
            )
        for key in _FACTS_OF_A_LIFE:
            if key in event_type.facts:
                raise shapes.Malformed(
                    (*where, key),
                    'a consumption has none; said for '
                    f'{places.spelled(event_type.where[1:])}',
                )


def _names(
    event_types: tuple[sources.EventType, ...], group: str
) -> tuple[str, ...]:
    """What any event type has in a group, in the order of appearance."""
    return tuple(
        dict.fromkeys(
            name
            for event_type in event_types
            for name, _get in event_type.members(group)
        )
    )
