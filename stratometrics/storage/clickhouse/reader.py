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

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from stratometrics.model import names
from stratometrics.model import usage
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import names as clickhouse_names
from stratometrics.storage.clickhouse.migrations import s0001_initial

# Names are put in place of ids at the very end, where groups are few.
_SUM = """
SELECT
    {shown}
    sum(time) AS usage,
    sumMap(%s) AS measure_usage
FROM (%s) AS spans
{joins}
GROUP BY ALL
ORDER BY ALL
"""

_AMOUNTS = """mapApply(
        (name, amount) -> (name, toInt256(amount)%s),
        JSONExtract(measures, 'Map(String, Int64)')
    )"""

# An interval runs from one event of a timeline to the next, in the order of
# R10, and no further than the end of the period. What begins at a deletion or
# later is dead (R7). What is followed by another event at the same microsecond
# has length zero, and so have all but the last of several copies of an event:
# there is nothing to deduplicate (R2). The window needs its frame spelled
# out: the default one ends at the current row, where leadInFrame sees no next
# one. Texts are plain before the window sorts them: moving rows of
# LowCardinality columns about takes several times as long. Of equal measures
# there are many: they are read and multiplied once, by the time for which they
# held.
_USAGE = _SUM % (
    _AMOUNTS % ' * time',
    """
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
""",
)

# Here a copy would count, so FINAL leaves but the first one of each event,
# before anything that is not in the key decides (R2, R15). Nothing but the
# events of the period has to be read: there is no timeline. Hardly any amounts
# are equal, so they are added at once: to group by them would take memory for
# nearly every event.
_CONSUMPTION = _SUM % (
    'amounts',
    """
    SELECT
        {keys}
        toInt128(count()) AS time,
        sumMap(%s) AS amounts
    FROM (
        SELECT
            {columns}
            CAST(events.measures AS String) AS measures
        FROM $database.events FINAL
        WHERE {timelines}
            AND event_time >= fromUnixTimestamp64Micro({{begin:Int64}}, 'UTC')
            AND {facts}
    )
    GROUP BY ALL
"""
    % (_AMOUNTS % ''),
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

_JOIN = """
LEFT JOIN ({latest}) AS {alias} ON {alias}.thing = {thing}
"""

# What has a name is not called by its id.
_CALLED = """
(
    {thing} IN (SELECT thing FROM ({latest}) WHERE name IN {accepted})
    OR {text} IN {accepted}
    AND {thing} NOT IN (SELECT thing FROM ({latest}) WHERE name != '')
)
"""

_OF_DOMAINS = """
project_id IN (SELECT thing FROM ({latest}) WHERE parent_id IN {accepted})
"""

#: What a name is shown of: its kind, and the key that has the id.
_NAME_KEYS = {
    'project_name': (names.PROJECT, 'project_id'),
    'domain_name': (names.DOMAIN, 'domain_id'),
    'user_name': (names.USER, 'user_id'),
}

_PLAN = {
    # Or else the planner computes plain texts only once they were sorted.
    'query_plan_execute_functions_after_sorting': 0,
    # Copies of an event are in the same month.
    'do_not_merge_across_partitions_select_final': 1,
    # What has no name is shown as '', or by its id.
    'join_use_nulls': 0,
}

#: Conditions on these hold for a whole timeline or for none of it, so they
#: can choose the timelines that are read. All others choose intervals.
_TIMELINE_KEYS = frozenset({'resource_type', 'resource_id'})

_COLUMNS = frozenset(usage.COMMON_KEYS) - {'domain_id'}


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
        self._query = query
        self._known = ''
        if query.as_of is not None:
            # The names that were known then, too (R15).
            as_of = self._bind(query.as_of, 'Int64')
            self._known = f'AND known_at <= {_instant(as_of)}'
        #: What intervals carry along of their event: alias and column.
        self._carried: dict[str, tuple[str, str]] = {}
        #: The alias of each join, by the thing whose name is joined.
        self._aliases: dict[str, str] = {}
        self._joins: list[str] = []
        shown = [self._shown(key) for key in query.group_by]
        self.text = _TEXTS[query.kind].format(
            shown=_listed(
                f'{text} AS g{number}' for number, text in enumerate(shown)
            ),
            keys=_listed(alias for alias, _ in self._carried.values()),
            columns=_listed(
                f'{column} AS {alias}'
                for alias, column in self._carried.values()
            ),
            timelines=' AND '.join(self._timelines(query)),
            facts=' AND '.join(self._facts(query)),
            joins=''.join(self._joins),
        )

    def _bind(self, value: Any, type_name: str) -> str:
        name = f'p{len(self.parameters)}'
        self.parameters[name] = value
        return f'{{{name}:{type_name}}}'

    def _bind_texts(self, texts: Iterable[str]) -> str:
        return self._bind(list(texts), 'Array(String)')

    def _column(self, key: str) -> str:
        if key in _COLUMNS:
            return f'events.{key}'
        return f'attributes[{self._bind(key, "String")}]'

    def _carry(self, key: str, column: str = '') -> str:
        """Have intervals carry something along of their event.

        :param column: where it is, if it is not a text.
        :returns: what it is called outside.
        """
        if key not in self._carried:
            column = column or f'CAST({self._column(key)} AS String)'
            self._carried[key] = (f'k{len(self._carried)}', column)
        alias, _ = self._carried[key]
        return alias

    def _shown(self, key: str) -> str:
        """What a group shows of its intervals."""
        if key in _NAME_KEYS:
            kind, id_key = _NAME_KEYS[key]
            return f'{self._join(self._shown(id_key), [kind])}.name'
        if key == 'domain_id':
            project_id = self._carry('project_id')
            return f'{self._join(project_id, [names.PROJECT])}.parent_id'
        text = self._carry(key)
        if not self._kinds(key):
            return text
        name = self._join(
            *self._thing(
                key, text, lambda kind: self._carry(f'kind of {key}', kind)
            )
        )
        return f"if({name}.name = '', {text}, {name}.name)"

    def _join(
        self, thing: str, kinds: Sequence[str], column: str = 'id'
    ) -> str:
        """Join the name of a thing; once, whatever is shown of it."""
        if thing not in self._aliases:
            alias = f'n{len(self._aliases)}'
            self._aliases[thing] = alias
            latest = self._latest(kinds, column)
            self._joins.append(
                _JOIN.format(latest=latest, alias=alias, thing=thing)
            )
        return self._aliases[thing]

    def _latest(self, kinds: Sequence[str], column: str = 'id') -> str:
        condition = self._known
        owners = self._query.project_ids
        if owners is not None and kinds == [names.PROJECT]:
            # No other project is in question.
            condition += f' AND id IN {self._bind_texts(owners)}'
        return clickhouse_names.LATEST.format(
            thing=column,
            kinds=self._bind_texts(kinds),
            condition=condition,
        )

    def _kinds(self, key: str) -> dict[str, str]:
        """What kind of thing an attribute holds ids of, by resource type."""
        return {
            resource_type: self._query.names[resource_type][key]
            for resource_type in self._query.resource_types
            if key in self._query.names.get(resource_type, {})
        }

    def _thing(
        self, key: str, text: str, place: Callable[[str], str]
    ) -> tuple[str, list[str], str]:
        """What the name of an attribute is looked up by.

        An id alone will do where all resource types in question have ids of
        one kind. Else a number for the kind comes before it, which costs
        less to sort than a text.

        :param text: the attribute, in the place of the query in question.
        :param place: takes what is made of an event to that place.
        :returns: the thing, its possible kinds, and how the table of names
            spells it.
        """
        kinds = self._kinds(key)
        distinct = sorted(set(kinds.values()))
        if len(distinct) == 1 and len(kinds) == len(
            self._query.resource_types
        ):
            return text, distinct, 'id'
        kind = self._number(
            'resource_type',
            {name: distinct.index(kind) + 1 for name, kind in kinds.items()},
        )
        spelled = self._number(
            'kind', {kind: n for n, kind in enumerate(distinct, 1)}
        )
        return f'({place(kind)}, {text})', distinct, f'({spelled}, id)'

    def _number(self, column: str, numbers: Mapping[str, int]) -> str:
        """A number for each of some texts; 0 for all others."""
        texts = self._bind_texts(numbers)
        each = self._bind(list(numbers.values()), 'Array(UInt8)')
        return f'transform({column}, {texts}, {each}, 0)'

    def _timelines(self, query: usage.UsageQuery):
        types = self._bind_texts(query.resource_types)
        yield f'resource_type IN {types}'
        yield f'event_time < {_instant("{end:Int64}")}'
        if query.as_of is not None:
            as_of = self._bind(query.as_of, 'Int64')
            yield f'received_at <= {_instant(as_of)}'
        if 'resource_type' in query.filters:
            accepted = self._bind_texts(query.filters['resource_type'])
            yield f'resource_type IN {accepted}'
        if 'resource_id' in query.filters:
            named = _NAMED.format(
                timeline=s0001_initial.TIMELINE,
                types=types,
                ids=self._bind_texts(query.filters['resource_id']),
            )
            yield f'timeline IN ({named})'
        owners = query.project_ids
        if owners is not None:
            # The whole timeline of a resource that was ever theirs (R6).
            owned = _OWNED.format(
                timeline=s0001_initial.TIMELINE,
                owners=self._bind_texts(owners),
                types=types,
            )
            yield f'timeline IN ({owned})'

    def _facts(self, query: usage.UsageQuery):
        """What an event must say to count, or the interval that it opens."""
        yield _COUNTS[query.kind]
        if query.project_ids is not None:
            owners = self._bind_texts(query.project_ids)
            yield f'project_id IN {owners}'
        for key, values in query.filters.items():
            if key not in _TIMELINE_KEYS:
                yield self._fact(key, self._bind_texts(values))
        for key, values in query.excluded.items():
            yield f'NOT ({self._fact(key, self._bind_texts(values))})'

    def _fact(self, key: str, accepted: str) -> str:
        """Whether a key of an event, or its name, is one of some."""
        if key == 'domain_id':
            latest = self._latest([names.PROJECT])
            return _OF_DOMAINS.format(latest=latest, accepted=accepted)
        text = self._column(key)
        if not self._kinds(key):
            return f'{text} IN {accepted}'
        thing, kinds, column = self._thing(key, text, lambda kind: kind)
        return _CALLED.format(
            thing=thing,
            text=text,
            latest=self._latest(kinds, column),
            accepted=accepted,
        )


def _instant(microseconds: str) -> str:
    return f"fromUnixTimestamp64Micro({microseconds}, 'UTC')"


def _listed(texts) -> str:
    """Comma-separated, with one behind the last: more always follows."""
    return ''.join(f'{text}, ' for text in texts)


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
