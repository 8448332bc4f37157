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
"""Openings change no answer, whenever they are made (R1, R2, R15)."""

import itertools

import hypothesis
from hypothesis import strategies as st

from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.storage.clickhouse import client
from stratometrics.tests import oracle
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import test_usage_rules as rules

#: The first microseconds of five months of 2001 and 2002.
MONTHS = [
    999_302_400_000_000,
    1_001_894_400_000_000,
    1_004_572_800_000_000,
    1_007_164_800_000_000,
    1_009_843_200_000_000,
]

INSTANTS = st.sampled_from(
    [
        month + offset
        for month in MONTHS
        for offset in (-1, 0, 1, 10**12, 10**12 + 1)
    ]
)

#: The last of them begins at the newest month, where only openings tell of
#: what was before.
PERIODS = st.lists(
    st.sampled_from(
        list(
            itertools.combinations(
                [MONTHS[0] - 10**13, *MONTHS, MONTHS[-1] + 10**13], 2
            )
        )
    ),
    min_size=1,
    max_size=3,
    unique=True,
).map(lambda some: [*some, (MONTHS[-1], MONTHS[-1] + 10**13)])


@st.composite
def observations(draw: st.DrawFn) -> list[oracle.Observation]:
    """Notifications of a few resources over months."""
    count = draw(st.integers(1, 12))
    numbers = draw(st.permutations(range(count)))
    return [
        oracle.Observation(
            resource_id=draw(st.sampled_from(['a', 'b'])),
            time=draw(INSTANTS),
            message_id=f'm{number:02d}',
            facts=draw(rules.FACTS),
            created_at=draw(st.none() | INSTANTS),
        )
        for number in numbers
    ]


class OpeningRulesTest(base.StorageTestCase):
    examples = 40

    def setUp(self) -> None:
        super().setUp()
        self._examples = itertools.count(1)
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)

    def test_months_opened_at_any_time_change_no_answer(self) -> None:
        def test(seen: list[oracle.Observation], data: st.DataObject) -> None:
            # Nothing is opened but by this example.
            self.pool.execute_on_shards('TRUNCATE TABLE $database.months')
            resource_type = f'type{next(self._examples)}'
            arriving = data.draw(
                st.permutations(
                    seen + data.draw(st.lists(st.sampled_from(seen)))
                ),
                label='arrival',
            )
            size = data.draw(st.integers(1, 5), label='batch size')
            arrived: dict[str, int] = {}
            for batch in [
                arriving[first : first + size]
                for first in range(0, len(arriving), size)
            ]:
                for month in data.draw(
                    st.lists(st.sampled_from(MONTHS), max_size=2),
                    label='opened',
                ):
                    self.storage.open_month(month)
                now = timestamps.now()
                self.storage.write_events(
                    [
                        event
                        for each in batch
                        for event in rules.events(each, resource_type)
                    ],
                    received_at=now,
                )
                for each in batch:
                    arrived.setdefault(each.message_id, now)
            for month in data.draw(
                st.lists(st.sampled_from(MONTHS)), label='opened last'
            ):
                self.storage.open_month(month)
            for as_of in data.draw(
                st.lists(
                    st.sampled_from([None, *sorted(set(arrived.values()))]),
                    min_size=1,
                    max_size=2,
                    unique=True,
                ),
                label='as of',
            ):
                known = [
                    each
                    for each in seen
                    if as_of is None or arrived[each.message_id] <= as_of
                ]
                for begin, end in data.draw(PERIODS, label='periods'):
                    self.check_usage(known, resource_type, begin, end, as_of)

        hypothesis.given(observations(), st.data())(
            hypothesis.settings(
                max_examples=self.examples,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            )(test)
        )()

    def check_usage(
        self,
        known: list[oracle.Observation],
        resource_type: str,
        begin: int,
        end: int,
        as_of: int | None,
    ) -> None:
        expected: dict = {}
        for facts, time in oracle.usage(
            known, begin, end, rules.UNBILLED, rules.PENDING
        ).items():
            expected[facts[:3]] = expected.get(facts[:3], 0) + time
        rows = self.storage.usage(
            usage.UsageQuery(
                period=usage.Period(begin, end),
                now=end,
                resource_types=(resource_type,),
                group_by=('state', 'project_id', 'type'),
                as_of=as_of,
            )
        )
        self.assertEqual(
            expected,
            {row.group: row.usage for row in rows},
            (begin, end, as_of),
        )
