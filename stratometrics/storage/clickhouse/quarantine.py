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
"""Rejected messages, read back for a replay (R13)."""

from collections.abc import Collection, Iterable, Iterator
import itertools

from stratometrics.storage import base
from stratometrics.storage.clickhouse import client as clickhouse_client

_NEXT = """
SELECT
    id,
    toUnixTimestamp64Micro(received_at) AS received,
    region, reason, event_type, message_id, body
FROM $database.rejected
WHERE id > {after:String}
    AND (empty({types:Array(String)}) OR event_type IN {types:Array(String)})
ORDER BY id, received
LIMIT 1 BY id
LIMIT {limit:UInt32}
"""

#: The columns of that query, as the model calls them.
_FIELDS = (
    'id',
    'received_at',
    'region',
    'reason',
    'event_type',
    'message_id',
    'body',
)

_REMOVE = 'DELETE FROM $database.rejected WHERE id IN {ids:Array(String)}'

#: Bodies can be large, so only this many are held at a time.
_CHUNK = 100


class Quarantine:
    """Reads and removes rejected messages."""

    def __init__(self, pool: clickhouse_client.Pool) -> None:
        self._pool = pool

    def rejected(
        self, event_types: Collection[str] = ()
    ) -> Iterator[base.RejectedMessage]:
        """See :class:`stratometrics.storage.base.RejectedStore`."""
        after = ''
        while rows := self._pool.execute(
            _NEXT,
            {'after': after, 'types': list(event_types), 'limit': _CHUNK},
        ):
            for row in rows:
                yield base.RejectedMessage(
                    **dict(zip(_FIELDS, row, strict=True))
                )
            after = rows[-1][0]

    def remove_rejected(self, ids: Iterable[str]) -> None:
        """See :class:`stratometrics.storage.base.RejectedStore`."""
        for chunk in _chunks(ids):
            self._pool.execute_on_shards(_REMOVE, {'ids': chunk})


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(ids)
    while chunk := list(itertools.islice(remaining, _CHUNK)):
        yield chunk
