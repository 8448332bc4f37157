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
"""Where the tables are: in one database, or in two on every node of a cluster.

In a cluster, every node has a *local* database with the tables of its shard
and the views that fill them, and beside it the database that is configured,
with a Distributed table of the same name in front of each table: that one
stands for the rows of all shards. Without a cluster the two are one.
"""

from collections.abc import Iterable
import re
from typing import Any

#: Which shard an event is kept on. A resource's whole timeline lies on one, so
#: that a shard can make intervals by itself (R6).
_OF_RESOURCE = 'sipHash64(resource_type, resource_id)'
_SHARDING = {'events': _OF_RESOURCE, 'deaths': _OF_RESOURCE}
#: What else is written through a Distributed table is little.
_FIRST_SHARD = '0'

#: Whatever the profile of the user says: what is acknowledged is stored (R12),
#: and the answer of some shards is none.
_DISTRIBUTED = {
    'distributed_foreground_insert': 1,
    'skip_unavailable_shards': 0,
}

#: The same, for replicas: most of a shard's must have what is acknowledged,
#: and none that lags behind is asked. A change of a table is one of all. Rows
#: that were stored before are stored again: an insert that is repeated because
#: a view failed must reach the view, and copies do no harm (R2).
_REPLICATED = {
    'insert_deduplicate': 0,
    'insert_quorum': 'auto',
    'insert_quorum_parallel': 1,
    'fallback_to_stale_replicas_for_distributed_queries': 0,
    'alter_sync': 2,
}

#: For small tables of which everyone must see at once what anyone has written:
#: one write after the other, and no answer from a replica that lacks one.
#: Without replicas this is so anyway.
IN_SEQUENCE = {
    'insert_quorum_parallel': 0,
    'select_sequential_consistency': 1,
}

_FRONT = """
CREATE OR REPLACE TABLE {database}.{table} AS {local}.{table}
ENGINE = Distributed({cluster}, {local}, {table}, {key})
"""

_DROP_FRONT = 'DROP TABLE IF EXISTS {database}.{table} SYNC'

_CREATED = re.compile(r'\s*CREATE TABLE IF NOT EXISTS \$database\.(\w+)')
_ALTERED = re.compile(r'\s*ALTER TABLE \$database\.(\w+)\s+(?!MODIFY QUERY)')
_DROPPED = re.compile(r'\s*DROP TABLE IF EXISTS \$database\.(\w+)')

_ENGINE = re.compile(r'\bENGINE = (\w*MergeTree\b)(?:\(([^)]*)\))?')


class Layout:
    """How statements find their tables.

    A query says ``$database.table`` for the rows of all shards. What is put
    between ``$shards(`` and ``$)`` is a subquery that runs on every shard;
    there, ``$local.table`` stands for the rows of the shard. So sums can be
    made where rows are, and only sums travel::

        SELECT type, sum(n) FROM $shards(
            SELECT type, count() AS n FROM $local.events GROUP BY type
        $) GROUP BY type

    :param options: the ``[clickhouse]`` option group.
    """

    def __init__(self, options: Any) -> None:
        self.database = options.database
        self.cluster = options.cluster
        self.local = (
            f'{self.database}_local' if self.cluster else self.database
        )
        self.replicated = bool(self.cluster) and options.replicated
        self.max_replica_delay = options.max_replica_delay
        self.settings: dict[str, Any] = {}
        if self.cluster:
            self.settings |= _DISTRIBUTED
        if self.replicated:
            self.settings |= _REPLICATED | {
                'insert_quorum_timeout': int(
                    options.send_receive_timeout * 1000
                ),
                'max_replica_delay_for_distributed_queries': (
                    self.max_replica_delay
                ),
            }

    def query(self, text: str) -> str:
        """The text of a query or an insert that any node can be given."""
        if self.cluster:
            begin, end = f"cluster('{self.cluster}', view(", '))'
        else:
            begin, end = '(', ')'
        return (
            text.replace('$database', self.database)
            .replace('$local', self.local)
            .replace('$shards(', begin)
            .replace('$)', end)
        )

    def on_node(self, text: str) -> str:
        """The text of a statement about the tables of one node."""
        return text.replace('$database', self.local).replace(
            '$local', self.local
        )

    def step(self, statements: Iterable[str]) -> list[str]:
        """What every node runs for a step of the schema.

        :param statements: as the step has them, for one database.
        """
        statements = list(statements)
        made = [self.on_node(self._replicated(text)) for text in statements]
        return made + (self._fronts(statements) if self.cluster else [])

    def _replicated(self, statement: str) -> str:
        """The statement, with a table that replicas share."""
        created = _CREATED.match(statement)
        if not self.replicated or not created:
            return statement
        path = f'/clickhouse/tables/{{shard}}/{self.database}/{created[1]}'
        return _ENGINE.sub(
            lambda engine: (
                f'ENGINE = Replicated{engine[1]}('
                + ', '.join(
                    [f"'{path}'", "'{replica}'", *filter(None, [engine[2]])]
                )
                + ')'
            ),
            statement,
        )

    def _fronts(self, statements: Iterable[str]) -> list[str]:
        """Distributed tables like those that the statements leave.

        They hold nothing, so one is made again when its table was altered.
        """
        fronts = {}
        for statement in statements:
            if dropped := _DROPPED.match(statement):
                fronts[dropped[1]] = _DROP_FRONT
            for pattern in (_CREATED, _ALTERED):
                if found := pattern.match(statement):
                    fronts[found[1]] = _FRONT
        return [
            text.format(
                database=self.database,
                local=self.local,
                cluster=self.cluster,
                table=table,
                key=_SHARDING.get(table, _FIRST_SHARD),
            )
            for table, text in fronts.items()
        ]
