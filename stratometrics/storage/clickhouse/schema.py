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
"""Which step of the schema a database is at, and how it gets to another."""

from collections.abc import Sequence
import dataclasses

from oslo_log import log as logging

from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import migrations

LOG = logging.getLogger(__name__)

_CREATE_DATABASE = 'CREATE DATABASE IF NOT EXISTS $database'

# Append-only: a row when a step begins and another when it is done, so that
# an interrupted one can be told from one that was never begun.
_CREATE_JOURNAL = """
CREATE TABLE IF NOT EXISTS $database.schema_journal (
    entered_at DateTime64(6, 'UTC'),
    old_version UInt32,
    new_version UInt32,
    state Enum8('begun' = 1, 'done' = 2)
)
ENGINE = MergeTree
ORDER BY (entered_at, state)
"""

_LAST_ENTRY = """
SELECT old_version, new_version, state FROM $database.schema_journal
ORDER BY entered_at DESC, state DESC LIMIT 1
"""

_ENTER = """
INSERT INTO $database.schema_journal (
    entered_at, old_version, new_version, state
)
VALUES
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Version:
    """Where a schema is: at a version, or in a step between two of them.

    :param low: the number of steps that are taken whole.
    :param high: the same, or one more while a step has begun, in either
        direction, and not ended.
    """

    low: int
    high: int

    @property
    def changing(self) -> bool:
        return self.low != self.high

    def __str__(self) -> str:
        if self.changing:
            return f'between {self.low} and {self.high}'
        return str(self.low)


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """The statements that lead from a version to a neighbouring one."""

    old_version: int
    new_version: int
    statements: Sequence[str]


class Schema:
    """The schema of one database.

    :param pool: connections to its server.
    """

    def __init__(self, pool: clickhouse_client.Pool) -> None:
        self._pool = pool

    @property
    def newest(self) -> int:
        """The version that this code works with."""
        return len(migrations.STEPS)

    def version(self) -> Version:
        """The version of the database.

        :raises StorageUnavailable: there is no server.
        """
        try:
            rows = self._pool.execute(_LAST_ENTRY)
        except errors.SchemaMissing:
            rows = []
        if not rows:
            return Version(0, 0)
        [(old, new, state)] = rows
        if state == 'done':
            return Version(new, new)
        return Version(min(old, new), max(old, new))

    def check(self) -> None:
        """See that this code can work with the database.

        :raises StorageUnavailable: with what to do about it.
        """
        version = self.version()
        if version.changing:
            raise errors.StorageUnavailable(
                f'a change of the schema is under way {version}; if it was '
                'interrupted, run "stratometrics-manage db sync"'
            )
        if version.low < self.newest:
            raise errors.StorageUnavailable(
                f'the schema is at version {version}, this release needs '
                f'{self.newest}: run "stratometrics-manage db sync"'
            )
        if version.high > self.newest:
            raise errors.StorageUnavailable(self._too_new(version))

    def plan(self, target: int) -> list[Step]:
        """The steps that lead to a version.

        A step that was interrupted is taken again whole.

        :param target: the version to reach.
        :raises ValueError: there is no such version, or the database is at
            one that this release does not know.
        """
        if not 0 <= target <= self.newest:
            raise ValueError(
                f'there is no version {target}: versions are 0 to '
                f'{self.newest}'
            )
        version = self.version()
        if version.high > self.newest:
            raise ValueError(self._too_new(version))
        if target >= version.high:
            return [
                Step(number - 1, number, migrations.STEPS[number - 1].FORWARDS)
                for number in range(version.low + 1, target + 1)
            ]
        return [
            Step(number, number - 1, migrations.STEPS[number - 1].BACKWARDS)
            for number in range(version.high, target, -1)
        ]

    def _too_new(self, version: Version) -> str:
        return (
            f'the schema is at version {version}, newer than the '
            f'{self.newest} that this release knows'
        )

    def migrate(self, target: int) -> None:
        """Take the steps to a version, in either direction.

        :raises ValueError: there is no such version.
        :raises StorageError: a statement failed; repeat the command once
            its cause is gone.
        """
        steps = self.plan(target)
        self._pool.execute(_CREATE_DATABASE)
        self._pool.execute(_CREATE_JOURNAL)
        for step in steps:
            self._enter(step, 'begun')
            for statement in step.statements:
                self._pool.execute(statement)
            self._enter(step, 'done')
            LOG.info('The schema is at version %d now', step.new_version)

    def _enter(self, step: Step, state: str) -> None:
        self._pool.insert(
            _ENTER,
            [
                [timestamps.now()],
                [step.old_version],
                [step.new_version],
                [state],
            ],
        )
