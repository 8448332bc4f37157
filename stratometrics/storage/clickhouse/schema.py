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
"""Which step of the schema a database is at, and how it gets to another."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import contextlib
import dataclasses
import re

from oslo_log import log as logging

from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import migrations
from stratometrics.storage.clickhouse import places
from stratometrics.storage.clickhouse import shards as shards_module

LOG = logging.getLogger(__name__)

#: A node of the cluster, or None for the one server.
_Node = shards_module.Node | None

# Append-only: a row when a step begins and another when it is done, so that
# an interrupted one can be told from one that was never begun. Every node of
# a cluster has a journal of its own.
_JOURNAL = [
    'CREATE DATABASE IF NOT EXISTS $database',
    """
    CREATE TABLE IF NOT EXISTS $database.schema_journal (
        entered_at DateTime64(6, 'UTC'),
        old_version UInt32,
        new_version UInt32,
        state Enum8('begun' = 1, 'done' = 2)
    )
    ENGINE = MergeTree
    ORDER BY (entered_at, state)
    """,
]

_FRONT_DATABASE = 'CREATE DATABASE IF NOT EXISTS {database}'

_LAST_ENTRIES = """
SELECT * FROM $shards(
    SELECT old_version, new_version, state FROM $local.schema_journal
    ORDER BY entered_at DESC, state DESC LIMIT 1
$)
"""

_LAST_ENTRY_OF_NODE = """
SELECT old_version, new_version, state FROM $database.schema_journal
ORDER BY entered_at DESC, state DESC LIMIT 1
"""

_ENTER = """
INSERT INTO $database.schema_journal (
    entered_at, old_version, new_version, state
)
VALUES
"""

# Each after those that it needs.
_TABLES = """
SELECT create_table_query FROM system.tables
WHERE database IN {databases:Array(String)}
    AND name NOT IN ('schema_journal', 'schema_places')
ORDER BY engine = 'MaterializedView', engine = 'Distributed', name
"""

_CREATE = re.compile('CREATE (TABLE|MATERIALIZED VIEW) ')


@dataclasses.dataclass(frozen=True, slots=True)
class Version:
    """Where a schema is: at a version, or in a step between two of them.

    :param low: the number of steps that are taken whole.
    :param high: the same, or one more while a step has begun, in either
        direction, and not ended.
    """

    low: int
    high: int

    @property
    def changing(self) -> bool:
        return self.low != self.high

    def __str__(self) -> str:
        if self.changing:
            return f'between {self.low} and {self.high}'
        return str(self.low)


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """The statements that lead from a version to another.

    :param nodes: the nodes of the cluster that have to take it, each of which
        runs all statements; none if there is no cluster.
    """

    old_version: int
    new_version: int
    statements: Sequence[str]
    nodes: Sequence[shards_module.Node] = ()


class Schema:
    """The schema of one database, or of a cluster.

    :param pool: connections to its server, or to any of its nodes.
    """

    def __init__(self, pool: clickhouse_client.Pool) -> None:
        self._pool = pool

    @property
    def newest(self) -> int:
        """The version that this code works with."""
        return len(migrations.STEPS)

    def version(self) -> Version:
        """The version of the database; in a cluster, that of all shards.

        :raises StorageUnavailable: there is no server, or it does not know
            the cluster, or a shard is away.
        """
        shards = {node.shard for node in self._pool.nodes()}
        try:
            rows = self._pool.execute(_LAST_ENTRIES)
        except errors.SchemaMissing:
            rows = []
        versions = [_version(row) for row in rows]
        if not versions or len(versions) < len(shards):
            versions.append(Version(0, 0))
        return _of_all(versions)

    def check(self) -> None:
        """See that this code can work with the database.

        :raises StorageUnavailable: with what to do about it.
        """
        nodes = self._nodes()
        version = self.version()
        if version.changing:
            raise errors.StorageUnavailable(
                f'a change of the schema is under way {version}; if it was '
                'interrupted, run "stratometrics-manage db sync"'
            )
        if version.low < self.newest:
            raise errors.StorageUnavailable(
                f'the schema is at version {version}, this release needs '
                f'{self.newest}: run "stratometrics-manage db sync"'
            )
        if version.high > self.newest:
            raise errors.StorageUnavailable(self._too_new(version))
        if nodes:
            places.check(self._pool)

    def plan(self, target: int) -> list[Step]:
        """The steps that lead to a version.

        A step that was interrupted is taken again whole.

        :param target: the version to reach.
        :raises ValueError: there is no such version, or the database is at
            one that this release does not know.
        :raises StorageUnavailable: a node is away, or the cluster is not the
            one that the schema was made on.
        """
        if not 0 <= target <= self.newest:
            raise ValueError(
                f'there is no version {target}: versions are 0 to '
                f'{self.newest}'
            )
        with self._connected() as pools:
            versions = {
                node: _version_at(pool) for node, pool in pools.items()
            }
            _require_places(pools, versions)
            joined = _joining(pools, versions)
        for step in joined:
            for node in step.nodes:
                versions[node] = Version(step.new_version, step.new_version)
        version = _of_all(versions.values())
        if version.high > self.newest:
            raise ValueError(self._too_new(version))
        if target >= version.high:
            numbers = range(version.low + 1, target + 1)
            steps = [self._step(each - 1, each, versions) for each in numbers]
        else:
            numbers = range(version.high, target, -1)
            steps = [self._step(each, each - 1, versions) for each in numbers]
        return joined + steps

    def _step(
        self, old: int, new: int, versions: Mapping[_Node, Version]
    ) -> Step:
        if old < new:
            statements = migrations.STEPS[new - 1].FORWARDS
            nodes = [node for node in versions if versions[node].low < new]
        else:
            statements = migrations.STEPS[old - 1].BACKWARDS
            nodes = [node for node in versions if versions[node].high >= old]
        return Step(
            old,
            new,
            self._pool.layout.step(statements),
            tuple(node for node in nodes if node),
        )

    def _nodes(self) -> list[shards_module.Node]:
        nodes = self._pool.nodes()
        if not self._pool.layout.replicated:
            places.require_single(nodes)
        return nodes

    @contextlib.contextmanager
    def _connected(self) -> Iterator[dict[_Node, clickhouse_client.Pool]]:
        """Connections to every node, or to the one server."""
        nodes = self._nodes()
        if not nodes:
            yield {None: self._pool}
            return
        with contextlib.ExitStack() as opened:
            yield {
                node: opened.enter_context(
                    contextlib.closing(self._pool.at(node))
                )
                for node in nodes
            }

    def _too_new(self, version: Version) -> str:
        return (
            f'the schema is at version {version}, newer than the '
            f'{self.newest} that this release knows'
        )

    def migrate(self, target: int) -> None:
        """Take the steps to a version, in either direction.

        :raises ValueError: there is no such version.
        :raises StorageError: a statement failed; repeat the command once
            its cause is gone.
        """
        steps = self.plan(target)
        with self._connected() as pools:
            self._prepare(pools)
            for step in steps:
                self._take(
                    step,
                    [
                        pool
                        for node, pool in pools.items()
                        if node is None or node in step.nodes
                    ],
                )
                LOG.info('The schema is at version %d now', step.new_version)

    def _prepare(self, pools: Mapping[_Node, clickhouse_client.Pool]) -> None:
        there = places.places(filter(None, pools))
        for node, pool in pools.items():
            for statement in _JOURNAL:
                pool.execute(statement)
            pool.execute(_FRONT_DATABASE.format(database=pool.layout.database))
            if node:
                places.enter(pool, there[node])

    def _take(
        self, step: Step, pools: Sequence[clickhouse_client.Pool]
    ) -> None:
        for pool in pools:
            _enter(pool, step, 'begun')
        # One statement everywhere before the next: replicas share what they
        # alter, and a table is made as it was when the step was written.
        for statement in step.statements:
            for pool in pools:
                pool.execute(statement)
        for pool in pools:
            _enter(pool, step, 'done')


def _require_places(
    pools: Mapping[_Node, clickhouse_client.Pool],
    versions: Mapping[_Node, Version],
) -> None:
    """See that no shard would begin with nothing beside others.

    :raises StorageUnavailable: one would, or a node is not where it was.
    """
    there = places.places(filter(None, pools))
    for node, place in there.items():
        if versions[node].high:
            places.require(str(node), place, places.kept(pools[node]))
    begun = {node.shard for node in there if versions[node].high}
    if any(versions[node].low for node in there):
        places.require_all(begun, there.values())


def _joining(
    pools: Mapping[_Node, clickhouse_client.Pool],
    versions: Mapping[_Node, Version],
) -> list[Step]:
    """What gives new replicas the tables of their shard.

    Not by the steps: a table that was altered since it was made is not one
    that a replica could join as it was first made.

    :raises StorageUnavailable: their shard is in the middle of a step.
    """
    steps = []
    for node, version in versions.items():
        others = [
            other
            for other in versions
            if node
            and other
            and other.shard == node.shard
            and versions[other].low
        ]
        whole = [other for other in others if not versions[other].changing]
        if others and not whole and not version.low:
            raise errors.StorageUnavailable(
                f'{node} is new, and the change of the schema of its shard '
                'was interrupted: leave it out of remote_servers until "db '
                'sync" has completed that'
            )
        if whole and not version.low:
            pool = pools[whole[0]]
            rows = pool.execute(
                _TABLES,
                {'databases': [pool.layout.local, pool.layout.database]},
            )
            statements = [
                _CREATE.sub(r'CREATE \1 IF NOT EXISTS ', text, count=1)
                for (text,) in rows
            ]
            steps.append(Step(0, versions[whole[0]].low, statements, (node,)))
    return steps


def _version(entry: tuple[int, int, str]) -> Version:
    old, new, state = entry
    if state == 'done':
        return Version(new, new)
    return Version(min(old, new), max(old, new))


def _version_at(pool: clickhouse_client.Pool) -> Version:
    try:
        rows = pool.execute(_LAST_ENTRY_OF_NODE)
    except errors.SchemaMissing:
        rows = []
    return _version(rows[0]) if rows else Version(0, 0)


def _of_all(versions: Iterable[Version]) -> Version:
    versions = list(versions)
    return Version(
        min(version.low for version in versions),
        max(version.high for version in versions),
    )


def _enter(pool: clickhouse_client.Pool, step: Step, state: str) -> None:
    pool.insert(
        _ENTER,
        [
            [timestamps.now()],
            [step.old_version],
            [step.new_version],
            [state],
        ],
    )
