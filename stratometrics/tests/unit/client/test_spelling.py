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
"""Values of questions and answers."""

import datetime

from keystoneauth1 import session
import testtools

from stratometrics.client import errors
from stratometrics.client import questions
from stratometrics.client import spelling
from stratometrics.client import v1

UTC = datetime.UTC


class TestInstants(testtools.TestCase):
    def test_they_are_written_in_utc(self):
        zone = datetime.timezone(datetime.timedelta(hours=2))
        at = datetime.datetime(2026, 10, 1, 1, 0, 0, 7, zone)
        self.assertEqual('2026-09-30T23:00:00.000007Z', spelling.instant(at))
        whole = datetime.datetime(2026, 10, 1, tzinfo=UTC)
        self.assertEqual('2026-10-01T00:00:00Z', spelling.instant(whole))

    def test_one_without_an_offset_is_refused(self):
        naive = datetime.datetime(2026, 10, 1)
        self.assertRaises(ValueError, spelling.instant, naive)
        self.assertRaises(
            ValueError, spelling.read_instant, '2026-10-01T00:00:00'
        )

    def test_they_are_read_to_the_microsecond(self):
        self.assertEqual(
            datetime.datetime(2026, 10, 1, 0, 0, 0, 123457, UTC),
            spelling.read_instant('2026-10-01T02:00:00.123457+02:00'),
        )


class TestDecimals(testtools.TestCase):
    def test_all_digits_are_kept(self):
        text = '123456789012345678901234567890123456789.000001'
        found = spelling.read_decimal(text)
        self.assertEqual(text, f'{found:f}')

    def test_what_is_none(self):
        for text in ('', 'NaN', 'Infinity', '1e3', '1_0', ' 1', '\u0661'):
            self.assertRaises(ValueError, spelling.read_decimal, text)


class TestQueries(testtools.TestCase):
    def test_what_is_left_out(self):
        self.assertEqual(
            [('a', ''), ('c', 'true'), ('e', 'x'), ('e', 'y')],
            spelling.query(
                a='', b=None, c=True, d=False, e=['x', 'y'], f=(), g=iter(())
            ),
        )

    def test_a_text_is_one_value(self):
        self.assertEqual(
            [
                ('group_by', 'type'),
                ('sort', '-usage'),
                ('state', 'active'),
            ],
            questions.usage(
                group_by='type', sort='-usage', filters={'state': 'active'}
            ),
        )

    def test_several_values(self):
        begin = datetime.datetime(2026, 9, 1, tzinfo=UTC)
        end = datetime.datetime(2026, 10, 1, tzinfo=UTC)
        self.assertEqual(
            [
                ('from', '2026-09-01T00:00:00Z'),
                ('compare_to', '2026-09-01T00:00:00Z/2026-10-01T00:00:00Z'),
                ('sort', 'usage,type'),
                ('state', 'active'),
                ('state', 'paused'),
                ('type!', 'a&b'),
            ],
            questions.usage(
                begin=begin,
                compare_to=(begin, end),
                sort=['usage', 'type'],
                filters={'state': ['active', 'paused']},
                excluded={'type': ['a&b'], 'name': []},
            ),
        )

    def test_a_filter_that_lets_nothing_pass_is_not_left_out(self):
        self.assertRaises(
            errors.InvalidQuestion, questions.usage, filters={'state': []}
        )

    def test_costs_by_day_can_be_declined(self):
        self.assertEqual([], questions.preview())
        self.assertEqual([('daily', 'false')], questions.preview(daily=False))

    def test_what_is_no_utf_8(self):
        # So Python hands over what a shell gives.
        text = b'\xfcber'.decode(errors='surrogateescape')
        self.assertRaises(
            errors.InvalidQuestion, questions.usage, filters={'name': [text]}
        )
        client = v1.Client(session.Session())
        self.assertRaises(errors.InvalidQuestion, client.timeline, text)
