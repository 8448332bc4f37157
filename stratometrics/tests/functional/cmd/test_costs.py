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
"""stratometrics-manage costs, as an operator runs it."""

import csv
import decimal
import io
import json
import pathlib

import fixtures
from pyarrow import parquet

from stratometrics.storage.clickhouse import driver
from stratometrics.tests import focus
from stratometrics.tests.functional.cmd import test_manage
from stratometrics.tests.functional.rating import test_costs as rating


class CostsCommandTest(test_manage.CommandTestCase):
    def setUp(self):
        super().setUp()
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        storage.schema.migrate(storage.schema.newest)
        storage.write_events(rating.EVENTS, received_at=rating.at(11, 1))
        storage.record_prices(rating.entries())
        with self.file.open('a') as file:
            file.write('[api]\ntimezone = Europe/Berlin\n')
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def run_costs(self, *arguments, status=0, as_of='2026-11-02T00:00:00Z'):
        ran = self.run_manage('costs', *arguments, '--as-of', as_of)
        self.assertEqual(status, ran.returncode, ran.stderr)
        return ran

    def test_a_report(self):
        asked = ('report', '--month', '2026-10', '--equivalent', 'aws')
        ran = self.run_costs(*asked, '--project', 'p')
        lines = [line.split() for line in ran.stdout.splitlines()]
        self.assertEqual(
            [
                *('resource_type', 'type', 'currency', 'cost', 'aws.cost'),
                *('aws.equivalent', 'aws.saving', 'aws.without_equivalent'),
            ],
            lines[0],
        )
        self.assertEqual('', ran.stderr)
        # 60 hours at 0.02, and 2 vCPUs at 0.01; aws takes 0.05.
        self.assertIn(
            [
                *('instance', 'm1.small', 'EUR', '2.400000000011'),
                *('1.200000000006', '3.000000000014', '1.800000000008'),
                '1.200000000006',
            ],
            lines,
        )
        body = json.loads(self.run_costs(*asked, '--format', 'json').stdout)
        self.assertEqual(
            ['EUR', 'JPY'], [t['currency'] for t in body['totals']]
        )
        ran = self.run_costs(
            *asked, '--format', 'csv', '--group-by', 'project_id'
        )
        self.assertEqual(
            {('p', 'EUR'), ('q', 'EUR'), ('q', 'JPY')},
            {
                (row['project_id'], row['currency'])
                for row in csv.DictReader(io.StringIO(ran.stdout))
            },
        )
        self.assertIn(
            'No price is for some of the usage of router', ran.stderr
        )

    def test_an_export(self):
        read = []
        for form in ('focus-csv', 'focus-parquet'):
            path = self.folder / form
            ran = self.run_costs(
                *('export', '--month', '2026-10', '--format', form),
                *('-o', str(path)),
            )
            read.append(path.read_bytes())
            self.assertRegex(ran.stdout, f'^[0-9]+ rows written to {path}\n$')
        rows = focus.read(read[0].decode())
        self.assertEqual([], focus.violations(rows))
        table = parquet.read_table(io.BytesIO(read[1]))
        self.assertEqual(
            sum(decimal.Decimal(row['BilledCost']) for row in rows),
            sum(table['BilledCost'].to_pylist()),
        )
        self.assertEqual(
            ['focus-csv', 'focus-parquet'],
            sorted(path.name for path in self.folder.iterdir()),
        )

    def test_refused(self):
        for arguments, words in (
            (
                ('report', '--month', 'October'),
                "--month 'October' is not a month such as 2026-10",
            ),
            (
                ('report', '--month', '2026-10', '--group-by', 'x'),
                "--group-by 'x' is none of resource_type",
            ),
            (
                ('report', '--month', '2026-10', '--equivalent', 'gcp'),
                'there are aws',
            ),
            (
                (
                    *('export', '--month', '2026-10', '--format', 'focus-csv'),
                    *('-o', str(self.folder / 'no' / 'such')),
                ),
                'cannot be written',
            ),
        ):
            ran = self.run_costs(*arguments, status=1)
            self.assertIn(words, ran.stderr)
            self.assertNotIn('Traceback', ran.stderr)

    def test_the_future_costs_nothing_yet(self):
        for arguments in (
            ('report', '--month', '2026-10'),
            (
                *('export', '--month', '2026-10', '--format', 'focus-csv'),
                *('-o', str(self.folder / 'x')),
            ),
        ):
            ran = self.run_costs(
                *arguments, status=1, as_of='2199-01-01T00:00:00Z'
            )
            self.assertIn('--as-of must not be in the future', ran.stderr)
        self.assertEqual([], list(self.folder.iterdir()))
