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

For states it sums intervals, each clipped to the period; for consumptions it
adds up the events of the period.
"""

from collections.abc import (
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
import contextlib
from typing import Any

from stratometrics.model import names
from stratometrics.model import usage
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import courses
from stratometrics.storage.clickhouse import generations
from stratometrics.storage.clickhouse import intervals
from stratometrics.storage.clickhouse import keys
from stratometrics.storage.clickhouse import months
from stratometrics.storage.clickhouse import names as clickhouse_names
from stratometrics.storage.clickhouse.migrations import s0008_openings

# Names are put in place of ids at the very end, where groups are few.
_ANSWER = """
SELECT
    {shown}
    {sums}
FROM ({spans}) AS spans
{joins}
GROUP BY ALL
{after}
{order}
{limit}
"""

_AMOUNTS = """mapApply(
        (name, amount) -> (name, toInt256(amount){times}),
        JSONExtract(measures, 'Map(String, Int64)')
    )"""

# Of equal measures there are many: they are read and multiplied once, by the
# time for which they held.
_TIMES = """
    SELECT
        {keys}
        measures,
        {place}
        sum(toInt128(interval_end - interval_begin)) AS time
    FROM ({intervals})
    GROUP BY {keys} measures
"""

# Where intervals meet, it comes to nothing: so it does not matter how many of
# them there are.
_PLACE = """
        sum(
            sipHash64(measures, interval_end)
            - sipHash64(measures, interval_begin)
        ) AS place,
"""

# An interval is not multiplied by the buckets that it spans, but is a change
# at each of its ends: of the level, which is how many resources there are from
# this bucket on, and of a part, because the level has not held, or still held,
# for a while of it. A bucket has its level times its length, and its parts.
# The changes, of which there are twice as many as intervals, are grouped by a
# number for their texts, which takes a fifth less time.
_CHANGES = """
    SELECT
        {keys}
        measures,
        sum(part - toInt128(level) * slot) AS time,
        groupArray((slot, level, part)) AS changes
    FROM (
        SELECT
            {any_keys}
            any(measures) AS measures,
            roundDown(change.1, {boundaries}) AS slot,
            sum(change.2) AS level,
            sum(toInt128(change.2 * (slot - change.1))) AS part
        FROM (
            SELECT
                {keys}
                measures,
                texts,
                arrayJoin([(interval_begin, 1), (interval_end, -1)]) AS change
            FROM (
                SELECT
                    {keys}
                    measures,
                    sipHash128({keys} measures) AS texts,
                    interval_begin,
                    interval_end
                FROM ({intervals})
            )
        )
        GROUP BY texts, slot
    )
    GROUP BY {keys} measures
"""

# Here a copy would count, so FINAL leaves but the first one of each event,
# before anything that is not in the key decides (R2, R15). Nothing but the
# events of the period has to be read: there is no timeline. Hardly any amounts
# are equal, so they are added at once: to group by them would take memory for
# nearly every event.
_CONSUMED = """
    SELECT
        {keys}
        {slot}
        toInt128(count()) AS time,
        sumMap({amounts}) AS amounts
    FROM (
        SELECT
            {columns}
            event_time,
            CAST(events.measures AS String) AS measures
        FROM $local.events FINAL
        {chosen}
        WHERE {timelines}
            AND event_time >= fromUnixTimestamp64Micro({begin}, 'UTC')
            AND {facts}
    )
    GROUP BY ALL
"""

_SLOT = """
        roundDown(toUnixTimestamp64Micro(event_time), {boundaries}) AS slot,
"""

_SUMS = 'sum(time) AS usage, sumMap({amounts}) AS measure_usage'

#: What buckets are made of.
_COURSE = {
    usage.Kind.STATE: (
        "groupArray((JSONExtract(measures, 'Map(String, Int64)'), changes))"
    ),
    usage.Kind.CONSUMPTION: 'groupArray((slot, time, amounts))',
}

# A timeline lies on one shard whole, so each makes the intervals of its own;
# what they come to is all that leaves it.
_SPANS = 'SELECT * FROM $shards({spans}$)'

_COMPARED = """
SELECT *, {earlier} AS earlier FROM $shards({spans}$)
"""

_COMPARISON = """
    sumIf(time, NOT earlier) AS usage,
    sumMapIf({amounts}, NOT earlier) AS measure_usage,
    sumIf(time, earlier),
    sumMapIf({amounts}, earlier)
"""

_OWNED = """
SELECT timeline FROM $local.project_timelines
WHERE project_id IN {owners} AND resource_type IN {types}
    AND month >= toYYYYMM({begin}, 'UTC')
    AND month <= toYYYYMM({end}, 'UTC')
"""

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

#: Instead of the limits of questions, for who takes rows one by one: their
#: number is no matter, and time passes while they wait to be taken.
_UNLIMITED = {
    'max_execution_time': 0,
    'max_result_rows': 0,
    'max_result_bytes': 0,
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

    def __init__(
        self, query: usage.UsageQuery, journal: months.Journal
    ) -> None:
        self.parameters: dict[str, Any] = {}
        self._query = query
        self._journal = journal
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
        self.text = _ANSWER.format(
            shown=_listed(
                f'{text} AS g{number}' for number, text in enumerate(shown)
            ),
            sums=self._sums(),
            spans=self._spans(),
            joins=''.join(self._joins),
            after=self._after(),
            order=self._order(),
            limit=(
                f'LIMIT {self._bind(query.limit, "UInt64")}'
                if query.limit is not None
                else ''
            ),
        )

    def _sums(self) -> str:
        query = self._query
        amounts = 'amounts'
        if query.kind is usage.Kind.STATE:
            amounts = _AMOUNTS.format(times=' * time')
        if query.previous:
            return _COMPARISON.format(amounts=amounts)
        sums = _SUMS.format(amounts=amounts)
        if query.boundaries:
            sums += f', {_COURSE[query.kind]}'
        if query.placed:
            sums += ', sum(place)'
        return sums

    def _spans(self) -> str:
        """What is added up: the period's, or that of both periods."""
        query = self._query
        if not query.previous:
            return _SPANS.format(spans=self._spans_of(query.period))
        return ' UNION ALL '.join(
            _COMPARED.format(earlier=earlier, spans=self._spans_of(period))
            for earlier, period in (
                ('false', query.period),
                ('true', query.previous),
            )
        )

    def _spans_of(self, period: usage.Period) -> str:
        query = self._query
        boundaries = slot = ''
        if query.boundaries:
            boundaries = self._bind(list(query.boundaries), 'Array(Int64)')
            slot = _SLOT.format(boundaries=boundaries)
        carried = {
            'keys': _listed(alias for alias, _ in self._carried.values()),
            'columns': _listed(
                f'{column} AS {alias}'
                for alias, column in self._carried.values()
            ),
        }
        if query.kind is usage.Kind.CONSUMPTION:
            return _CONSUMED.format(
                **carried,
                **self._span(period),
                slot=slot,
                amounts=_AMOUNTS.format(times=''),
            )
        text = _CHANGES if query.boundaries else _TIMES
        return text.format(
            keys=carried['keys'],
            any_keys=_listed(
                f'any({alias}) AS {alias}'
                for alias, _ in self._carried.values()
            ),
            boundaries=boundaries,
            place=_PLACE if query.placed else '',
            intervals=self._intervals(period, carried),
        )

    def _intervals(
        self, period: usage.Period, carried: Mapping[str, str]
    ) -> str:
        """What lies in a period: as it is stored, the rest made of events."""
        query = self._query
        end = query.end_of(period)
        if end <= period.begin:
            return intervals.OF_EVENTS.format(**carried, **self._span(period))
        divided = generations.divide(
            usage.Period(period.begin, end),
            self._journal.generations,
            query.as_of,
        )
        sources = [
            intervals.OF_EVENTS.format(**carried, **self._span(part))
            for part in divided.rest
        ]
        if divided.stored:
            sources.append(
                intervals.STORED.format(
                    **carried,
                    begin=self._bind(period.begin, 'Int64'),
                    end=self._bind(end, 'Int64'),
                    conditions=' AND '.join(self._stored(divided.stored)),
                )
            )
        return ' UNION ALL '.join(sources)

    def _stored(self, chosen: Iterable[generations.Generation]):
        query = self._query
        names = [(each.month, each.run) for each in chosen]
        for number, column in enumerate(('month', 'run')):
            # Each by itself as well, for the partitions to be chosen by.
            some = [name[number] for name in names]
            yield f'{column} IN {self._bind(some, "Array(Int64)")}'
        both = self._bind(names, 'Array(Tuple(Int64, Int64))')
        yield f'(month, run) IN {both}'
        yield f'resource_type IN {self._bind_texts(query.resource_types)}'
        for key in _TIMELINE_KEYS & query.filters.keys():
            yield f'{key} IN {self._bind_texts(query.filters[key])}'
        yield from self._conditions(query)

    def _span(self, period: usage.Period) -> dict[str, str]:
        """What is read of the events for a period."""
        query = self._query
        start = self._start(period)
        end = self._bind(query.end_of(period), 'Int64')
        chosen = ' AND '.join(self._chosen(start, end))
        return {
            'begin': self._bind(period.begin, 'Int64'),
            'end': end,
            # Left to choose, the planner looks at the timeline last, of all
            # rows of the granules: that takes a fifth longer.
            'chosen': chosen and f'PREWHERE {chosen}',
            'timelines': ' AND '.join(self._timelines(start, end)),
            'facts': ' AND '.join(self._facts(query)),
        }

    def _order(self) -> str:
        ranked = [
            f'{self._ranked(order)}{" DESC" * order.descending}'
            for order in self._query.ranking
        ]
        return f'ORDER BY {", ".join(ranked)}' if ranked else ''

    def _after(self) -> str:
        """Only what comes behind a position in the order."""
        query = self._query
        if not query.after:
            return ''
        behind = []
        same: list[str] = []
        for order, value in zip(query.ranking, query.after, strict=True):
            ranked = self._ranked(order)
            bound = self._bind(
                value, 'String' if isinstance(value, str) else 'Int256'
            )
            direction = '<' if order.descending else '>'
            behind.append(
                ' AND '.join([*same, f'{ranked} {direction} {bound}'])
            )
            same.append(f'{ranked} = {bound}')
        return f'HAVING {" OR ".join(behind)}'

    def _ranked(self, order: usage.Order) -> str:
        if order.by == usage.USAGE:
            return 'usage'
        if order.by.startswith(usage.MEASURES):
            measure = order.by.removeprefix(usage.MEASURES)
            return f'measure_usage[{self._bind(measure, "String")}]'
        return f'g{self._query.group_by.index(order.by)}'

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
        order = 'known_at'
        if self._query.named_at is not None:
            named_at = _instant(self._bind(self._query.named_at, 'Int64'))
            # Later names come first, the latest of them before all others.
            order = (
                f'if(known_at <= {named_at}, 1, -1) '
                '* toUnixTimestamp64Micro(known_at)'
            )
        return clickhouse_names.LATEST.format(
            thing=column,
            order=order,
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

    def _start(self, period: usage.Period) -> int | None:
        """What is read of events begins here; None for all that there are."""
        query = self._query
        if query.kind is usage.Kind.STATE:
            return self._journal.start(period.begin, query.as_of)
        self._journal.require(period.begin)
        return period.begin

    def _timelines(self, start: int | None, end: str):
        """What must hold for an event to be read."""
        query = self._query
        yield f'resource_type IN {self._bind_texts(query.resource_types)}'
        if query.kind is usage.Kind.STATE:
            yield from self._since(start)
        yield f'event_time < {_instant(end)}'
        if query.as_of is not None:
            as_of = self._bind(query.as_of, 'Int64')
            yield f'received_at <= {_instant(as_of)}'
        if 'resource_type' in query.filters:
            accepted = self._bind_texts(query.filters['resource_type'])
            yield f'resource_type IN {accepted}'

    def _chosen(self, start: int | None, end: str):
        """What must hold for a timeline to be read, if not all are."""
        query = self._query
        types = self._bind_texts(query.resource_types)
        if 'resource_id' in query.filters:
            named = keys.timelines(
                types, self._bind_texts(query.filters['resource_id'])
            )
            yield f'timeline IN ({named})'
        owners = query.project_ids
        if owners is not None:
            # The whole timeline of a resource that was theirs (R6).
            owned = _OWNED.format(
                owners=self._bind_texts(owners),
                types=types,
                begin=_instant(
                    self._bind(
                        months.EARLIEST if start is None else start, 'Int64'
                    )
                ),
                end=_instant(end),
            )
            yield f'timeline IN ({owned})'

    def _since(self, start: int | None):
        """Nothing of earlier months, and no openings but those of the first.

        Those of later ones tell nothing that is not read anyway.
        """
        if start is None:
            yield f'NOT ({s0008_openings.IS_OPENING})'
            return
        month = _instant(self._bind(start, 'Int64'))
        yield f'event_time >= {month}'
        yield f'(event_time = {month} OR NOT ({s0008_openings.IS_OPENING}))'

    def _facts(self, query: usage.UsageQuery):
        """What an event must say to count, or the interval that it opens."""
        yield _COUNTS[query.kind]
        yield from self._conditions(query)

    def _conditions(self, query: usage.UsageQuery):
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
        self._settings = {**settings, **_PLAN}

    def stream_usage(
        self, query: usage.UsageQuery, limited: bool = True
    ) -> Iterator[usage.UsageRow]:
        """See :meth:`stratometrics.storage.base.UsageReader.stream_usage`."""
        if _anything_counts(query):
            yield from self._answer(query, self._months.journal(), limited)

    def stream_recomputed(
        self, query: usage.UsageQuery
    ) -> Iterator[usage.UsageRow]:
        """See :class:`stratometrics.storage.base.Recomputer`."""
        if _anything_counts(query):
            yield from self._answer(query, self._months.journal().bare, False)

    def _answer(
        self, query: usage.UsageQuery, journal: months.Journal, limited: bool
    ) -> Iterator[usage.UsageRow]:
        statement = _Statement(query, journal)
        divided = courses.Courses(query)
        with contextlib.closing(
            self._pool.stream(
                statement.text,
                statement.parameters,
                self._settings if limited else self._settings | _UNLIMITED,
            )
        ) as rows:
            for row in rows:
                yield _row(query, divided, row)

    def usage(self, query: usage.UsageQuery) -> list[usage.UsageRow]:
        """See :meth:`stratometrics.storage.base.UsageReader.usage`."""
        return list(self.stream_usage(query))


def _anything_counts(query: usage.UsageQuery) -> bool:
    return any(
        period.begin < query.end_of(period)
        for period in (query.period, query.previous)
        if period
    )


def _row(
    query: usage.UsageQuery, divided: courses.Courses, row: tuple
) -> usage.UsageRow:
    size = len(query.group_by)
    group, (amount, measures, *more) = row[:size], row[size:]
    if query.previous:
        return usage.UsageRow(
            group, amount, measures, previous=usage.Amounts(*more)
        )
    if query.boundaries:
        return usage.UsageRow(group, amount, measures, divided.buckets(*more))
    if query.placed:
        [place] = more
        return usage.UsageRow(group, amount, measures, place=place)
    return usage.UsageRow(group, amount, measures)
