#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

from concurrent import futures
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import process

STUBBORN = (
    'import signal, time; '
    'signal.signal(signal.SIGTERM, signal.SIG_IGN); '
    'print("up", flush=True); time.sleep(100)'
)

# Says which process it started, then waits to be killed.
PARENT = """\
import time
from stratometrics.tests.realparts import process
print(process.spawn(['sleep', '100']).pid, flush=True)
time.sleep(100)
"""


def is_alive(pid: int) -> bool:
    state = subprocess.run(
        ['ps', '-o', 'stat=', '-p', str(pid)], capture_output=True, text=True
    ).stdout
    # One that nobody has waited for yet is dead all the same.
    return bool(state) and not state.startswith('Z')


class RunTest(unittest.TestCase):
    def test_it_returns_the_output(self) -> None:
        self.assertEqual('ham\n', process.run(['echo', 'ham'], 'say ham'))

    def test_a_failure_tells_purpose_status_and_last_words(self) -> None:
        with self.assertRaises(errors.PartError) as caught:
            process.run(['sh', '-c', 'seq 9 >&2; exit 3'], 'count')
        self.assertEqual(
            'cannot count: exit status 3\n    8\n    9', str(caught.exception)
        )


class ChildTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name, 'log')

    def _start(self, *command: str) -> process.Child:
        child = process.Child('ham', command, self.log)
        child.start()
        self.addCleanup(child.kill)
        return child

    def test_its_output_goes_to_the_log(self) -> None:
        child = self._start('sh', '-c', 'echo out; echo err >&2; sleep 100')
        child.wait_until(lambda: 'err' in self.log.read_text(), 10)
        self.assertEqual('out\nerr\n', self.log.read_text())

    def test_it_is_not_started_twice(self) -> None:
        child = self._start('sleep', '100')
        pid = child.pid
        child.start()
        self.assertEqual(pid, child.pid)

    def test_waiting_ends_when_it_ends(self) -> None:
        child = self._start('sh', '-c', 'echo no luck; exit 4')
        with self.assertRaisesRegex(
            errors.PartError, '(?s)^ham ended with status 4; .*no luck$'
        ):
            child.wait_until(lambda: False, 10)

    def test_waiting_ends_in_time(self) -> None:
        child = self._start('sh', '-c', 'echo slow; sleep 100')
        child.wait_until(lambda: bool(self.log.read_text()), 10)
        with self.assertRaisesRegex(
            errors.PartError, '(?s)^ham was not ready after 0 s; .*slow$'
        ):
            child.wait_until(lambda: False, 0)

    def test_check_is_content_while_it_runs(self) -> None:
        self._start('sleep', '100').check()

    def test_it_stops_and_starts_again(self) -> None:
        child = self._start('sleep', '100')
        child.stop()
        self.assertFalse(child.running)
        child.check()
        child.start()
        self.assertTrue(child.running)

    def test_stopping_one_that_never_started_does_nothing(self) -> None:
        child = process.Child('ham', ['true'], self.log)
        child.stop()
        child.kill()
        self.assertIsNone(child.pid)

    def test_a_stubborn_one_is_killed(self) -> None:
        child = self._start(sys.executable, '-c', STUBBORN)
        child.wait_until(lambda: 'up' in self.log.read_text(), 10)
        pid = child.pid
        child.stop(timeout=0.2)
        self.assertFalse(is_alive(pid))

    def test_its_own_children_go_with_it(self) -> None:
        child = self._start('sh', '-c', 'sleep 100 & echo $!; wait')
        child.wait_until(lambda: bool(self.log.read_text()), 10)
        child.kill()
        grandchild = int(self.log.read_text())
        deadline = time.monotonic() + 10
        while is_alive(grandchild) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(is_alive(grandchild))


@unittest.skipUnless(sys.platform == 'linux', 'only Linux can tie them')
class TetherTest(unittest.TestCase):
    def test_a_child_dies_with_its_parent(self) -> None:
        with subprocess.Popen(
            [sys.executable, '-c', PARENT], stdout=subprocess.PIPE, text=True
        ) as parent:
            pid = int(parent.stdout.readline())
            self.assertTrue(is_alive(pid))
            parent.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 10
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(is_alive(pid))

    def test_a_child_outlives_the_thread_that_asked_for_it(self) -> None:
        with futures.ThreadPoolExecutor() as pool:
            child = pool.submit(process.spawn, ['sleep', '100']).result()
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        with self.assertRaises(subprocess.TimeoutExpired):
            child.wait(0.3)

    def test_a_child_can_be_stopped_though_its_parent_cannot(self) -> None:
        previous = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            child = process.spawn(
                ['sh', '-c', 'echo up; exec sleep 100'], stdout=subprocess.PIPE
            )
        finally:
            signal.signal(signal.SIGTERM, previous)
        with child:
            child.stdout.readline()
            child.terminate()
            self.assertEqual(-signal.SIGTERM, child.wait(10))

    def test_a_signal_while_it_is_made_leaves_no_child(self) -> None:
        made = []
        popen = subprocess.Popen

        def make(*args: object, **kwargs: object) -> subprocess.Popen:
            os.kill(os.getpid(), signal.SIGALRM)
            time.sleep(0.2)
            made.append(popen(['sleep', '100']))
            return made[0]

        def on_alarm(*args: object) -> None:
            raise InterruptedError

        previous = signal.signal(signal.SIGALRM, on_alarm)
        self.addCleanup(signal.signal, signal.SIGALRM, previous)
        with (
            mock.patch.object(process.subprocess, 'Popen', make),
            self.assertRaises(InterruptedError),
        ):
            process.spawn(['sleep', '100'])
        self.assertEqual(-signal.SIGKILL, made[0].returncode)

    def test_a_child_of_another_parent_does_not_run(self) -> None:
        done = subprocess.run(
            [sys.executable, str(process.TETHER), '1', 'echo', 'ham'],
            capture_output=True,
        )
        self.assertEqual((0, b''), (done.returncode, done.stdout))
