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
"""Commands in Python whose modules are loaded once for many runs.

Loading takes most of the time of a short command. A process of its own loads
what such a command imports, and each run is a fork of it, with the arguments,
variables, folder and files that a new process would have; it runs the same
entry point to its end, and shares nothing with the process of the tests.

Not tested so is what depends on loading itself: the time that it takes, and
what is looked at meanwhile, such as ``HOME``, which is a fresh folder then.
"""

import atexit
from collections.abc import Callable, Mapping, Sequence
import contextlib
import functools
import gc
import importlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO

#: Seconds that a run may take.
_DEADLINE = 120

#: Modules that each run imports anew, but for those that the entry point
#: imports, so that one which forgets to import something fails, whatever
#: others have imported.
_OURS = 'stratometrics.'


class Program:
    """A command.

    :param name: what it is called by.
    :param entry: its entry point, as setup.cfg has it.
    """

    def __init__(self, name: str, entry: str) -> None:
        self._name = name
        self._entry = entry
        self._lock = threading.Lock()

    def run(
        self,
        *arguments: str,
        cwd: str | os.PathLike | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = _DEADLINE,
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end, with nothing to read.

        :param arguments: what follows its name.
        :param cwd: the folder; that of this process, if not given.
        :param env: the variables; those of this process, if not given. Those
            that Python looks at when it starts have no effect.
        :param timeout: seconds that it may take; the first run loads it, too.
        :returns: its status and what it said.
        :raises: TimeoutExpired; then it was killed. RuntimeError, if it
            cannot be loaded, or what has loaded it ends.
        """
        call = {
            'argv': [self._name, *arguments],
            'cwd': str(cwd or pathlib.Path.cwd()),
            'env': dict(os.environ if env is None else env),
        }
        with (
            tempfile.TemporaryFile('w+') as told,
            tempfile.TemporaryFile('w+') as out,
            tempfile.TemporaryFile('w+') as err,
        ):
            json.dump(call, told)
            told.flush()
            with self._lock:
                server = self._server
                try:
                    status = server.call([told, out, err], timeout)
                except BaseException as e:
                    # Its answer must not be taken for that of the next run.
                    said = self._end()
                    if isinstance(e, TimeoutError):
                        raise subprocess.TimeoutExpired(
                            call['argv'], timeout
                        ) from e
                    if isinstance(e, OSError):
                        raise RuntimeError(
                            f'{self._entry} cannot be run: {said}'
                        ) from e
                    raise
            for file in (out, err):
                file.seek(0)
            return subprocess.CompletedProcess(
                call['argv'], status, out.read(), err.read()
            )

    @functools.cached_property
    def _server(self) -> '_Server':
        server = _Server(self._entry)
        atexit.register(server.end)
        return server

    def _end(self) -> str:
        server = self._server
        del self._server
        atexit.unregister(server.end)
        return server.end()


class _Server:
    """The process that has loaded a command.

    :param entry: the command's entry point.
    """

    def __init__(self, entry: str) -> None:
        self._calls, its = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET
        )
        self._folder = tempfile.TemporaryDirectory()
        self._said = pathlib.Path(self._folder.name, 'said')
        with its, self._said.open('w') as said:
            self._child = subprocess.Popen(
                [sys.executable, __file__, entry, str(its.fileno())],
                cwd=self._folder.name,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                pass_fds=[its.fileno()],
                start_new_session=True,
            )

    def call(self, files: Sequence[IO[str]], timeout: float) -> int:
        """Run it once.

        :param files: what to run, and where it writes to.
        :param timeout: seconds that it may take.
        :returns: its status.
        :raises OSError: there is no answer, a TimeoutError if not in time.
        """
        self._calls.settimeout(timeout)
        socket.send_fds(
            self._calls, [b'call'], [file.fileno() for file in files]
        )
        status = self._calls.recv(16)
        if not status:
            raise ConnectionResetError
        return int(status)

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(('OS_', 'XDG_'))
        }
        return {
            **kept,
            'HOME': self._folder.name,
            # It finds what this process does, from another folder.
            'PYTHONPATH': os.pathsep.join(
                str(pathlib.Path(each).absolute()) for each in sys.path if each
            ),
            # What is beside this file is no module of a command.
            'PYTHONSAFEPATH': 'yes',
        }

    def end(self) -> str:
        """Kill it and what it runs.

        :returns: what it has said itself.
        """
        self._calls.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        said = self._said.read_text()
        self._folder.cleanup()
        return said


def _serve(entry: str, calls: socket.socket) -> Callable[[], int | None]:
    """Fork for each call; return only in what was forked.

    :returns: what the fork is to run.
    """
    module, _, function = entry.partition(':')
    importlib.import_module(module)
    while True:
        message, files, _flags, _address = socket.recv_fds(calls, 16, 3)
        if not message:
            sys.exit()
        # A collection would write to, and so copy, all that forks share.
        gc.freeze()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            calls.close()
            atexit.register(_tell_modules, writing, set(sys.modules))
            _become(*files)
            return getattr(sys.modules[module], function)
        os.close(writing)
        for file in files:
            os.close(file)
        with os.fdopen(reading) as told:
            imported = told.read().split()
        _pid, status = os.waitpid(child, 0)
        calls.send(str(os.waitstatus_to_exitcode(status)).encode())
        # The next run finds them loaded.
        for name in imported:
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def _become(told: int, out: int, err: int) -> None:
    with os.fdopen(told) as file:
        file.seek(0)
        call = json.load(file)
    for number, file in enumerate((out, err), 1):
        os.dup2(file, number)
        os.close(file)
    os.chdir(call['cwd'])
    os.environ.clear()
    os.environ.update(call['env'])
    time.tzset()
    sys.argv = call['argv']


def _tell_modules(where: int, before: set[str]) -> None:
    with os.fdopen(where, 'w') as file:
        file.writelines(
            f'{name}\n'
            for name in set(sys.modules) - before
            if not name.startswith(_OURS)
        )


if __name__ == '__main__':
    sys.exit(_serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))())
