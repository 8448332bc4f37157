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
import copy
from typing import Any
import unittest

from stratometrics.model import event as event_model
from stratometrics.notifications import decoder
from stratometrics.tests.unit.notifications import base

ACME = '4ada08c586564ca883b7b49d042f9e30'
GAMMA = '2e4dfc14c36d4b658c8b6c3b030ebd4f'
ALICE = '5d1a83c1f2b14d0c9c2f4a6b7e8d9012'
GINA = '8c7b6a5948372615a4b3c2d1e0f9a8b7'


def request(**target: Any) -> dict[str, Any]:
    """A request with other facts about the account."""
    message = copy.deepcopy(base.message('objectstore.http.request'))
    message['payload']['target'].update(target)
    return message


class ObjectRequestTest(unittest.TestCase):
    """Not recorded: see ``built`` in the fixtures."""

    def test_what_each_request_consumed(self) -> None:
        self.assertEqual(
            [
                (ALICE, 'put', 'gold', 'backups', 0, 0),
                (ALICE, 'put', 'gold', 'backups', 1_500_000, 0),
                (ALICE, 'get', 'gold', 'backups', 0, 1_500_000),
                (ALICE, 'head', 'gold', 'backups', 0, 0),
                # The account itself has no policy.
                (ALICE, 'get', '', '', 0, 8),
                (ALICE, 'put', 'cold', 'fotos%20von%20%C3%9Crlaub', 300, 0),
                # A reader of another project, and a visitor.
                (GINA, 'get', 'gold', 'backups', 0, 1000),
                ('', 'get', 'gold', 'backups', 0, 2000),
                # Not found; the middleware does not tell.
                (ALICE, 'get', 'gold', 'backups', 0, 22),
                # The pipeline broke.
                (ALICE, 'put', '', 'backups', 10, 0),
                (ALICE, 'delete', 'gold', 'backups', 0, 0),
            ],
            [
                (
                    event.user_id,
                    event.attributes['method'],
                    event.type,
                    event.attributes['container'],
                    event.measures['bytes_received'],
                    event.measures['bytes_sent'],
                )
                for event in base.life(ACME)
            ],
        )

    def test_each_is_one_request_that_counts_once(self) -> None:
        life = base.life(ACME)
        for event in life:
            self.assertEqual('object-request', event.resource_type)
            self.assertEqual(ACME, event.project_id)
            self.assertIs(event_model.Phase.CONSUMED, event.phase)
            self.assertEqual(1, event.measures['requests'])
            self.assertIsNone(event.birth())
        self.assertEqual(
            ['failure'],
            [
                event.attributes['outcome']
                for event in life
                if event.attributes['outcome'] != 'success'
            ],
        )

    def test_it_counts_when_it_ended(self) -> None:
        """The notification may have waited before it was sent."""
        message = request()
        message['timestamp'] = '2026-11-23 12:00:00'
        (event,) = base.shipped().decode(message)
        self.assertEqual(base.moment('10:00:00.100001'), event.event_time)

    def test_whose_account_it_is(self) -> None:
        for told, account, project in (
            (ACME, ACME, ACME),
            ('my_project', 'my_project', 'my_project'),
            # Without a reseller prefix in the middleware.
            (f'AUTH_{GAMMA}', f'AUTH_{GAMMA}', GAMMA),
            # Of another prefix than that of the middleware.
            (f'v1/SERVICE_{GAMMA}/a/b', f'SERVICE_{GAMMA}', GAMMA),
            (f'v1.0/SERVICE_{GAMMA}', f'SERVICE_{GAMMA}', GAMMA),
            (f'v1/{GAMMA}/a_b', GAMMA, GAMMA),
        ):
            with self.subTest(told):
                (event,) = base.shipped().decode(request(id=told))
                self.assertEqual(
                    (account, project), (event.resource_id, event.project_id)
                )

    def test_what_is_no_account_is_set_aside(self) -> None:
        for told in ('auth/x', '', None):
            with self.assertRaises(decoder.NotUnderstood):
                base.shipped().decode(request(id=told))

    def test_the_policy_is_a_number_where_its_name_is_not_known(self) -> None:
        (event,) = base.shipped().decode(
            request(metadata={'container': 'c', 'policy_idx': '3'})
        )
        self.assertEqual(('3', '3'), (event.type, event.type_id))

    def test_a_request_that_is_not_measured_is_set_aside(self) -> None:
        message = request()
        message['payload']['measurements'] = []
        with self.assertRaises(decoder.NotUnderstood) as caught:
            base.shipped().decode(message)
        self.assertEqual('measures.requests: missing', str(caught.exception))
