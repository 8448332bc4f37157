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
from stratometrics.notifications import timestamps
from stratometrics.tests.unit.notifications import base

GROWN = 'c1f0aa55-552e-4a7d-b175-43ba56b6883b'
FAILED = 'bce68fb7-fcc4-406a-94a8-4bf58fbeda58'
GIVEN = 'f0bafea4-a89f-4a76-b272-59a46f161d50'
DELETED = 'ca9045d2-b9dd-49c4-9793-cba4c130bfd6'

STANDARD = '2b94a05d-5c3b-43ca-9bc3-35af08ac53b2'
SSD = '0458af5f-d68d-48ab-9128-60361854131e'


def again(
    event_type: str, moment: str, *, sent: str, **payload: Any
) -> dict[str, Any]:
    """A creation or deletion as cinder-volume-usage-audit sends it again.

    None is in the recordings: this is built from a recorded message the way
    cinder.cmd.volume_usage_audit of cinder 29.0.0 does it. Both ends of the
    audit period are str() of the volume's created_at or deleted_at, which
    have whole seconds; all else, the timestamp and the message id included,
    is of the time of sending.
    """
    message = base.message(
        event_type,
        audit_period_beginning=moment,
        audit_period_ending=moment,
        **payload,
    )
    message['message_id'] = 'sent-again'
    message['timestamp'] = sent
    return message


class VolumeTest(unittest.TestCase):
    def test_a_resize_and_a_retype(self) -> None:
        self.assertEqual(
            [
                ('creating', 10, STANDARD),
                ('available', 10, STANDARD),
                ('available', 15, STANDARD),
                ('available', 15, SSD),
                ('in-use', 15, SSD),
                ('available', 15, SSD),
            ],
            [
                (state, measures['size_gib'], kind)
                for state, measures, kind in base.changes(
                    base.life(GROWN), 'state', 'measures', 'type_id'
                )
            ],
        )

    def test_the_type_is_named_by_its_id(self) -> None:
        for event in base.life(GROWN):
            self.assertEqual(event.type_id, event.type)

    def test_a_transfer_names_the_new_owner(self) -> None:
        (event,) = base.life(GIVEN)
        self.assertEqual('volume.transfer.accept.end', event.event_type)
        self.assertEqual('aed0fed09e9842e4ac2444ec51c85eef', event.project_id)
        self.assertEqual('76cf7e97eaf94c20a06a3419ebba7b78', event.user_id)

    def test_a_failed_creation_is_never_billed(self) -> None:
        life = base.life(FAILED)
        self.assertEqual(
            [
                ('creating', event_model.Phase.PENDING),
                ('deleted', event_model.Phase.ENDED),
            ],
            base.changes(life, 'state', 'phase'),
        )
        self.assertEqual(3, len(life) - 1)

    def test_an_audit_does_not_bill_a_failed_creation(self) -> None:
        for event_type in (
            'volume.create.start',
            'volume.create.end',
            'volume.exists',
            'volume.update.end',
        ):
            message = again(
                event_type,
                '2026-11-23 06:54:37+00:00',
                sent='2026-11-23 09:15:00.123456',
                status='error',
            )
            with self.subTest(event_type):
                self.assertEqual((), base.shipped().decode(message))

    def test_a_volume_that_is_set_to_error_stays_billed(self) -> None:
        (event,) = base.shipped().decode(
            base.message('volume.reset_status.end')
        )
        self.assertEqual('error', event.state)
        self.assertIs(event_model.Phase.BILLED, event.phase)

    def test_a_creation_that_ended_is_billed_whatever_it_says(self) -> None:
        """A volume from a backup stays "creating" in its create.end.

        None was recorded: the status is what cinder 29.0.0 sends where the
        backup service copies the data.
        """
        message = base.message('volume.create.end', status='creating')
        (event,) = base.shipped().decode(message)
        self.assertEqual('available', event.state)
        self.assertIs(event_model.Phase.BILLED, event.phase)

    def test_a_deletion_counts_when_it_happens(self) -> None:
        *_others, event = base.life(DELETED)
        self.assertIs(event_model.Phase.ENDED, event.phase)
        self.assertEqual(event_model.RANK_DELETION, event.rank)
        self.assertEqual(
            timestamps.parse('2026-11-23 07:00:04.205231'), event.event_time
        )

    def test_a_deletion_sent_again_counts_when_it_happened(self) -> None:
        message = again(
            'volume.delete.end',
            '2026-11-23 07:00:04+00:00',
            sent='2026-11-23 09:15:00.123456',
        )
        (event,) = base.shipped().decode(message)
        # Whole seconds stand for the end of theirs: the exact deletion, of
        # 07:00:04.205231, stays the first.
        self.assertEqual(
            timestamps.parse('2026-11-23 07:00:04.999999'), event.event_time
        )
        self.assertIs(event_model.Phase.ENDED, event.phase)

    def test_a_creation_sent_again_is_a_sight_of_the_present(self) -> None:
        for event_type in ('volume.create.start', 'volume.create.end'):
            message = again(
                event_type,
                '2026-11-23 06:54:34+00:00',
                sent='2026-11-23 09:15:00.123456',
                size=25,
                status='in-use',
                created_at='2026-11-23T06:54:34+00:00',
            )
            (event,) = base.shipped().decode(message)
            with self.subTest(event_type):
                self.assertEqual(
                    timestamps.parse('2026-11-23 09:15:00.123456'),
                    event.event_time,
                )
                self.assertEqual('in-use', event.state)
                self.assertEqual({'size_gib': 25}, event.measures)
                self.assertEqual(
                    timestamps.parse('2026-11-23 06:54:34'), event.created_at
                )

    def test_a_creation_sent_again_does_not_decide_the_birth(self) -> None:
        (audited,) = base.shipped().decode(
            again(
                'volume.create.end',
                '2026-11-23 06:54:34+00:00',
                sent='2026-11-23 09:15:00.123456',
                size=25,
            )
        )
        (original,) = base.shipped().decode(base.message('volume.create.end'))
        births = [audited.birth(), original.birth()]
        self.assertEqual(births[0].event_time, births[1].event_time)
        self.assertEqual(
            {'size_gib': 10},
            max(births, key=lambda birth: birth.rank).measures,
        )

    def test_an_audit_is_a_sight_of_the_present(self) -> None:
        message = base.message('volume.exists')
        self.assertIn('audit_period_ending', message['payload'])
        (event,) = base.shipped().decode(message)
        self.assertEqual(
            timestamps.parse('2026-11-23 07:19:15.604424'), event.event_time
        )

    def test_an_unmanaged_volume_leaves_the_bill(self) -> None:
        """Not recorded: Cinder sends it in the place of delete.end."""
        message = copy.deepcopy(base.message('volume.delete.end'))
        message['event_type'] = 'volume.unmanage.end'
        (event,) = base.shipped().decode(message)
        self.assertIs(event_model.Phase.ENDED, event.phase)
