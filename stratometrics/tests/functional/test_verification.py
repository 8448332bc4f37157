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
"""What is stored of a month is compared with its events, on ClickHouse."""

from stratometrics import verification
from stratometrics.model import event as event_model
from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.storage.clickhouse import client
from stratometrics.tests.functional import base

_MONTH = months.begin(10**15)
_HOUR = 3600 * timestamps.MICROSECONDS


class VerificationTest(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)
        self.definitions = definitions.Definitions.load(None)
        self.write('m1', _MONTH + _HOUR)
        # It says the same: what is stored is one interval, and these are two.
        self.write('m2', _MONTH + 2 * _HOUR)
        self.write('m3', _MONTH + 3 * _HOUR, event_model.Phase.UNBILLED)
        self.storage.close_month(_MONTH)
        self.pool.execute_on_shards(
            'CREATE TABLE $database.whole ENGINE = Memory '
            'AS SELECT * FROM $database.intervals'
        )

    def write(
        self,
        message_id: str,
        event_time: int,
        phase: event_model.Phase = event_model.Phase.BILLED,
    ) -> None:
        event = event_model.Event(
            resource_type='snapshot',
            resource_id='s',
            event_time=event_time,
            message_id=message_id,
            rank=event_model.rank_of(phase),
            phase=phase,
            state='available',
            project_id='p',
            event_type='test',
            measures={'size_gib': 3},
            attributes={'volume_id': 'one'},
        )
        self.storage.write_events([event], timestamps.now())

    def verified(self) -> tuple[int, int, int]:
        result = verification.verify(
            self.storage,
            self.definitions,
            usage.Period(_MONTH, months.after(_MONTH)),
            timestamps.now(),
        )
        return result.groups, result.differing, result.difference

    def change(self, *changes: str) -> None:
        """Store something else in the place of the intervals."""
        self.pool.execute_on_shards('TRUNCATE TABLE $database.intervals')
        self.pool.execute_on_shards(
            'INSERT INTO $database.intervals '
            f'SELECT * REPLACE ({", ".join(changes)}) FROM $database.whole'
        )

    def test_nothing_differs(self) -> None:
        self.assertEqual((1, 0, 0), self.verified())

    def test_how_intervals_are_divided_does_not_matter(self) -> None:
        middle = _MONTH + _HOUR + 7
        self.change(f'{middle} AS interval_end')
        self.pool.execute_on_shards(
            'INSERT INTO $database.intervals SELECT * REPLACE '
            f'({middle} AS interval_begin) FROM $database.whole'
        )
        self.assertEqual((1, 0, 0), self.verified())

    def test_an_interval_that_is_not_where_it_was(self) -> None:
        self.change(
            'interval_begin + 1 AS interval_begin',
            'interval_end + 1 AS interval_end',
        )
        self.assertEqual((1, 1, 1), self.verified())

    def test_all_that_can_be_asked_for(self) -> None:
        whole = 2 * _HOUR
        for change in (
            "'other' AS project_id",
            "'other' AS state",
            "'other' AS name",
            "map('volume_id', 'other') AS attributes",
        ):
            self.change(change)
            self.assertEqual((2, 2, 2 * whole), self.verified(), change)

    def test_measures(self) -> None:
        self.change('\'{"size_gib":4}\' AS measures')
        self.assertEqual((1, 1, 1), self.verified())
