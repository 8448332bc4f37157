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
"""What is imported before a command knows what to do."""

import subprocess
import sys
import unittest

#: What is slow to import, and few commands need.
HEAVY = {
    'iso4217',
    'openstack',
    'oslo_config',
    'prettytable',
    'rich',
    'tqdm',
    'yaml',
}

PROGRAM = """
import sys
from stratometrics.osc import plugin
from stratometrics.tests.unit.osc import parsers
for name in parsers.classes():
    parsers.of(name).format_help()
print(*sys.modules, sep='\\n')
"""


class StartingTest(unittest.TestCase):
    """An interpreter of its own, as this one has imported nearly all."""

    def imported(self, program):
        ran = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', program],
            env={'PYTHONPATH': ':'.join(filter(None, sys.path))},
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
            check=True,
        )
        return set(ran.stdout.split())

    def test_the_plugin_imports_nothing_heavy(self):
        imported = self.imported(
            'import sys\n'
            'from stratometrics.osc import plugin\n'
            "print(*sys.modules, sep='\\n')"
        )
        self.assertIn('stratometrics.osc.plugin', imported)
        self.assertEqual(set(), imported & HEAVY)

    def test_no_command_imports_anything_heavy_to_tell_what_it_takes(self):
        imported = self.imported(PROGRAM)
        self.assertIn('stratometrics.osc.v1.coverage', imported)
        # What shows tables, YAML and so on comes with all commands.
        self.assertEqual(set(), imported & HEAVY - self.of_cliff())

    def of_cliff(self):
        return self.imported(
            'import sys\n'
            'from stratometrics.tests.unit.osc import parsers\n'
            'parsers.of_all()\n'
            "print(*sys.modules, sep='\\n')"
        )
