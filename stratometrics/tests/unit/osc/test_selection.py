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
"""Which columns there are."""

import argparse

import testtools

from stratometrics.osc.options import selection


class SelectionTest(testtools.TestCase):
    def selected(self, formatter, *words, columns=()):
        parser = argparse.ArgumentParser()
        selection.add_long(parser)
        parsed = parser.parse_args(words)
        parsed.formatter = formatter
        parsed.columns = list(columns)
        selection.select(parsed, ('Name', 'Usage'))
        return parsed.columns

    def test_people_see_a_few(self):
        self.assertEqual(['Name', 'Usage'], self.selected('table'))

    def test_programs_get_all(self):
        # As cliff has it, none stands for all.
        for formatter in ('json', 'yaml', 'csv', 'value'):
            self.assertEqual([], self.selected(formatter))

    def test_people_can_ask_for_others(self):
        self.assertEqual([], self.selected('table', '--long'))
        self.assertEqual(['ID'], self.selected('table', columns=['ID']))
