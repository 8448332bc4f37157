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
import unittest

from stratometrics.model import usage


class WithNamesTest(unittest.TestCase):
    def test_a_name_follows_its_id(self) -> None:
        self.assertEqual(
            ('type', 'user_id', 'user_name', 'project_id', 'project_name'),
            usage.with_names(('type', 'user_id', 'project_id')),
        )

    def test_what_has_an_id_can_be_grouped_by_it(self) -> None:
        self.assertLessEqual(set(usage.NAMES), set(usage.COMMON_KEYS))
