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
"""The queries for usage.

For states it makes intervals from events, clips them to a period, and sums
them; for consumptions it adds up the events of the period.
"""

from typing import Any

from stratometrics.model import usage
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse.migrations import s0001_initial

# Of equal measures there are many: they are read and multiplied once, by the
# time for which they held, or by how often they were consumed.
_SUM = """
SELECT
    {keys}
    sum(time) AS usage,
    sumMap(
        mapApply(
            (name, amount) -> (name, toInt256(amount) * time),
            JSONExtract(measures, 'Map(String, Int64)')
        )
    ) AS measure_usage
FROM (%s)
GROUP BY ALL
ORDER BY ALL
"""

# An interval runs from one event of a timeline to the next, in the order of
# R10, and no further than the end of the period. What begins at a deletion or
# later is dead (R7). What is followed by another event at the same microsecond
# has length zero, and so have all but the last of several copies of an event:
# there is nothing to deduplicate (R2). The window needs its frame spelled
# out: the default one ends at the current row, where leadInFrame sees no next
# one. Texts are plain before the window sorts them: moving rows of
# LowCardinality columns about takes several times as long.
_USAGE = (
    _SUM
    % """
    SELECT
        {keys}
        measures,
        sum(toInt128(
            interval_end - greatest(interval_begin, {{begin:Int64}})
        )) AS time
    FROM (
        SELECT
            {keys}
            measures,
            counts,
            interval_begin,
            leadInFrame(interval_begin, 1, {{end:Int64}}) OVER whole
                AS interval_end,
            min(death) OVER whole AS timeline_end
        FROM (
            SELECT
                {columns}
                timeline,
                toUnixTimestamp64Micro(event_time) AS interval_begin,
                rank,
                message_order,
                {facts} AS counts,
                if(phase = 'ended', interval_begin, {{end:Int64}}) AS death,
                CAST(events.measures AS String) AS measures
            FROM $database.events
            WHERE {timelines}
        )
        WINDOW whole AS (
            PARTITION BY timeline
            ORDER BY interval_begin, rank, message_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    )
    WHERE counts
        AND interval_begin < timeline_end
        AND interval_end > greatest(interval_begin, {{begin:Int64}})
    GROUP BY {keys} measures
"""
)

# Here a copy would count, so FINAL leaves but the first one of each event,
# before anything that is not in the key decides (R2, R15). Nothing but the
# events of the period has to be read: there is no timeline.
_CONSUMPTION = (
    _SUM
    % """
    SELECT
        {keys}
        measures,
        toInt128(count()) AS time
    FROM (
        SELECT
            {columns}
            CAST(events.measures AS String) AS measures
        FROM $database.events FINAL
        WHERE {timelines}
            AND event_time >= fromUnixTimestamp64Micro({{begin:Int64}}, 'UTC')
            AND {facts}
    )
    GROUP BY {keys} measures
"""
)

_OWNED = """
SELECT {timeline} FROM $database.project_resources
WHERE project_id IN {owners} AND resource_type IN {types}
"""

_NAMED = """
SELECT {timeline} FROM (
    SELECT arrayJoin({types}) AS resource_type, resource_id
    FROM (SELECT arrayJoin({ids}) AS resource_id)
)
"""

_TEXTS = {
    usage.Kind.STATE: _USAGE,
    usage.Kind.CONSUMPTION: _CONSUMPTION,
}

#: The phase of what counts at all.
_COUNTS = {
    usage.Kind.STATE: "phase = 'billed'",
    usage.Kind.CONSUMPTION: "phase = 'consumed'",
}

_PLAN = {
    # Or else the planner computes plain texts only once they were sorted.
    'query_plan_execute_functions_after_sorting': 0,
    # Copies of an event are in the same month.
    'do_not_merge_across_partitions_select_final': 1,
}

#: Conditions on these hold for a whole timeline or for none of it, so they
#: can choose the timelines that are read. All others choose intervals.
_TIMELINE_KEYS = frozenset({'resource_type', 'resource_id'})

_COLUMNS = frozenset(usage.COMMON_KEYS)


class _Statement:
    """The text of one query and the values bound to it.

    Text is made from column names of this module and placeholders only;
    every value that came from outside is bound (R16).
    """

    def __init__(self, query: usage.UsageQuery) -> None:
        self.parameters: dict[str, Any] = {
            'begin': query.period.begin,
            'end': query.end,
        }
        keys = [
            (f'k{number}', self._column(key))
            for number, key in enumerate(query.group_by)
        ]
        names = _listed(alias for alias, _ in keys)
        self.text = _TEXTS[query.kind].format(
            keys=names,
            columns=_listed(
                f'CAST({column} AS String) AS {alias}'
                for alias, column in keys
            ),
            timelines=' AND '.join(self._timelines(query)),
            facts=' AND '.join(self._facts(query)),
        )

    def _bind(self, value: Any, type_name: str) -> str:
        name = f'p{len(self.parameters)}'
        self.parameters[name] = value
        return f'{{{name}:{type_name}}}'

    def _column(self, key: str) -> str:
        if key in _COLUMNS:
            return f'events.{key}'
        return f'attributes[{self._bind(key, "String")}]'

    def _timelines(self, query: usage.UsageQuery):
        types = self._bind(list(query.resource_types), 'Array(String)')
        yield f'resource_type IN {types}'
        yield "event_time < fromUnixTimestamp64Micro({end:Int64}, 'UTC')"
        if query.as_of is not None:
            as_of = self._bind(query.as_of, 'Int64')
            yield f"received_at <= fromUnixTimestamp64Micro({as_of}, 'UTC')"
        if 'resource_type' in query.filters:
            values = list(query.filters['resource_type'])
            yield f'resource_type IN {self._bind(values, "Array(String)")}'
        if 'resource_id' in query.filters:
            values = list(query.filters['resource_id'])
            named = _NAMED.format(
                timeline=s0001_initial.TIMELINE,
                types=types,
                ids=self._bind(values, 'Array(String)'),
            )
            yield f'timeline IN ({named})'
        owners = query.project_ids
        if owners is not None:
            # The whole timeline of a resource that was ever theirs (R6).
            owned = _OWNED.format(
                timeline=s0001_initial.TIMELINE,
                owners=self._bind(list(owners), 'Array(String)'),
                types=types,
            )
            yield f'timeline IN ({owned})'

    def _facts(self, query: usage.UsageQuery):
        """What an event must say to count, or the interval that it opens."""
        yield _COUNTS[query.kind]
        if query.project_ids is not None:
            owners = self._bind(list(query.project_ids), 'Array(String)')
            yield f'project_id IN {owners}'
        for key, values in query.filters.items():
            if key not in _TIMELINE_KEYS:
                accepted = self._bind(list(values), 'Array(String)')
                yield f'{self._column(key)} IN {accepted}'


def _listed(names) -> str:
    """Comma-separated, with one behind the last: more always follows."""
    return ''.join(f'{name}, ' for name in names)


class Reader:
    """Answers usage questions.

    :param settings: limits that every query runs under, by the names of
        ClickHouse.
    """

    def __init__(
        self, pool: clickhouse_client.Pool, settings: dict[str, Any]
    ) -> None:
        self._pool = pool
        self._settings = {**settings, **_PLAN}

    def usage(self, query: usage.UsageQuery) -> list[usage.UsageRow]:
        """See :meth:`stratometrics.storage.base.UsageReader.usage`."""
        if query.end <= query.period.begin:
            return []
        statement = _Statement(query)
        rows = self._pool.execute(
            statement.text, statement.parameters, self._settings
        )
        return [
            usage.UsageRow(tuple(group), amount, measures)
            for *group, amount, measures in rows
        ]
