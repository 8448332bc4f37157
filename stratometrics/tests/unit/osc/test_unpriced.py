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
import decimal

import testtools

from stratometrics.client import answers
from stratometrics.osc.tables import unpriced


def usage(type_, seconds, **changes):
    return answers.Unpriced(
        **{
            'resource_type': 'volume',
            'type': type_,
            'state': 'available',
            'usage': decimal.Decimal(seconds),
        }
        | changes
    )


class UnpricedTest(testtools.TestCase):
    def test_nothing(self):
        self.assertEqual('', unpriced.told(()))

    def test_what_is_told(self):
        told = unpriced.told(
            [
                usage('ssd', 3600),
                usage('ssd', 90000),
                usage('', 7, resource_type='request', state=''),
            ],
            ['request'],
        )
        self.assertEqual(
            ['  request: 7', '  volume ssd available: 1 d 2 h'],
            told.splitlines()[1:],
        )

    def test_no_digit_is_lost(self):
        request = {'resource_type': 'request', 'state': ''}
        told = unpriced.told(
            [usage('', 2**126, **request), usage('', 1, **request)],
            ['request'],
        )
        self.assertIn(f' {2**126 + 1:,}', told)

    def test_many_are_counted(self):
        told = unpriced.told([usage(str(each), 1) for each in range(15)])
        self.assertEqual('  and 5 others', told.splitlines()[-1])
        self.assertEqual(12, len(told.splitlines()))

    def test_a_type_does_not_steer_the_terminal(self):
        self.assertNotIn('\x1b', unpriced.told([usage('\x1b[2J', 1)]))
