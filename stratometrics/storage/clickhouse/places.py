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
"""That the shards of a cluster stay those that its rows were spread over.

Which shard a resource is on follows from how many there are, from their order
and from their weights. With others its later events would be on another shard
than the earlier ones, each of which would bill it by itself (R6, R7).
"""

from collections.abc import Collection, Iterable, Sequence
import dataclasses

from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import shards

# Append-only, and of each node its own: the last row counts.
_TABLE = """
CREATE TABLE IF NOT EXISTS $database.schema_places (
    entered_at DateTime64(6, 'UTC'),
    shard UInt32,
    weights Array(UInt32) COMMENT 'of all shards, in their order'
)
ENGINE = MergeTree
ORDER BY entered_at
"""

_ENTER = """
INSERT INTO $database.schema_places (entered_at, shard, weights) VALUES
"""

_OF_NODE = """
SELECT shard, weights FROM $database.schema_places
ORDER BY entered_at DESC LIMIT 1
"""

_OF_SHARDS = """
SELECT * FROM $shards(
    SELECT shardNum(), shard, weights FROM $local.schema_places
    ORDER BY entered_at DESC LIMIT 1
$)
"""

_REMEDY = (
    'name the shards in remote_servers as before; to have others, fill '
    'another cluster, as "From one server to a cluster" in the '
    "administrator's guide says"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Which part of all rows a node has.

    :param shard: its shard.
    :param weights: of all shards, in their order.
    """

    shard: int
    weights: Sequence[int]

    def __str__(self) -> str:
        text = f'shard {self.shard} of {len(self.weights)}'
        if set(self.weights) != {1}:
            text += f' with the weights {", ".join(map(str, self.weights))}'
        return text


def places(
    nodes: Iterable[shards.Node],
) -> dict[shards.Node, Place]:
    """Where the configuration of the servers has each node."""
    nodes = list(nodes)
    weights = {node.shard: node.weight for node in nodes}
    return {
        node: Place(node.shard, [weights[shard] for shard in sorted(weights)])
        for node in nodes
    }


def enter(pool: clickhouse_client.Pool, place: Place) -> None:
    """Keep in mind where a node is.

    :param pool: connections to the node.
    """
    pool.execute(_TABLE)
    if kept(pool) != place:
        pool.insert(
            _ENTER,
            [[timestamps.now()], [place.shard], [place.weights]],
        )


def kept(pool: clickhouse_client.Pool) -> Place | None:
    """Where a node was when its tables were made.

    :param pool: connections to the node.
    :returns: None if it was not said.
    """
    try:
        rows = pool.execute(_OF_NODE)
    except errors.SchemaMissing:
        return None
    return Place(*rows[0]) if rows else None


def check(pool: clickhouse_client.Pool) -> None:
    """See that every shard is where it was.

    :param pool: connections to any node.
    :raises StorageUnavailable: one is not.
    """
    expected = {place.shard: place for place in places(pool.nodes()).values()}
    for shard, *place in pool.execute(_OF_SHARDS):
        require(f'shard {shard}', expected[shard], Place(*place))


def require(what: str, now: Place, before: Place | None) -> None:
    """See that something is where it was.

    :param what: the node or the shard.
    :raises StorageUnavailable: it is not.
    """
    if before not in (None, now):
        raise errors.StorageUnavailable(
            f'{what} is {now} now, and was {before}, which says where rows '
            f'are: {_REMEDY}'
        )


def require_single(nodes: Iterable[shards.Node]) -> None:
    """See that no shard has replicas, where nothing replicates.

    Each would have a part of the rows, and answer for all of them.

    :raises StorageUnavailable: one has.
    """
    for node in nodes:
        if node.replica > 1:
            raise errors.StorageUnavailable(
                f'shard {node.shard} has more than one replica, and '
                '[clickhouse] replicated is false: each would have a part of '
                f'its rows; set it, or leave {node} out of remote_servers'
            )


def require_all(begun: Collection[int], there: Iterable[Place]) -> None:
    """See that none of the shards has nothing while others are used.

    :param begun: the shards that have a schema.
    :raises StorageUnavailable: one has.
    """
    for place in there:
        if place.shard not in begun:
            raise errors.StorageUnavailable(
                f'{place} is empty, and others are not; what it should have '
                f'is elsewhere, or lost: {_REMEDY}'
            )
