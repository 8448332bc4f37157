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

from collections.abc import Mapping
from importlib import resources
import pathlib
import types

from stratometrics.model import places
from stratometrics.notifications import documents
from stratometrics.notifications import errors
from stratometrics.notifications import facts
from stratometrics.notifications import ignored as ignored_module
from stratometrics.notifications import plans
from stratometrics.notifications import resource as resource_module
from stratometrics.notifications import shapes
from stratometrics.notifications import sources

DefinitionError = errors.DefinitionError
ResourceType = resource_module.ResourceType


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
        stack = documents.Documents(facts.is_atomic)
        shipped = resources.files(__package__).joinpath('definitions')
        stack.read(sorted(shipped.iterdir(), key=lambda file: file.name))
        if directory is not None:
            stack.read(_yaml_files(pathlib.Path(directory)))
        return cls(*_Builder(stack).build())


def _yaml_files(directory: pathlib.Path) -> list[pathlib.Path]:
    try:
        return sorted(
            file for file in directory.iterdir() if file.suffix == '.yaml'
        )
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DefinitionError(f'{directory}: {error.strerror}') from None


class _Builder:
    """Puts resource types and event types together, each of them once."""

    def __init__(self, stack: documents.Documents) -> None:
        self._stack = stack
        self._resource_types: dict[str, ResourceType] = {}
        self._plans: dict[str, plans.Plan] = {}
        self._claims: dict[str, places.Where] = {}
        self._ignored: dict[str, plans.Ignored] = {}
        self._conditional: list[tuple[str, plans.Ignored]] = []
        self._exchanges: set[str] = set()

    def build(
        self,
    ) -> tuple[Mapping[str, ResourceType], plans.EventTypes, frozenset[str]]:
        for file, where, entry in self._stack.ignored:
            try:
                patterns, ignored = ignored_module.ignored(entry, where)
            except shapes.Malformed as error:
                key = places.spelled(error.where)
                raise DefinitionError(
                    f'{file}: {key}: {error.problem}'
                ) from None
            self._ignore(patterns, ignored)
        for name, body in self._stack.resources.items():
            try:
                self._add(resource_module.resource(name, body))
            except shapes.Malformed as error:
                file = self._stack.file_of(error.where)
                words = (
                    file,
                    places.spelled((name,)),
                    places.spelled(error.where[1:]),
                    error.problem,
                )
                raise DefinitionError(': '.join(filter(None, words))) from None
        return (
            self._resource_types,
            plans.EventTypes(self._plans, self._ignored, self._conditional),
            frozenset(self._exchanges),
        )

    def _ignore(
        self, patterns: tuple[str, ...], ignored: plans.Ignored
    ) -> None:
        for pattern in patterns:
            if ignored.priority is None and ignored.publisher is None:
                self._ignored[pattern] = ignored
            else:
                self._conditional.append((pattern, ignored))

    def _add(self, resource: resource_module.Resource) -> None:
        for event_type in resource.event_types:
            plan = resource.plan(event_type)
            if resource.enabled and event_type.enabled:
                self._claim(event_type)
                self._plans[event_type.pattern] = plan
                self._exchanges.add(event_type.exchange)
            else:
                self._ignored[event_type.pattern] = plans.Ignored(
                    'It is switched off.'
                )
        if resource.enabled:
            self._require_own_collection(resource.type)
            self._resource_types[resource.type.name] = resource.type

    def _claim(self, event_type: sources.EventType) -> None:
        where = self._claims.setdefault(event_type.pattern, event_type.where)
        if where != event_type.where:
            raise shapes.Malformed(
                event_type.where,
                f'claimed by {where[0]} too, at {places.spelled(where[1:])}',
            )

    def _require_own_collection(self, one: ResourceType) -> None:
        for other in self._resource_types.values():
            if other.collection == one.collection:
                raise shapes.Malformed(
                    (one.name, 'collection'),
                    f'{one.collection} is the collection of {other.name}',
                )
