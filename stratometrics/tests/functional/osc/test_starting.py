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
"""How long a command takes before it asks anybody anything."""

import importlib
import pathlib
import statistics
import sys
import unittest

import testtools

TOOLS = pathlib.Path(__file__).parents[4] / 'tools'

#: Enough for a median that a busy machine does not move.
PAIRS = 9


@unittest.skipUnless((TOOLS / 'benchmark').is_dir(), 'not in a source tree')
class StartingTest(testtools.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The benchmark is a tool beside the package, not a part of it.
        sys.path.append(str(TOOLS))
        cls.addClassCleanup(sys.path.remove, str(TOOLS))
        cls.starting = importlib.import_module('benchmark.starting')
        cls.seconds = cls.starting.measure(PAIRS)

    def added(self, less, more):
        return self.starting.added(self.seconds[less], self.seconds[more])

    def test_a_command_starts_as_fast_as_openstack_itself(self):
        added = self.added(self.starting.HELP, self.starting.COMMAND)
        self.assertLess(added, self.starting.AIM, self.seconds)

    def test_the_list_of_all_commands_is_there_as_fast_as_before(self):
        # It loads all modules of the plugin, and everything else as well.
        added = self.added(self.starting.WITHOUT, self.starting.HELP)
        before = statistics.median(self.seconds[self.starting.WITHOUT])
        self.assertLess(added, before / 5, self.seconds)
