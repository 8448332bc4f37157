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
import os
import subprocess
import sys
import time

from benchmark import memory
from benchmark import processes
import testtools


class ProcessesTest(testtools.TestCase):
    def test_what_a_process_computes_is_counted(self) -> None:
        me = [os.getpid()]
        before = processes.cpu_seconds(me)
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        computed = processes.cpu_seconds(me) - before
        self.assertGreaterEqual(computed, 0.05)
        self.assertLess(computed, 5)

    def test_who_has_ended_computes_nothing(self) -> None:
        with subprocess.Popen([sys.executable, '-c', '']) as child:
            pass
        self.assertEqual(0, processes.cpu_seconds([child.pid]))

    def test_a_family_has_all_generations(self) -> None:
        middle = 'import subprocess; subprocess.run(["sleep", "60"])'
        with subprocess.Popen([sys.executable, '-c', middle]) as child:
            try:
                deadline = time.monotonic() + 30
                while len(processes.family([child.pid])) < 2:
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.05)
                found = processes.family([os.getpid()])
                grandchildren = processes.family([child.pid])
            finally:
                for pid in processes.family([child.pid]):
                    os.kill(pid, 9)
        self.assertIn(child.pid, found)
        self.assertLess(set(grandchildren), set(found))

    def test_memory_is_counted_in_bytes(self) -> None:
        before = processes.resident(os.getpid())
        held = bytearray(64 << 20)
        grown = processes.resident(os.getpid()) - before
        self.assertGreater(grown, len(held) // 2)
        self.assertLess(grown, 2 * len(held))

    def test_the_most_memory_is_kept_in_mind(self) -> None:
        held = bytearray(64 << 20)
        size = len(held)
        at_most = processes.resident(os.getpid())
        del held
        self.assertGreaterEqual(
            processes.most_resident(os.getpid()), at_most - size // 8
        )

    def test_a_command_line_is_read(self) -> None:
        self.assertIn('python', processes.command(os.getpid()))
        with subprocess.Popen([sys.executable, '-c', '']) as child:
            pass
        self.assertEqual('', processes.command(child.pid))


class SlopeTest(testtools.TestCase):
    def test_growth_is_told_from_noise(self) -> None:
        noise = [0, 7, -7, 3, -3, 0]
        flat = [
            memory.Sample(place * 1000, 10**8 + up, 2 * 10**8)
            for place, up in enumerate(noise)
        ]
        self.assertAlmostEqual(0, memory.slope(flat), delta=0.01)
        growing = [
            sample._replace(resident=sample.resident + 5 * sample.messages)
            for sample in flat
        ]
        self.assertAlmostEqual(5, memory.slope(growing), delta=0.01)
