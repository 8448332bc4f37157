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
"""Times as people type them, against what clocks show."""

import argparse
import datetime
import unittest
import zoneinfo

import hypothesis
from hypothesis import strategies as st

from stratometrics.osc.options import times

UTC = datetime.UTC
ZURICH = zoneinfo.ZoneInfo('Europe/Zurich')
NOW = datetime.datetime(2026, 10, 15, 9, 30, 7, 5, tzinfo=UTC)

ZONES = st.sampled_from(
    [
        zoneinfo.ZoneInfo(name)
        for name in (
            'UTC',
            'Europe/Zurich',
            'America/New_York',
            'America/Sao_Paulo',
            'America/Santiago',
            'Asia/Beirut',
            'Asia/Kathmandu',
            'Africa/Cairo',
            'Australia/Lord_Howe',
            'Pacific/Apia',
        )
    ]
)
#: Since when clocks are changed at quarters of an hour.
DAYS = st.dates(datetime.date(1975, 1, 1), datetime.date(2037, 12, 1))
MOMENTS = st.datetimes(
    datetime.datetime(1975, 1, 1),
    datetime.datetime(2037, 12, 1),
    timezones=st.just(UTC),
)
QUARTER = datetime.timedelta(minutes=15)


def begin_of(day, zone):
    """The first quarter of an hour that is of the day, or of a later one."""
    moment = datetime.datetime.combine(day, datetime.time(), UTC)
    moment -= datetime.timedelta(hours=26)
    while moment.astimezone(zone).date() < day:
        moment += QUARTER
    return moment


def shown(moment, zone):
    return moment.astimezone(zone).replace(tzinfo=None)


def instant(text, zone=UTC, now=NOW):
    return times.instant(text, zone, now)


class InstantTest(unittest.TestCase):
    def check(self, expected, text, zone=UTC, now=NOW):
        self.assertEqual(
            expected, instant(text, zone, now).isoformat(), (text, zone)
        )

    def test_texts(self):
        for text, utc, zurich in (
            ('now', '2026-10-15T09:30:07.000005', None),
            ('today', '2026-10-15T00:00:00', '2026-10-14T22:00:00'),
            ('yesterday', '2026-10-14T00:00:00', '2026-10-13T22:00:00'),
            ('tomorrow', '2026-10-16T00:00:00', '2026-10-15T22:00:00'),
            ('2026-10', '2026-10-01T00:00:00', '2026-09-30T22:00:00'),
            ('2026-12', '2026-12-01T00:00:00', '2026-11-30T23:00:00'),
            ('2026-10-05', '2026-10-05T00:00:00', '2026-10-04T22:00:00'),
            # Of ISO 8601: the first week holds the first Thursday.
            ('2026-W41', '2026-10-05T00:00:00', '2026-10-04T22:00:00'),
            ('2026-W01', '2025-12-29T00:00:00', '2025-12-28T23:00:00'),
            ('2026-10-05T12:30', '2026-10-05T12:30:00', '2026-10-05T10:30:00'),
            ('2026-10-05 12:30', '2026-10-05T12:30:00', '2026-10-05T10:30:00'),
            ('2026-10-05T12:30:00.5Z', '2026-10-05T12:30:00.500000', None),
            ('2026-10-05t12:30:01z', '2026-10-05T12:30:01', None),
            ('2026-10-05T12:30:00+05:45', '2026-10-05T06:45:00', None),
            ('-10min', '2026-10-15T09:20:07.000005', None),
            ('-12h', '2026-10-14T21:30:07.000005', None),
            ('-7d', '2026-10-08T09:30:07.000005', None),
            ('-2w', '2026-10-01T09:30:07.000005', None),
            ('-1mo', '2026-09-15T09:30:07.000005', None),
            # It is winter there.
            (
                '-9mo',
                '2026-01-15T09:30:07.000005',
                '2026-01-15T10:30:07.000005',
            ),
            ('-2y', '2024-10-15T09:30:07.000005', None),
        ):
            self.check(f'{utc}+00:00', text)
            self.check(f'{zurich or utc}+00:00', text, ZURICH)

    def test_what_is_none(self):
        for text in (
            '',
            ' ',
            'soon',
            '7d',
            '-7',
            '-7days',
            '-1234567d',
            '-999999y',
            '-999999w',
            '2026',
            '2026-13',
            '2026-00',
            '0000-01',
            '2026-02-30',
            '2026-W54',
            '2026-W41-1',
            '20261005',
            '2026-10-05T12',
            '2026-10-05T25:00',
            '2026-10-05T12:00:00.1234567Z',
            '2026-10-05T12:00:00,5Z',
            '2026-10-05T12:00:00+0200',
            '2026-10-05T12:00:00+99:00',
            '\u0662\u0660\u0662\u0666-10',
            '2026-10-05\n',
        ):
            with self.assertRaises(times.Invalid, msg=text) as caught:
                instant(text)
            self.assertIn('such as 2026-10', str(caught.exception))

    def test_ends_of_the_calendar(self):
        tokyo = zoneinfo.ZoneInfo('Asia/Tokyo')
        with self.assertRaises(times.Invalid):
            instant('0001-01-01', tokyo)
        with self.assertRaises(times.Invalid):
            instant('0001-01-01T00:00:00+09:00')
        self.check('9999-12-31T00:00:00+00:00', '9999-12-31')

    def test_what_the_clock_does_not_show_once(self):
        for text, often in (
            ('2026-03-29T02:30', 'never'),
            ('2026-10-25T02:30', 'twice'),
        ):
            with self.assertRaises(times.Invalid) as caught:
                instant(text, ZURICH)
            self.assertIn(
                f'shows {text[:10]} 02:30:00 {often}', str(caught.exception)
            )
            self.assertIn('offset', str(caught.exception))
        self.check(
            '2026-10-25T01:30:00+00:00', '2026-10-25T02:30+01:00', ZURICH
        )

    def test_a_day_on_which_the_clock_is_changed(self):
        at_noon = datetime.datetime(2026, 10, 25, 12, tzinfo=ZURICH)
        # The day before has 24 hours, and this one had 13 up to noon.
        self.check('2026-10-24T10:00:00+00:00', '-1d', ZURICH, at_noon)
        self.check('2026-10-24T11:00:00+00:00', '-24h', ZURICH, at_noon)
        # What the clock skips is told by what it shows next.
        late = datetime.datetime(2026, 3, 30, 2, 30, tzinfo=ZURICH)
        self.check('2026-03-29T01:00:00+00:00', '-1d', ZURICH, late)
        # The second of two hours stays that.
        for fold, hour in ((0, '00'), (1, '01')):
            twice = datetime.datetime(
                2026, 10, 25, 2, 30, tzinfo=ZURICH, fold=fold
            )
            self.check(f'2026-10-25T{hour}:30:00+00:00', '-0d', ZURICH, twice)

    def test_the_last_day_of_a_month(self):
        for text, expected in (
            ('-1mo', '2028-02-29'),
            ('-13mo', '2027-02-28'),
            ('-4mo', '2027-11-30'),
            ('-5mo', '2027-10-31'),
        ):
            now = datetime.datetime(2028, 3, 31, 8, tzinfo=UTC)
            self.check(f'{expected}T08:00:00+00:00', text, now=now)

    @hypothesis.given(day=DAYS, zone=ZONES)
    @hypothesis.example(
        day=datetime.date(2018, 11, 4),
        zone=zoneinfo.ZoneInfo('America/Sao_Paulo'),
    )
    @hypothesis.example(
        day=datetime.date(2011, 12, 30), zone=zoneinfo.ZoneInfo('Pacific/Apia')
    )
    def test_a_day_is_its_first_instant(self, day, zone):
        begin = begin_of(day, zone)
        self.assertEqual(begin, instant(day.isoformat(), zone))
        year, week, weekday = day.isocalendar()
        if weekday == 1:
            self.assertEqual(begin, instant(f'{year}-W{week:02}', zone))
        if day.day == 1:
            self.assertEqual(begin, instant(f'{day:%Y-%m}', zone))

    @hypothesis.given(
        now=MOMENTS, zone=ZONES, count=st.integers(0, 1000), unit=st.just('d')
    )
    @hypothesis.example(
        now=datetime.datetime(2026, 10, 26, 1, 30, tzinfo=UTC),
        zone=ZURICH,
        count=1,
        unit='d',
    )
    def test_days_keep_the_time_of_day(self, now, zone, count, unit):
        past = instant(f'-{count}{unit}', zone, now)
        wanted = shown(now, zone) - datetime.timedelta(days=count)
        found = shown(past, zone)
        if found != wanted:
            # The clock skips it: it shows less an instant before.
            before = past - datetime.timedelta.resolution
            self.assertLess(shown(before, zone), wanted)
            self.assertGreater(found, wanted)

    @hypothesis.given(now=MOMENTS, zone=ZONES, count=st.integers(0, 5000))
    def test_hours_are_always_as_long(self, now, zone, count):
        self.assertEqual(
            datetime.timedelta(hours=count),
            now - instant(f'-{count}h', zone, now),
        )

    @hypothesis.given(now=MOMENTS, zone=ZONES)
    def test_what_is_printed_is_understood(self, now, zone):
        for text in (now.isoformat(), now.astimezone(zone).isoformat()):
            self.assertEqual(now, instant(text, zone))


class MonthTest(unittest.TestCase):
    def test_texts(self):
        # In Zurich it is November already.
        now = datetime.datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
        for text, utc, zurich in (
            ('2026-02', '2026-02', '2026-02'),
            ('this', '2026-10', '2026-11'),
            ('last', '2026-09', '2026-10'),
            ('-0mo', '2026-10', '2026-11'),
            ('-10mo', '2025-12', '2026-01'),
        ):
            self.assertEqual(utc, times.month(text, UTC, now))
            self.assertEqual(zurich, times.month(text, ZURICH, now))

    def test_what_is_none(self):
        for text in (
            '',
            'october',
            '2026-13',
            '2026-1',
            '0000-05',
            '2026-10-05',
            '-7d',
            '-1y',
            '-999999mo',
        ):
            with self.assertRaises(times.Invalid, msg=text):
                times.month(text, UTC, NOW)

    @hypothesis.given(day=DAYS, zone=ZONES)
    def test_its_period(self, day, zone):
        begin, end = times.period(f'{day:%Y-%m}', zone)
        first = day.replace(day=1)
        following = (first + datetime.timedelta(days=31)).replace(day=1)
        self.assertEqual(begin_of(first, zone), begin)
        self.assertEqual(begin_of(following, zone), end)

    def test_a_period_without_an_end(self):
        for text in ('9999-12', '0001-01'):
            zone = zoneinfo.ZoneInfo('Asia/Tokyo')
            with self.assertRaises(times.Invalid):
                times.period(text, zone)


class PastTest(unittest.TestCase):
    def setUp(self):
        self.parser = argparse.ArgumentParser()
        self.parser.add_argument('--from')
        self.parser.add_argument('--compare-to')
        self.parser.add_argument('--exact', action='store_true')
        self.parser.add_argument('-c', action='append')
        self.parser.add_argument('rest', nargs='*')
        # Twice is as good as once.
        times.accept_past(self.parser)
        times.accept_past(self.parser)

    def test_it_follows_an_option(self):
        for words, expected in (
            (['--from', '-7d'], {'from': '-7d'}),
            (['--from=-7d'], {'from': '-7d'}),
            (['--compare-to', '-14d/-7d'], {'compare_to': '-14d/-7d'}),
            (['--from', 'now', '--exact'], {'from': 'now', 'exact': True}),
            (['--', '-7d'], {'rest': ['-7d']}),
            (['--', '--from', '-7d'], {'rest': ['--from', '-7d']}),
        ):
            found = vars(self.parser.parse_args(words))
            self.assertEqual(
                {
                    'from': None,
                    'compare_to': None,
                    'exact': False,
                    'c': None,
                    'rest': [],
                    **expected,
                },
                found,
            )
