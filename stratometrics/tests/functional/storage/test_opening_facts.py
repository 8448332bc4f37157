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
"""What else reads events finds the same with openings, and after a purge."""

from collections.abc import Sequence
import dataclasses
import itertools
from typing import Any

import hypothesis
from hypothesis import strategies as st

from stratometrics.model import event as event_model
from stratometrics.model import timeline
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import months as months_module
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import test_openings

SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER, JANUARY = test_openings.MONTHS

_REGION = 'one'

_KINDS = {
    'active': (event_model.RANK_EVENT, event_model.Phase.BILLED),
    'stopped': (event_model.RANK_EVENT, event_model.Phase.UNBILLED),
    'gone': (event_model.RANK_ESTIMATE, event_model.Phase.UNBILLED),
    'back': (event_model.RANK_REFUTATION, event_model.Phase.BILLED),
    'deleted': (event_model.RANK_DELETION, event_model.Phase.ENDED),
}


@st.composite
def histories(draw: st.DrawFn) -> list[event_model.Event]:
    """Events of a few resources, which change hands and end by estimate."""
    count = draw(st.integers(1, 10))
    events = []
    for number in draw(st.permutations(range(count))):
        state = draw(st.sampled_from(sorted(_KINDS)))
        rank, phase = _KINDS[state]
        event = event_model.Event(
            resource_type='vm',
            resource_id=draw(st.sampled_from(['a', 'b'])),
            event_time=draw(
                st.sampled_from(
                    [
                        month + offset
                        for month in (SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER)
                        for offset in (-1, 0, 10**12)
                    ]
                )
            ),
            message_id=f'm{number:02d}',
            rank=rank,
            phase=phase,
            state=state,
            project_id=draw(st.sampled_from(['p1', 'p2'])),
            region=_REGION,
            event_type='test',
            created_at=draw(
                st.none() | st.sampled_from([SEPTEMBER - 5, OCTOBER])
            ),
            attributes={'a': draw(st.sampled_from(['', 'x']))},
            measures={'size': number},
        )
        birth = event.birth()
        events += [event] if birth is None else [birth, event]
    return events


class OpeningFactsTest(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.examples = itertools.count(1)
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)
        for table in ('events', 'deaths', 'months'):
            self.pool.execute(
                f'ALTER TABLE $database.{table} MODIFY SETTING '
                'fsync_after_insert = 0, fsync_part_directory = 0'
            )

    def tell(
        self, events: Sequence[event_model.Event], name: str, received_at: int
    ) -> None:
        self.storage.write_events(
            [dataclasses.replace(each, resource_type=name) for each in events],
            received_at,
        )

    def standings(self, name: str) -> dict[str, Any]:
        """Where resources stand, whoever wrote what tells it."""
        return {
            resource_id: dataclasses.replace(
                found, latest=_plain(found.latest)
            )
            for resource_id, found in self.storage.standings(
                name, ['a', 'b']
            ).items()
        }

    def facts(self, name: str) -> dict[str, Any]:
        """All that a reconciliation asks for."""
        storage = self.storage
        return {
            'standings': self.standings(name),
            'living': sorted(
                each.latest.resource_id
                for page in storage.living(name, _REGION, 1)
                for each in page
            ),
            'number': storage.count_living(name, _REGION),
            'doubted': sorted(storage.doubted(name, _REGION)),
            'estimates': {
                resource_id: (found.at, _plain(found.before))
                for resource_id, found in storage.estimates(
                    name, ['a', 'b']
                ).items()
            },
            'beginnings': {
                resource_id: _plain(event)
                for resource_id, event in storage.beginnings(
                    name, ['a', 'b']
                ).items()
            },
            'recorded': sorted(
                (each.received_at, each.event.order)
                for resource_id in ('a', 'b')
                for each in storage.recorded([name], resource_id, None)
            ),
        }

    def answers(self, name: str) -> list[Any]:
        """What is answered of November and December, by owner too."""
        found: list[Any] = []
        for (begin, end), owners in itertools.product(
            itertools.pairwise((NOVEMBER, DECEMBER, JANUARY)),
            (None, ('p1',)),
        ):
            common = {
                'period': usage.Period(begin, end),
                'now': end,
                'resource_types': (name,),
                'project_ids': owners,
                'as_of': None,
            }
            rows = self.storage.usage(
                usage.UsageQuery(
                    **common, group_by=('resource_id', 'state', 'project_id')
                )
            )
            found.append(sorted((row.group, row.usage) for row in rows))
            lives = self.storage.alive(
                timeline.ResourceQuery(**common, limit=10)
            )
            found.append(
                {
                    each.resource_id: dataclasses.replace(
                        each, resource_type=''
                    )
                    for each in lives
                }
            )
        return found

    def purge(self) -> None:
        """Drop what was before November."""
        months = months_module.Months(self.pool)
        months.enter(NOVEMBER, months_module.Entry.PURGED, 0)
        partitions = self.pool.execute(
            'SELECT DISTINCT toYYYYMM(event_time) FROM $database.events WHERE '
            "event_time < fromUnixTimestamp64Micro({month:Int64}, 'UTC')",
            {'month': NOVEMBER},
        )
        for (partition,) in partitions:
            self.pool.execute(
                f'ALTER TABLE $database.events DROP PARTITION {partition}'
            )

    def test_openings_and_purges_change_nothing(self) -> None:
        def test(
            history: list[event_model.Event], data: st.DataObject
        ) -> None:
            self.pool.execute('TRUNCATE TABLE $database.months')
            number = next(self.examples)
            plain, opened = f'plain{number}', f'opened{number}'
            size = data.draw(st.integers(1, 5), label='batch size')
            batches = [
                (history[first : first + size], timestamps.now() + first)
                for first in range(0, len(history), size)
            ]
            for batch, received_at in batches:
                self.tell(batch, plain, received_at)
            expected = self.facts(plain)
            answered = self.answers(plain)
            for batch, received_at in batches:
                for month in data.draw(
                    st.lists(
                        st.sampled_from([OCTOBER, NOVEMBER, DECEMBER]),
                        max_size=2,
                    ),
                    label='opened',
                ):
                    self.storage.open_month(month)
                self.tell(batch, opened, received_at)
            self.storage.open_month(NOVEMBER)
            self.assertEqual(expected, self.facts(opened))
            self.assertEqual(answered, self.answers(opened))
            self.purge()
            self.assertEqual(answered, self.answers(opened))
            self.check_kept(history, expected, self.facts(opened))
            # What is told again of what was purged is carried, and no more.
            for batch, received_at in batches:
                self.tell(batch, opened, received_at)
            self.assertEqual(answered, self.answers(opened))

        hypothesis.given(histories(), st.data())(
            hypothesis.settings(
                max_examples=10,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            )(test)
        )()

    def check_kept(
        self,
        history: Sequence[event_model.Event],
        expected: dict[str, Any],
        found: dict[str, Any],
    ) -> None:
        """What a reconciliation needs is left of what was purged."""
        self.assertEqual(
            (expected['living'], expected['number']),
            (found['living'], found['number']),
        )
        for resource_id, before in expected['standings'].items():
            after = found['standings'].get(resource_id)
            heard_at = max(
                each.event_time
                for each in history
                if each.resource_id == resource_id
            )
            if after is None:
                # It ended long ago, and nothing was told of it since.
                self.assertTrue(before.ended)
                self.assertLess(heard_at, OCTOBER)
                continue
            self.assertEqual(
                (before.latest, before.received_at, before.ended),
                (after.latest, after.received_at, after.ended),
            )
            estimated_at = max(
                (
                    each.event_time
                    for each in history
                    if each.resource_id == resource_id
                    and each.rank == event_model.RANK_ESTIMATE
                ),
                default=0,
            )
            # Nobody asks what held before, once it has ended.
            if estimated_at >= NOVEMBER and not after.ended:
                for kind in ('doubted', 'estimates'):
                    self.assertEqual(
                        resource_id in expected[kind],
                        resource_id in found[kind],
                        kind,
                    )
                self.assertEqual(
                    expected['estimates'].get(resource_id),
                    found['estimates'].get(resource_id),
                )


def _plain(event: event_model.Event) -> event_model.Event:
    return dataclasses.replace(event, resource_type='', source='')
