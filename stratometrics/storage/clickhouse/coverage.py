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
"""What has arrived, what lives and what was rejected, for each place."""

from collections.abc import Collection, Mapping
from typing import Any

from stratometrics.model import coverage
from stratometrics.model import event as event_model
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import facts
from stratometrics.storage.clickhouse.migrations import s0003_arrivals

# A pause is from the last arrival of one hour to the first of the next hour
# that has any. What a reconciliation or an import wrote is no sign of life.
# Audits are summed twice, with all others and by themselves, in one reading.
_ARRIVALS = """
SELECT
    audit,
    resource_type,
    region,
    min(first) AS first_received,
    max(last) AS last_received,
    max(event) AS last_event,
    sum(arrived) AS last_day,
    countIf(last > newest - {week:Int64}) AS hours,
    maxIf(
        first - previous, previous > 0 AND first > newest - {week:Int64}
    ) AS longest_pause
FROM (
    SELECT
        *,
        lagInFrame(last, 1, toInt64(0)) OVER whole AS previous,
        max(last) OVER whole AS newest
    FROM (
        SELECT
            audit,
            resource_type,
            region,
            hour,
            toUnixTimestamp64Micro(min(first_received)) AS first,
            toUnixTimestamp64Micro(max(last_received)) AS last,
            toUnixTimestamp64Micro(max(last_event)) AS event,
            uniqMergeIf(
                events, hour > fromUnixTimestamp64Micro({day:Int64}, 'UTC')
            ) AS arrived
        FROM $database.arrivals
        ARRAY JOIN
            if(event_type IN {audits:Array(String)}, [0, 1], [0]) AS audit
        WHERE source = 'notification'
        GROUP BY audit, resource_type, region, hour
    )
    WINDOW whole AS (
        PARTITION BY audit, resource_type, region ORDER BY hour
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
)
GROUP BY audit, resource_type, region
"""

# An estimated end ends a timeline until something comes after it (R14). A
# region may have been given another name: the last event says which one. All
# that ever lived is looked at; what does not fit goes through the disk of the
# server.
_LIVING = """
SELECT resource_type, place, sum(count) AS living
FROM $shards(
SELECT
    resource_type,
    latest.2 AS place,
    countIf(dead = 0 AND latest.1.2 != {estimate:Int64}) AS count
FROM (
    SELECT
        resource_type,
        max(ended) AS dead,
        max((last, toString(region))) AS latest
    FROM $local.timelines
    GROUP BY resource_type, timeline
)
GROUP BY resource_type, place
$)
GROUP BY resource_type, place
SETTINGS max_bytes_before_external_group_by = 100000000
"""

# As the feed does, for all events; and for what the openings of a purged
# month carry, which else would be told of by nothing.
_REBUILD_TIMELINES = """
INSERT INTO $database.timelines
SELECT
    resource_type,
    region,
    timeline,
    max(phase = 'ended') AS ended,
    max(({time}, {rank})) AS last
FROM $database.events
WHERE {kept}
GROUP BY resource_type, region, timeline
{on_disk}
"""

REBUILD_TIMELINES = _REBUILD_TIMELINES.format(
    time=facts.TIME,
    rank=facts.RANK,
    kept=facts.KEPT,
    on_disk=s0003_arrivals.ON_DISK,
)

# Copies of a message that are not merged yet share its id.
_REJECTED = """
SELECT
    event_type,
    region,
    uniqExact(id) AS messages,
    toUnixTimestamp64Micro(max(received_at))
FROM $database.rejected
GROUP BY event_type, region
ORDER BY messages DESC, event_type, region
"""

_Arrivals = dict[coverage.Place, coverage.Arrivals]


class Reader:
    """Reads what the report of coverage is made of.

    :param settings: limits that every query runs under, by the names of
        ClickHouse.
    """

    def __init__(
        self, pool: clickhouse_client.Pool, settings: Mapping[str, Any]
    ) -> None:
        self._pool = pool
        self._settings = settings

    def observed(self, audits: Collection[str], now: int) -> coverage.Observed:
        """See :class:`stratometrics.storage.base.CoverageReader`."""
        arrivals, audited = self._arrivals(audits, now)
        return coverage.Observed(
            arrivals=arrivals,
            audits=audited,
            living={
                coverage.Place(resource_type, region): living
                for resource_type, region, living in self._read(
                    _LIVING, {'estimate': event_model.RANK_ESTIMATE}
                )
            },
            rejected=tuple(
                coverage.Rejected(
                    event_type=event_type,
                    region=region,
                    messages=messages,
                    last_received=last,
                )
                for event_type, region, messages, last in self._read(_REJECTED)
            ),
        )

    def _arrivals(
        self, audits: Collection[str], now: int
    ) -> tuple[_Arrivals, _Arrivals]:
        """What arrived: of all event types, and of audits alone."""
        found: tuple[_Arrivals, _Arrivals] = ({}, {})
        for (
            audit,
            resource_type,
            region,
            first,
            last,
            event,
            last_day,
            hours,
            pause,
        ) in self._read(
            _ARRIVALS,
            {
                'week': coverage.WEEK,
                'day': now - coverage.DAY,
                'audits': list(audits),
            },
        ):
            place = coverage.Place(resource_type, region)
            found[audit][place] = coverage.Arrivals(
                first_received=first,
                last_received=last,
                last_event=event,
                last_day=last_day,
                hours=hours,
                longest_pause=pause,
            )
        return found

    def _read(
        self, query: str, parameters: Mapping[str, Any] | None = None
    ) -> list[tuple]:
        return self._pool.execute(query, parameters, self._settings)
