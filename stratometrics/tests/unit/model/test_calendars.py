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
import datetime
import itertools
import unittest
import zoneinfo

import hypothesis
from hypothesis import strategies as st

from stratometrics.model import calendars
from stratometrics.model import timestamps
from stratometrics.model import usage

HOUR = 3600 * timestamps.MICROSECONDS

ZONES = (
    'UTC',
    'Europe/Berlin',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'Antarctica/Troll',
    'Pacific/Apia',
    'Pacific/Chatham',
    'America/Sao_Paulo',
)


def instant(text: str) -> int:
    return timestamps.from_datetime(datetime.datetime.fromisoformat(text))


def buckets(begin: str, end: str, granularity: str, zone: str) -> list[int]:
    return list(
        calendars.boundaries(
            usage.Period(instant(begin), instant(end)),
            calendars.GRANULARITIES[granularity],
            zoneinfo.ZoneInfo(zone),
        )
    )


class CalendarsTest(unittest.TestCase):
    def check(
        self, expected: list[str], begin: str, end: str, *calendar: str
    ) -> None:
        self.assertEqual(
            expected,
            [
                timestamps.isoformat(each)
                for each in buckets(begin, end, *calendar)
            ],
        )

    def lengths(self, *question: str) -> list[float]:
        """Of buckets, in hours."""
        return [
            (end - begin) / HOUR
            for begin, end in itertools.pairwise(buckets(*question))
        ]

    def test_how_they_are_written(self) -> None:
        self.assertEqual(
            ['1h', '2h', '3h', '4h', '6h', '8h', '12h', '1d', '1w', '1mo'],
            list(calendars.GRANULARITIES),
        )

    def test_a_period_on_the_grid(self) -> None:
        self.check(
            [
                '2026-10-01T00:00:00Z',
                '2026-10-02T00:00:00Z',
                '2026-10-03T00:00:00Z',
            ],
            '2026-10-01T00:00:00Z',
            '2026-10-03T00:00:00Z',
            '1d',
            'UTC',
        )

    def test_a_period_off_the_grid_lies_within(self) -> None:
        self.check(
            [
                '2026-10-01T00:00:00Z',
                '2026-10-02T00:00:00Z',
                '2026-10-03T00:00:00Z',
            ],
            '2026-10-01T23:59:59.999999Z',
            '2026-10-02T00:00:00.000001Z',
            '1d',
            'UTC',
        )

    def test_days_of_an_odd_offset(self) -> None:
        self.check(
            ['2026-09-30T18:15:00Z', '2026-10-01T18:15:00Z'],
            '2026-10-01T00:00:00Z',
            '2026-10-01T12:00:00Z',
            '1d',
            'Asia/Kathmandu',
        )
        self.check(
            ['2026-09-30T23:15:00Z', '2026-10-01T00:15:00Z'],
            '2026-10-01T00:00:00Z',
            '2026-10-01T00:01:00Z',
            '1h',
            'Asia/Kathmandu',
        )

    def test_weeks_begin_on_monday(self) -> None:
        self.check(
            # Both Mondays at midnight; the clock is changed in between.
            ['2026-10-18T22:00:00Z', '2026-10-25T23:00:00Z'],
            '2026-10-25T00:00:00Z',
            '2026-10-25T22:59:59Z',
            '1w',
            'Europe/Berlin',
        )

    def test_months_across_a_year(self) -> None:
        self.check(
            [
                '2026-11-30T23:00:00Z',
                '2026-12-31T23:00:00Z',
                '2027-01-31T23:00:00Z',
            ],
            '2026-12-31T22:00:00Z',
            '2027-01-01T00:00:00Z',
            '1mo',
            'Europe/Berlin',
        )

    def test_a_day_has_as_many_hours_as_the_clock_says(self) -> None:
        for day, hours in (
            ('2026-03-29', 23),
            ('2026-10-25', 25),
            ('2026-10-26', 24),
        ):
            [first, *_] = buckets(
                f'{day}T12:00:00+01:00',
                f'{day}T12:00:01+01:00',
                '1d',
                'Europe/Berlin',
            )
            begin = timestamps.isoformat(first)
            end = timestamps.isoformat(first + hours * HOUR)
            self.assertEqual(
                [hours], self.lengths(begin, end, '1d', 'Europe/Berlin')
            )
            self.assertEqual(
                [1] * hours, self.lengths(begin, end, '1h', 'Europe/Berlin')
            )

    def test_several_hours_are_those_of_the_clock(self) -> None:
        for day, first, hours in (
            ('2026-03-29', '+01:00', [5, 6, 6, 6]),
            ('2026-10-25', '+02:00', [7, 6, 6, 6]),
        ):
            last = '+02:00' if first == '+01:00' else '+01:00'
            self.assertEqual(
                hours,
                self.lengths(
                    f'{day}T00:00:00{first}',
                    f'{day}T23:59:59{last}',
                    '6h',
                    'Europe/Berlin',
                ),
            )

    def test_half_an_hour_is_skipped_and_shown_twice(self) -> None:
        self.assertEqual(
            [1, 0.5, 1],
            self.lengths(
                '2026-10-04T01:00:00+10:30',
                '2026-10-04T04:00:00+11:00',
                '1h',
                'Australia/Lord_Howe',
            ),
        )
        self.assertEqual(
            [1, 0.5, 1],
            self.lengths(
                '2026-04-05T01:00:00+11:00',
                '2026-04-05T03:00:00+10:30',
                '1h',
                'Australia/Lord_Howe',
            ),
        )

    def test_two_hours_are_skipped(self) -> None:
        # From one o'clock to three.
        question = ('2026-03-29T00:00:00Z', '2026-03-29T03:00:00Z')
        self.assertEqual(
            [1, 1, 1], self.lengths(*question, '1h', 'Antarctica/Troll')
        )
        self.assertEqual(
            [1, 1, 2], self.lengths(*question, '2h', 'Antarctica/Troll')
        )

    def test_a_day_is_skipped(self) -> None:
        self.check(
            [
                '2011-12-29T10:00:00Z',
                '2011-12-30T10:00:00Z',
                '2011-12-31T10:00:00Z',
            ],
            '2011-12-29T10:00:00Z',
            '2011-12-31T10:00:00Z',
            '1d',
            'Pacific/Apia',
        )

    def test_midnight_is_skipped(self) -> None:
        self.assertEqual(
            [23],
            self.lengths(
                '2018-11-04T01:00:00-02:00',
                '2018-11-04T23:00:00-02:00',
                '1d',
                'America/Sao_Paulo',
            ),
        )

    def test_any_period_is_covered(self) -> None:
        """Without gaps, in buckets that the calendar alone decides."""

        @hypothesis.given(
            st.sampled_from(ZONES),
            st.sampled_from(list(calendars.GRANULARITIES)),
            st.integers(0, instant('2100-01-01T00:00:00Z')),
            st.integers(1, 100 * 24 * HOUR),
            st.integers(1, 100 * 24 * HOUR),
        )
        @hypothesis.settings(max_examples=200)
        def test(name, granularity, begin, length, more) -> None:
            def cut(period):
                return list(
                    calendars.boundaries(
                        period,
                        calendars.GRANULARITIES[granularity],
                        zoneinfo.ZoneInfo(name),
                    )
                )

            period = usage.Period(begin, begin + length)
            found = cut(period)
            self.assertEqual(sorted(set(found)), found)
            self.assertLessEqual(found[0], period.begin)
            self.assertLess(period.begin, found[1])
            self.assertLess(found[-2], period.end)
            self.assertLessEqual(period.end, found[-1])
            # One of a later end has the same, and more.
            longer = cut(usage.Period(begin, begin + length + more))
            self.assertEqual(found, longer[: len(found)])
            if granularity == '1h':
                self.assertLessEqual(
                    max(b - a for a, b in itertools.pairwise(found)), HOUR
                )
            # The clock shows the begin of a bucket as one would write it.
            for each in found[1:-1]:
                local = timestamps.to_datetime(each).astimezone(
                    zoneinfo.ZoneInfo(name)
                )
                offset = local.utcoffset()
                before = timestamps.to_datetime(each - 1).astimezone(
                    zoneinfo.ZoneInfo(name)
                )
                hour_before = timestamps.to_datetime(each - HOUR).astimezone(
                    zoneinfo.ZoneInfo(name)
                )
                if before.utcoffset() == offset == hour_before.utcoffset():
                    self.assertEqual(
                        (0, 0, 0),
                        (local.minute, local.second, local.microsecond),
                    )

        test()
