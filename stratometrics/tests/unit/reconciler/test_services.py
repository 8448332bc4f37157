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

from stratometrics.reconciler import services
from stratometrics.tests.unit.notifications import base


class ServicesTest(unittest.TestCase):
    def test_each_resource_type_is_listed_once(self) -> None:
        listed = [one.resource_type for one in services.ALL]
        self.assertEqual(len(listed), len(set(listed)))
        # Requests are over when they are told: they cannot be listed.
        self.assertEqual(
            base.every_definition().resource_types.keys() - {'object-request'},
            set(listed),
        )
