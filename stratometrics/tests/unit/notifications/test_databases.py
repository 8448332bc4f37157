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

from stratometrics.tests.unit.notifications import base

INSTANCE = '3ba3c2d8-1d7a-4f2b-b6a2-0dd9a34c9a52'
NEVER = '77f46e9a-7be0-4f33-9a0c-51d33a9b3a11'
ACME = '4ada08c586564ca883b7b49d042f9e30'


class DatabaseInstanceTest(unittest.TestCase):
    """Not recorded: see ``built`` in the fixtures."""

    def test_a_life(self) -> None:
        life = base.life(INSTANCE)
        self.assertEqual(
            [
                ('active', 'db.small', 'd1'),
                ('active', 'db.large', 'd2'),
                ('healthy', 'db.large', 'd2'),
                ('deleted', 'db.large', 'd2'),
            ],
            base.changes(life, 'state', 'type', 'type_id'),
        )
        self.assertEqual(
            {('database-instance', 'orders', '')},
            {(one.resource_type, one.name, one.user_id) for one in life},
        )
        self.assertEqual(
            {
                ('active', ACME, 'db.small', '0'): '4810.400000',
                ('active', ACME, 'db.large', '0'): '2390.100000',
                ('healthy', ACME, 'db.large', '0'): '1799.500000',
            },
            base.usage(life, '08:00:00', '12:00:00'),
        )

    def test_it_ends_when_it_was_deleted_and_not_when_that_is_told(
        self,
    ) -> None:
        *_others, deletion = base.life(INSTANCE)
        self.assertEqual(base.moment('11:30:00'), deletion.event_time)

    def test_audits_and_the_others_agree_on_the_creation(self) -> None:
        """They spell it with a fraction and without."""
        self.assertEqual(
            {base.moment('09:00:00')},
            {one.created_at for one in base.life(INSTANCE)},
        )

    def test_an_audit_of_one_that_never_ran(self) -> None:
        self.assertEqual([], base.life(NEVER))

    def test_a_request_is_ignored(self) -> None:
        for suffix in ('start', 'end'):
            self.assertEqual(
                (),
                base.shipped().decode(
                    base.message(f'dbaas.instance_resize_volume.{suffix}')
                ),
            )
