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
"""A shell that keeps its variables from one command to the next."""

from collections.abc import Mapping
import contextlib
import dataclasses
import os
import pathlib
import select
import signal
import subprocess
import tempfile

import psutil

from stratometrics.tests.realparts import process

#: Seconds that a command is given, on a machine with other things to do.
PATIENCE = 90


@dataclasses.dataclass(frozen=True)
class Ran:
    """What came of a command.

    :param output: what it printed on standard output.
    :param errors: the same on standard error.
    """

    status: int
    output: str
    errors: str


class Shell:
    """A bash in a folder of its own.

    :param folder: where it begins, and where outputs are kept.
    :param environment: all variables that it has.
    """

    def __init__(
        self, folder: pathlib.Path, environment: Mapping[str, str]
    ) -> None:
        self._outputs = pathlib.Path(
            tempfile.mkdtemp(prefix='.outputs-', dir=folder)
        )
        self._count = 0
        self._bash = process.spawn(
            ['bash', '--norc', '-s'],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        # When there is no more to read, also because this process died, all
        # that the shell started ends.
        self._bash.stdin.write("trap 'trap - EXIT; kill 0' EXIT\n")

    def run(self, text: str) -> Ran:
        """Run a command to its end.

        :raises TimeoutError: it takes too long.
        """
        self._begin(text)
        ready, _, _ = select.select([self._bash.stdout], [], [], PATIENCE)
        if not ready:
            raise TimeoutError(f'{text}: {self._read("errors")}')
        status = self._bash.stdout.readline()
        return Ran(int(status), self._read('output'), self._read('errors'))

    def start(self, text: str) -> pathlib.Path:
        """Start a command that goes on until the shell is closed.

        :returns: the file of what it prints.
        """
        self._begin(text, end='&')
        self._bash.stdout.readline()
        return self._file('output')

    def close(self) -> None:
        """End it, and what it started."""
        # A service may have made a session of its own, which the shell's own
        # end does not reach.
        started = psutil.Process(self._bash.pid).children(recursive=True)
        for each in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.terminate()
        _, left = psutil.wait_procs(started, PATIENCE)
        for each in left:
            each.kill()
        self._bash.stdin.close()
        try:
            self._bash.wait(PATIENCE)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._bash.pid, signal.SIGKILL)
            self._bash.wait()
            self._bash.stdout.close()

    def _begin(self, text: str, end: str = '') -> None:
        self._count += 1
        self._file('output').touch()
        self._bash.stdin.write(
            f'{{\n{text}\n}} </dev/null >{self._file("output")}'
            f' 2>{self._file("errors")} {end}\n'
            'echo $?\n'
        )
        self._bash.stdin.flush()

    def _file(self, name: str) -> pathlib.Path:
        return self._outputs / f'{self._count}-{name}'

    def _read(self, name: str) -> str:
        return self._file(name).read_text(errors='replace')
