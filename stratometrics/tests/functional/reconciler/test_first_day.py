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
"""The first day of a whole cloud, whose services answer as was recorded."""

import dataclasses
import signal
import subprocess
import time

from stratometrics.notifications import timestamps
from stratometrics.reconciler import comparison
from stratometrics.tests.functional.reconciler import recorded


class FirstDayTest(recorded.RecordedCloudTestCase):
    def test_each_type_is_brought_in_once(self) -> None:
        dry = self.bring_in('--dry-run')
        for name in recorded.TYPES:
            self.assertEqual({}, self.usage(name, 'resource_id'))
        first = self.bring_in()
        self.assertEqual(set(recorded.TYPES), set(first))
        for name in recorded.TYPES:
            self.assertEqual('done', first[name]['outcome'], first[name])
            self.assertGreater(
                first[name]['unknown'] + first[name]['deleted'], 0, name
            )
            for count in ('listed', 'unknown', 'deleted'):
                self.assertEqual(dry[name][count], first[name][count], name)
        before = {
            name: self.usage(name, 'resource_id') for name in recorded.TYPES
        }
        again = self.bring_in()
        for name in recorded.TYPES:
            for count in ('unknown', 'changed', 'deleted', 'estimated'):
                self.assertEqual(0, again[name][count], (name, count))
        self.assertEqual(
            before,
            {name: self.usage(name, 'resource_id') for name in recorded.TYPES},
        )

    def test_volumes_are_billed_from_their_creation(self) -> None:
        self.bring_in('--resource-type=volume')
        expected = {
            (volume['id'],): self.end - timestamps.parse(volume['created_at'])
            for volume in self.listed('/volumes/detail', 'volumes')
            # Those in error may never have been.
            if volume['status'] != 'error'
        }
        self.assertEqual(expected, self.usage('volume', 'resource_id'))

    def test_servers_that_an_audit_told_of_first(self) -> None:
        """The collector is started first, and audits come every hour."""
        self.bring_in('--resource-type=instance')
        expected = self.usage('instance', 'resource_id', 'state')
        ids = sorted({resource_id for resource_id, _ in expected})
        heard = [
            dataclasses.replace(
                each.latest,
                # Those that live, at the end of it all.
                event_time=each.latest.event_time
                if each.ended
                else self.end - 1,
                created_at=timestamps.parse(self.created(name)),
            )
            for name, each in self.storage.standings('instance', ids).items()
        ]
        self.forget()
        self.storage.write_events(
            [*heard, *comparison.births(heard)], self.end
        )
        self.assertNotEqual(
            expected, self.usage('instance', 'resource_id', 'state')
        )
        found = self.bring_in('--resource-type=instance')['instance']
        self.assertGreater(found['changed'], 0)
        self.assertEqual(
            expected, self.usage('instance', 'resource_id', 'state')
        )
        again = self.bring_in('--resource-type=instance')['instance']
        self.assertEqual(0, again['changed'])

    def created(self, server_id: str) -> str:
        [created] = {
            server['created']
            for answer in self.recorded
            if answer['path'].endswith('/servers/detail')
            and answer['status'] == 200
            for server in answer['body']['servers']
            if server['id'] == server_id
        }
        return created

    def forget(self) -> None:
        """Begin with an empty database again."""
        self.storage.schema.migrate(0)
        self.storage.schema.migrate(self.storage.schema.newest)

    def test_who_is_told_to_end_leaves_the_turn_to_others(self) -> None:
        self.heed_signals()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.services.asked.clear()
            self.services.going.clear()
            self.addCleanup(self.services.going.set)
            with self.importing() as process:
                self.assertTrue(self.services.asked.wait(60))
                self.end_by(number, process)
            self.services.going.set()
            self.bring_in('--resource-type=volume')

    def test_so_does_who_is_about_to_take_it(self) -> None:
        self.heed_signals()
        with self.importing() as process:
            deadline = time.monotonic() + 60
            while not self.storage._pool.execute(
                'SELECT 1 FROM $database.leases'
            ):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            self.end_by(signal.SIGINT, process)
        self.assertFalse(self.services.asked.is_set())
        self.bring_in('--resource-type=volume')

    def test_under_nohup_the_end_of_the_terminal_ends_nothing(self) -> None:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        self.services.going.clear()
        self.addCleanup(self.services.going.set)
        with self.importing() as process:
            self.assertTrue(self.services.asked.wait(60))
            process.send_signal(signal.SIGHUP)
            self.services.going.set()
            process.communicate(timeout=60)
        self.assertEqual(0, process.returncode)

    def heed_signals(self) -> None:
        """Have commands not inherit that a signal is ignored.

        It is, where the tests run in the background of a shell.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
                self.addCleanup(signal.signal, number, signal.SIG_IGN)

    def importing(self) -> subprocess.Popen:
        process = subprocess.Popen(
            self.command('--resource-type=volume'),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.kill)
        return process

    def end_by(
        self, number: signal.Signals, process: subprocess.Popen
    ) -> None:
        """Let a signal end a command, which says so in one line."""
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        self.assertEqual(128 + number, process.returncode, said)
        self.assertEqual(
            f'stratometrics-manage: ended by {number.name}\n', said
        )

    def test_servers_have_a_past(self) -> None:
        """Nova's actions tell of states that are over, and of the deleted."""
        without = self.bring_in(
            '--resource-type=instance', '--no-history', '--dry-run'
        )
        found = self.bring_in('--resource-type=instance')
        for count in ('unknown', 'deleted'):
            self.assertEqual(
                without['instance'][count], found['instance'][count]
            )
        states = {state for (state,) in self.usage('instance', 'state')}
        self.assertLess(
            {'active', 'stopped', 'paused', 'shelved_offloaded'}, states
        )
        [whole] = self.usage('instance').values()
        parts = self.usage('instance', 'resource_id', 'state')
        self.assertEqual(whole, sum(parts.values()))
        living = {
            server['id']: timestamps.parse(server['created'])
            for server in self.listed('/servers/detail', 'servers')
            if server['OS-EXT-STS:vm_state'] in ('active', 'stopped', 'paused')
        }
        self.assertNotEqual({}, living)
        unbilled = []
        for server_id, created_at in living.items():
            lived = sum(
                time
                for (resource_id, _), time in parts.items()
                if resource_id == server_id
            )
            unbilled.append(self.end - created_at - lived)
        # One was softly deleted, and restored five seconds later (R7).
        self.assertEqual({0, 5_000_000}, set(unbilled))
