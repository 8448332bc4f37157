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
"""What is wider than a terminal."""

from stratometrics.model import timestamps
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.osc import base

WORDS = ('coverage', 'show', '--long')


class TerminalTest(base.CommandTestCase):
    @classmethod
    def fill(cls):
        cls.storage.write_events(
            [test_usage.event('web', 0, 1, region='RegionOne')],
            timestamps.now(),
        )

    def test_a_wide_one_shows_the_table_of_a_pipe(self):
        self.assertEqual(
            self.billing('admin', *WORDS, '-c', 'Resource Type').output,
            self.on_terminal('admin', *WORDS, '-c', 'Resource Type'),
        )
        self.assertIn(
            '| instance', self.on_terminal('admin', *WORDS, width=200)
        )

    def test_a_narrow_one_shows_paragraphs(self):
        shown = self.on_terminal('admin', *WORDS, width=80)
        self.assertNotIn('|', shown)
        self.assertIn('Resource Type:   instance\n', shown)
        self.assertLessEqual(max(map(len, shown.splitlines())), 80)

    def test_who_wants_a_narrow_table_gets_it(self):
        shown = self.on_terminal('admin', *WORDS, '--fit-width', width=100)
        self.assertIn('| instance', shown)
        self.assertIn(
            '|', self.on_terminal('admin', *WORDS, CLIFF_FIT_WIDTH='1')
        )
