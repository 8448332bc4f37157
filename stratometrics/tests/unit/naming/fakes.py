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
"""Stand-ins for the store of names and the services that know them.

The functional tests use a real ClickHouse and a real Keystone in their place.
"""

from collections.abc import Collection, Sequence

from stratometrics.model import names
from stratometrics.storage import base


class FakeNames(base.NameStore):
    """Names in memory, and what is referred to."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], names.Name] = {}
        self.used: dict[tuple[str, str | None], set[str]] = {}
        self.writes: list[list[names.Name]] = []
        self.failure: Exception | None = None

    def write_names(self, found: Sequence[names.Name], known_at: int) -> None:
        if self.failure:
            raise self.failure
        self.writes.append(list(found))
        self.known.update({(name.kind, name.id): name for name in found})

    def names(self, kind: str) -> dict[str, names.Name]:
        if self.failure:
            raise self.failure
        return {id_: n for (of, id_), n in self.known.items() if of == kind}

    def used_ids(
        self, key: str, resource_types: Collection[str] | None = None
    ) -> set[str]:
        if resource_types is None:
            return self.used.get((key, None), set())
        return set().union(
            *(self.used.get((key, name), set()) for name in resource_types)
        )


class FakeDirectory:
    """Services that know what a test says."""

    def __init__(self) -> None:
        self.things: dict[tuple[str, str], names.Name] = {}
        self.lists: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.failures: dict[str, Exception] = {}

    def has(self, kind: str, id_: str, name: str, parent_id: str = '') -> None:
        self.things[kind, id_] = names.Name(
            kind=kind, id=id_, name=name, parent_id=parent_id
        )

    def find(self, kind: str, id_: str) -> names.Name | None:
        self.asked.append((kind, id_))
        if kind in self.failures:
            raise self.failures[kind]
        found = self.things.get((kind, id_))
        if found is None and kind == names.PROJECT:
            return names.Name(kind=kind, id=id_, found=False)
        return found

    def listed(self, kind: str) -> dict[str, names.Name]:
        if kind in self.failures:
            raise self.failures[kind]
        if kind not in self.lists:
            return {}
        return {id_: n for (of, id_), n in self.things.items() if of == kind}
