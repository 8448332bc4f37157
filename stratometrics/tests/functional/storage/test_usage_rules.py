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
"""The rules of usage, on the real ClickHouse, against the oracle."""

from collections import defaultdict
import dataclasses
import itertools

import hypothesis
from hypothesis import strategies as st

from stratometrics.model import event as event_model
from stratometrics.model import timeline
from stratometrics.model import usage
from stratometrics.storage.clickhouse import client
from stratometrics.tests import oracle
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import division

UNBILLED = frozenset({'soft-delete'})
PENDING = frozenset({'creating'})

PHASES = {
    'deleted': event_model.Phase.ENDED,
    'soft-delete': event_model.Phase.UNBILLED,
    'creating': event_model.Phase.PENDING,
}

# Few instants, so that events meet in the same microsecond; the last one lies
# in another month, and so in another partition.
INSTANTS = st.sampled_from(
    [10**15 + offset for offset in (0, 1, 2, 3, 5, 8, 1000, 3_000_000_000_000)]
)

FACTS = st.builds(
    oracle.Facts,
    state=st.sampled_from(
        ['active', 'stopped', 'soft-delete', 'creating', 'deleted']
    ),
    project_id=st.sampled_from(['p1', "p'2"]),
    type=st.sampled_from(['small', 'large']),
    size=st.sampled_from([0, 1, 7, 2**40]),
)


@st.composite
def observations(draw: st.DrawFn) -> list[oracle.Observation]:
    """Notifications of a few resources, each with an id of its own."""
    count = draw(st.integers(0, 12))
    numbers = draw(st.permutations(range(count)))
    return [
        oracle.Observation(
            resource_id=draw(st.sampled_from(['a', 'b', "c'; --"])),
            time=draw(INSTANTS),
            message_id=f'm{number:02d}',
            facts=draw(FACTS),
            created_at=draw(st.none() | INSTANTS),
            received_at=draw(st.integers(1, 5)),
        )
        for number in numbers
    ]


def events(
    seen: oracle.Observation, resource_type: str
) -> list[event_model.Event]:
    """The event of a notification and its birth, as the collector makes them.

    :param resource_type: keeps the examples in one database apart.
    """
    phase = PHASES.get(seen.facts.state, event_model.Phase.BILLED)
    ended = phase is event_model.Phase.ENDED
    made = event_model.Event(
        resource_type=resource_type,
        resource_id=seen.resource_id,
        event_time=seen.time,
        message_id=seen.message_id,
        rank=(event_model.RANK_DELETION if ended else event_model.RANK_EVENT),
        phase=phase,
        state=seen.facts.state,
        project_id=seen.facts.project_id,
        event_type='test',
        created_at=seen.created_at,
        type=seen.facts.type,
        measures={'size': seen.facts.size},
    )
    birth = made.birth()
    return [made] if birth is None else [birth, made]


class UsageRulesTest(base.StorageTestCase):
    """R1, R2, R4 to R10 and R15."""

    examples = 60

    def setUp(self) -> None:
        super().setUp()
        self._examples = itertools.count(1)
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)

    def store(
        self, seen: list[oracle.Observation], data: st.DataObject
    ) -> str:
        """Store notifications in any order, some twice, in any batches."""
        resource_type = f'type{next(self._examples)}'
        arriving = data.draw(
            st.permutations(
                seen + data.draw(st.lists(st.sampled_from(seen)))
                if seen
                else seen
            ),
            label='arrival',
        )
        size = data.draw(st.integers(1, 5), label='batch size')
        for first in range(0, len(arriving), size):
            batch = arriving[first : first + size]
            self.storage.write_events(
                [
                    event
                    for each in batch
                    for event in events(each, resource_type)
                ],
                received_at=1,
            )
        return resource_type

    def ask(self, resource_type: str, begin: int, end: int, **parameters):
        """The answer of the store, by facts; and of the measures."""
        query = usage.UsageQuery(
            period=usage.Period(begin, end),
            now=parameters.pop('now', end),
            resource_types=(resource_type,),
            group_by=('state', 'project_id', 'type'),
            **parameters,
        )
        return {
            row.group: (row.usage, row.measures.get('size', 0))
            for row in self.storage.usage(query)
        }

    def expect(self, seen: list[oracle.Observation], begin: int, end: int):
        """The same from the oracle."""
        grouped: dict = defaultdict(lambda: (0, 0))
        for facts, time in oracle.usage(
            seen, begin, end, UNBILLED, PENDING
        ).items():
            total, measured = grouped[facts[:3]]
            grouped[facts[:3]] = (total + time, measured + time * facts.size)
        return dict(grouped)

    def check(self, test) -> None:
        """Run a property on many examples, all in this test's database."""
        hypothesis.given(observations(), st.data())(
            hypothesis.settings(
                max_examples=self.examples,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            )(test)
        )()

    def test_any_arrival_gives_the_oracle_s_answer(self) -> None:
        """R1, R2, R6, R7, R8, R9, R10."""

        def test(seen: list[oracle.Observation], data: st.DataObject) -> None:
            resource_type = self.store(seen, data)
            begin = data.draw(INSTANTS, label='begin')
            end = begin + data.draw(
                st.sampled_from([1, 4, 10**6, 4_000_000_000_000]), label='span'
            )
            now = data.draw(st.sampled_from([end, end + 5, begin + 2]))
            self.assertEqual(
                self.expect(seen, begin, min(end, now)),
                self.ask(resource_type, begin, end, now=now),
            )

        self.check(test)

    def test_timelines_tell_what_is_billed(self) -> None:
        """The intervals that are shown sum to the usage that is charged."""

        def test(seen: list[oracle.Observation], data: st.DataObject) -> None:
            resource_type = self.store(seen, data)
            begin = data.draw(INSTANTS, label='begin')
            end = begin + data.draw(
                st.sampled_from([1, 4, 10**6, 4_000_000_000_000]), label='span'
            )
            found: dict = defaultdict(lambda: (0, 0))
            lives: dict = {}
            for resource_id in {each.resource_id for each in seen}:
                recorded = self.storage.recorded(
                    [resource_type], resource_id, None
                )
                # How many copies are left depends on the store's merges.
                recorded.reverse()
                made = timeline.make(recorded, end)
                for interval in made.intervals:
                    length = interval.end - max(interval.begin, begin)
                    if length <= 0:
                        continue
                    used, since = lives.get(
                        resource_id, (0, max(interval.begin, begin))
                    )
                    length_billed = length if interval.billed else 0
                    lives[resource_id] = (used + length_billed, since)
                    if interval.billed:
                        facts = interval.facts
                        group = facts.state, facts.project_id, facts.type
                        total, measured = found[group]
                        size = facts.measures['size']
                        found[group] = (
                            total + length,
                            measured + length * size,
                        )
                self.assertEqual(
                    {
                        each.event.message_id
                        for each in recorded
                        if each.event.event_time < end
                    },
                    {
                        each.event.message_id
                        for interval in made.intervals
                        for each in interval.events
                    }
                    | {each.event.message_id for each in made.void},
                )
            self.assertEqual(self.ask(resource_type, begin, end), dict(found))
            self.assertEqual(lives, self.alive(resource_type, begin, end))

        self.check(test)

    def alive(
        self, resource_type: str, begin: int, end: int
    ) -> dict[str, tuple[int, int]]:
        """Usage and beginning of each resource, read two at a time."""
        found: dict[str, tuple[int, int]] = {}
        after = None
        while True:
            page = self.storage.alive(
                timeline.ResourceQuery(
                    period=usage.Period(begin, end),
                    now=end,
                    resource_types=(resource_type,),
                    project_ids=None,
                    as_of=None,
                    limit=2,
                    after=after,
                )
            )
            for each in page:
                self.assertNotIn(each.resource_id, found)
                found[each.resource_id] = (each.usage, each.begin)
            if len(page) < 2:
                return found
            after = (resource_type, page[-1].resource_id)

    def test_usage_is_additive(self) -> None:
        """R5: parts of a period sum to it, and projects to the cloud."""

        def test(seen: list[oracle.Observation], data: st.DataObject) -> None:
            resource_type = self.store(seen, data)
            begin, middle, end = sorted(
                data.draw(
                    st.lists(INSTANTS, min_size=3, max_size=3, unique=True)
                )
            )
            whole = self.ask(resource_type, begin, end)
            parts: dict = defaultdict(lambda: (0, 0))
            for some in (
                self.ask(resource_type, begin, middle, project_ids=('p1',)),
                self.ask(resource_type, begin, middle, project_ids=("p'2",)),
                self.ask(resource_type, middle, end, project_ids=("p'2",)),
                self.ask(resource_type, middle, end, project_ids=('p1',)),
            ):
                for group, (time, measured) in some.items():
                    total, total_measured = parts[group]
                    parts[group] = (total + time, total_measured + measured)
            self.assertEqual(whole, dict(parts))

        self.check(test)

    def test_buckets_are_what_lies_in_them(self) -> None:
        """R5: of any calendar, and they sum to the whole."""

        def test(seen: list[oracle.Observation], data: st.DataObject) -> None:
            resource_type = self.store(seen, data)
            period, boundaries = data.draw(division.divided(10**15))
            now = data.draw(
                st.sampled_from([period.end, (period.begin + period.end) // 2])
            )
            query = usage.UsageQuery(
                period=period,
                boundaries=boundaries,
                now=now,
                resource_types=(resource_type,),
                group_by=('state', 'project_id', 'type'),
            )
            found: dict = {
                usage.Period(
                    max(begin, period.begin), min(end, period.end)
                ): {}
                for begin, end in itertools.pairwise(boundaries)
            }
            for row in self.storage.usage(query):
                size = 0
                for bucket, amounts in row.buckets.items():
                    found[bucket][row.group] = (
                        amounts.usage,
                        amounts.measures['size'],
                    )
                    size += amounts.measures['size']
                self.assertEqual(
                    row.usage,
                    sum(each.usage for each in row.buckets.values()),
                )
                self.assertEqual(row.measures['size'], size)
                self.assertEqual(
                    sorted(row.buckets, key=lambda bucket: bucket.begin),
                    list(row.buckets),
                )
            self.assertEqual(
                {
                    bucket: self.expect(
                        seen, bucket.begin, min(bucket.end, now)
                    )
                    for bucket in found
                },
                found,
            )
            chosen = data.draw(st.sampled_from(list(found)))
            self.assertEqual(
                found[chosen],
                self.ask(resource_type, chosen.begin, chosen.end, now=now),
            )

        self.check(test)

    def test_pages_are_the_whole_in_order(self) -> None:
        """Each group once, whatever the order and the length of a page."""

        def test(seen: list[oracle.Observation], data: st.DataObject) -> None:
            resource_type = self.store(seen, data)
            begin, end = 10**15, 10**15 + 4_000_000_000_000
            names = data.draw(
                st.lists(
                    st.sampled_from(
                        ['usage', 'measures.size', 'state', 'type']
                    ),
                    unique=True,
                )
            )
            query = usage.UsageQuery(
                period=usage.Period(begin, end),
                now=end,
                resource_types=(resource_type,),
                group_by=('state', 'project_id', 'type', 'resource_id'),
                order=tuple(
                    usage.Order(name, data.draw(st.booleans()))
                    for name in names
                ),
                boundaries=data.draw(st.sampled_from([(), (begin, end)])),
            )
            expected = self.storage.usage(dataclasses.replace(query, order=()))
            # Sorting is stable: what counts most is sorted by last.
            for place, order in reversed(list(enumerate(query.ranking))):
                expected.sort(
                    key=lambda row: query.position(row)[place],  # noqa: B023
                    reverse=order.descending,
                )
            self.assertEqual(expected, self.storage.usage(query))
            limit = data.draw(st.integers(1, 5), label='limit')
            found: list[usage.UsageRow] = []
            while True:
                page = self.storage.usage(
                    dataclasses.replace(
                        query,
                        limit=limit,
                        after=query.position(found[-1]) if found else (),
                    )
                )
                if not page:
                    break
                self.assertLessEqual(len(page), limit)
                found += page
            self.assertEqual(expected, found)

        self.check(test)

    def test_a_comparison_is_two_answers_side_by_side(self) -> None:
        """A group of one period alone has nothing in the other."""

        def test(seen: list[oracle.Observation], data: st.DataObject) -> None:
            resource_type = self.store(seen, data)
            begin, middle, end = sorted(
                data.draw(
                    st.lists(INSTANTS, min_size=3, max_size=3, unique=True)
                )
            )
            now = data.draw(st.sampled_from([end, middle, end + 10]))
            periods = (usage.Period(middle, end), usage.Period(begin, middle))
            if data.draw(st.booleans(), label='the other way round'):
                periods = periods[::-1]
            query = usage.UsageQuery(
                period=periods[0],
                previous=periods[1],
                now=now,
                resource_types=(resource_type,),
                group_by=('state', 'project_id', 'type'),
            )
            this, other = (
                self.expect(seen, period.begin, min(period.end, now))
                for period in periods
            )
            self.assertEqual(
                {
                    group: (this.get(group, (0, 0)), other.get(group, (0, 0)))
                    for group in {**this, **other}
                },
                {
                    row.group: tuple(
                        (each.usage, each.measures.get('size', 0))
                        for each in (row, row.previous)
                    )
                    for row in self.storage.usage(query)
                },
            )

        self.check(test)

    def test_filters_choose_intervals_and_not_timelines(self) -> None:
        """A filter by state, type or id never changes another interval."""

        def test(seen: list[oracle.Observation], data: st.DataObject) -> None:
            resource_type = self.store(seen, data)
            begin, end = 10**15, 10**15 + 4_000_000_000_000
            states = data.draw(
                st.sampled_from([('active',), ('stopped', 'active')])
            )
            chosen = data.draw(st.sampled_from(['a', "c'; --"]))
            mine = [each for each in seen if each.resource_id == chosen]
            expected = {
                group: amounts
                for group, amounts in self.expect(mine, begin, end).items()
                if group[0] in states and group[2] == 'small'
            }
            self.assertEqual(
                expected,
                self.ask(
                    resource_type,
                    begin,
                    end,
                    filters={
                        'state': states,
                        'type': ('small',),
                        'resource_id': (chosen,),
                    },
                ),
            )

        self.check(test)

    def test_what_is_left_out_is_the_rest(self) -> None:
        """R5: what a filter gives and what its negation gives is all."""

        def test(seen: list[oracle.Observation], data: st.DataObject) -> None:
            resource_type = self.store(seen, data)
            begin, end = 10**15, 10**15 + 4_000_000_000_000
            chosen = data.draw(
                st.sampled_from(
                    [
                        {'state': ('active',)},
                        {'state': ('stopped', 'active')},
                        {'resource_id': ('a', "c'; --")},
                        {'project_id': ("p'2",)},
                        {'type': ('small', 'none')},
                    ]
                )
            )
            whole = self.ask(resource_type, begin, end)
            parts: dict = defaultdict(lambda: (0, 0))
            for facts in ({'filters': chosen}, {'excluded': chosen}):
                for group, amounts in self.ask(
                    resource_type, begin, end, **facts
                ).items():
                    parts[group] = tuple(
                        map(sum, zip(parts[group], amounts, strict=True))
                    )
            self.assertEqual(whole, dict(parts))
            [(key, values)] = chosen.items()
            at = {'state': 0, 'project_id': 1, 'type': 2}
            if key in at:
                self.assertEqual(
                    {
                        group: amounts
                        for group, amounts in whole.items()
                        if group[at[key]] not in values
                    },
                    self.ask(resource_type, begin, end, excluded=chosen),
                )

        self.check(test)

    def test_as_of_answers_from_what_had_arrived(self) -> None:
        """R15: later arrivals, and copies that come later, change nothing."""

        def test(seen: list[oracle.Observation], data: st.DataObject) -> None:
            resource_type = f'type{next(self._examples)}'
            late = 2 * 10**15
            for each in data.draw(st.permutations(seen)):
                self.storage.write_events(
                    events(each, resource_type), late + each.received_at
                )
                if data.draw(st.booleans(), label='again'):
                    self.storage.write_events(
                        events(each, resource_type), late + 9
                    )
            self.pool.execute_on_shards(
                'OPTIMIZE TABLE $database.events FINAL'
            )
            as_of = data.draw(st.integers(0, 6), label='as of')
            begin, end = 10**15, 10**15 + 4_000_000_000_000
            self.assertEqual(
                self.expect(
                    [each for each in seen if each.received_at <= as_of],
                    begin,
                    end,
                ),
                self.ask(
                    resource_type, begin, end, as_of=late + as_of, now=3 * late
                ),
            )

        self.check(test)

    def test_as_of_ends_what_is_still_running(self) -> None:
        """R15, R9: an answer as of a time knows no later present."""
        seen = oracle.Observation(
            resource_id='a',
            time=0,
            message_id='m',
            facts=oracle.Facts('active', 'p1', 'small', 1),
        )
        self.storage.write_events(events(seen, 'running'), 10)
        for as_of, expected in ((9, None), (100, 100), (2000, 1000)):
            answer = self.ask('running', 0, 1000, as_of=as_of, now=10**6)
            self.assertEqual(
                {}
                if expected is None
                else {('active', 'p1', 'small'): (expected, expected)},
                answer,
            )

    def test_ids_are_compared_as_the_collector_does(self) -> None:
        """R10: by eight bytes, then by a digest, whatever they are made of."""
        ids = [
            *('', 'a', 'ab', 'é', '\x7f', 'message-', 'message-1'),
            *(f'message-{number}' for number in range(20)),
            *(f'{number:08x}-rest' for number in (0, 1, 255, 2**32 - 1)),
        ]
        for message_id in ids:
            self.storage.write_events(
                events(
                    oracle.Observation(
                        resource_id='a',
                        time=0,
                        message_id=message_id,
                        facts=oracle.Facts('active', 'p1', 'small', 1),
                    ),
                    'ordered',
                ),
                1,
            )
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        rows = pool.execute(
            'SELECT message_id FROM $database.events '
            "WHERE resource_type = 'ordered' ORDER BY message_order"
        )
        self.assertEqual(
            sorted(set(ids), key=event_model.message_order),
            [message_id for (message_id,) in rows],
        )

    def test_sums_do_not_overflow(self) -> None:
        """R4: beyond what 64 bits hold, for time and for measures."""
        seen = [
            oracle.Observation(
                resource_id=f'r{number}',
                time=0,
                message_id='m',
                facts=oracle.Facts('active', 'p1', 'small', 2**63 - 1),
            )
            for number in range(3000)
        ]
        self.storage.write_events(
            [event for each in seen for event in events(each, 'big')], 1
        )
        end = 7_000_000_000_000_000
        self.assertGreater(3000 * end, 2**64)
        self.assertEqual(
            {
                ('active', 'p1', 'small'): (
                    3000 * end,
                    3000 * end * (2**63 - 1),
                )
            },
            self.ask('big', 0, end),
        )
