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
"""The options that pages name are there."""

import fnmatch
import re
import unittest

from stratometrics.conf import opts
from stratometrics.tests.unit.documentation import pages

_OPTION = re.compile(r'``\[([a-z_]+)\]/([a-z_*]+)')


class OptionsTest(unittest.TestCase):
    def test_of_the_groups_of_this_service(self) -> None:
        known = {
            str(group): {option.name for option in options}
            for group, options in opts.list_opts()
        }
        self.assertIn('retry_max_interval', known['collector'])
        pages.page('index')
        source = pages.CODE.parent / 'doc' / 'source'
        for path in source.rglob('*.rst'):
            text = ' '.join(path.read_text(encoding='utf-8').split())
            for group, option in _OPTION.findall(text):
                if group in known:
                    with self.subTest(path.name, option=f'{group}/{option}'):
                        self.assertTrue(fnmatch.filter(known[group], option))
