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
"""The file that the administrator's page of prices shows can be used."""

import pathlib
import re
import textwrap
import unittest

from stratometrics.notifications import definitions
from stratometrics.pricing import files
from stratometrics.rating import conflicts
from stratometrics.rating import validation

PAGE = (
    pathlib.Path(__file__)
    .parents[4]
    .joinpath('doc', 'source', 'admin', 'prices.rst')
)


class PageTest(unittest.TestCase):
    def setUp(self):
        page = PAGE.read_text(encoding='utf-8')
        [block] = re.findall(
            r'\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)', page
        )
        self.listed = files.load('prices.rst', textwrap.dedent(block))

    def test_each_price_makes_sense(self):
        found = definitions.Definitions.load(None).resource_types
        for price in self.listed:
            validation.check(price, found)

    def test_no_two_conflict(self):
        self.assertLess(1, len(self.listed))
        self.assertIsNone(conflicts.first_conflict([], self.listed))
