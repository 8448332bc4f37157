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
"""Calendar months, as people write them."""

import datetime
import zoneinfo

import hypothesis
from hypothesis import strategies as st
import testtools

from stratometrics.model import instants
from stratometrics.model import months
from stratometrics.model import timestamps

#: Four time zones, on both sides of Greenwich; one that skipped a day.
ZONES = [
    zoneinfo.ZoneInfo(name)
    for name in (
        'UTC',
        'Pacific/Apia',
        'America/Los_Angeles',
        'Asia/Kathmandu',
    )
]


class MonthsTest(testtools.TestCase):
    def test_a_month_of_the_calendar(self) -> None:
        october = months.read('2026-10', zoneinfo.ZoneInfo('Europe/Berlin'))
        self.assertEqual(
            (
                instants.parse('2026-10-01T00:00:00+02:00'),
                instants.parse('2026-11-01T00:00:00+01:00'),
            ),
            (october.begin, october.end),
        )

    def test_what_is_written_is_read(self) -> None:
        for zone in ZONES:
            for year in (1971, 2011, 2026, 2199):
                for number in range(1, 13):
                    text = f'{year}-{number:02}'
                    month = months.read(text, zone)
                    self.assertEqual(text, months.written(month, zone))
                    for instant in (month.begin, month.end - 1):
                        self.assertEqual(month, months.holding(instant, zone))

    def test_what_is_no_month(self) -> None:
        for text in (
            *('', '2026', '2026-1', '2026-00', '2026-13', '2026-10-01'),
            *(' 2026-10', '2026-10\n', '20٢6-10', '1969-12', '2200-01'),
        ):
            error = self.assertRaises(
                months.InvalidMonth, months.read, text, ZONES[0]
            )
            self.assertIn('2026-10', str(error))

    @hypothesis.given(
        st.datetimes(
            datetime.datetime(1900, 1, 1),
            datetime.datetime(2299, 12, 31),
            timezones=st.just(datetime.UTC),
        )
    )
    def test_the_month_of_an_instant(self, instant: datetime.datetime) -> None:
        begin = datetime.datetime(
            instant.year, instant.month, 1, tzinfo=datetime.UTC
        )
        self.assertEqual(
            timestamps.from_datetime(begin),
            months.begin(timestamps.from_datetime(instant)),
        )
        self.assertEqual(
            timestamps.from_datetime(
                (begin + datetime.timedelta(31)).replace(day=1)
            ),
            months.after(timestamps.from_datetime(begin)),
        )
