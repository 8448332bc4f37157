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
"""Which columns people and programs get."""

import argparse
import unittest

from stratometrics.osc import selection


class SelectionTest(unittest.TestCase):
    def asked(self, formatter='table', columns=(), long=False):
        return argparse.Namespace(
            formatter=formatter, columns=list(columns), long=long
        )

    def test_people_get_a_few(self):
        asked = self.asked()
        self.assertFalse(selection.wants_all(asked))
        selection.select(asked, ['Name'])
        self.assertEqual(['Name'], asked.columns)

    def test_programs_get_all(self):
        for name in ('json', 'yaml', 'csv', 'value'):
            asked = self.asked(name)
            self.assertTrue(selection.wants_all(asked))
            selection.select(asked, ['Name'])
            self.assertEqual([], asked.columns)

    def test_who_asks_for_more_gets_it(self):
        self.assertTrue(selection.wants_all(self.asked(long=True)))
        self.assertTrue(selection.wants_all(self.asked(columns=['ID'])))
