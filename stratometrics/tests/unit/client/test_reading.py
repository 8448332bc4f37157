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
"""What is made of bodies."""

import datetime
import decimal

import testtools

from stratometrics.client import answers
from stratometrics.client import reading

USAGE = {
    'type': 'm1.small',
    'project_name': '',
    'usage': '86400.000001',
    'measures': {'vcpus': '172800.000002'},
    'begin': '2026-10-01T00:00:00Z',
    'end': '2026-10-02T00:00:00Z',
    'something': {'new': 1},
}


class TestReading(testtools.TestCase):
    def test_a_result(self):
        found = reading.read(answers.Usage, USAGE)
        self.assertEqual(
            answers.Usage(
                usage=decimal.Decimal('86400.000001'),
                measures={'vcpus': decimal.Decimal('172800.000002')},
                keys={'type': 'm1.small', 'project_name': ''},
                begin=datetime.datetime(2026, 10, 1, tzinfo=datetime.UTC),
                end=datetime.datetime(2026, 10, 2, tzinfo=datetime.UTC),
            ),
            found,
        )

    def malformed(self, kind, body):
        return str(
            self.assertRaises(reading.Malformed, reading.read, kind, body)
        )

    def test_what_is_not_understood(self):
        for change, told in (
            ({'usage': None}, 'usage is not a text'),
            ({'usage': 1.5}, 'usage is not a text'),
            ({'usage': 'much'}, "usage: 'much' is not a decimal number"),
            ({'measures': []}, 'measures is not an object'),
            ({'measures': {'vcpus': 2}}, 'measures.vcpus is not a text'),
            ({'begin': '2026-10-01'}, 'has no time zone'),
        ):
            self.assertIn(told, self.malformed(answers.Usage, USAGE | change))
        self.assertIn('has no usage', self.malformed(answers.Usage, {}))
        self.assertIn('not an object', self.malformed(answers.Usage, [USAGE]))

    def test_a_flag_is_no_number(self):
        health = {'status': 'ok', 'checks': 'x'}
        self.assertIn('not a list', self.malformed(answers.Health, health))
        unknown = {
            'event_type': 'x',
            'region': '',
            'messages': True,
            'last_received': '2026-10-01T00:00:00Z',
        }
        self.assertIn(
            'messages is not of the type int',
            self.malformed(answers.UnknownEventType, unknown),
        )

    def test_lists(self):
        body = {'versions': [{'id': 'v1.0', 'status': 'CURRENT'}]}
        self.assertEqual(
            (answers.Version(id='v1.0', status='CURRENT'),),
            reading.read_each(answers.Version, 'versions', body),
        )
        for broken in ({}, [], {'versions': {}}, {'versions': ['v1']}):
            self.assertRaises(
                reading.Malformed,
                reading.read_each,
                answers.Version,
                'versions',
                broken,
            )

    def test_what_refers_to_itself(self):
        # A price has changes, and each of them a price.
        self.assertIn(
            'history[0]: price has no id',
            self.malformed(
                answers.Prices,
                {
                    'prices': [],
                    'history': [
                        {
                            'change': 'created',
                            'at': '2026-10-01T00:00:00Z',
                            'by': 'x',
                            'price': {},
                        }
                    ],
                },
            ),
        )
