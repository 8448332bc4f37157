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
"""Times are integers, and text of them is exact (R3, R4)."""

import datetime

import hypothesis
from hypothesis import strategies as st
import testtools

from stratometrics.model import timestamps
from stratometrics.model import usage

MOMENTS = st.datetimes(
    min_value=datetime.datetime(1970, 1, 1),
    max_value=datetime.datetime(2200, 1, 1),
    timezones=st.sampled_from(
        [
            datetime.UTC,
            datetime.timezone(datetime.timedelta(hours=5, minutes=45)),
        ]
    ),
)


class TimestampsTest(testtools.TestCase):
    @hypothesis.given(MOMENTS)
    def test_every_microsecond_survives(self, moment) -> None:
        there = timestamps.from_datetime(moment)
        self.assertIsInstance(there, int)
        self.assertEqual(moment, timestamps.to_datetime(there))

    def test_a_naive_time_is_refused(self) -> None:
        self.assertRaises(
            ValueError,
            timestamps.from_datetime,
            datetime.datetime(2026, 10, 1),
        )

    def test_iso_text(self) -> None:
        self.assertEqual('1970-01-01T00:00:00Z', timestamps.isoformat(0))
        self.assertEqual(
            '2026-10-01T00:00:00.000001Z',
            timestamps.isoformat(1_790_812_800_000_001),
        )

    def test_decimal_seconds(self) -> None:
        for microseconds, text in (
            (0, '0.000000'),
            (1, '0.000001'),
            (86_400_000_000, '86400.000000'),
            (-1, '-0.000001'),
            (-1_500_000, '-1.500000'),
            (10**30 + 1, '1000000000000000000000000.000001'),
        ):
            self.assertEqual(text, timestamps.decimal_seconds(microseconds))

    def test_now_is_the_present(self) -> None:
        before = datetime.datetime.now(datetime.UTC)
        now = timestamps.to_datetime(timestamps.now())
        after = datetime.datetime.now(datetime.UTC)
        self.assertTrue(before <= now <= after)


class PeriodTest(testtools.TestCase):
    def test_a_period_must_end_after_it_begins(self) -> None:
        self.assertRaises(ValueError, usage.Period, 5, 5)
        self.assertRaises(ValueError, usage.Period, 5, 4)
        usage.Period(5, 6)
