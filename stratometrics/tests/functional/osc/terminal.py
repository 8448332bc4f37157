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
"""A terminal of the kernel, and what a command shows on it."""

from collections.abc import Mapping, Sequence
import errno
import fcntl
import os
import pathlib
import pty
import struct
import subprocess
import termios
import threading

#: Seconds after which a command has failed.
_DEADLINE = 120


def shown(
    command: Sequence[str | pathlib.Path],
    cwd: pathlib.Path,
    environment: Mapping[str, str],
    width: int,
) -> str:
    """What a command that succeeds shows on a terminal.

    :param environment: all its variables; it is the terminal that says how
        wide it is.
    :param width: of the terminal, in columns.
    :raises subprocess.CalledProcessError: it fails.
    """
    here, there = pty.openpty()
    fcntl.ioctl(
        there, termios.TIOCSWINSZ, struct.pack('HHHH', 24, width, 0, 0)
    )
    pieces: list[bytes] = []
    reader = threading.Thread(target=_read, args=(here, pieces), daemon=True)
    reader.start()
    try:
        subprocess.run(
            command,
            cwd=cwd,
            env={
                'TERM': 'xterm',
                **{
                    name: value
                    for name, value in environment.items()
                    if name not in ('COLUMNS', 'LINES')
                },
            },
            stdin=there,
            stdout=there,
            stderr=subprocess.PIPE,
            timeout=_DEADLINE,
            check=True,
        )
    finally:
        os.close(there)
        reader.join(_DEADLINE)
        os.close(here)
    return b''.join(pieces).decode().replace('\r\n', '\n')


def _read(terminal: int, pieces: list[bytes]) -> None:
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError as error:
            # Linux says so when nobody can write to it any more.
            if error.errno == errno.EIO:
                return
            raise
        if not piece:
            return
        pieces.append(piece)
