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
"""What things are called, in ClickHouse."""

from collections.abc import Collection, Sequence

from stratometrics.model import names as names_model
from stratometrics.storage.clickhouse import client as clickhouse_client

#: Columns of an event that may hold ids; what else may is an attribute.
_COLUMNS = frozenset(
    {
        'availability_zone',
        'image',
        'project_id',
        'type',
        'type_id',
        'user_id',
    }
)

_INSERT = """
INSERT INTO $database.names (kind, id, known_at, found, name, parent_id) VALUES
"""

_INSERT_SETTINGS = {'async_insert': 0}

# Of two that were written at the same microsecond, the one that is gone, and
# then the name that sorts last: whatever the order of the rows (R2).
_NEWEST = """
SELECT
    id,
    maxIf((known_at, name, parent_id), found) AS latest,
    latest.2,
    latest.3,
    max((known_at, NOT found)).2
FROM $database.names
WHERE kind = {kind:String}
GROUP BY id
"""

_PROJECTS = """
SELECT DISTINCT project_id FROM $database.project_timelines
WHERE project_id != ''
"""

_USED = """
SELECT DISTINCT CAST({column} AS String) AS id FROM $database.events
WHERE id != '' {types}
"""

#: The names that were found and come last in an order: ``thing``, by which
#: they are looked up, ``name`` and ``parent_id``. Of two of the same
#: microsecond the one that sorts last counts.
LATEST = """
SELECT
    {thing} AS thing,
    max(({order}, names.name, names.parent_id)) AS latest,
    latest.2 AS name,
    latest.3 AS parent_id
FROM $database.names
WHERE found AND kind IN {kinds} {condition}
GROUP BY kind, id
"""


class Names:
    """Reads and writes names; keeps what they were (R15)."""

    def __init__(self, pool: clickhouse_client.Pool) -> None:
        self._pool = pool

    def write_names(
        self, names: Sequence[names_model.Name], known_at: int
    ) -> None:
        """See :class:`stratometrics.storage.base.NameStore`."""
        if not names:
            return
        self._pool.insert(
            _INSERT,
            [
                [name.kind for name in names],
                [name.id for name in names],
                [known_at] * len(names),
                [name.found for name in names],
                [name.name for name in names],
                [name.parent_id for name in names],
            ],
            settings=_INSERT_SETTINGS,
        )

    def names(self, kind: str) -> dict[str, names_model.Name]:
        """See :class:`stratometrics.storage.base.NameStore`."""
        rows = self._pool.execute(_NEWEST, {'kind': kind})
        return {
            id_: names_model.Name(
                kind=kind,
                id=id_,
                name=name,
                parent_id=parent_id,
                found=not gone,
            )
            for id_, _latest, name, parent_id, gone in rows
        }

    def used_ids(
        self, key: str, resource_types: Collection[str] | None = None
    ) -> set[str]:
        """See :class:`stratometrics.storage.base.NameStore`."""
        if key == 'project_id' and resource_types is None:
            rows = self._pool.execute(_PROJECTS)
        else:
            types = (
                ''
                if resource_types is None
                else 'AND resource_type IN {types:Array(String)}'
            )
            rows = self._pool.execute(
                _USED.format(column=column(key), types=types),
                {'key': key, 'types': list(resource_types or ())},
            )
        return {id_ for (id_,) in rows}


def column(key: str) -> str:
    """Where events have the ids of a key, which is bound as ``key``."""
    return f'events.{key}' if key in _COLUMNS else 'attributes[{key:String}]'
