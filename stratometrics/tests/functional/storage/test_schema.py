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
"""Steps of the schema, on a real ClickHouse."""

from unittest import mock

import testtools

from stratometrics.model import event as event_model
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import driver
from stratometrics.storage.clickhouse import migrations
from stratometrics.storage.clickhouse import schema
from stratometrics.storage.clickhouse.migrations import s0004_consumption
from stratometrics.tests.functional import base

_TABLES = """
SELECT name FROM system.tables WHERE database = {database:String} ORDER BY 1
"""


class Step:
    """A step of the schema that only a test knows."""

    FORWARDS = [
        'CREATE TABLE IF NOT EXISTS $database.extra (a Int8) ENGINE = Memory',
        'INSERT INTO $database.extra SELECT 1',
    ]
    BACKWARDS = ['DROP TABLE IF EXISTS $database.extra SYNC']


class BrokenStep(Step):
    """The same, interrupted half-way."""

    FORWARDS = [Step.FORWARDS[0], 'SELECT throwIf(1)']


class SchemaTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = base.configuration()
        self.storage = driver.get_storage(self.conf)
        self.addCleanup(base.drop, self.conf)
        self.addCleanup(self.storage.close)
        self.schema = self.storage.schema
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)

    def tables(self) -> set[str]:
        rows = self.pool.execute(
            _TABLES, {'database': self.conf.clickhouse.database}
        )
        return {name for (name,) in rows}

    def steps(self, *more: type) -> None:
        steps = mock.patch.object(
            migrations, 'STEPS', (*self.real_steps(), *more)
        )
        steps.start()
        self.addCleanup(steps.stop)

    @staticmethod
    def real_steps() -> tuple:
        return tuple(
            step for step in migrations.STEPS if not isinstance(step, type)
        )

    def test_nothing_is_there_at_first(self) -> None:
        self.assertEqual(schema.Version(0, 0), self.schema.version())
        refused = self.assertRaises(
            errors.StorageUnavailable, self.storage.check
        )
        self.assertIn('stratometrics-manage db sync', str(refused))

    def test_writing_before_the_schema_asks_for_it(self) -> None:
        refused = self.assertRaises(
            errors.SchemaMissing,
            self.pool.insert,
            'INSERT INTO $database.rejected (id) VALUES',
            [['1']],
        )
        self.assertIn('stratometrics-manage db sync', str(refused))
        self.assertNotIn('Stack trace', str(refused))

    def test_there_and_back(self) -> None:
        self.schema.migrate(self.schema.newest)
        self.storage.check()
        self.assertLess(
            {'events', 'rejected', 'names', 'schema_journal'}, self.tables()
        )
        self.schema.migrate(0)
        self.assertEqual({'schema_journal'}, self.tables())
        self.assertEqual(schema.Version(0, 0), self.schema.version())

    def test_every_step_leaves_what_it_found(self) -> None:
        found = []
        for version in range(self.schema.newest + 1):
            self.schema.migrate(version)
            found.append(self.tables())
        for version in reversed(range(1, self.schema.newest)):
            self.schema.migrate(version)
            self.assertEqual(found[version], self.tables())

    def test_every_step_can_be_repeated(self) -> None:
        self.schema.migrate(0)
        for step in migrations.STEPS:
            self._repeat(step.FORWARDS)
        for step in reversed(migrations.STEPS):
            self._repeat(step.BACKWARDS)
        self.assertEqual({'schema_journal'}, self.tables())

    def _repeat(self, statements: list[str]) -> None:
        """Run the statements of a step, and see that again does nothing."""
        for statement in statements:
            self.pool.execute(statement)
        expected = self.tables()
        for statement in statements:
            self.pool.execute(statement)
        self.assertEqual(expected, self.tables())

    def test_there_is_no_way_back_with_what_was_consumed(self) -> None:
        """The schema before has no word for it; all else is kept."""
        self.schema.migrate(self.schema.newest)
        self.storage.write_events(
            [
                event_model.Event(
                    resource_type='thing',
                    resource_id='r1',
                    event_time=1,
                    message_id=phase.name,
                    rank=event_model.RANK_EVENT,
                    phase=phase,
                    state='',
                    project_id='p1',
                    event_type='test',
                )
                for phase in event_model.Phase
            ],
            1,
        )
        step = s0004_consumption
        for statements in (step.BACKWARDS, step.BACKWARDS, step.FORWARDS):
            for statement in statements:
                self.pool.execute(statement)
            self.assertEqual(
                [
                    ('BILLED', 'billed'),
                    ('ENDED', 'ended'),
                    ('PENDING', 'pending'),
                    ('UNBILLED', 'unbilled'),
                ],
                self.pool.execute(
                    'SELECT message_id, phase FROM $database.events ORDER BY 1'
                ),
            )

    def test_again_changes_nothing(self) -> None:
        self.schema.migrate(self.schema.newest)
        self.assertEqual([], self.schema.plan(self.schema.newest))
        self.schema.migrate(self.schema.newest)
        self.storage.check()

    def test_a_plan_changes_nothing(self) -> None:
        [step] = self.schema.plan(1)
        self.assertEqual((0, 1), (step.old_version, step.new_version))
        self.assertEqual(set(), self.tables())

    def test_an_unknown_version_is_refused(self) -> None:
        for version in (-1, self.schema.newest + 1):
            refused = self.assertRaises(
                ValueError, self.schema.migrate, version
            )
            self.assertIn(str(version), str(refused))

    def test_an_interrupted_step_is_noticed_and_repeated(self) -> None:
        self.schema.migrate(self.schema.newest)
        newest = self.schema.newest
        self.steps(BrokenStep)
        self.assertRaises(errors.StorageError, self.schema.migrate, newest + 1)
        self.assertTrue(self.schema.version().changing)
        refused = self.assertRaises(
            errors.StorageUnavailable, self.storage.check
        )
        self.assertIn('interrupted', str(refused))
        self.steps(Step)
        self.schema.migrate(newest + 1)
        self.storage.check()
        self.assertEqual(
            [(1,)], self.pool.execute('SELECT a FROM $database.extra')
        )

    def test_an_interrupted_step_can_be_taken_back(self) -> None:
        self.schema.migrate(self.schema.newest)
        newest = self.schema.newest
        self.steps(BrokenStep)
        self.assertRaises(errors.StorageError, self.schema.migrate, newest + 1)
        self.schema.migrate(newest)
        self.assertNotIn('extra', self.tables())
        self.assertEqual(schema.Version(newest, newest), self.schema.version())

    def test_a_newer_schema_is_refused(self) -> None:
        self.steps(Step)
        self.schema.migrate(self.schema.newest)
        self.steps()
        refused = self.assertRaises(
            errors.StorageUnavailable, self.storage.check
        )
        self.assertIn('newer', str(refused))
        for target in (0, self.schema.newest):
            refused = self.assertRaises(
                ValueError, self.schema.migrate, target
            )
            self.assertIn('newer', str(refused))
