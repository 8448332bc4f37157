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
"""What is adjusted when a bill has changed."""

import dataclasses
import unittest

import hypothesis

from stratometrics.rating import adjustments
from stratometrics.tests.unit.rating import test_charges
from stratometrics.tests.unit.rating import test_lines

NAMES = (*test_charges.LASTING, 'price_id', 'period')


def bill(stays, listed):
    return test_charges.charge(stays, listed, detailed=True).lines


class AdjustmentsTest(unittest.TestCase):
    @hypothesis.given(
        test_charges.STAYS, test_charges.STAYS, test_charges.price_lists()
    )
    def test_what_was_charged_and_adjusted_is_the_bill(
        self, before, after, listed
    ):
        then, now = bill(before, listed), bill(after, listed)
        adjusted = adjustments.difference(now, then)
        found = test_charges.sums(then + adjusted, *NAMES)
        self.assertEqual(
            test_charges.sums(now, *NAMES),
            {key: both for key, both in found.items() if any(both)},
        )
        for line in adjusted:
            self.assertTrue(line.quantity or line.amount)

    @hypothesis.given(test_charges.STAYS, test_charges.price_lists())
    def test_the_same_bill_needs_no_adjustment(self, stays, listed):
        lines = bill(stays, listed)
        self.assertEqual((), adjustments.difference(lines, lines))
        adjusted = adjustments.difference(lines, ())
        self.assertEqual(adjusted, adjustments.difference(lines[::-1], ()))

    def test_another_name_is_no_difference(self):
        lines = test_lines.charge([test_lines.stay()], test_lines.price('x'))
        renamed = [
            dataclasses.replace(line, name='other', description='other')
            for line in lines
        ]
        self.assertEqual((), adjustments.difference(renamed, lines))
