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
"""What a request may spend."""

import time

import testtools

from stratometrics.storage import budget
from stratometrics.storage import errors


class TestBudget(testtools.TestCase):
    def test_time_passes(self):
        granted = budget.Budget(0.2)
        first = granted.left()
        self.assertTrue(0.1 < first <= 0.2, first)
        time.sleep(0.05)
        self.assertTrue(0 < granted.left() < first)
        time.sleep(0.2)
        self.assertRaises(errors.QueryTooExpensive, granted.left)

    def test_nobody_waits(self):
        gone = []
        granted = budget.Budget(60, lambda: bool(gone))
        granted.left()
        gone.append(True)
        self.assertRaises(errors.Abandoned, granted.left)

    def test_it_is_entered_and_left(self):
        self.assertIsNone(budget.current())
        granted = budget.Budget(60)
        with budget.entered(granted):
            self.assertIs(granted, budget.current())
            with budget.entered(None):
                self.assertIsNone(budget.current())
            self.assertIs(granted, budget.current())
        self.assertIsNone(budget.current())
