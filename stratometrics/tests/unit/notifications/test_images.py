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
from typing import Any
import unittest

from stratometrics.model import event as event_model
from stratometrics.tests.unit.notifications import base

IMAGE = '8def9cc8-bf04-41b4-8470-d6c4948dbf73'
NEVER = 'f35665e2-e9ae-4177-bdfe-71f1a8a0084a'
ACME = '4ada08c586564ca883b7b49d042f9e30'


def image(event_type: str, moment: str, **payload: Any) -> dict[str, Any]:
    """A recorded message about the image, at another time."""
    message = base.message(
        event_type,
        id=IMAGE,
        owner=ACME,
        created_at='2026-11-23T08:00:00Z',
        **payload,
    )
    message['timestamp'] = f'2026-11-23 {moment}'
    message['message_id'] = f'at-{moment}'
    return message


def events(*messages: dict[str, Any]) -> list[event_model.Event]:
    return [
        event
        for message in messages
        for event in base.shipped().decode(message)
    ]


class ImageTest(unittest.TestCase):
    def test_a_life(self) -> None:
        life = base.life(IMAGE)
        self.assertEqual(
            [
                ('queued', 0, event_model.Phase.PENDING),
                ('saving', 0, event_model.Phase.PENDING),
                ('active', 65536, event_model.Phase.BILLED),
                ('deleted', 65536, event_model.Phase.ENDED),
            ],
            [
                (state, measures['size_bytes'], phase)
                for state, measures, phase in base.changes(
                    life, 'state', 'measures', 'phase'
                )
            ],
        )
        self.assertEqual({'image'}, {one.resource_type for one in life})
        self.assertEqual(1, life[-1].measures['size_gib'])
        self.assertEqual(
            {'visibility': 'shared', 'disk_format': 'raw'},
            {
                key: life[-1].attributes[key]
                for key in ('visibility', 'disk_format')
            },
        )
        self.assertEqual(
            {('active', ACME, '', '65536'): '10.837706'},
            base.usage(life, '07:00:00', '08:00:00'),
        )

    def test_what_was_never_activated_is_never_billed(self) -> None:
        life = base.life(NEVER)
        self.assertEqual(2, len(life))
        self.assertEqual({}, base.usage(life, '06:00:00', '08:00:00'))

    def test_an_import(self) -> None:
        """Not recorded: glance 33.0.0 saves each status, and so tells it.

        The size that it tells while the data is staged is not yet billed.
        """
        life = events(
            image('image.create', '08:00:00.500000'),
            image('image.update', '08:01:00', status='uploading', size=10),
            image('image.update', '08:02:00', status='importing', size=10),
            image('image.update', '08:10:00', status='active', size=2**40),
            image('image.delete', '09:00:00', size=2**40),
        )
        self.assertEqual(
            {('active', ACME, '', str(2**40)): '3000.000000'},
            base.usage(life, '07:00:00', '10:00:00'),
        )

    def test_a_deactivated_image_is_billed_on(self) -> None:
        life = events(
            image('image.activate', '08:00:00'),
            image(
                'image.update', '08:30:00', status='deactivated', size=3145728
            ),
            image('image.delete', '09:00:00', size=3145728),
        )
        self.assertEqual(
            {
                ('active', ACME, '', '3145728'): '1800.000000',
                ('deactivated', ACME, '', '3145728'): '1800.000000',
            },
            base.usage(life, '07:00:00', '10:00:00'),
        )

    def test_a_new_owner(self) -> None:
        beta = 'aed0fed09e9842e4ac2444ec51c85eef'
        update = image('image.update', '08:30:00', status='active', size=1)
        update['payload']['owner'] = beta
        nobodys = image('image.update', '08:45:00', status='active', size=1)
        nobodys['payload']['owner'] = None
        life = events(
            image('image.activate', '08:00:00', size=1), update, nobodys
        )
        self.assertEqual(
            {
                ('active', ACME, '', '1'): '1800.000000',
                ('active', beta, '', '1'): '900.000000',
                ('active', 'none', '', '1'): '900.000000',
            },
            base.usage(life, '07:00:00', '09:00:00'),
        )

    def test_a_delayed_deletion_is_one(self) -> None:
        """With delayed_delete Glance says pending_delete."""
        (event,) = events(
            image('image.delete', '08:00:00', status='pending_delete')
        )
        self.assertIs(event_model.Phase.ENDED, event.phase)
        self.assertEqual('deleted', event.state)

    def test_a_failed_upload_leaves_the_image_unbilled(self) -> None:
        for _name, recorded in base.recordings():
            if isinstance(recorded.message['payload'], str):
                self.assertEqual(
                    'image.upload', recorded.message['event_type']
                )
                self.assertEqual((), base.shipped().decode(recorded.message))
                break
        else:
            self.fail('no upload failed')
        (event,) = events(
            image('image.update', '08:00:00', status='killed', size=None)
        )
        self.assertIs(event_model.Phase.PENDING, event.phase)
