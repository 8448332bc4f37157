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
"""What reconciliations found, and whose turn it is."""

from collections import Counter
import time
import uuid

from stratometrics.model import findings as findings_model
from stratometrics.model import timestamps
from stratometrics.storage import base
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import layout

_RECORD = """
INSERT INTO $database.reconciliations (
    region, resource_type, began_at, ended_at, source, whole, outcome,
    counts, reason
) VALUES
"""

_LAST = """
SELECT
    toString(resource_type),
    toString(region),
    toString(source),
    toUnixTimestamp64Micro(began_at) AS began,
    toUnixTimestamp64Micro(ended_at),
    whole,
    toString(outcome),
    CAST(counts, 'Map(String, UInt64)'),
    reason
FROM $database.reconciliations
WHERE (empty({region:String}) OR region = {region:String})
    AND (outcome = 'done' AND whole OR NOT {complete:Bool})
ORDER BY began DESC
LIMIT 1 BY region, resource_type
"""

# A claim is entered once and then prolonged; it keeps its claimed_at.
_CLAIMS = """
SELECT holder, min(claimed_at) AS claimed
FROM $database.leases
WHERE name = {name:String}
GROUP BY holder
HAVING argMax(expires_at, entered_at) > now64(6, 'UTC')
ORDER BY claimed, holder
LIMIT 1
"""

_ENTER = """
INSERT INTO $database.leases (
    name, holder, claimed_at, entered_at, expires_at
)
SELECT
    {name:String},
    {holder:String},
    now64(6, 'UTC'),
    now64(6, 'UTC'),
    now64(6, 'UTC') + toIntervalMicrosecond({length:Int64})
"""


#: Seconds that rivals get to enter their claims.
_RIVALS = 1.0


class Reconciliations:
    """Keeps findings."""

    def __init__(self, pool: clickhouse_client.Pool) -> None:
        self._pool = pool

    def record_findings(self, found: findings_model.Findings) -> None:
        """See :class:`stratometrics.storage.base.ReconciliationStore`."""
        self._pool.insert(
            _RECORD,
            [
                [found.region],
                [found.resource_type],
                [found.began_at],
                [found.ended_at],
                [found.source],
                [found.whole],
                [str(found.outcome)],
                [dict(found.counts)],
                [found.reason],
            ],
        )

    def last_findings(
        self, region: str = '', complete: bool = False
    ) -> dict[tuple[str, str], findings_model.Findings]:
        """See :class:`stratometrics.storage.base.ReconciliationStore`."""
        rows = self._pool.execute(
            _LAST, {'region': region, 'complete': complete}
        )
        return {
            (row[0], row[1]): findings_model.Findings(
                resource_type=row[0],
                region=row[1],
                source=row[2],
                began_at=row[3],
                ended_at=row[4],
                whole=row[5],
                outcome=findings_model.Outcome(row[6]),
                counts=Counter(row[7]),
                reason=row[8],
            )
            for row in rows
        }


class Lease(base.Lease):
    """The right to do something alone, for a while.

    Claims are rows; of those that have not run out the first counts. Two that
    claim in the same instant could both believe to be first, so what is done
    under a lease must do no harm when it is done twice.

    :param name: what the right is to.
    :param length: microseconds that it lasts unless it is prolonged.
    """

    def __init__(
        self, pool: clickhouse_client.Pool, name: str, length: int
    ) -> None:
        self._pool = pool
        self._name = name
        self._length = length
        self._holder = str(uuid.uuid4())

    def claim(self) -> bool:
        """Try to get the right.

        :returns: whether it is ours now.
        """
        if self._first():
            return False
        self.prolong()
        # A rival may have taken the time of its claim before ours, and may
        # still be writing it.
        time.sleep(_RIVALS)
        if self._first() == self._holder:
            return True
        self.release()
        return False

    def prolong(self) -> None:
        """Keep the right for its length from now."""
        self._enter(self._length)

    def release(self) -> None:
        """Give the right back."""
        self._enter(-timestamps.MICROSECONDS)

    def _first(self) -> str | None:
        rows = self._pool.execute(
            _CLAIMS, {'name': self._name}, layout.IN_SEQUENCE
        )
        return rows[0][0] if rows else None

    def _enter(self, length: int) -> None:
        self._pool.execute(
            _ENTER,
            {'name': self._name, 'holder': self._holder, 'length': length},
            layout.IN_SEQUENCE,
        )
