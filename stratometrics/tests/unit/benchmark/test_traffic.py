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
import json

from benchmark import traffic
import testtools


def _notification(message: traffic.Message) -> dict:
    return json.loads(json.loads(message.body)['oslo.message'])


class TrafficTest(testtools.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.traffic = traffic.Traffic()

    def test_no_id_comes_twice(self) -> None:
        # More than there are recorded, so that some are copies.
        messages = [
            _notification(each) for each in self.traffic.messages(2000)
        ]
        for key in ('message_id', '_unique_id'):
            self.assertEqual(2000, len({each[key] for each in messages}))

    def test_each_copy_has_resources_of_its_own(self) -> None:
        ids = [
            each['payload']['instance_id']
            for each in map(_notification, self.traffic.messages(2000))
            if each['event_type'] == 'compute.instance.create.end'
        ]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(len(ids), 20)

    def test_the_same_seed_gives_the_same_messages(self) -> None:
        self.assertEqual(
            list(self.traffic.messages(700, seed=5)),
            list(self.traffic.messages(700, seed=5)),
        )
        self.assertNotEqual(
            list(self.traffic.messages(1, seed=5)),
            list(self.traffic.messages(1, seed=6)),
        )

    def test_some_are_stored_and_some_ignored(self) -> None:
        stored = [each.stored for each in self.traffic.messages(700)]
        self.assertEqual({False, True}, set(stored))
