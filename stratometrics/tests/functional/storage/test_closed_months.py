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
"""Months that are closed, or were, on the real ClickHouse."""

from collections import defaultdict
import itertools

import hypothesis
from hypothesis import strategies as st

from stratometrics.model import event as event_model
from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import closing
from stratometrics.tests import oracle
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import test_usage_rules

#: Months of an example, and where in one of them something happens.
_MONTHS = 4
OFFSETS = st.sampled_from([0, 1, 2, 5, 10**12, 2_419_199_999_999])

_FIRST = months.begin(10**15)


def later(month: int, number: int) -> int:
    """The month that comes so many months later."""
    for _ in range(number):
        month = months.after(month)
    return month


@st.composite
def histories(draw: st.DrawFn) -> list[list]:
    """Batches of observations, and between them months to open and close.

    Times are pairs: the number of a month and an offset into it.
    """
    count = draw(st.integers(1, 10))
    instants = st.tuples(st.integers(0, _MONTHS - 1), OFFSETS)
    seen = [
        (
            draw(st.sampled_from(['a', 'b'])),
            draw(instants),
            f'm{number:02d}',
            draw(test_usage_rules.FACTS),
            draw(st.none() | instants),
        )
        for number in draw(st.permutations(range(count)))
    ]
    # Some come again.
    seen += draw(st.lists(st.sampled_from(seen), max_size=2))
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from(['open', 'close', 'close']),
                st.integers(0, _MONTHS - 1),
            ),
            min_size=1,
            max_size=6,
        )
    )
    while seen:
        size = draw(st.integers(1, 4))
        steps.insert(draw(st.integers(0, len(steps))), ('write', seen[:size]))
        seen = seen[size:]
    return steps


class ClosedMonthsTest(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)
        self.examples = itertools.count()

    def ask(self, resource_type: str, begin: int, end: int, **parameters):
        query = usage.UsageQuery(
            period=usage.Period(begin, end),
            now=timestamps.now(),
            resource_types=(resource_type,),
            group_by=('state', 'project_id', 'type'),
            **parameters,
        )
        return {
            row.group: (row.usage, row.measures.get('size', 0))
            for row in self.storage.usage(query)
        }

    def expect(
        self, seen, begin: int, end: int, project_id: str | None = None
    ):
        grouped: dict = defaultdict(lambda: (0, 0))
        for facts, time in oracle.usage(
            seen,
            begin,
            end,
            test_usage_rules.UNBILLED,
            test_usage_rules.PENDING,
        ).items():
            if project_id in (None, facts.project_id):
                total, measured = grouped[facts[:3]]
                grouped[facts[:3]] = (
                    total + time,
                    measured + time * facts.size,
                )
        return dict(grouped)

    def test_answers_are_those_of_the_events(self) -> None:
        """R1, R2, R5, R15: whatever is closed when, and late for it."""

        def test(steps: list, data: st.DataObject) -> None:
            # Each example has months of its own, behind those before.
            number = next(self.examples)
            first = later(_FIRST, number * _MONTHS)
            resource_type = f'type{number}'
            seen: list[oracle.Observation] = []
            marks: list[int] = []

            def instant(pair):
                month, offset = pair
                return later(first, month) + offset

            for step, what in steps:
                if step == 'open':
                    self.storage.open_month(later(first, what))
                elif step == 'close':
                    self.storage.close_month(later(first, what))
                else:
                    batch = [
                        oracle.Observation(
                            resource_id=resource_id,
                            time=instant(time),
                            message_id=message_id,
                            facts=facts,
                            created_at=created and instant(created),
                            received_at=len(marks),
                        )
                        for resource_id, time, message_id, facts, created in what
                    ]
                    received_at = timestamps.now()
                    self.storage.write_events(
                        [
                            event
                            for each in batch
                            for event in test_usage_rules.events(
                                each, resource_type
                            )
                        ],
                        received_at,
                    )
                    seen += batch
                    marks.append(received_at)
            whole = first, later(first, _MONTHS)
            spans = [
                whole,
                *itertools.pairwise(
                    later(first, month) for month in range(_MONTHS + 1)
                ),
                data.draw(
                    st.lists(
                        st.tuples(st.integers(0, _MONTHS - 1), OFFSETS),
                        min_size=2,
                        max_size=2,
                        unique=True,
                    ).map(lambda pairs: sorted(map(instant, pairs))),
                    label='span',
                ),
            ]
            for begin, end in spans:
                self.assertEqual(
                    self.expect(seen, begin, end),
                    self.ask(resource_type, begin, end),
                    (begin, end),
                )
            for known, as_of in enumerate(marks):
                for begin, end in (whole, spans[-1]):
                    self.assertEqual(
                        self.expect(
                            [
                                each
                                for each in seen
                                if each.received_at <= known
                            ],
                            begin,
                            end,
                        ),
                        self.ask(resource_type, begin, end, as_of=as_of),
                        (begin, end, as_of),
                    )
            self.assertEqual(
                self.expect(seen, *whole, project_id='p1'),
                self.ask(resource_type, *whole, project_ids=('p1',)),
            )

        hypothesis.given(histories(), st.data())(
            hypothesis.settings(
                max_examples=40,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            )(test)
        )()
