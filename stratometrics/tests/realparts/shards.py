#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.


"""Several ClickHouse servers that know each other as a cluster."""

from collections.abc import Mapping, Sequence
import contextlib
import secrets
from typing import Self

from stratometrics.tests.realparts import clickhouse

#: What the servers call their cluster.
NAME = 'shards'

CONFIG = """\
<remote_servers>
  <{name}><secret>{secret}</secret>{shards}</{name}>
</remote_servers>
<query_log><database>system</database><table>query_log</table></query_log>
"""

SHARD = '<shard><weight>{weight}</weight>{replicas}</shard>'
REPLICA = '<replica><host>{host}</host><port>{port}</port></replica>'


class Shards:
    """Servers of our own that are a cluster by the name of :data:`NAME`.

    As a context manager they are started, and closed at the end.

    :param replicas: how many servers each shard has. What one of them is given
        the others of its shard do not get: the packaged engine replicates
        nothing.
    :param users: see :class:`~.clickhouse.ClickHouse`.
    """

    def __init__(
        self,
        replicas: Sequence[int] = (1, 1),
        users: Sequence[clickhouse.User] = (),
    ) -> None:
        self._started = contextlib.ExitStack()
        # With it, each does for the others what the user may do who asked.
        self._secret = secrets.token_hex()
        self.shards = [
            [clickhouse.ClickHouse(users=users) for _ in range(count)]
            for count in replicas
        ]
        #: All of them, by shard.
        self.nodes = [node for shard in self.shards for node in shard]
        self.know(self.shards)

    def know(
        self,
        shards: Sequence[Sequence[clickhouse.ClickHouse]],
        weights: Mapping[int, int] | None = None,
    ) -> None:
        """Have the servers know some of them as the cluster, once started.

        :param weights: of those of the shards that do not have 1.
        """
        weights = weights or {}
        config = CONFIG.format(
            name=NAME,
            secret=self._secret,
            shards=''.join(
                SHARD.format(
                    weight=weights.get(number, 1),
                    replicas=''.join(_replica(node) for node in shard),
                )
                for number, shard in enumerate(shards)
            ),
        )
        for node in self.nodes:
            node.extra_config = config

    def start(self) -> None:
        """Start all of them and wait until they answer."""
        for node in self.nodes:
            self._started.callback(node.close)
            node.launch()
        for node in self.nodes:
            node.wait()

    def close(self) -> None:
        """Stop them and remove their folders."""
        self._started.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _replica(node: clickhouse.ClickHouse) -> str:
    return REPLICA.format(host=node.host, port=node.port)
