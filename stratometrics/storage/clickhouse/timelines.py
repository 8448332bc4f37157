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
"""Which resources there were, and all that was stored of one of them."""

from collections.abc import Collection
from typing import Any

from stratometrics.model import event as event_model
from stratometrics.model import timeline
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import facts
from stratometrics.storage.clickhouse import keys
from stratometrics.storage.clickhouse import months
from stratometrics.storage.clickhouse.migrations import s0008_openings

_RECORDED = """
SELECT
    toString(resource_type),
    resource_id,
    {facts},
    toUnixTimestamp64Micro(received_at)
FROM $database.events
WHERE resource_type IN {{types:Array(String)}}
    AND timeline IN ({timelines})
    AND received_at <= fromUnixTimestamp64Micro({{as_of:Int64}}, 'UTC')
    AND {kept}
"""

# As many from each shard, and of these again as many.
_SAMPLE = """
SELECT DISTINCT resource_id
FROM $shards(
SELECT DISTINCT resource_id
FROM $local.events
WHERE resource_type IN {types:Array(String)} AND timeline IN (
    SELECT timeline
    FROM $local.project_timelines
    WHERE resource_type IN {types:Array(String)}
    GROUP BY timeline
    ORDER BY rand()
    LIMIT {number:UInt64}
)
$)
ORDER BY rand()
LIMIT {number:UInt64}
"""

# The intervals of the usage query, of states that are not billed as well: but
# for an end that is estimated, after which nothing is there.
_ALIVE = """
SELECT type_name, resource, last, since, until, used
FROM $shards(
SELECT
    toString(resource_type) AS type_name,
    timeline,
    any(id) AS resource,
    argMax(facts, interval_begin) AS last,
    min(greatest(interval_begin, {{begin:Int64}})) AS since,
    max(interval_end) AS until,
    sum(if(
        billed, interval_end - greatest(interval_begin, {{begin:Int64}}), 0
    )) AS used
FROM (
    SELECT
        resource_type,
        timeline,
        id,
        facts,
        owner,
        billed,
        estimated,
        interval_begin,
        leadInFrame(interval_begin, 1, {{end:Int64}}) OVER whole
            AS interval_end,
        min(death) OVER whole AS timeline_end
    FROM (
        SELECT
            resource_type,
            timeline,
            resource_id AS id,
            (
                toString(region), toString(project_id), toString(user_id),
                name, toString(state), toString(type)
            ) AS facts,
            toString(project_id) AS owner,
            phase = 'billed' AS billed,
            {rank} = {{estimate:Int64}} AS estimated,
            toUnixTimestamp64Micro(event_time) AS interval_begin,
            rank,
            message_order,
            if(phase = 'ended', interval_begin, {{end:Int64}}) AS death
        FROM $local.events
        {chosen}
        WHERE {conditions}
    )
    WINDOW whole AS (
        PARTITION BY resource_type, timeline
        ORDER BY interval_begin, rank, message_order
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
)
WHERE {visible}
    AND NOT estimated
    AND interval_begin < timeline_end
    AND interval_end > greatest(interval_begin, {{begin:Int64}})
GROUP BY resource_type, timeline
HAVING {called}
ORDER BY type_name, timeline
LIMIT {{limit:UInt64}}
$)
ORDER BY type_name, timeline
LIMIT {{limit:UInt64}}
"""

# As in the usage query: no openings but those of the first month.
_CONDITIONS = [
    "event_time >= fromUnixTimestamp64Micro({start:Int64}, 'UTC')",
    "(event_time = fromUnixTimestamp64Micro({start:Int64}, 'UTC') "
    f'OR NOT ({s0008_openings.IS_OPENING}))',
    'resource_type IN {types:Array(String)}',
    "event_time < fromUnixTimestamp64Micro({end:Int64}, 'UTC')",
    "received_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')",
]

# The whole timeline of what was theirs (R6); the planner would look at it
# last.
_OWNED = """
    PREWHERE timeline IN (
        SELECT timeline FROM $local.project_timelines
        WHERE project_id IN {owners:Array(String)}
            AND resource_type IN {types:Array(String)}
            AND month >= toYYYYMM(
                fromUnixTimestamp64Micro({start:Int64}, 'UTC'), 'UTC'
            )
            AND month <= toYYYYMM(
                fromUnixTimestamp64Micro({end:Int64}, 'UTC'), 'UTC'
            )
    )"""
_VISIBLE = 'owner IN {owners:Array(String)}'
# The name is the fourth of the facts.
_CALLED = 'tupleElement(last, 4) IN {names:Array(String)}'

_AFTER = """
    (
        resource_type > {{after_type:String}}
        OR resource_type = {{after_type:String}} AND timeline > ({after})
    )"""

# Text is made of constants only; every value is bound.
_PARTS = {
    'facts': facts.TUPLE,
    'kept': facts.KEPT,
    'timelines': keys.timelines('{types:Array(String)}', '[{id:String}]'),
    'after': keys.timelines('[{after_type:String}]', '[{after_id:String}]'),
}

#: As of the end of all time that can be stored.
_ALWAYS = 2**62


class Timelines:
    """Reads what was stored, for who wants to know why.

    :param months_: the journal of months.
    :param settings: limits that every query runs under, by the names of
        ClickHouse.
    """

    def __init__(
        self,
        pool: clickhouse_client.Pool,
        months_: months.Months,
        settings: dict[str, Any],
    ) -> None:
        self._pool = pool
        self._months = months_
        self._settings = settings

    def recorded(
        self,
        resource_types: Collection[str],
        resource_id: str,
        as_of: int | None,
        since: int | None = None,
    ) -> list[timeline.Recorded]:
        """See :meth:`stratometrics.storage.base.TimelineReader.recorded`."""
        journal = self._months.journal()
        if since is not None:
            journal.start(since, as_of)
        rows = self._pool.execute(
            _RECORDED.format(**_PARTS),
            {
                'types': list(resource_types),
                'id': resource_id,
                'as_of': _ALWAYS if as_of is None else as_of,
                'purged': journal.first_kept,
            },
            self._settings,
        )
        return [
            timeline.Recorded(
                event=facts.event(resource_type, name, fact),
                received_at=received_at,
            )
            for resource_type, name, fact, received_at in rows
        ]

    def sample(
        self, resource_types: Collection[str], number: int
    ) -> list[str]:
        """See :meth:`stratometrics.storage.base.Recomputer.sample`."""
        rows = self._pool.execute(
            _SAMPLE, {'types': list(resource_types), 'number': number}
        )
        return [resource_id for (resource_id,) in rows]

    def alive(self, query: timeline.ResourceQuery) -> list[timeline.Life]:
        """See :meth:`stratometrics.storage.base.TimelineReader.alive`."""
        if query.end <= query.period.begin:
            return []
        start = self._months.journal().start(query.period.begin, query.as_of)
        conditions = list(_CONDITIONS)
        parameters: dict[str, Any] = {
            'types': list(query.resource_types),
            'start': months.EARLIEST if start is None else start,
            'begin': query.period.begin,
            'end': query.end,
            'as_of': _ALWAYS if query.as_of is None else query.as_of,
            'estimate': event_model.RANK_ESTIMATE,
            'limit': query.limit,
        }
        chosen, visible, called = '', 'true', 'true'
        if query.project_ids is not None:
            chosen, visible = _OWNED, _VISIBLE
            parameters['owners'] = list(query.project_ids)
        if query.names:
            called = _CALLED
            parameters['names'] = list(query.names)
        if query.after is not None:
            conditions.append(_AFTER.format(**_PARTS))
            parameters['after_type'], parameters['after_id'] = query.after
        rows = self._pool.execute(
            _ALIVE.format(
                chosen=chosen,
                conditions=' AND '.join(conditions),
                rank=facts.RANK,
                visible=visible,
                called=called,
            ),
            parameters,
            self._settings,
        )
        return [
            timeline.Life(
                resource_type=resource_type,
                resource_id=resource_id,
                region=region,
                project_id=project_id,
                user_id=user_id,
                name=name,
                state=state,
                type=type_name,
                begin=begin,
                end=end,
                usage=billed,
            )
            for (
                resource_type,
                resource_id,
                (region, project_id, user_id, name, state, type_name),
                begin,
                end,
                billed,
            ) in rows
        ]
