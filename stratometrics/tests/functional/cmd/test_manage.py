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
"""stratometrics-manage, as an operator runs it."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import fixtures
import testtools

from stratometrics.model import event as event_model
from stratometrics.model import findings
from stratometrics.model import timestamps
from stratometrics.storage import base as storage_base
from stratometrics.storage.clickhouse import driver
from stratometrics.storage.clickhouse import migrations
from stratometrics.tests.functional import base
from stratometrics.tests.functional import programs


def write_configuration(conf, path: pathlib.Path) -> None:
    """The same ClickHouse and database, as a file for other processes."""
    options = conf.clickhouse
    path.write_text(
        '[clickhouse]\n'
        f'hosts = {",".join(options.hosts)}\n'
        f'port = {options.port}\n'
        f'user = {options.user}\n'
        f'password = {options.password}\n'
        f'database = {options.database}\n'
    )


class CommandTestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = base.configuration()
        self.addCleanup(base.drop, self.conf)
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = folder / 'stratometrics.conf'
        write_configuration(self.conf, self.file)

    def run_manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return programs.manage(self.file, *arguments)

    def check(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``stratometrics-status upgrade check``."""
        return programs.STATUS.run(
            f'--config-file={self.file}', 'upgrade', 'check', *arguments
        )

    def manage(self, *arguments: str, status: int = 0) -> str:
        """Run the command; give what it printed, or its error."""
        done = self.run_manage(*arguments)
        self.assertEqual(status, done.returncode, done.stderr)
        self.assertNotIn('Traceback', done.stderr)
        return done.stderr if status else done.stdout


class ManageTest(CommandTestCase):
    def test_the_life_of_a_schema(self) -> None:
        newest = len(migrations.STEPS)
        nothing = f'0 (newest: {newest})\n'
        everything = f'{newest} (newest: {newest})\n'
        self.assertIn('CREATE TABLE', self.manage('db', 'sync', '--dry-run'))
        self.assertEqual(nothing, self.manage('db', 'version'))
        self.assertIn(f'version {newest}', self.manage('db', 'sync'))
        self.assertIn(f'version {newest}', self.manage('db', 'sync'))
        self.assertEqual(everything, self.manage('db', 'version'))
        plan = self.manage('db', 'downgrade', '0', '--dry-run')
        self.assertIn('DROP TABLE', plan)
        self.assertIn(self.conf.clickhouse.database, plan)
        self.assertIn('--yes', self.manage('db', 'downgrade', '0', status=1))
        self.assertEqual(everything, self.manage('db', 'version'))
        self.manage('db', 'downgrade', '0', '--yes')
        self.assertEqual(nothing, self.manage('db', 'version'))

    def test_what_follows_from_events_can_be_derived_again(self) -> None:
        self.assertIn('db sync', self.manage('db', 'rebuild', status=1))
        self.manage('db', 'sync')
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        ended = event_model.Event(
            resource_type='image',
            resource_id='i',
            event_time=1,
            message_id='m',
            rank=event_model.RANK_DELETION,
            phase=event_model.Phase.ENDED,
            state='deleted',
            project_id='p',
            event_type='image.delete',
        )
        storage.write_events([ended], 2)
        derived = ('deaths', 'timelines', 'project_timelines', 'arrivals')
        before = [self.rows(storage, table) for table in derived]
        self.assertEqual([[(1,)]] * len(derived), before)
        for table in derived:
            storage._pool.execute(f'TRUNCATE TABLE $database.{table}')
        self.assertEqual('', self.manage('db', 'rebuild'))
        self.assertEqual(
            before, [self.rows(storage, table) for table in derived]
        )

    @staticmethod
    def rows(storage: driver.ClickHouseStorage, table: str) -> list[tuple]:
        return storage._pool.execute(
            f'SELECT count() FROM $database.{table} FINAL'
        )

    def test_a_version_that_is_not_below_is_refused(self) -> None:
        self.manage('db', 'sync')
        above = str(len(migrations.STEPS) + 1)
        refused = self.manage('db', 'downgrade', above, '--yes', status=1)
        self.assertIn(above, refused)

    def test_no_clickhouse_is_one_line(self) -> None:
        self.file.write_text('[clickhouse]\nhosts = 127.0.0.2\nport = 9\n')
        refused = self.manage('db', 'sync', status=1)
        self.assertEqual(1, len(refused.splitlines()), refused)

    def test_a_replay_keeps_what_is_still_not_understood(self) -> None:
        self.manage('db', 'sync')
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        message = storage_base.RejectedMessage(
            id='1',
            received_at=1,
            region='RegionOne',
            reason='why',
            event_type='nothing.known',
            message_id='m',
            body='{"event_type": "nothing.known"}',
        )
        storage.write_rejected([message])
        self.assertIn('1 still not understood', self.manage('replay'))
        self.assertEqual([message], list(storage.rejected()))


class CoverageTest(CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.manage('db', 'sync')
        self.storage = driver.get_storage(self.conf)
        self.addCleanup(self.storage.close)

    def write(self) -> int:
        """Store an event of Glance, a day old.

        :returns: its time.
        """
        received_at = timestamps.now() - 24 * 3600 * timestamps.MICROSECONDS
        event = event_model.Event(
            resource_type='image',
            resource_id='i',
            event_time=received_at,
            message_id='m',
            rank=event_model.RANK_EVENT,
            phase=event_model.Phase.BILLED,
            state='active',
            project_id='p',
            event_type='image.activate',
            region='RegionOne',
        )
        self.storage.write_events([event], received_at)
        return received_at

    def configure(self, silent_after: int) -> None:
        with self.file.open('a') as file:
            file.write(f'[coverage]\nsilent_after = {silent_after}\n')

    def test_glance_went_silent(self) -> None:
        self.write()
        self.assertNotIn('SILENT', self.manage('coverage', '--check'))
        self.configure(12 * 3600)
        [image] = [
            line
            for line in self.manage('coverage').splitlines()
            if line.startswith('image')
        ]
        self.assertIn('SILENT', image)
        self.assertIn('1 d 0 h', image)
        done = self.run_manage('coverage', '--check')
        self.assertEqual(1, done.returncode)
        self.assertIn('SILENT', done.stdout)
        self.assertEqual('', done.stderr)

    def test_json_is_exact(self) -> None:
        last = self.write()
        self.storage.write_rejected(
            [
                storage_base.RejectedMessage(
                    id='1',
                    received_at=last,
                    region='RegionOne',
                    reason='why',
                    event_type='nothing.known',
                    message_id='m',
                    body='{}',
                )
            ]
        )
        report = json.loads(self.manage('coverage', '--format', 'json'))
        [image] = [
            line
            for line in report['coverage']
            if line['resource_type'] == 'image'
        ]
        self.assertEqual(
            ('RegionOne', 'ok', 1, timestamps.isoformat(last)),
            (
                image['region'],
                image['status'],
                image['living'],
                image['last_event'],
            ),
        )
        [unknown] = report['unknown_event_types']
        self.assertEqual('nothing.known', unknown['event_type'])

    def test_what_is_not_sent_tells_when_it_was_reconciled(self) -> None:
        for began_at, whole, outcome in (
            (1_000_001, True, findings.Outcome.DONE),
            (2_000_000, False, findings.Outcome.DONE),
            (3_000_000, True, findings.Outcome.FAILED),
        ):
            self.storage.record_findings(
                findings.Findings(
                    resource_type='object-account',
                    region='RegionOne',
                    source='reconciliation',
                    began_at=began_at,
                    ended_at=began_at,
                    whole=whole,
                    outcome=outcome,
                )
            )
        report = json.loads(self.manage('coverage', '--format', 'json'))
        [account] = [
            line
            for line in report['coverage']
            if line['resource_type'] == 'object-account'
        ]
        self.assertEqual(
            ('RegionOne', 'not-sent', '1970-01-01T00:00:01.000001Z'),
            (
                account['region'],
                account['status'],
                account['last_reconciled'],
            ),
        )

    def test_nobody_reads_what_is_printed(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, 'wb') as unread:
            done = subprocess.run(
                [
                    *(sys.executable, '-m', 'stratometrics.cmd.manage'),
                    *('--config-file', str(self.file), 'coverage'),
                ],
                stdout=unread,
                stderr=subprocess.PIPE,
                text=True,
                timeout=60,
            )
        self.assertEqual(128 + signal.SIGPIPE, done.returncode)
        self.assertEqual('', done.stderr)

    def test_without_a_schema_it_is_one_line(self) -> None:
        self.manage('db', 'downgrade', '0', '--yes')
        refused = self.manage('coverage', status=1)
        self.assertIn('db sync', refused)
