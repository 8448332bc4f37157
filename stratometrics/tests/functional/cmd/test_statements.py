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
"""stratometrics-manage statements, as an operator runs it."""

import decimal
import json
import signal
import subprocess
import sys

from stratometrics.model import event as event_model
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.storage.clickhouse import driver
from stratometrics.tests import priced
from stratometrics.tests.functional.cmd import test_manage

DAY = 24 * 3600 * timestamps.MICROSECONDS
#: 2026-10-01T00:00:00Z
OCTOBER = 1_790_812_800 * timestamps.MICROSECONDS
#: More than are issued at a time.
MANY = 450
#: The command, which gets a signal between two inserts. At another time the
#: ClickHouse of the tests can die of a client that ends: it does not survive
#: a connection that is reset.
INTERRUPTED = """
import os
import sys

from stratometrics.cmd import manage
from stratometrics.cmd import statements

def advance(told, number):
    os.kill(os.getpid(), {number:d})

statements._Told.advance = advance
sys.exit(manage.main(sys.argv[1:]))
"""


def server(project_id: str) -> event_model.Event:
    """A server that lives on since September."""
    return event_model.Event(
        resource_type='instance',
        resource_id=f'server of {project_id}',
        event_time=OCTOBER - 10 * DAY,
        message_id='m',
        rank=event_model.RANK_EVENT,
        phase=event_model.Phase.BILLED,
        state='active',
        project_id=project_id,
        event_type='test',
        type='m1.small',
    )


class StatementsTestCase(test_manage.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.manage('db', 'sync')
        self.storage = driver.get_storage(self.conf)
        self.addCleanup(self.storage.close)
        self.storage.record_prices(
            [
                priced.created(
                    priced.price(
                        'small',
                        match={'type': ('m1.small',)},
                        valid_from=0,
                        tiers=(prices.Tier(decimal.Decimal('0.02')),),
                    ),
                    OCTOBER - 20 * DAY,
                )
            ]
        )

    def serve(self, *project_ids: str) -> None:
        self.storage.write_events(
            [server(project_id) for project_id in project_ids],
            OCTOBER - 10 * DAY,
        )

    def statements(self, *arguments: str, status: int = 0) -> str:
        return self.manage('statements', *arguments, status=status)

    def issue(self, *arguments: str, status: int = 0) -> str:
        return self.statements(
            'issue', '--month', '2026-10', *arguments, status=status
        )


class StatementsTest(StatementsTestCase):
    def test_a_month(self) -> None:
        self.serve('p', 'q')
        planned = self.issue('--dry-run').splitlines()
        self.assertIn('2 to issue', planned[0])
        self.assertIn('EUR 29.76', planned)
        self.assertEqual([], self.storage.receipts())
        done = self.issue('--as-of', '2026-11-02T00:00:00Z').splitlines()
        self.assertEqual(
            [
                '2 issued, 0 of them with adjustments, 0 with usage that has '
                'no price; 0 had been issued before',
                'EUR 29.76',
                'As of 2026-11-02T00:00:00Z',
            ],
            done,
        )
        self.assertIn('0 issued', self.issue())
        self.assertIn('2 had been issued', self.issue())
        listed = json.loads(
            self.statements('list', '--project', 'p', '--format', 'json')
        )
        [receipt] = listed['statements']
        self.assertEqual('2026-10-p', receipt['number'])
        self.assertTrue(
            receipt['issued_by'].startswith('stratometrics-manage: ')
        )
        table = self.statements('list', '--month', '2026-10')
        self.assertEqual(3, len(table.splitlines()), table)
        shown = json.loads(self.statements('show', '2026-10-p'))
        self.assertEqual('2026-10-p', shown['issued']['number'])
        self.assertIn(
            '<html', self.statements('show', '2026-10-p', '--format', 'html')
        )
        self.assertEqual(
            '2 as they were issued, 0 not\n', self.statements('verify')
        )

    def test_an_earlier_month_that_lacks_a_statement(self) -> None:
        self.serve('p', 'q')
        self.statements('issue', '--month', '2026-09', '--project', 'p')
        done = self.run_manage(*('statements', 'issue', '--month', '2026-10'))
        self.assertEqual(0, done.returncode)
        self.assertIn('1 projects used something in 2026-09', done.stderr)

    def test_a_statement_that_does_not_hold(self) -> None:
        self.serve('p')
        self.issue()
        # What nobody may do: an event is said to have been there before.
        self.serve('p', 'q')
        self.storage.write_events([server('p')], OCTOBER - 11 * DAY)
        extra = event_model.Event(
            **{
                name: getattr(server('p'), name)
                for name in event_model.Event.__slots__
            }
            | {'resource_id': 'another'}
        )
        self.storage.write_events([extra], OCTOBER - 10 * DAY)
        done = self.run_manage('statements', 'verify')
        self.assertEqual(1, done.returncode)
        self.assertIn('2026-10-p: events and prices', done.stdout)

    def test_what_cannot_be_done_is_one_line(self) -> None:
        for arguments, text in (
            (('issue', '--month', '2026-13'), '2026-13'),
            (('issue', '--month', '2190-01'), 'cannot be issued before'),
            (
                (
                    *('issue', '--month', '2026-10'),
                    *('--as-of', '2026-10-01T00:00:00Z'),
                ),
                'as_of',
            ),
            (('show', '2026-10-x'), 'there is no statement 2026-10-x'),
            (('verify', '2026-10-x'), 'there is no statement 2026-10-x'),
        ):
            refused = self.statements(*arguments, status=1)
            self.assertEqual(1, len(refused.splitlines()), refused)
            self.assertIn(text, refused)

    def test_usage_without_a_price_is_listed(self) -> None:
        self.serve('p')
        event = event_model.Event(
            **{
                name: getattr(server('q'), name)
                for name in event_model.Event.__slots__
            }
            | {'type': 'm1.huge'}
        )
        self.storage.write_events([event], OCTOBER)
        done = self.run_manage('statements', 'issue', '--month', '2026-10')
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stdout, '2026-10 .* m1.huge')
        self.assertIn('31 d', done.stdout)
        self.assertIn('Nothing was issued', done.stderr)
        self.assertEqual([], self.storage.receipts())
        self.assertIn('1 with usage', self.issue('--allow-unpriced'))


class InterruptionTest(StatementsTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.serve(*(f'project-{number:04}' for number in range(MANY)))

    def interrupted(self, number: signal.Signals) -> tuple[int, str]:
        """A run that gets a signal when it has issued some statements.

        :returns: its status, and what it said.
        """
        done = subprocess.run(
            [
                *(sys.executable, '-c', INTERRUPTED.format(number=number)),
                *('--config-file', str(self.file)),
                *('statements', 'issue', '--month', '2026-10'),
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stderr

    def finish(self) -> None:
        """Issue the rest, and see that each was issued once."""
        before = self.storage.receipts()
        self.assertLess(0, len(before))
        self.assertLess(len(before), MANY)
        told = self.issue('--as-of', '2026-11-02T00:00:00Z')
        self.assertIn(f'{MANY - len(before)} issued', told)
        self.assertIn(f'{len(before)} had been issued before', told)
        after = {each.number: each for each in self.storage.receipts()}
        self.assertEqual(MANY, len(after))
        for receipt in before:
            self.assertEqual(receipt, after[receipt.number])
        [(rows,)] = self.storage._pool.execute(
            'SELECT count() FROM $database.statements'
        )
        self.assertEqual(MANY, rows)

    def test_a_run_that_is_killed(self) -> None:
        status, _ = self.interrupted(signal.SIGKILL)
        self.assertEqual(-signal.SIGKILL, status)
        # It could not give back the right to issue, which runs out.
        self.finish()

    def test_a_run_that_is_ended(self) -> None:
        status, told = self.interrupted(signal.SIGTERM)
        self.assertEqual(128 + signal.SIGTERM, status)
        self.assertIn('SIGTERM', told)
        lease = self.storage.lease('statements', DAY)
        self.assertTrue(lease.claim())
        lease.release()
        self.finish()
