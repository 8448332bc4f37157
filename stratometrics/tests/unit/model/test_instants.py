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
import zoneinfo

from hypothesis import given
from hypothesis import strategies as st
import testtools

from stratometrics.model import instants
from stratometrics.model import timestamps

UTC = zoneinfo.ZoneInfo('UTC')
SECOND = 1_000_000


class TestParse(testtools.TestCase):
    def test_what_the_standard_says(self):
        for text, expected in (
            ('1970-01-01T00:00:00Z', 0),
            ('1970-01-01T00:00:01.5Z', 1_500_000),
            ('1970-01-01T00:00:00.000001Z', 1),
            ('1970-01-01T00:00:00.123456+00:00', 123_456),
            ('1970-01-01T02:00:00+02:00', 0),
            ('1969-12-31T19:30:00-04:30', 0),
            ('1970-01-01t00:00:00z', 0),
            ('1970-01-01T00:00:00-00:00', 0),
            ('2026-10-01T00:00:00Z', 1_790_812_800 * SECOND),
        ):
            with self.subTest(text):
                self.assertEqual(expected, instants.parse(text))

    @given(st.datetimes(timezones=st.timezones()))
    def test_nothing_is_lost(self, moment):
        # Offsets of long ago had seconds, which RFC 3339 cannot write.
        utc = moment.astimezone(datetime.UTC) if moment.year > 1 else None
        if utc is None or utc.year > 9998:
            return
        self.assertEqual(
            timestamps.from_datetime(utc), instants.parse(utc.isoformat())
        )

    def test_what_is_refused_and_why(self):
        for text, reason in (
            ('10', 'RFC 3339'),
            ('', 'RFC 3339'),
            ('2026-10', 'RFC 3339'),
            ('2026-10-01', 'RFC 3339'),
            ('2026-10-01T00:00Z', 'RFC 3339'),
            ('2026-10-01 00:00:00Z', 'RFC 3339'),
            ('20261001T000000Z', 'RFC 3339'),
            ('2026-10-01T00:00:00,5Z', 'RFC 3339'),
            ('2026-10-01T00:00:00.Z', 'RFC 3339'),
            ('2026-10-01T00:00:00Z\n', 'RFC 3339'),
            (' 2026-10-01T00:00:00Z', 'RFC 3339'),
            ('2026-10-01T00:00:00+0200', 'RFC 3339'),
            ('٢٠٢٦-10-01T00:00:00Z', 'RFC 3339'),
            ('-2026-10-01T00:00:00Z', 'RFC 3339'),
            ('now', 'RFC 3339'),
            ('2026-10-01T00:00:00', 'no offset'),
            ('2026-10-01T00:00:00.5', 'no offset'),
            ('2026-10-01T00:00:00 02:00', '%2B'),
            ('2026-10-01T00:00:00.5 02:00', '%2B'),
            ('2026-10-01T00:00:00.1234567Z', 'microsecond'),
            ('2026-13-01T00:00:00Z', 'no existing'),
            ('2026-02-29T00:00:00Z', 'no existing'),
            ('2026-10-01T24:00:00Z', 'no existing'),
            ('2026-10-01T23:59:60Z', 'no existing'),
            ('2026-10-01T00:00:00+24:00', 'no existing'),
            ('0000-10-01T00:00:00Z', 'no existing'),
        ):
            with self.subTest(text):
                error = self.assertRaises(
                    instants.InvalidInstant, instants.parse, text
                )
                self.assertIn(reason, str(error))


class TestMonth(testtools.TestCase):
    def check(self, text, zone, begin, end):
        self.assertEqual(
            (instants.parse(begin), instants.parse(end)),
            instants.month(instants.parse(text), zoneinfo.ZoneInfo(zone)),
        )

    def test_the_months_of_utc(self):
        self.check(
            '2026-12-31T23:59:59.999999Z',
            'UTC',
            '2026-12-01T00:00:00Z',
            '2027-01-01T00:00:00Z',
        )

    def test_the_zone_decides_where_a_month_begins(self):
        self.check(
            '2026-09-30T22:00:00Z',
            'Europe/Berlin',
            '2026-10-01T00:00:00+02:00',
            '2026-11-01T00:00:00+01:00',
        )

    def test_a_month_whose_first_midnight_does_not_exist(self):
        # Clocks went from 00:00 to 01:00 on the first of October 2000.
        self.check(
            '2000-10-15T00:00:00Z',
            'America/Asuncion',
            '2000-10-01T00:00:00-04:00',
            '2000-11-01T00:00:00-03:00',
        )

    @given(st.integers(0, 2**52), st.timezones())
    def test_every_instant_lies_in_its_month(self, instant, zone):
        begin, end = instants.month(instant, zone)
        self.assertLessEqual(begin, instant)
        self.assertLess(instant, end)
        self.assertEqual((begin, end), instants.month(begin, zone))
        self.assertEqual(end, instants.month(end, zone)[0])
