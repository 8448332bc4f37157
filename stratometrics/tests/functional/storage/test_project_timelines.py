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
"""Which resources a project's question looks at, and that none is missed."""

import datetime

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.storage.clickhouse import client
from stratometrics.tests.functional import base

_DAY = 86_400 * timestamps.MICROSECONDS

#: The first microseconds of January to May 2026.
_JANUARY, _FEBRUARY, _MARCH, _APRIL, _MAY = (
    timestamps.from_datetime(
        datetime.datetime(2026, month, 1, tzinfo=datetime.UTC)
    )
    for month in range(1, 6)
)

_TIMELINES = """
SELECT count() FROM $database.project_timelines FINAL
WHERE project_id = {project:String} AND month = {month:UInt32}
"""


def _event(resource_id: str, time: int, **facts) -> event_model.Event:
    given = {
        'phase': event_model.Phase.BILLED,
        'state': 'available',
        'project_id': 'p1',
        'event_type': 'test',
    }
    return event_model.Event(
        resource_type='volume',
        resource_id=resource_id,
        event_time=time,
        message_id=f'{resource_id} {time}',
        rank=event_model.RANK_EVENT,
        **(given | facts),
    )


class ProjectTimelinesTest(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.storage.write_events(
            [
                # There all the time, and told of but once.
                _event('still', _JANUARY),
                # Gone in January.
                _event('gone', _JANUARY),
                _event(
                    'gone', _FEBRUARY - _DAY, phase=event_model.Phase.ENDED
                ),
                # Handed over in mid-March, by what names the new owner only.
                _event('given', _JANUARY),
                _event('given', _MARCH + 10 * _DAY, project_id='p2'),
                # Handed over long ago.
                _event('lost', _JANUARY),
                _event('lost', _JANUARY + _DAY, project_id='p2'),
            ],
            _MAY,
        )

    def usage(self, project_id: str, begin: int, end: int) -> dict[str, int]:
        """Days of each resource."""
        rows = self.storage.usage(
            usage.UsageQuery(
                period=usage.Period(begin, end),
                now=_MAY,
                resource_types=('volume',),
                group_by=('resource_id',),
                project_ids=(project_id,),
            )
        )
        return {row.group[0]: row.usage // _DAY for row in rows}

    def check(self) -> None:
        for project_id, begin, end, expected in (
            ('p1', _MARCH, _APRIL, {'still': 31, 'given': 10}),
            ('p2', _MARCH, _APRIL, {'given': 21, 'lost': 31}),
            ('p1', _APRIL, _MAY, {'still': 30}),
            (
                'p1',
                _JANUARY,
                _MARCH,
                {'still': 59, 'gone': 30, 'given': 59, 'lost': 1},
            ),
            ('p1', _MARCH + 20 * _DAY, _MAY, {'still': 41}),
        ):
            self.assertEqual(expected, self.usage(project_id, begin, end))

    def test_over_all_history(self) -> None:
        self.check()

    def test_from_an_opening(self) -> None:
        for month in (_FEBRUARY, _MARCH, _APRIL):
            self.storage.open_month(month)
            self.check()

    def test_a_month_knows_but_what_was_there(self) -> None:
        for month in (_FEBRUARY, _MARCH, _APRIL):
            self.storage.open_month(month)
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        for month, expected in ((202601, 4), (202603, 2), (202604, 1)):
            self.assertEqual(
                [(expected,)],
                pool.execute(_TIMELINES, {'project': 'p1', 'month': month}),
            )
