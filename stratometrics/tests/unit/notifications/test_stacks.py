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

from stratometrics.model import event as event_model
from stratometrics.tests.unit.notifications import base

STACK = 'be478cc3-5701-4849-9ab1-300e0d2b5c32'
ACME = '4ada08c586564ca883b7b49d042f9e30'


class StackTest(unittest.TestCase):
    def test_they_are_switched_off(self) -> None:
        self.assertEqual(
            (),
            base.shipped().decode(
                base.message('orchestration.stack.create.end')
            ),
        )

    def test_a_life(self) -> None:
        life = base.life(STACK)
        self.assertEqual(
            [
                'CREATE_IN_PROGRESS',
                'CREATE_COMPLETE',
                'UPDATE_IN_PROGRESS',
                'UPDATE_COMPLETE',
                'DELETE_IN_PROGRESS',
                'DELETE_COMPLETE',
            ],
            [one.state for one in life],
        )
        self.assertEqual(
            {('stack', 'st1', '1fae40d53a70469997d021384c78080a')},
            {(one.resource_type, one.name, one.user_id) for one in life},
        )
        self.assertEqual(
            {
                ('CREATE_COMPLETE', ACME, '', '0'): '0.729950',
                ('UPDATE_IN_PROGRESS', ACME, '', '0'): '2.458059',
                ('UPDATE_COMPLETE', ACME, '', '0'): '0.145902',
                ('DELETE_IN_PROGRESS', ACME, '', '0'): '3.979930',
            },
            base.usage(life, '07:00:00', '08:00:00'),
        )

    def test_a_failed_creation_is_never_billed(self) -> None:
        """Not recorded: heat 27.0.1 sends it as an error with this state."""
        message = base.message(
            'orchestration.stack.create.end', state='CREATE_FAILED'
        )
        message['event_type'] = 'orchestration.stack.create.error'
        (event,) = base.everything().decode(message)
        self.assertIs(event_model.Phase.PENDING, event.phase)
