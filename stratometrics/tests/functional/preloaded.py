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
entry point to its end, and shares nothing with the process of the tests. What
depends on loading itself, such as the time that it takes, is not tested so.
"""

import atexit
from collections.abc import Mapping, Sequence
import contextlib
import functools
import gc
import importlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

#: Bytes of the longest message.
_MOST = 1 << 20


class Program:
    """A command.

    :param name: what it is called by.
    :param entry: its entry point, as setup.cfg has it.
    """

    def __init__(self, name: str, entry: str) -> None:
        self._name = name
        self._entry = entry

    @functools.cached_property
    def _server(self) -> tuple[subprocess.Popen, socket.socket]:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            # What modules look at when they are loaded.
            self._cache = tempfile.TemporaryDirectory()
            child = subprocess.Popen(
                [
                    *(sys.executable, '-W', 'ignore', __file__),
                    *(self._entry, str(its.fileno())),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
                env={
                    **os.environ,
                    # What is beside this file is no module of a command.
                    'PYTHONSAFEPATH': 'yes',
                    'XDG_CACHE_HOME': self._cache.name,
                },
                start_new_session=True,
            )
        atexit.register(self._end)
        return child, ours

    def _end(self) -> None:
        child, ours = self._server
        ours.close()
        # It may run a command that does not end.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, 9)
        child.wait()
        self._cache.cleanup()

    def run(
        self,
        *arguments: str,
        cwd: str | os.PathLike | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end, with nothing to read.

        :param arguments: what follows its name.
        :param cwd: the folder; that of this process, if not given.
        :param env: the variables; those of this process, if not given. Those
            that Python looks at when it starts have no effect.
        :param timeout: seconds that it may take.
        :raises: TimeoutExpired; then it was killed.
        """
        argv = [self._name, *arguments]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            _child, ours = self._server
            ours.settimeout(timeout)
            socket.send_fds(
                ours,
                [
                    json.dumps(
                        {
                            'argv': argv,
                            'cwd': str(cwd or pathlib.Path.cwd()),
                            'env': dict(os.environ if env is None else env),
                        }
                    ).encode()
                ],
                [out.fileno(), err.fileno()],
            )
            try:
                status = ours.recv(_MOST)
            except TimeoutError as e:
                atexit.unregister(self._end)
                self._end()
                del self._server
                raise subprocess.TimeoutExpired(argv, timeout) from e
            said = []
            for file in (out, err):
                file.seek(0)
                said.append(file.read().decode())
        return subprocess.CompletedProcess(argv, int(status), *said)


def _serve(entry: str, calls: socket.socket) -> None:
    """Fork for each call; return only in what was forked."""
    module, _, function = entry.partition(':')
    importlib.import_module(module)
    while True:
        message, files, _flags, _address = socket.recv_fds(calls, _MOST, 2)
        if not message:
            sys.exit()
        gc.freeze()
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            atexit.register(_tell_modules, writing, set(sys.modules))
            calls.close()
            _become(json.loads(message), files)
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


def _become(call: dict, files: Sequence[int]) -> None:
    for number, file in enumerate(files, 1):
        os.dup2(file, number)
        os.close(file)
    os.chdir(call['cwd'])
    os.environ.clear()
    os.environ.update(call['env'])
    time.tzset()
    sys.argv = call['argv']


def _tell_modules(where: int, before: set[str]) -> None:
    with os.fdopen(where, 'w') as file:
        file.write('\n'.join(set(sys.modules) - before))


if __name__ == '__main__':
    sys.exit(_serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))())
