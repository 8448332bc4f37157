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
"""Where resources stand by their events, for a comparison (R14)."""

from collections.abc import Collection, Iterator, Sequence
import json
from typing import Any

from stratometrics.model import event as event_model
from stratometrics.model import standing
from stratometrics.model import timeline
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import keys
from stratometrics.storage.clickhouse import months
from stratometrics.storage.clickhouse.migrations import s0008_openings

#: The time of an event, or of what an opening carries: its place is that one's
#: time and kind.
TIME = f"""if(
        {s0008_openings.IS_OPENING},
        intDiv(rank, 8),
        toUnixTimestamp64Micro(event_time)
    )"""
#: The rank, likewise.
RANK = f"""if(
        {s0008_openings.IS_OPENING},
        if(rank % 8 = 0, -witnessed_at, rank % 8 + 4611686018427387903),
        rank
    )"""

#: What an opening carries was stored as well, unless it was purged.
KEPT = f"""(
        NOT ({s0008_openings.IS_OPENING})
        OR event_time = fromUnixTimestamp64Micro({{purged:Int64}}, 'UTC')
    )"""

#: The columns of an event, and how each is read.
_FACTS = {
    'event_time': TIME,
    'rank': RANK,
    'message_id': 'message_id',
    'phase': 'toInt8(phase)',
    'region': 'toString(region)',
    'project_id': 'toString(project_id)',
    'user_id': 'toString(user_id)',
    'name': 'name',
    'state': 'toString(state)',
    'type': 'toString(type)',
    'type_id': 'toString(type_id)',
    'image': 'toString(image)',
    'availability_zone': 'toString(availability_zone)',
    'attributes': "CAST(attributes, 'Map(String, String)')",
    'measures': 'toString(measures)',
    'created_at': 'toUnixTimestamp64Micro(created_at)',
    'event_type': 'toString(event_type)',
    'source': 'toString(source)',
}

#: All of them, as one value.
TUPLE = f'({", ".join(_FACTS.values())})'

#: The greatest counts: the first deletion if there is one (R7), else the last
#: event (R10).
_PRECEDENCE = f"""(
        phase = 'ended',
        {TIME} * if(phase = 'ended', -1, 1),
        {RANK},
        message_order
    )"""

_STANDING = f"""
    any(events.resource_id) AS id,
    argMax({TUPLE}, {_PRECEDENCE}) AS fact,
    argMax(toUnixTimestamp64Micro(received_at), {_PRECEDENCE}) AS received,
    minIf({TIME}, {RANK} >= 0) AS first_at,
    max(toUnixTimestamp64Micro(created_at)) > 0 AS birth_told
FROM $database.events
WHERE resource_type = {{resource_type:String}} AND {KEPT}"""

# Text is made of the constants above only; every value is bound.
_GIVEN = """
    timeline IN ({timelines})"""

_BY_IDS = """
SELECT {standing} AND {given}
GROUP BY timeline
"""

# Births rank below zero (R10).
_BEGINNINGS = """
SELECT
    any(events.resource_id) AS id,
    argMin({facts}, ({time}, {rank}, message_order)) AS fact
FROM $database.events
WHERE resource_type = {{resource_type:String}} AND {given} AND {kept}
    AND {rank} >= 0
GROUP BY timeline
"""

_NUMBER = """
SELECT uniq(timeline) FROM $database.events
WHERE resource_type = {{resource_type:String}} AND {kept}
"""

# A page is a range of the key, so that it costs what it holds. With a limit in
# the place of a range, HAVING would read all that is behind the page as well.
_LIVING = """
SELECT {standing} AND timeline BETWEEN {{first:UInt128}} AND {{last:UInt128}}
GROUP BY timeline
HAVING fact.4 != {{ended:Int8}}
    AND fact.2 != {{estimate:Int64}}
    AND fact.5 = {{region:String}}
"""

#: How many numbers for timelines there are; they are digests, and so are
#: spread evenly.
_TIMELINES = 2**128

# As the report of coverage counts, without reading the events.
_COUNT = """
SELECT sum(living)
FROM $shards(
SELECT countIf(dead = 0 AND rank != {estimate:Int64}) AS living
FROM (
    SELECT max(ended) AS dead, max(last).2 AS rank
    FROM $local.timelines
    WHERE resource_type = {resource_type:String} AND region = {region:String}
    GROUP BY timeline
)
$)
"""

# Estimates that something later than themselves speaks against.
_DOUBTED = """
SELECT id
FROM $shards(
SELECT any(resource_id) AS id
FROM (
    SELECT timeline, resource_id, region, {time} AS at, {rank} AS place
    FROM $local.events
    WHERE resource_type = {{resource_type:String}} AND {kept}
        AND timeline IN (
            SELECT timeline FROM $local.events
            WHERE resource_type = {{resource_type:String}} AND {kept}
                AND {rank} = {{estimate:Int64}}
        )
)
GROUP BY timeline
HAVING argMax(region, at) = {{region:String}}
    AND maxIf(at, place = {{estimate:Int64}})
        > maxIf(at, place = {{refutation:Int64}})
    AND maxIf(at, place = {{estimate:Int64}})
        < maxIf(at, place != {{estimate:Int64}})
$)
"""

# What comes last of all that is not later than the last estimate: what took
# it back, if anything did, or else what held before.
_ESTIMATES = """
SELECT id, at, fact
FROM $shards(
SELECT
    any(events.resource_id) AS id,
    any(estimates.last_at) AS at,
    argMax({facts}, ({time}, {rank}, message_order)) AS fact
FROM $local.events
INNER JOIN (
    SELECT timeline, max({time}) AS last_at
    FROM $local.events
    WHERE resource_type = {{resource_type:String}} AND {given} AND {kept}
        AND {rank} = {{estimate:Int64}}
    GROUP BY timeline
) AS estimates ON events.timeline = estimates.timeline
WHERE resource_type = {{resource_type:String}} AND {given} AND {kept}
    AND {rank} != {{estimate:Int64}}
    AND {time} <= estimates.last_at
GROUP BY events.timeline
HAVING fact.2 != {{refutation:Int64}} OR fact.1 != at
$)
"""

# Copies that are not merged yet are told once.
_LAST_RECEIVED = """
SELECT resource_id, {facts}, toUnixTimestamp64Micro(received_at)
FROM $database.events
WHERE {told} AND received_at = (
    SELECT max(received_at) FROM $database.events WHERE {told}
)
LIMIT 1 BY timeline, event_time, rank, message_id
"""

_TOLD = """
    resource_type = {resource_type:String}
    AND region = {region:String}
    AND source IN {sources:Array(String)}
    AND received_at > fromUnixTimestamp64Micro({after:Int64}, 'UTC')"""

_PARTS = {
    'facts': TUPLE,
    'kept': KEPT,
    'rank': RANK,
    'time': TIME,
    'given': _GIVEN.format(
        timelines=keys.timelines(
            '[{resource_type:String}]', '{ids:Array(String)}'
        )
    ),
    'standing': _STANDING,
    'told': _TOLD,
}


class Facts:
    """Reads standings, many at a time.

    :param months_: the journal of months.
    """

    def __init__(
        self, pool: clickhouse_client.Pool, months_: months.Months
    ) -> None:
        self._pool = pool
        self._months = months_

    def _execute(
        self, statement: str, parameters: dict[str, Any]
    ) -> list[tuple]:
        purged = self._months.journal().first_kept
        return self._pool.execute(
            statement.format(**_PARTS), {**parameters, 'purged': purged}
        )

    def standings(
        self, resource_type: str, resource_ids: Sequence[str]
    ) -> dict[str, standing.Standing]:
        """See :meth:`stratometrics.storage.base.FactReader.standings`."""
        rows = self._execute(
            _BY_IDS,
            {'resource_type': resource_type, 'ids': list(resource_ids)},
        )
        found = (_standing(resource_type, *row) for row in rows)
        return {each.latest.resource_id: each for each in found}

    def beginnings(
        self, resource_type: str, resource_ids: Sequence[str]
    ) -> dict[str, event_model.Event]:
        """See :meth:`stratometrics.storage.base.FactReader.beginnings`."""
        rows = self._execute(
            _BEGINNINGS,
            {'resource_type': resource_type, 'ids': list(resource_ids)},
        )
        return {
            resource_id: event(resource_type, resource_id, fact)
            for resource_id, fact in rows
        }

    def living(
        self, resource_type: str, region: str, page_size: int
    ) -> Iterator[list[standing.Standing]]:
        """See :meth:`stratometrics.storage.base.FactReader.living`."""
        [(number,)] = self._execute(_NUMBER, {'resource_type': resource_type})
        pages = number // page_size + 1
        for page in range(pages):
            rows = self._execute(
                _LIVING,
                {
                    'resource_type': resource_type,
                    'region': region,
                    'first': str(_TIMELINES * page // pages),
                    'last': str(_TIMELINES * (page + 1) // pages - 1),
                    'ended': int(event_model.Phase.ENDED),
                    'estimate': event_model.RANK_ESTIMATE,
                },
            )
            yield [_standing(resource_type, *row) for row in rows]

    def count_living(self, resource_type: str, region: str) -> int:
        """See :meth:`stratometrics.storage.base.FactReader.count_living`."""
        [(count,)] = self._pool.execute(
            _COUNT,
            {
                'resource_type': resource_type,
                'region': region,
                'estimate': event_model.RANK_ESTIMATE,
            },
        )
        return count

    def doubted(self, resource_type: str, region: str) -> list[str]:
        """See :meth:`stratometrics.storage.base.FactReader.doubted`."""
        rows = self._execute(
            _DOUBTED,
            {
                'resource_type': resource_type,
                'region': region,
                'estimate': event_model.RANK_ESTIMATE,
                'refutation': event_model.RANK_REFUTATION,
            },
        )
        return [resource_id for (resource_id,) in rows]

    def estimates(
        self, resource_type: str, resource_ids: Sequence[str]
    ) -> dict[str, standing.Estimate]:
        """See :meth:`stratometrics.storage.base.FactReader.estimates`."""
        rows = self._execute(
            _ESTIMATES,
            {
                'resource_type': resource_type,
                'ids': list(resource_ids),
                'estimate': event_model.RANK_ESTIMATE,
                'refutation': event_model.RANK_REFUTATION,
            },
        )
        return {
            resource_id: standing.Estimate(
                at, event(resource_type, resource_id, fact)
            )
            for resource_id, at, fact in rows
        }

    def last_received(
        self,
        resource_type: str,
        region: str,
        sources: Collection[str],
        after: int,
    ) -> list[timeline.Recorded]:
        """See :meth:`stratometrics.storage.base.FactReader.last_received`."""
        rows = self._pool.execute(
            _LAST_RECEIVED.format(**_PARTS),
            {
                'resource_type': resource_type,
                'region': region,
                'sources': list(sources),
                'after': after,
            },
        )
        return [
            timeline.Recorded(
                event=event(resource_type, resource_id, fact),
                received_at=received_at,
            )
            for resource_id, fact, received_at in rows
        ]


def _standing(
    resource_type: str,
    resource_id: str,
    fact: tuple,
    received_at: int,
    first_at: int,
    birth_told: bool,
) -> standing.Standing:
    latest = event(resource_type, resource_id, fact)
    return standing.Standing(
        latest=latest,
        received_at=received_at,
        ended=latest.phase is event_model.Phase.ENDED,
        first_at=first_at,
        birth_told=bool(birth_told),
    )


def event(
    resource_type: str, resource_id: str, fact: tuple
) -> event_model.Event:
    """The event of a :data:`TUPLE`."""
    facts: dict[str, Any] = dict(zip(_FACTS, fact, strict=True))
    facts['phase'] = event_model.Phase(facts['phase'])
    facts['measures'] = json.loads(facts['measures'])
    facts['created_at'] = facts['created_at'] or None
    return event_model.Event(
        resource_type=resource_type, resource_id=resource_id, **facts
    )
