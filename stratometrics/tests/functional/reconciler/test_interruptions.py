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
"""Reconciliations that are cut off, and those that follow."""

import subprocess

from stratometrics.notifications import timestamps
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.functional.reconciler import recorded
from stratometrics.tests.realparts import addresses


class InterruptionTest(recorded.RecordedCloudTestCase):
    def clickhouse_address(self) -> addresses.Address:
        return bed.own_clickhouse().address

    def begin(self) -> subprocess.Popen:
        """Start an import that has brought networks in, but no volume."""
        self.services.going.clear()
        self.addCleanup(self.services.going.set)
        process = subprocess.Popen(
            self.command('--resource-type=network', '--resource-type=volume'),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(self.services.asked.wait(60))
        return process

    def restart_clickhouse(self) -> None:
        if not bed.own_clickhouse().pid:
            bed.own_clickhouse().start()

    def let_the_turn_pass(self) -> None:
        """As fifteen minutes would."""
        self.storage._pool.execute(
            'ALTER TABLE $database.leases UPDATE expires_at = entered_at '
            'WHERE 1 SETTINGS mutations_sync = 1'
        )

    def test_clickhouse_goes_away_and_comes_back(self) -> None:
        process = self.begin()
        bed.own_clickhouse().stop()
        self.addCleanup(self.restart_clickhouse)
        self.services.going.set()
        printed, said = process.communicate(timeout=60)
        self.assertEqual((1, ''), (process.returncode, printed))
        self.assertNotIn('Traceback', said)
        self.assertIn(
            'stratometrics-manage: no connection to ClickHouse: ',
            said.splitlines()[-1],
        )
        self.restart_clickhouse()
        networks = self.usage('network', 'resource_id')
        self.assertNotEqual({}, networks)
        self.assertEqual({}, self.usage('volume', 'resource_id'))
        refused = self.run_command()
        self.assertEqual(1, refused.returncode)
        self.assertIn('lost ClickHouse', refused.stderr)
        self.let_the_turn_pass()
        self.bring_in()
        self.assertEqual(
            {
                (volume['id'],): self.end
                - timestamps.parse(volume['created_at'])
                for volume in self.listed('/volumes/detail', 'volumes')
                if volume['status'] != 'error'
            },
            self.usage('volume', 'resource_id'),
        )
        self.assertEqual(networks, self.usage('network', 'resource_id'))
