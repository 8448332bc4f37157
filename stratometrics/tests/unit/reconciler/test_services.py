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
from stratometrics.reconciler import services
from stratometrics.tests.unit.notifications import base


class ServicesTest(unittest.TestCase):
    def test_each_resource_type_that_lives_is_listed_once(self) -> None:
        listed = [one.resource_type for one in services.ALL]
        self.assertEqual(len(listed), len(set(listed)))
        found = base.every_definition().resource_types
        self.assertEqual(
            {
                name
                for name, resource_type in found.items()
                if resource_type.kind is usage.Kind.STATE
            },
            set(listed),
        )
