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
"""The page of ``openstack billing`` has all its commands and options.

What it says of each is made of the parsers when the page is built.
"""

import fnmatch
import pathlib
import re
import runpy
import unittest

from stratometrics.tests.unit.osc import parsers

SOURCE = pathlib.Path(__file__).parents[4] / 'doc' / 'source'


class ReferenceTest(unittest.TestCase):
    def setUp(self):
        super().setUp()
        if not SOURCE.exists():
            self.skipTest('the documentation is not installed')
        page = SOURCE / 'cli' / 'openstack-billing.rst'
        self.page = page.read_text(encoding='utf-8')
        self.conf = runpy.run_path(str(SOURCE / 'conf.py'))

    def test_each_command_is_there_once(self):
        patterns = re.findall(r'^ +:command: (.*)$', self.page, re.M)
        for name in parsers.classes():
            found = [each for each in patterns if fnmatch.fnmatch(name, each)]
            self.assertEqual(1, len(found), name)

    def test_what_cliff_adds_to_all_is_told_once(self):
        ignored = set(self.conf['autoprogram_cliff_ignored'])
        added = {each for each in parsers.of_all() if each.startswith('--')}
        self.assertEqual(added, ignored)
        [output] = re.findall(
            r'^Output\n=+\n(.*?)\n=+\n', self.page, re.M | re.S
        )
        for option in added - {'--help'}:
            self.assertIn(f'``{option}``', output)

    def test_there_is_a_man_page(self):
        names = [name for _, name, *_ in self.conf['man_pages']]
        self.assertIn('openstack-billing', names)
