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

from collections.abc import Iterable, Iterator
import itertools

from stratometrics.storage import base
from stratometrics.storage.clickhouse import client as clickhouse_client

_IDS = """
SELECT id FROM $database.rejected GROUP BY id ORDER BY min(received_at), id
"""

_MESSAGES = """
SELECT
    id,
    toUnixTimestamp64Micro(received_at) AS received,
    reason, event_type, message_id, body
FROM $database.rejected
WHERE id IN {ids:Array(String)}
ORDER BY received, id
LIMIT 1 BY id
"""

_REMOVE = 'DELETE FROM $database.rejected WHERE id IN {ids:Array(String)}'

#: Bodies can be large, so only this many are held at a time.
_CHUNK = 100


class Quarantine:
    """Reads and removes rejected messages."""

    def __init__(self, pool: clickhouse_client.Pool) -> None:
        self._pool = pool

    def rejected(self) -> Iterator[base.RejectedMessage]:
        """See :class:`stratometrics.storage.base.RejectedStore`."""
        ids = [name for (name,) in self._pool.execute(_IDS)]
        for chunk in _chunks(ids):
            rows = self._pool.execute(_MESSAGES, {'ids': chunk})
            for (
                name,
                received_at,
                reason,
                event_type,
                message_id,
                body,
            ) in rows:
                yield base.RejectedMessage(
                    id=name,
                    received_at=received_at,
                    reason=reason,
                    event_type=event_type,
                    message_id=message_id,
                    body=body,
                )

    def remove_rejected(self, ids: Iterable[str]) -> None:
        """See :class:`stratometrics.storage.base.RejectedStore`."""
        for chunk in _chunks(ids):
            self._pool.execute(_REMOVE, {'ids': chunk})


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(ids)
    while chunk := list(itertools.islice(remaining, _CHUNK)):
        yield chunk
