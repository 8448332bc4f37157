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
"""An upgrade as the page tells it: what was known before is told after it."""

import re

from stratometrics.storage import errors
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional.cmd import test_manage
from stratometrics.tests.functional.storage import test_cluster

#: The schema before tables that are filled from events.
_BEFORE = 9

_REMEDY = 'run "stratometrics-manage db sync"'


class UpgradeTest(test_manage.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.storage = driver.get_storage(self.conf)
        self.addCleanup(self.storage.close)
        self.schema = self.storage.schema
        self.schema.migrate(self.schema.newest)
        self.storage.write_events(test_cluster.events(), 1)

    def is_told_to_sync(self) -> bool:
        """Whether the check says so, in whatever lines of its table."""
        shown = self.check().stdout
        return ''.join(_REMEDY.split()) in re.sub(r'[|\s]', '', shown)

    def answers(self) -> list:
        """About all projects, and about one, by what is derived."""
        return [
            self.storage.usage(test_cluster.query(**asked))
            for asked in ({}, {'project_ids': ('p1',)})
        ]

    def test_the_answers_are_the_same(self) -> None:
        before = self.answers()
        self.assertEqual([2, 1], [len(answer) for answer in before])
        self.schema.migrate(_BEFORE)

        self.assertIn('CREATE TABLE', self.manage('db', 'sync', '--dry-run'))
        self.assertEqual(_BEFORE, self.schema.version().low)
        self.assertTrue(self.is_told_to_sync())
        self.assertRaisesRegex(
            errors.StorageUnavailable, _REMEDY, self.storage.check
        )

        self.manage('db', 'sync')
        self.assertFalse(self.is_told_to_sync())
        self.storage.check()
        self.assertEqual(before, self.answers())
        # So a release that prints nothing needs no step.
        self.assertEqual('', self.manage('db', 'sync', '--dry-run'))
