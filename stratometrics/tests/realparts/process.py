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

"""Child processes that log to a file and never outlive their parent."""

from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

from stratometrics.tests.realparts import errors

TETHER = pathlib.Path(__file__).with_name('tether.py')

# The kernel takes the death of the *thread* that made a child for the death
# of its parent, so all children are made by a thread that stays.
_maker = futures.ThreadPoolExecutor(1, thread_name_prefix='realparts')


def spawn(command: Sequence[str], **kwargs: object) -> subprocess.Popen:
    """Start a command that gets SIGTERM when this process dies.

    :param command: the program and its arguments.
    :param kwargs: passed on to Popen.
    :returns: the running process.
    """
    tethered = [
        sys.executable,
        '-I',
        '-S',
        str(TETHER),
        str(os.getpid()),
        *command,
    ]
    made = _maker.submit(subprocess.Popen, tethered, **kwargs)
    try:
        return made.result()
    except BaseException:
        # A signal may end the waiting, but not the making: nobody else will
        # know of the child.
        if not made.exception():
            made.result().kill()
            made.result().wait()
        raise


def last_lines(text: str, count: int) -> str:
    """Return the end of a text, indented for a message.

    :param text: any text.
    :param count: the most lines to return.
    :returns: the last lines that are not blank.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    return '\n'.join(f'    {line}' for line in lines[-count:])


def last_words(out: str, err: str) -> str:
    """Return what a failed command said at its end.

    :param out: its standard output.
    :param err: its standard error.
    :returns: a line or two.
    """
    return last_lines(err or out, 2)


def run(
    command: Sequence[str],
    purpose: str,
    env: Mapping[str, str] | None = None,
    explain: Callable[[str, str], str] = last_words,
) -> str:
    """Run a command to its end.

    :param command: the program and its arguments.
    :param purpose: what it is for; the error message says so.
    :param env: the environment, if not this process's own.
    :param explain: makes a message of its two outputs if it fails.
    :returns: what it wrote on its standard output.
    :raises: PartError with the end of its output if it failed.
    """
    with spawn(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors='replace',
    ) as child:
        try:
            out, err = child.communicate()
        except BaseException:
            child.terminate()
            raise
    if child.returncode:
        raise errors.PartError(
            f'cannot {purpose}: exit status {child.returncode}\n'
            f'{explain(out, err)}'.rstrip()
        )
    return out


class Child:
    """A long-running process of a part, with its log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: pathlib.Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Describe the process; start() starts it.

        :param name: what messages call it.
        :param command: the program and its arguments.
        :param log: where its output is appended.
        :param env: its environment, if not this process's own.
        """
        self.name = name
        self._command = command
        self._log = log
        self._env = env
        self._process: subprocess.Popen | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        return self._process.pid if self.running else None

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process, unless it runs already."""
        if self.running:
            return
        with self._log.open('ab') as log:
            # A session of its own keeps a terminal's Ctrl-C away from it, and
            # makes it and its own children a group that can be signalled.
            self._process = spawn(
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def check(self) -> None:
        """Fail if the process has ended by itself.

        :raises: PartError with the end of its log.
        """
        if self._process is None or self._process.poll() is None:
            return
        raise errors.PartError(
            f'{self.name} ended with status {self._process.returncode}; '
            f'{self._end_of_log()}'
        )

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Wait until the process is ready.

        :param ready: asked again and again.
        :param timeout: the most seconds to wait.
        :raises: PartError if it ends before, or takes too long.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise errors.PartError(
                    f'{self.name} was not ready after {timeout:.0f} s; '
                    f'{self._end_of_log()}'
                )
            time.sleep(0.02)
        self.check()

    def _end_of_log(self) -> str:
        # Shown at once, because a temporary folder is about to go.
        try:
            said = self._log.read_text(errors='replace')
        except OSError:
            said = ''
        return f'the end of {self._log}:\n{last_lines(said, 15)}'

    def stop(self, timeout: float = 15) -> None:
        """Ask the process to end; kill it if it does not.

        :param timeout: how many seconds it is given to end by itself.
        """
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """End the process and its group at once, as a crash would."""
        if self._process is None:
            return
        # Its group may live on after the process itself.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
