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
"""The rules of consumption, on the real ClickHouse, against an oracle."""

from collections import Counter
from collections.abc import Iterable
import dataclasses
import itertools

import hypothesis
from hypothesis import strategies as st

from stratometrics.model import event as event_model
from stratometrics.model import usage
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import months
from stratometrics.storage.clickhouse import reader
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import division

# Few instants, so that events meet in the same microsecond; the last one lies
# in another month, and so in another partition.
INSTANTS = st.sampled_from(
    [10**15 + offset for offset in (0, 1, 2, 5, 1000, 3_000_000_000_000)]
)
#: From before the first of them until after the last.
WHOLE = usage.Period(10**15, 10**15 + 4_000_000_000_000)
LATE = 2 * 10**15


@dataclasses.dataclass(frozen=True)
class Consumed:
    """What one notification says; times in microseconds.

    :param arrivals: when its copies arrived, one or more.
    """

    account: str
    time: int
    message_id: str
    project_id: str
    method: str
    size: int
    arrivals: tuple[int, ...]

    def event(self, resource_type: str) -> event_model.Event:
        """:param resource_type: keeps the examples in one database apart."""
        return event_model.Event(
            resource_type=resource_type,
            resource_id=self.account,
            event_time=self.time,
            message_id=self.message_id,
            rank=event_model.RANK_EVENT,
            phase=event_model.Phase.CONSUMED,
            state='',
            project_id=self.project_id,
            event_type='test',
            attributes={'method': self.method},
            measures={'requests': 1, 'size': self.size},
        )


@st.composite
def consumptions(draw: st.DrawFn) -> list[Consumed]:
    """Notifications of a few accounts, each with an id of its own."""
    return [
        Consumed(
            account=draw(st.sampled_from(['a', "b'; --"])),
            time=draw(INSTANTS),
            message_id=f'm{number:02d}',
            project_id=draw(st.sampled_from(['p1', "p'2"])),
            method=draw(st.sampled_from(['get', 'put'])),
            size=draw(st.sampled_from([0, 1, 7, 2**63 - 1])),
            arrivals=tuple(
                draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
            ),
        )
        for number in range(draw(st.integers(0, 10)))
    ]


def expected(
    found: Iterable[Consumed], begin: int, end: int
) -> dict[tuple[str, ...], tuple[int, int]]:
    """The oracle: count and size by project and method."""
    counts: Counter = Counter()
    sizes: Counter = Counter()
    for each in found:
        if begin <= each.time < end:
            counts[each.project_id, each.method] += 1
            sizes[each.project_id, each.method] += each.size
    return {group: (counts[group], sizes[group]) for group in counts}


class ConsumptionRulesTest(base.StorageTestCase):
    """R1, R2, R4, R5, R9, R15 and R16, where an amount counts once."""

    examples = 30

    def setUp(self) -> None:
        super().setUp()
        self._examples = itertools.count(1)
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)

    def store(self, found: list[Consumed], data: st.DataObject) -> str:
        """Store all copies in any order, and in any batches of one time."""
        resource_type = f'type{next(self._examples)}'
        copies = data.draw(
            st.permutations(
                [
                    (arrival, each)
                    for each in found
                    for arrival in each.arrivals
                ]
            ),
            label='arrival',
        )
        for received_at, batch in itertools.groupby(
            copies, key=lambda copy: copy[0]
        ):
            self.storage.write_events(
                [each.event(resource_type) for _arrival, each in batch],
                LATE + received_at,
            )
        return resource_type

    def ask(self, resource_type: str, period: usage.Period, **parameters):
        """The answer of the store: count and size by group."""
        query = usage.UsageQuery(
            period=period,
            now=parameters.pop('now', 3 * LATE),
            resource_types=(resource_type,),
            group_by=parameters.pop('group_by', ('project_id', 'method')),
            kind=usage.Kind.CONSUMPTION,
            **parameters,
        )
        rows = self.storage.usage(query)
        for row in rows:
            self.assertEqual(row.usage, row.measures['requests'])
        return {row.group: (row.usage, row.measures['size']) for row in rows}

    def check(self, test) -> None:
        """Run a property on many examples, all in this test's database."""
        hypothesis.given(consumptions(), st.data())(
            hypothesis.settings(
                max_examples=self.examples,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            )(test)
        )()

    def test_any_arrival_gives_the_oracle_s_answer(self) -> None:
        """R1, R2, R9."""

        def test(found: list[Consumed], data: st.DataObject) -> None:
            resource_type = self.store(found, data)
            begin = data.draw(INSTANTS, label='begin')
            end = begin + data.draw(
                st.sampled_from([1, 4, 10**6, 4_000_000_000_000]), label='span'
            )
            now = data.draw(st.sampled_from([end, end + 5, begin + 2]))
            self.assertEqual(
                expected(found, begin, min(end, now)),
                self.ask(resource_type, usage.Period(begin, end), now=now),
            )

        self.check(test)

    def test_buckets_are_what_lies_in_them(self) -> None:
        """R5: of any calendar, and they sum to the whole."""

        def test(found: list[Consumed], data: st.DataObject) -> None:
            resource_type = self.store(found, data)
            period, boundaries = data.draw(division.divided(10**15))
            query = usage.UsageQuery(
                period=period,
                boundaries=boundaries,
                now=3 * LATE,
                resource_types=(resource_type,),
                group_by=('project_id', 'method'),
                kind=usage.Kind.CONSUMPTION,
            )
            parts: dict = {
                usage.Period(
                    max(begin, period.begin), min(end, period.end)
                ): {}
                for begin, end in itertools.pairwise(boundaries)
            }
            for row in self.storage.usage(query):
                for bucket, amounts in row.buckets.items():
                    parts[bucket][row.group] = (
                        amounts.usage,
                        amounts.measures['size'],
                    )
                self.assertEqual(
                    (row.usage, row.measures['size']),
                    (
                        sum(each.usage for each in row.buckets.values()),
                        sum(
                            each.measures['size']
                            for each in row.buckets.values()
                        ),
                    ),
                )
            self.assertEqual(
                {
                    bucket: expected(found, bucket.begin, bucket.end)
                    for bucket in parts
                },
                parts,
            )

        self.check(test)

    def test_a_comparison_is_two_answers_side_by_side(self) -> None:
        def test(found: list[Consumed], data: st.DataObject) -> None:
            resource_type = self.store(found, data)
            middle = data.draw(INSTANTS.filter(lambda at: at > WHOLE.begin))
            previous = usage.Period(WHOLE.begin, middle)
            period = usage.Period(middle, WHOLE.end)
            query = usage.UsageQuery(
                period=period,
                previous=previous,
                now=3 * LATE,
                resource_types=(resource_type,),
                group_by=('project_id', 'method'),
                kind=usage.Kind.CONSUMPTION,
                order=(usage.Order('usage', descending=True),),
            )
            this, other = (
                expected(found, each.begin, each.end)
                for each in (period, previous)
            )
            rows = self.storage.usage(query)
            self.assertEqual(
                sorted((row.usage for row in rows), reverse=True),
                [row.usage for row in rows],
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
                    for row in rows
                },
            )

        self.check(test)

    def test_usage_is_additive(self) -> None:
        """R5: parts of a period sum to it, and projects to the cloud."""

        def test(found: list[Consumed], data: st.DataObject) -> None:
            resource_type = self.store(found, data)
            middle = data.draw(INSTANTS.filter(lambda at: at > WHOLE.begin))
            parts: Counter = Counter()
            for period in (
                usage.Period(WHOLE.begin, middle),
                usage.Period(middle, WHOLE.end),
            ):
                for project_id in ('p1', "p'2"):
                    answer = self.ask(
                        resource_type, period, project_ids=(project_id,)
                    )
                    for group, amounts in answer.items():
                        self.assertEqual(project_id, group[0])
                        for place, amount in enumerate(amounts):
                            parts[group, place] += amount
            whole = self.ask(resource_type, WHOLE)
            self.assertEqual(
                Counter(
                    {
                        (group, place): amount
                        for group, amounts in whole.items()
                        for place, amount in enumerate(amounts)
                    }
                ),
                parts,
            )
            self.assertEqual(
                [sum(column) for column in zip(*whole.values(), strict=True)],
                [
                    amount
                    for amounts in self.ask(
                        resource_type, WHOLE, group_by=('resource_type',)
                    ).values()
                    for amount in amounts
                ],
            )

        self.check(test)

    def test_filters(self) -> None:
        def test(found: list[Consumed], data: st.DataObject) -> None:
            resource_type = self.store(found, data)
            self.assertEqual(
                expected(
                    [
                        each
                        for each in found
                        if each.account == 'a' and each.method == 'get'
                    ],
                    WHOLE.begin,
                    WHOLE.end,
                ),
                self.ask(
                    resource_type,
                    WHOLE,
                    filters={'resource_id': ('a',), 'method': ('get',)},
                ),
            )

        self.check(test)

    def test_as_of_answers_from_what_had_arrived(self) -> None:
        """R15: the first copy of an event says when it arrived."""

        def test(found: list[Consumed], data: st.DataObject) -> None:
            resource_type = self.store(found, data)
            if data.draw(st.booleans(), label='merged'):
                self.pool.execute_on_shards(
                    'OPTIMIZE TABLE $database.events FINAL'
                )
            as_of = data.draw(st.integers(0, 6), label='as of')
            self.assertEqual(
                expected(
                    [each for each in found if min(each.arrivals) <= as_of],
                    WHOLE.begin,
                    WHOLE.end,
                ),
                self.ask(resource_type, WHOLE, as_of=LATE + as_of),
            )

        self.check(test)

    def test_the_first_copy_says_what_was_consumed(self) -> None:
        """A definition may change between two copies: the first one counts,
        before and after they are merged, whatever is asked."""
        first = Consumed('a', 10**15, 'm', 'p1', 'get', 5, ())
        second = dataclasses.replace(
            first, project_id='p2', method='put', size=7
        )
        self.pool.execute_on_shards('SYSTEM STOP MERGES $database.events')
        self.storage.write_events([second.event('changed')], LATE + 2)
        self.storage.write_events([first.event('changed')], LATE + 1)
        self.storage.write_events([second.event('changed')], LATE + 3)
        for _merged in (False, True):
            for parameters, answer in (
                ({}, {('p1', 'get'): (1, 5)}),
                ({'project_ids': ('p1',)}, {('p1', 'get'): (1, 5)}),
                ({'project_ids': ('p2',)}, {}),
                ({'filters': {'method': ('put',)}}, {}),
                ({'as_of': LATE}, {}),
                ({'as_of': LATE + 1}, {('p1', 'get'): (1, 5)}),
            ):
                self.assertEqual(
                    answer, self.ask('changed', WHOLE, **parameters)
                )
            self.pool.execute_on_shards('SYSTEM START MERGES $database.events')
            self.pool.execute_on_shards(
                'OPTIMIZE TABLE $database.events FINAL'
            )

    def test_it_is_no_time_and_time_is_none_of_it(self) -> None:
        consumed = Consumed('a', 10**15, 'm', 'p1', 'get', 5, ()).event('both')
        self.storage.write_events(
            [
                consumed,
                dataclasses.replace(
                    consumed, message_id='n', phase=event_model.Phase.BILLED
                ),
            ],
            1,
        )
        self.assertEqual({('p1', 'get'): (1, 5)}, self.ask('both', WHOLE))
        [row] = self.storage.usage(
            usage.UsageQuery(
                period=usage.Period(10**15, 10**15 + 10),
                now=LATE,
                resource_types=('both',),
                group_by=(),
            )
        )
        self.assertEqual(
            (10, {'requests': 10, 'size': 50}), (row.usage, row.measures)
        )

    def test_sums_do_not_overflow(self) -> None:
        """R4."""
        self.storage.write_events(
            [
                Consumed(
                    'a', 10**15, f'm{number}', 'p1', 'get', 2**63 - 1, ()
                ).event('big')
                for number in range(5000)
            ],
            1,
        )
        self.assertEqual(
            {('p1', 'get'): (5000, 5000 * (2**63 - 1))},
            self.ask('big', WHOLE),
        )

    def test_each_distinct_amount_takes_no_memory(self) -> None:
        self.pool.execute(
            """
            INSERT INTO $database.events (
                resource_type, resource_id, event_time, rank, message_id,
                phase, measures
            )
            SELECT 'many', 'a', fromUnixTimestamp64Micro({begin:Int64}),
                {rank:Int64}, toString(number), 'consumed',
                concat('{"requests":1,"size":', toString(number), '}')
            FROM numbers({count:UInt64})
            """,
            {
                'begin': WHOLE.begin,
                'rank': event_model.RANK_EVENT,
                'count': 1_000_000,
            },
        )
        asked = reader.Reader(
            self.pool,
            months.Months(self.pool),
            {'max_memory_usage': 100_000_000},
        )
        query = usage.UsageQuery(
            period=WHOLE,
            now=LATE,
            resource_types=('many',),
            group_by=('resource_id',),
            kind=usage.Kind.CONSUMPTION,
        )
        self.assertEqual(
            [
                usage.UsageRow(
                    ('a',),
                    1_000_000,
                    {'requests': 1_000_000, 'size': 1_000_000 * 999_999 // 2},
                )
            ],
            asked.usage(query),
        )
