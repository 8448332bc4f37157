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

"""What the quickstart prints."""

import unittest

from stratometrics.tests.quickstart import expectation
from stratometrics.tests.quickstart import questions
from stratometrics.tests.quickstart import report


def group(project_id: str, state: str) -> expectation.Group:
    return expectation.Group(project_id, 'instance', 'm1.small', state)


class ClockTest(unittest.TestCase):
    def test_nothing_is_rounded(self) -> None:
        for seconds, expected in (
            ('0.000001', '0:00:00.000001'),
            ('59.999999', '0:00:59.999999'),
            ('5400.500000', '1:30:00.500000'),
            ('2678400.000000', '744:00:00.000000'),
        ):
            with self.subTest(seconds):
                self.assertEqual(expected, report.clock(seconds))


class TableTest(unittest.TestCase):
    def test_columns_are_aligned(self) -> None:
        self.assertEqual(
            'project  resource  type      state          h:mm:ss'
            '                measured\n'
            '-------  --------  --------  ------  --------------'
            '  ----------------------\n'
            'acme     instance  m1.small  active  0:00:09.000000'
            '   9.000000 vcpu-seconds\n'
            'globex   instance  m1.small  error   1:00:00.000001'
            '  20.500000 vcpu-seconds',
            report.table(
                {
                    group('2', 'error'): expectation.Amount(
                        '3600.000001', '20.500000'
                    ),
                    group('1', 'active'): expectation.Amount(
                        '9.000000', '9.000000'
                    ),
                },
                {'1': 'acme', '2': 'globex'},
            ),
        )


class DifferencesTest(unittest.TestCase):
    def test_more_less_and_other_are_all_wrong(self) -> None:
        right = {
            group('1', 'active'): expectation.Amount('1.000000', '2.000000'),
            group('1', 'error'): expectation.Amount('1.000000', '2.000000'),
            group('1', 'paused'): expectation.Amount('1.000000', '2.000000'),
        }
        answer = {
            group('1', 'active'): expectation.Amount('1.000000', '2.000000'),
            group('1', 'error'): expectation.Amount('1.000000', '2.000001'),
            group('2', 'active'): expectation.Amount('1.000000', '2.000000'),
        }
        self.assertEqual([], questions.differences(right, right))
        self.assertEqual(
            [group('1', 'error'), group('1', 'paused'), group('2', 'active')],
            questions.differences(answer, right),
        )
