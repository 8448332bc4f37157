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

"""A collector that reconciles, and opens and closes months."""

import os
import re
import signal
import subprocess

from stratometrics.model import event as event_model
from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.tests import answers
from stratometrics.tests.functional import programs
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.functional.reconciler import recorded


class CaretakerTest(bed.CollectorTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.services = recorded.Halting(answers.load())
        url = self.enterContext(answers.served(self.services))
        recorded.configure(url, self.folder, self.config_file)
        self.configure(
            'reconciler', interval=1, resource_types='network,volume'
        )
        # Volumes come last, and are not told before going is set.
        self.services.going.clear()
        self.addCleanup(self.services.going.set)

    def process_that(self, did: str) -> int | None:
        """The id of the last process that logged something."""
        found = re.findall(rf'^\S+ \S+ (\d+) INFO .*{did}', self.log(), re.M)
        return int(found[-1]) if found else None

    def wait_halted(self) -> int:
        """Wait until volumes are asked for; give the id of who asks."""
        self.assertTrue(self.services.asked.wait(bed.PATIENCE))
        return self.process_that('Reconciled network')

    def wait_looked(self) -> None:
        """Wait until somebody, from now on, has asked what services exist."""
        looks = 'POST /identity/v3/auth/tokens'
        before = self.services.requests[looks]
        # The second begins when the first look has ended.
        self.wait_until(
            lambda: self.services.requests[looks] > before + 1,
            'it is looked whether it is time',
        )

    def reconcile(self) -> subprocess.CompletedProcess[str]:
        return programs.manage(
            self.config_file, 'reconcile', '--resource-type=network'
        )

    def test_it_is_killed(self) -> None:
        self.start()
        caretaker = self.wait_halted()
        os.kill(caretaker, signal.SIGKILL)
        self.services.going.set()
        # Another one is there, and it is not its turn.
        self.wait_looked()
        self.assertIsNone(self.process_that('Reconciled volume'))
        # The turn of the one that was killed runs out.
        self.select(
            'ALTER TABLE $database.leases UPDATE expires_at = entered_at '
            'WHERE 1 SETTINGS mutations_sync = 1'
        )
        self.wait_until(
            lambda: self.process_that('Reconciled volume'),
            'the volumes are reconciled',
        )
        self.assertNotEqual(caretaker, self.process_that('Reconciled volume'))
        self.assertNotIn('Traceback', self.log())

    def test_it_is_stopped_and_leaves_the_turn_to_others(self) -> None:
        collector = self.start()
        self.wait_halted()
        refused = self.reconcile()
        self.assertEqual(1, refused.returncode)
        self.assertIn('is under way', refused.stderr)
        collector.terminate()
        self.wait_until(
            lambda: 'graceful exiting of service caretaker' in self.log(),
            'it knows',
        )
        self.services.going.set()
        self.assertEqual(0, collector.wait(bed.PATIENCE))
        self.assertTrue(self.process_that('Reconciled volume'))
        done = self.reconcile()
        self.assertEqual(0, done.returncode, done.stderr)


class MonthsTest(bed.CollectorTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.configure('collector', opening_delay=1, closing_delay=1)

    def write(self, number: int, event_time: int) -> None:
        self.storage.write_events(
            [
                event_model.Event(
                    resource_type='volume',
                    resource_id='v',
                    event_time=event_time,
                    message_id=f'm{number}',
                    rank=event_model.RANK_EVENT,
                    phase=event_model.Phase.BILLED,
                    state='available',
                    project_id='p',
                    event_type='test',
                )
            ],
            timestamps.now(),
        )

    def kept(self) -> dict[int, tuple[bool, bool]]:
        return {
            each.month: (each.opened, each.closed)
            for each in self.storage.overview().months
        }

    def wait_kept(self, month: int, opened: bool, closed: bool) -> None:
        self.wait_until(
            lambda: self.kept().get(month) == (opened, closed),
            f'{months.of(month)} is opened: {opened}, closed: {closed}',
        )

    def test_collectors_open_and_close_months(self) -> None:
        """By themselves, though none of them reconciles."""
        present = months.begin(timestamps.now())
        last = months.begin(present - 1)
        self.write(1, last + 5)
        self.start()
        self.start()
        self.wait_kept(present, True, False)
        self.wait_kept(last, False, True)
        self.assertNotIn('Traceback', self.log())
        self.assertEqual(1, self.log().count(f'{months.of(last)} is closed'))

    def test_it_is_told_to_while_it_runs(self) -> None:
        present = months.begin(timestamps.now())
        self.write(1, present)
        self.configure('collector', opening_delay=0, closing_delay=0)
        collector = self.start_and_wait()
        self.assertEqual((False, False), self.kept()[present])
        self.configure('collector', opening_delay=1)
        collector.send_signal(signal.SIGHUP)
        self.wait_kept(present, True, False)

    def test_what_is_late_is_closed_again(self) -> None:
        present = months.begin(timestamps.now())
        last = months.begin(present - 1)
        self.write(1, last + 5)
        self.storage.close_month(last)
        self.write(2, last + 7)
        self.assertFalse(self.kept()[last][1])
        self.configure('collector', renewal_delay=1)
        self.start()
        self.wait_kept(last, False, True)
