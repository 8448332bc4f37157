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
"""Tests of the order in which what answers consist of is written."""

import testtools
from wsme import types as wsme_types

from stratometrics.api import types


class OrderTest(testtools.TestCase):
    def order(self, kind: type) -> list[str]:
        return [each.key for each in wsme_types.list_attributes(kind)]

    def test_it_is_that_of_the_class(self):
        self.assertEqual(['begin', 'end'], self.order(types.Period))

    def test_no_attribute_is_left_out(self):
        # WSME ties an attribute to the last class that has it, so none of
        # those that are in use is taken.
        class First(types._Body):
            begin = wsme_types.wsattr(int)
            end = wsme_types.wsattr(int)
            gone = wsme_types.wsattr(int)

        class Second(types._Body):
            beside = wsme_types.wsattr(int)

        class Longer(First, Second):
            #: All that WSME takes for an attribute.
            zone = wsme_types.wsattr(wsme_types.text)
            also = int
            #: Again, in its place.
            end = wsme_types.wsattr(int)
            #: Functions are none.
            builtin = len

            def gone(self):
                """None any more."""

            @classmethod
            def of_class(cls):
                """None either."""

            @property
            def read(self):
                """Nor this."""

        self.assertEqual(
            ['beside', 'begin', 'end', 'zone', 'also'], self.order(Longer)
        )
