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
"""Resource definitions: which notifications carry what is billed.

They come from the YAML files of this package and those of a configured
folder; everything in them is validated and compiled when they are loaded.
"""

from collections.abc import Iterator, Mapping
import dataclasses
from importlib import resources
import pathlib
import re
import types
from typing import Any

from stratometrics.model import event as event_model
from stratometrics.model import usage
from stratometrics.notifications import documents
from stratometrics.notifications import errors
from stratometrics.notifications import plans
from stratometrics.notifications import values

DefinitionError = errors.DefinitionError

_FACTS = {
    'resource_id': values.Kind.NAME,
    'project_id': values.Kind.NAME,
    'user_id': values.Kind.TEXT,
    'name': values.Kind.TEXT,
    'created_at': values.Kind.OPTIONAL_TIME,
    'event_time': values.Kind.TIME,
    'state': values.Kind.NAME,
}
#: Attributes that are columns of an event; the others share a map.
_COLUMNS = ('type', 'type_id', 'image', 'availability_zone')
_DEFAULTS = {
    'user_id': values.constant(''),
    'name': values.constant(''),
    'created_at': values.constant(None),
    'event_time': values.Compiler(values.Kind.TIME, 'timestamp', None).compile(
        {'envelope': 'timestamp'}, ()
    ),
    **{f'attributes.{name}': values.constant('') for name in _COLUMNS},
}
#: At every level: what one says holds for those below unless they differ.
_FACT_KEYS = frozenset((*_FACTS, 'attributes', 'measures'))
_RESOURCE_KEYS = _FACT_KEYS | {
    'collection',
    'enabled',
    'group_by',
    'sources',
    'states',
}
_SOURCE_KEYS = _FACT_KEYS | {'event_types', 'exchange', 'root', 'wrapper'}
_EVENT_TYPE_KEYS = _FACT_KEYS | {'enabled', 'unless'}
_IGNORED_KEYS = frozenset(
    ('because', 'event_types', 'exchange', 'priority', 'publisher')
)

_DASHED = re.compile(r'[a-z][a-z0-9]*(-[a-z0-9]+)*')
_UNDERSCORED = re.compile(r'[a-z][a-z0-9]*(_[a-z0-9]+)*')
#: Paths below /v1 that are not collections of one resource type.
_RESERVED_COLLECTIONS = ('prices', 'resources', 'statements', 'usage')
#: Parameters of questions that an attribute, as a filter, would hide.
_RESERVED_ATTRIBUTES = (
    'all_projects',
    'as_of',
    'from',
    'granularity',
    'group_by',
    'limit',
    'marker',
    'timezone',
    'to',
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A kind of thing that is billed.

    :param name: such as ``instance``.
    :param collection: the path of its usage below ``/v1``.
    :param group_by: the key that its usage is grouped by if none is named.
    :param attributes: what its usage can be grouped and filtered by beyond
        :data:`stratometrics.model.usage.COMMON_KEYS`.
    :param measures: its amounts that multiply time.
    :param terminal: states that end a timeline (R7), in lower case.
    :param unbilled: states whose time does not count, in lower case.
    """

    name: str
    collection: str
    group_by: str
    attributes: tuple[str, ...]
    measures: tuple[str, ...]
    terminal: tuple[str, ...]
    unbilled: tuple[str, ...]


class Definitions:
    """All resource types and what to do with every event type.

    :param resource_types: those that are switched on, by name, in order.
    :param event_types: the rules of all event types.
    :param exchanges: where the messages of the resource types are published.
    """

    def __init__(
        self,
        resource_types: Mapping[str, ResourceType],
        event_types: plans.EventTypes,
        exchanges: frozenset[str],
    ) -> None:
        self.resource_types = types.MappingProxyType(dict(resource_types))
        self.event_types = event_types
        self.exchanges = exchanges

    @classmethod
    def load(cls, directory: str | None) -> 'Definitions':
        """The shipped definitions with those of a folder laid over them.

        :param directory: a folder of ``*.yaml`` files, read in the order of
            their names, or None. It need not exist.
        :raises DefinitionError: one cannot be used; names file, resource and
            key.
        """
        stack = documents.Documents(_is_atomic)
        stack.read(
            sorted(
                (
                    file
                    for file in resources.files(__package__)
                    .joinpath('definitions')
                    .iterdir()
                    if file.name.endswith('.yaml')
                ),
                key=lambda file: file.name,
            )
        )
        if directory is not None:
            stack.read(_yaml_files(pathlib.Path(directory)))
        return _Builder(stack).build()


def _yaml_files(directory: pathlib.Path) -> list[pathlib.Path]:
    if not directory.exists():
        return []
    try:
        return sorted(
            file for file in directory.iterdir() if file.suffix == '.yaml'
        )
    except OSError as error:
        raise DefinitionError(f'{directory}: {error}') from None


def _is_atomic(where: documents.Where) -> bool:
    """Whether a later file replaces a mapping whole.

    What says where one fact is found is a whole: keys of two ways to find it
    must not mix.
    """
    if len(where) < 2:
        return False
    parent, key = where[-2:]
    if parent in ('attributes', 'measures'):
        return True
    named = len(where) > 2 and parent in ('event_types', 'sources')
    return not named and (key in _FACTS or key == 'unless')


class _Builder:
    """Validates and compiles what the files say."""

    def __init__(self, stack: documents.Documents) -> None:
        self._stack = stack
        self._plans: dict[str, plans.Plan] = {}
        self._claims: dict[str, documents.Where] = {}
        self._ignored: dict[str, plans.Ignored] = {}
        self._conditional: list[tuple[str, plans.Ignored]] = []
        self._exchanges: set[str] = set()

    def build(self) -> Definitions:
        resource_types = {}
        for file, where, entry in self._stack.ignored:
            try:
                self._ignore(entry, where)
            except values.Malformed as error:
                raise DefinitionError(
                    f'{file}: {documents.spelled(error.where)}: '
                    f'{error.problem}'
                ) from None
        for name, body in self._stack.resources.items():
            try:
                resource_type = self._resource(name, body)
                if resource_type is not None:
                    self._require_own_collection(resource_type, resource_types)
                    resource_types[name] = resource_type
            except values.Malformed as error:
                raise DefinitionError(
                    ': '.join(
                        filter(
                            None,
                            (
                                self._stack.file_of(error.where),
                                str(name),
                                documents.spelled(error.where[1:]),
                                error.problem,
                            ),
                        )
                    )
                ) from None
        return Definitions(
            resource_types,
            plans.EventTypes(self._plans, self._ignored, self._conditional),
            frozenset(self._exchanges),
        )

    def _ignore(self, entry: Any, where: documents.Where) -> None:
        _require_keys(entry, _IGNORED_KEYS, where)
        for key in ('because', 'exchange'):
            _require_text(entry.get(key), (*where, key))
        patterns = entry.get('event_types')
        if not isinstance(patterns, list) or not patterns:
            raise values.Malformed(
                (*where, 'event_types'), 'expected a list of event types'
            )
        priority = entry.get('priority')
        if priority is not None:
            priority = _require_text(priority, (*where, 'priority')).lower()
        publisher = entry.get('publisher')
        if publisher is not None:
            publisher = plans.glob(
                _require_text(publisher, (*where, 'publisher'))
            )
        ignored = plans.Ignored(entry['because'], priority, publisher)
        for place, pattern in enumerate(patterns):
            _require_pattern(pattern, (*where, 'event_types', place))
            if priority is None and publisher is None:
                self._ignored[pattern] = ignored
            else:
                self._conditional.append((pattern, ignored))

    def _resource(self, name: Any, body: Any) -> ResourceType | None:
        where = (name,)
        if not isinstance(name, str) or _DASHED.fullmatch(name) is None:
            raise values.Malformed(
                where, 'a resource is named in lower case, with dashes'
            )
        _require_keys(body, _RESOURCE_KEYS, where)
        enabled = _require_flag(body, where)
        phases = _phases(body.get('states'), (*where, 'states'))
        collection = _require_text(
            body.get('collection'), (*where, 'collection')
        )
        if (
            _DASHED.fullmatch(collection) is None
            or collection in _RESERVED_COLLECTIONS
        ):
            raise values.Malformed(
                (*where, 'collection'), f'{collection} cannot be a collection'
            )
        levels = list(self._levels(name, body))
        attributes = _names(levels, 'attributes')
        measures = _names(levels, 'measures')
        group_by = body.get('group_by', 'type')
        if group_by not in (*usage.COMMON_KEYS, *attributes):
            raise values.Malformed(
                (*where, 'group_by'), 'neither a common key nor an attribute'
            )
        for level in levels:
            self._claim(name, level, phases, measures, enabled)
        if not enabled:
            return None
        return ResourceType(
            name=name,
            collection=collection,
            group_by=group_by,
            attributes=tuple(key for key in attributes if key not in _COLUMNS),
            measures=measures,
            terminal=_states(phases, event_model.Phase.ENDED),
            unbilled=_states(phases, event_model.Phase.UNBILLED),
        )

    def _levels(
        self, name: str, body: Mapping[str, Any]
    ) -> Iterator['_EventType']:
        """Every event type of every source, with the facts it inherits."""
        sources = body.get('sources')
        where = (name, 'sources')
        if not isinstance(sources, dict) or not sources:
            raise values.Malformed(where, 'expected a mapping of sources')
        for source_name, source in sources.items():
            here = (*where, source_name)
            _require_keys(source, _SOURCE_KEYS, here)
            _require_text(source.get('exchange'), (*here, 'exchange'))
            wrapper = source.get('wrapper')
            if wrapper is not None:
                _require_text(wrapper, (*here, 'wrapper'))
            facts = {
                **_facts(body, (name,), wrapper),
                **_facts(source, here, wrapper),
            }
            event_types = source.get('event_types')
            here = (*here, 'event_types')
            if not isinstance(event_types, dict) or not event_types:
                raise values.Malformed(
                    here, 'expected a mapping of event types'
                )
            for pattern, overrides in event_types.items():
                there = (*here, pattern)
                _require_pattern(pattern, there)
                if overrides is None:
                    overrides = {}
                _require_keys(overrides, _EVENT_TYPE_KEYS, there)
                yield _EventType(
                    pattern=pattern,
                    where=there,
                    enabled=_require_flag(overrides, there),
                    exchange=source['exchange'],
                    root=_root(source, (*here[:-1], 'root'), wrapper),
                    unless=_unless(overrides, there, wrapper),
                    facts={**facts, **_facts(overrides, there, wrapper)},
                )

    def _claim(
        self,
        name: str,
        level: '_EventType',
        phases: Mapping[str, event_model.Phase],
        measures: tuple[str, ...],
        enabled: bool,
    ) -> None:
        facts = {**_DEFAULTS, **level.facts}
        for key in (
            'resource_id',
            'project_id',
            'state',
            *(f'measures.{measure}' for measure in measures),
        ):
            if key not in facts:
                raise values.Malformed(
                    (name, *key.split('.')),
                    f'missing for {documents.spelled(level.where[1:])}',
                )
        if not (enabled and level.enabled):
            self._ignored[level.pattern] = plans.Ignored('it is switched off')
            return
        claimed = self._claims.setdefault(level.pattern, level.where)
        if claimed != level.where:
            raise values.Malformed(
                level.where,
                f'claimed by {claimed[0]} too, at '
                f'{documents.spelled(claimed[1:])}',
            )
        self._exchanges.add(level.exchange)
        self._plans[level.pattern] = plans.Plan(
            resource_type=name,
            phases=phases,
            root=level.root,
            unless=level.unless,
            **{key: facts[key] for key in _FACTS},
            **{key: facts[f'attributes.{key}'] for key in _COLUMNS},
            attributes=tuple(
                (key.removeprefix('attributes.'), get)
                for key, get in facts.items()
                if key.startswith('attributes.')
                and key.removeprefix('attributes.') not in _COLUMNS
            ),
            measures=tuple(
                (measure, facts[f'measures.{measure}']) for measure in measures
            ),
        )

    def _require_own_collection(
        self, one: ResourceType, others: Mapping[str, ResourceType]
    ) -> None:
        for other in others.values():
            if other.collection == one.collection:
                raise values.Malformed(
                    (one.name, 'collection'),
                    f'{one.collection} is the collection of {other.name}',
                )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _EventType:
    """One event type of a source, with the facts it has and inherits."""

    pattern: str
    where: documents.Where
    enabled: bool
    exchange: str
    root: values.Getter
    unless: tuple[tuple[values.Getter, frozenset[str]], ...]
    facts: Mapping[str, values.Getter]


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


def _require_flag(body: Mapping[str, Any], where: documents.Where) -> bool:
    enabled = body.get('enabled', True)
    if not isinstance(enabled, bool):
        raise values.Malformed((*where, 'enabled'), 'expected true or false')
    return enabled


def _require_pattern(raw: Any, where: documents.Where) -> None:
    if not isinstance(raw, str) or not plans.is_pattern(raw):
        raise values.Malformed(
            where, 'expected an event type, or a glob of one with *'
        )


def _phases(
    raw: Any, where: documents.Where
) -> Mapping[str, event_model.Phase]:
    _require_keys(raw, frozenset(('terminal', 'unbilled')), where)
    phases: dict[str, event_model.Phase] = {}
    for key, phase in (
        ('terminal', event_model.Phase.ENDED),
        ('unbilled', event_model.Phase.UNBILLED),
    ):
        here = (*where, key)
        words = raw.get(key, [])
        if not isinstance(words, list) or not all(
            isinstance(word, str) and word for word in words
        ):
            raise values.Malformed(here, 'expected a list of states')
        for word in words:
            if phases.setdefault(word.lower(), phase) is not phase:
                raise values.Malformed(here, f'{word} is terminal too')
    if event_model.Phase.ENDED not in phases.values():
        raise values.Malformed(
            (*where, 'terminal'), 'without one a timeline has no end'
        )
    return phases


def _states(
    phases: Mapping[str, event_model.Phase], wanted: event_model.Phase
) -> tuple[str, ...]:
    return tuple(state for state, phase in phases.items() if phase is wanted)


def _facts(
    body: Mapping[str, Any], where: documents.Where, wrapper: str | None
) -> dict[str, values.Getter]:
    """The facts that one level tells, compiled, by their full names."""
    facts = {}
    for key, kind in _FACTS.items():
        if key in body:
            compiler = values.Compiler(kind, key, wrapper)
            facts[key] = compiler.compile(body[key], (*where, key))
    for group, kind in (
        ('attributes', values.Kind.TEXT),
        ('measures', values.Kind.MEASURE),
    ):
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


def _names(levels: list[_EventType], group: str) -> tuple[str, ...]:
    """What any event type has in a group, in the order of appearance."""
    prefix = f'{group}.'
    return tuple(
        dict.fromkeys(
            key.removeprefix(prefix)
            for level in levels
            for key in level.facts
            if key.startswith(prefix)
        )
    )


def _root(
    source: Mapping[str, Any], where: documents.Where, wrapper: str | None
) -> values.Getter:
    """Finds the object that paths begin at, in the payload."""
    raw = source.get('root')
    if raw is not None:
        values.require_path(raw, where)
    steps = [] if raw is None else raw.split('.')
    if wrapper is not None:
        steps = [wrapper, *(key for step in steps for key in (step, wrapper))]
    if not steps:
        return lambda payload, message: payload
    return values.nested(steps)


def _unless(
    body: Mapping[str, Any], where: documents.Where, wrapper: str | None
) -> tuple[tuple[values.Getter, frozenset[str]], ...]:
    raw = body.get('unless', {})
    here = (*where, 'unless')
    if not isinstance(raw, dict):
        raise values.Malformed(here, 'expected a mapping of paths to states')
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
