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
"""The nodes of a cluster, and what each shard does with its own rows."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent import futures
import contextlib
import dataclasses
import itertools
import re
from typing import Any, Protocol, Self

from stratometrics.storage import errors
from stratometrics.storage.clickhouse import layout as layouts

# One that has just what it has fetched could miss what is acknowledged.
_CATCH_UP = 'SYSTEM SYNC REPLICA $database.{table} LIGHTWEIGHT'

#: Which tables a statement reads, and which one it fills.
_READ = re.compile(r'\b(?:FROM|JOIN)\s+\$(?:database|local)\.(\w+)')
_FILLED = re.compile(r'\bINSERT INTO \$database\.(\w+)')

_NODES = """
SELECT shard_num, replica_num, host_name, port, shard_weight
FROM system.clusters
WHERE cluster = {cluster:String}
ORDER BY shard_num, replica_num
"""

_VERSION = 'SELECT hostName(), version()'


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """A server of a cluster, which has the rows of one shard.

    :param weight: of its shard: how many rows it gets, beside the others.
    """

    shard: int
    replica: int
    host: str
    port: int
    weight: int

    def __str__(self) -> str:
        return f'{self.host}:{self.port}'


class Pool(Protocol):
    """What is needed of :class:`stratometrics.storage.clickhouse.client.Pool`.

    That one knows the driver, and is made of this.
    """

    layout: layouts.Layout

    def execute(
        self,
        query: str,
        parameters: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> list[tuple]: ...

    def at(self, node: Node) -> Self: ...

    def close(self) -> None: ...


def nodes(pool: Pool) -> list[Node]:
    """The nodes of the cluster by shard, as the server knows them.

    :returns: none if there is no cluster.
    :raises StorageUnavailable: the server does not know the cluster, or
        cannot be reached.
    """
    cluster = pool.layout.cluster
    if not cluster:
        return []
    found = [Node(*row) for row in pool.execute(_NODES, {'cluster': cluster})]
    if not found:
        raise cluster_missing(f'there is no cluster "{cluster}"')
    return found


def versions(pool: Pool) -> dict[str, str]:
    """The version of every node, or of the one server, by its name.

    :raises StorageUnavailable: a node cannot be reached.
    """
    there = nodes(pool)
    if not there:
        return dict(pool.execute(_VERSION))
    found = {}
    for node in there:
        with contextlib.closing(pool.at(node)) as one:
            [(_name, version)] = one.execute(_VERSION)
            found[str(node)] = version
    return found


def cluster_missing(text: str) -> errors.StorageUnavailable:
    """What to raise where the server does not know the cluster.

    :param text: says so.
    """
    return errors.StorageUnavailable(
        f'{text}: see [clickhouse] cluster, and remote_servers in the '
        'configuration of every node'
    )


def execute(
    pool: Pool,
    statement: str,
    parameters: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Have every shard do something with its own rows.

    Each does it on one of its replicas, and all at once. That one has all that
    was acknowledged before of the tables that are read, and in the end all
    replicas that can be asked have what was inserted. One that does not get it
    in ``max_replica_delay`` is not asked. Without a cluster the server does
    it.

    :param statement: about ``$database.table``, which is the table of the
        shard. No shard runs it twice.
    :raises StorageUnavailable: no replica of a shard can be reached; what
        the others did is not taken back.
    :raises StorageError: a shard could not do it.
    """
    shards = [
        list(replicas)
        for _, replicas in itertools.groupby(
            nodes(pool), lambda node: node.shard
        )
    ]
    if not shards:
        pool.execute(statement, parameters, settings)
        return
    with futures.ThreadPoolExecutor(len(shards)) as workers:
        running = [
            workers.submit(
                _execute_on_one,
                pool,
                replicas,
                statement,
                parameters,
                settings,
            )
            for replicas in shards
        ]
        for each in running:
            each.result()


def _execute_on_one(
    pool: Pool, replicas: Sequence[Node], statement: str, *arguments
) -> None:
    for node in replicas:
        try:
            _catch_up(pool, node, _READ.findall(statement))
            break
        except errors.StorageUnavailable:
            if node is replicas[-1]:
                raise
    with contextlib.closing(pool.at(node)) as there:
        there.execute(statement, *arguments)
    others = [other for other in replicas if other is not node]
    _catch_up_if_there(pool, others, _FILLED.findall(statement))


def catch_up(pool: Pool, tables: Iterable[str]) -> None:
    """Have all replicas that can be asked fetch all that there is.

    A query that follows, whichever of them it asks, has all that was
    acknowledged before.
    """
    _catch_up_if_there(pool, nodes(pool), tables)


def _catch_up_if_there(
    pool: Pool, replicas: Iterable[Node], tables: Iterable[str]
) -> None:
    if pool.layout.replicated:
        for node in replicas:
            with contextlib.suppress(errors.StorageUnavailable):
                _catch_up(pool, node, tables)


def _catch_up(pool: Pool, node: Node, tables: Iterable[str]) -> None:
    """Have a replica fetch all that there is, and see that it is there.

    :raises StorageUnavailable: it is not, or takes too long.
    """
    with contextlib.closing(pool.at(node)) as there:
        there.execute('SELECT 1')
        if not pool.layout.replicated:
            return
        # That of the server, which tells nothing meanwhile.
        settings = {'receive_timeout': pool.layout.max_replica_delay}
        for table in dict.fromkeys(tables):
            try:
                there.execute(_CATCH_UP.format(table=table), settings=settings)
            except errors.QueryTooExpensive as error:
                raise errors.StorageUnavailable(
                    f'{node} lags behind: {error}'
                ) from error
