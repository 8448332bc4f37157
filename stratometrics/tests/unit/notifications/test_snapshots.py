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

SNAPSHOT = '003e2897-63c9-4ff2-b14b-b465b86226cc'
BACKUP = '65cd78e5-62cb-471f-94f8-746aac489b9e'
BETA = 'aed0fed09e9842e4ac2444ec51c85eef'
GAMMA = '2e4dfc14c36d4b658c8b6c3b030ebd4f'


def again(event_type: str, moment: str, **payload: Any) -> dict[str, Any]:
    """An action as cinder-volume-usage-audit --send_actions sends it again.

    Not recorded: the keys and their values are what _create_action and
    _delete_action of cinder.cmd.volume_usage_audit of cinder 29.0.0 add.
    """
    message = base.message(
        event_type,
        audit_period_beginning=moment,
        audit_period_ending=moment,
        **payload,
    )
    message['message_id'] = 'sent-again'
    message['timestamp'] = '2026-11-23 09:15:00.123456'
    return message


class SnapshotTest(unittest.TestCase):
    def test_a_life(self) -> None:
        life = base.life(SNAPSHOT)
        self.assertEqual(
            [
                ('creating', 'snap1', event_model.Phase.PENDING),
                ('available', 'snap1', event_model.Phase.BILLED),
                ('available', 'snap1b', event_model.Phase.BILLED),
                ('deleted', 'snap1b', event_model.Phase.ENDED),
            ],
            base.changes(life, 'state', 'name', 'phase'),
        )
        self.assertEqual({'snapshot'}, {one.resource_type for one in life})
        self.assertEqual(
            {'ca9045d2-b9dd-49c4-9793-cba4c130bfd6'},
            {one.attributes['volume_id'] for one in life},
        )
        self.assertEqual({'nova'}, {one.availability_zone for one in life})
        self.assertEqual(
            {('available', BETA, '', '5'): '2.609045'},
            base.usage(life, '06:00:00', '08:00:00'),
        )

    def test_what_is_told_of_a_new_owner(self) -> None:
        (event,) = base.shipped().decode(
            base.message('snapshot.exists', tenant_id=GAMMA, status='error')
            | {'event_type': 'snapshot.reset_status.end'}
        )
        self.assertEqual(GAMMA, event.project_id)
        self.assertIs(event_model.Phase.BILLED, event.phase)


class BackupTest(unittest.TestCase):
    def test_a_life(self) -> None:
        """The start was recorded of another backup."""
        start = base.message('backup.create.start')
        start['payload'].update(
            backup_id=BACKUP,
            volume_id='f0bafea4-a89f-4a76-b272-59a46f161d50',
            created_at='2026-11-23T07:04:55+00:00',
        )
        start['timestamp'] = '2026-11-23 07:04:55.600000'
        life = [*base.shipped().decode(start), *base.life(BACKUP)]
        self.assertEqual(
            [
                ('creating', event_model.Phase.PENDING),
                ('available', event_model.Phase.BILLED),
                ('deleted', event_model.Phase.ENDED),
            ],
            base.changes(life, 'state', 'phase'),
        )
        self.assertEqual({'backup'}, {one.resource_type for one in life})
        self.assertEqual({'bk1'}, {one.name for one in life})
        self.assertEqual(
            {('available', GAMMA, '', '15'): '1.402130'},
            base.usage(life, '06:00:00', '08:00:00'),
        )

    def test_one_that_was_deleted_while_it_was_made(self) -> None:
        """Not recorded: _finish_backup of cinder 29.0.0 then says so."""
        for status, phase in (
            ('deleting', event_model.Phase.BILLED),
            ('deleted', event_model.Phase.ENDED),
        ):
            (event,) = base.shipped().decode(
                base.message('backup.create.end', status=status)
            )
            self.assertIs(phase, event.phase)


class BothTest(unittest.TestCase):
    def test_a_failed_creation_is_never_billed(self) -> None:
        """Not recorded: there is no create.end, and the status is error."""
        for kind in ('snapshot', 'backup'):
            start = base.message(f'{kind}.create.start')
            end = base.message(f'{kind}.delete.end')
            key = f'{kind}_id'
            end['payload'][key] = start['payload'][key]
            end['payload']['created_at'] = start['payload']['created_at']
            audit = base.message(f'{kind}.exists', status='error')
            audit['payload'][key] = start['payload'][key]
            events = [
                event
                for message in (start, audit, end)
                for event in base.shipped().decode(message)
            ]
            with self.subTest(kind):
                self.assertEqual(2, len(events))
                self.assertEqual(
                    {}, base.usage(events, '06:00:00', '08:00:00')
                )

    def test_a_deletion_sent_again_counts_when_it_happened(self) -> None:
        for kind in ('snapshot', 'backup'):
            (event,) = base.shipped().decode(
                again(f'{kind}.delete.end', '2026-11-23 07:05:01+00:00')
            )
            # Not before the message that told the exact time (R3).
            self.assertEqual(base.moment('07:05:01.999999'), event.event_time)
            self.assertIs(event_model.Phase.ENDED, event.phase)

    def test_a_creation_sent_again_is_a_sight_of_the_present(self) -> None:
        for kind in ('snapshot', 'backup'):
            for suffix in ('start', 'end'):
                (event,) = base.shipped().decode(
                    again(
                        f'{kind}.create.{suffix}',
                        '2026-11-23 07:00:00+00:00',
                        status='deleted',
                    )
                )
                self.assertEqual(
                    base.moment('09:15:00.123456'), event.event_time
                )
                self.assertIs(event_model.Phase.ENDED, event.phase)

    def test_an_audit_ends_what_it_says_is_deleted(self) -> None:
        for kind in ('snapshot', 'backup'):
            (event,) = base.shipped().decode(base.message(f'{kind}.exists'))
            self.assertIs(event_model.Phase.ENDED, event.phase)
            (event,) = base.shipped().decode(
                base.message(f'{kind}.exists', status='available')
            )
            self.assertIs(event_model.Phase.BILLED, event.phase)
            self.assertEqual(
                base.moment(
                    {
                        'snapshot': '07:19:16.067504',
                        'backup': '07:19:16.101408',
                    }[kind]
                ),
                event.event_time,
            )
