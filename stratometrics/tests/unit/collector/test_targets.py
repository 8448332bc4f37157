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
import testtools

from stratometrics.collector import targets


class TestTargets(testtools.TestCase):
    def test_exchange_and_topic(self):
        self.assertEqual(
            [targets.Source('nova', 'notifications')],
            targets.parse([' nova : notifications ']),
        )

    def test_each_once_in_order(self):
        self.assertEqual(
            [targets.Source('b', 't'), targets.Source('a', 't')],
            targets.parse(['b:t', 'a:t', 'b:t']),
        )

    def test_wrong_value_is_named(self):
        for value in ('nova', 'nova:', ':notifications', 'a:b:c', ''):
            error = self.assertRaises(
                targets.TargetError, targets.parse, ['nova:n', value]
            )
            self.assertIn(repr(value), str(error))
            self.assertIn('EXCHANGE:TOPIC', str(error))

    def test_none_is_an_error(self):
        self.assertRaises(targets.TargetError, targets.parse, [])
