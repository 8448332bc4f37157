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

SHARE = '2696b24c-3126-44fd-97ce-30c5f0106868'
DEFERRED = '7a2f6d2e-55f5-4f5b-9a39-2a4b6a4b0a01'
DELETED = '4387e29f-f0e5-447b-b76b-c4f2f80206fb'
ACME = '4ada08c586564ca883b7b49d042f9e30'
BETA = 'aed0fed09e9842e4ac2444ec51c85eef'
TYPE = 'd492dba0-6c22-486f-9802-b7bb583451d7'


class ShareTest(unittest.TestCase):
    def test_a_life(self) -> None:
        """The gathered sizes were not recorded: see ``built``."""
        life = base.life(SHARE)
        self.assertEqual(
            [(3, BETA), (6, BETA), (2, BETA), (2, ACME)],
            [
                (measures['size_gib'], owner)
                for measures, owner in base.changes(
                    life, 'measures', 'project_id'
                )
            ],
        )
        self.assertEqual(
            {('share', 'available', 'default', TYPE, 'NFS')},
            {
                (
                    one.resource_type,
                    one.state,
                    one.type,
                    one.type_id,
                    one.attributes['protocol'],
                )
                for one in life
            },
        )
        self.assertEqual(
            {
                ('available', BETA, 'default', '3'): '2.618126',
                ('available', BETA, 'default', '6'): '2.401016',
                ('available', BETA, 'default', '2'): '315.099330',
                ('available', ACME, 'default', '2'): '59.700000',
            },
            base.usage(life, '07:00:00', '07:30:00'),
        )

    def test_a_transfer_tells_the_old_owner_and_is_ignored(self) -> None:
        message = base.message('share.transfer.accept.end')
        self.assertEqual(BETA, message['payload']['project_id'])
        self.assertEqual((), base.shipped().decode(message))

    def test_one_that_was_never_made_is_never_billed(self) -> None:
        """Its creation has a start and no end, and it can be deleted.

        What was recorded of a deletion is all that is told of such a share.
        """
        (deletion,) = base.life(DELETED)
        self.assertEqual('share.delete.end', deletion.event_type)
        self.assertIs(event_model.Phase.ENDED, deletion.phase)
        for event_type, status in (
            ('share.create.start', 'creating'),
            ('share.consumed.size', 'error'),
            ('share.consumed.size', 'error_deleting'),
            ('share.delete.start', 'deleting'),
        ):
            self.assertEqual(
                (),
                base.shipped().decode(base.message(event_type, status=status)),
                (event_type, status),
            )

    def test_a_second_instance_changes_nothing_before_it_is_there(
        self,
    ) -> None:
        """A migration creates one under the id of a share in use.

        Not recorded: create_share_instance of manila 23.0.1 does not tell one
        instance from another.
        """
        start = base.message('share.create.start', share_id=SHARE)
        self.assertEqual((), base.shipped().decode(start))
        (event,) = base.shipped().decode(
            base.message('share.create.end', share_id=SHARE)
        )
        self.assertIs(event_model.Phase.BILLED, event.phase)

    def test_a_deferred_deletion_is_unbilled_at_once(self) -> None:
        """Not recorded: see ``built`` in the fixtures."""
        life = base.life(DEFERRED)
        self.assertEqual(
            [
                'available',
                'deferred_deleting',
                'error_deferred_deleting',
                'deleted',
            ],
            [one.state for one in life],
        )
        self.assertEqual(
            {('available', BETA, 'default', '4'): '600.000000'},
            base.usage(life, '07:00:00', '08:00:00'),
        )


class MigrationTest(base.FolderTestCase):
    def test_where_instances_come_and_go_no_deletion_is_final(self) -> None:
        """What the definition advises where shares are migrated."""
        self.write(
            'local.yaml',
            """\
            resources:
              share: {states: {terminal: [purged], unbilled: [deleted]}}
            """,
        )
        decode = self.decoder().decode
        created = base.message('share.create.end')
        deleted = base.message('share.delete.end', share_id=SHARE)
        deleted['timestamp'] = '2026-11-23 07:23:50.181528'
        seen = base.message('share.consumed.size')
        seen['timestamp'] = '2026-11-23 07:24:00.181528'
        events = [
            event
            for message in (created, deleted, seen)
            for event in decode(message)
        ]
        usage = base.usage(events, '07:00:00', '07:24:10.181528')
        self.assertEqual(
            {
                ('available', BETA, 'default', '3'): '10.000000',
                ('available', BETA, 'default', '2'): '10.000000',
            },
            usage,
        )
