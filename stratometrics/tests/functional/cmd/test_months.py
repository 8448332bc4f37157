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
"""Commands that open, close, purge and verify months."""

import json
from unittest import mock

from stratometrics.model import event as event_model
from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import driver
from stratometrics.storage.clickhouse import openings
from stratometrics.tests.functional.cmd import test_manage

_PRESENT = months.begin(timestamps.now())
_LAST = months.begin(_PRESENT - 1)
_BEFORE = months.begin(_LAST - 1)
_HOUR = 3600 * timestamps.MICROSECONDS


def event(
    resource_id: str,
    event_time: int,
    phase: event_model.Phase = event_model.Phase.BILLED,
) -> event_model.Event:
    return event_model.Event(
        resource_type='volume',
        resource_id=resource_id,
        event_time=event_time,
        message_id=f'{resource_id}-{event_time}',
        rank=event_model.rank_of(phase),
        phase=phase,
        state='available',
        project_id='p',
        event_type='test',
        measures={'size_gib': 3},
    )


class MonthsCommandTest(test_manage.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        with self.file.open('a') as file:
            # A purge waits for it.
            file.write('query_timeout = 1\n[api]\nsettling_time = 0\n')
        self.storage = driver.get_storage(self.conf)
        self.addCleanup(self.storage.close)
        self.storage.schema.migrate(self.storage.schema.newest)
        self.write(
            event('lives', _BEFORE + _HOUR),
            event('dies', _BEFORE + 2 * _HOUR),
            event('dies', _LAST + _HOUR, event_model.Phase.ENDED),
        )

    def write(self, *events: event_model.Event) -> None:
        self.storage.write_events(events, timestamps.now())

    def listed(self) -> dict:
        body = json.loads(self.manage('months', 'list', '--format', 'json'))
        return {
            each['month']: (
                each['opened'],
                each['closed'],
                each['late_since'] is not None,
            )
            for each in body['months']
        }

    def test_months_are_opened_closed_and_closed_again(self) -> None:
        last, before = months.of(_LAST), months.of(_BEFORE)
        present = months.of(_PRESENT)
        self.assertEqual(f'{present} is opened.\n', self.manage('open-month'))
        self.assertEqual(f'{last} is closed.\n', self.manage('close-month'))
        self.assertEqual(
            f'{before} is closed.\n', self.manage('close-month', '--all')
        )
        self.assertEqual(
            {
                before: (False, True, False),
                last: (False, True, False),
                present: (True, False, False),
            },
            self.listed(),
        )
        self.write(event('late', _LAST + 3 * _HOUR))
        self.assertEqual((False, False, True), self.listed()[last])
        self.assertIn('late since', self.manage('months', 'list'))
        self.assertEqual(
            f'{before} is closed.\n{last} is closed.\n',
            self.manage('close-month', '--again'),
        )
        self.assertEqual((False, True, False), self.listed()[last])

    def test_what_lacks_its_openings_gets_them(self) -> None:
        last, present = months.of(_LAST), months.of(_PRESENT)
        self.assertEqual('', self.manage('open-month', '--again'))
        for month in (last, present):
            self.manage('open-month', month)
        # As a backup has it that was made before its openings were written.
        with mock.patch.object(openings.Openings, 'follow'):
            self.write(event('late', _BEFORE + 3 * _HOUR))
        told = self.run_manage('verify', '--month', last)
        self.assertEqual(1, told.returncode, told.stderr)
        self.assertEqual(
            f'{last} is opened again.\n{present} is opened again.\n',
            self.manage('open-month', '--again'),
        )
        self.assertIn('\n0 microseconds differ', self.manage('verify'))

    def test_what_cannot_be_is_refused(self) -> None:
        present = months.of(_PRESENT)
        after = months.of(months.after(_PRESENT))
        for status, arguments, reason in (
            (1, ('close-month', present), 'before it ends'),
            (1, ('open-month', after), 'before it begins'),
            (2, ('open-month', '2026-13'), 'is not a month'),
            (2, ('verify', '--sample', '0'), 'greater than 0'),
            (1, ('purge', '--before', present, '--yes'), 'is not opened'),
            (1, ('close-month', present, '--all'), 'not both'),
            (1, ('open-month', present, '--again'), 'not both'),
        ):
            refused = self.manage(*arguments, status=status)
            self.assertIn(reason, refused)

    def test_a_turn_is_taken(self) -> None:
        lease = self.storage.lease('months', 600 * timestamps.MICROSECONDS)
        self.assertTrue(lease.claim())
        refused = self.manage('open-month', status=1)
        self.assertIn('somebody else', refused)

    def test_a_purge_keeps_what_lives(self) -> None:
        last, before = months.of(_LAST), months.of(_BEFORE)
        # The one that is purged was opened and closed as well.
        for month in (before, last):
            self.manage('open-month', month)
        self.manage('close-month', before)
        self.assertIn(
            '--yes', self.manage('purge', '--before', last, status=1)
        )
        dry = self.manage('purge', '--before', last, '--dry-run')
        self.assertIn(f'{before}: 2 events', dry)
        self.assertIn('dry run', dry)
        self.assertEqual([before, last], sorted(self.listed()))
        self.manage('purge', '--before', last, '--yes')
        self.assertEqual([last], sorted(self.listed()))
        self.assertIn(
            f'What was before {last} was purged',
            self.manage('months', 'list'),
        )
        self.assertIn('0 microseconds differ', self.manage('verify'))
        refused = self.manage('verify', '--month', before, status=1)
        self.assertIn('was purged', refused)

    def test_verify_tells_what_differs(self) -> None:
        last = months.of(_LAST)
        self.manage('open-month', last)
        self.manage('close-month', last)
        self.assertIn('0 microseconds differ', self.manage('verify'))
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        pool.execute(
            'ALTER TABLE $database.intervals '
            'UPDATE interval_end = interval_end - 7 '
            "WHERE resource_id = 'lives' SETTINGS mutations_sync = 1"
        )
        found = self.run_manage('verify', '--month', last, '--sample', '10')
        self.assertEqual(1, found.returncode, found.stderr)
        self.assertIn('7 microseconds differ', found.stdout)
        self.assertIn(
            [last, '2', '1', '7'],
            [line.split() for line in found.stdout.splitlines()],
        )
