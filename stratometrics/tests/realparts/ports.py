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

"""Free TCP ports on the loopback interface."""

import pathlib
import random
import socket
import time

from stratometrics.tests.realparts import errors

HOST = '127.0.0.1'

# Below the range from which Linux picks the near end of outgoing connections
# (32768 and up), so that the port of a stopped part is still free when the
# part comes back.
FIRST = 20000
LAST = 32000

# Not the shared generator: property tests seed it, and two processes would
# then pick the same ports.
_random = random.SystemRandom()

_given: set[int] = set()


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port now.

    :param port: a port of the loopback interface.
    :returns: True if nothing listens on it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        # Servers set this as well; without it, connections that a stopped
        # server left behind would look like a taken port.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except OSError:
            return False
    return True


def accepts(port: int, host: str = HOST) -> bool:
    """Tell whether something accepts connections on this port.

    :param port: the port.
    :param host: the address that it belongs to.
    :returns: True if a connection could be opened.
    """
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """Pick a free port that this process was not given before.

    :returns: the port.
    :raises: PartError if no port is free.
    """
    for port in _random.sample(range(FIRST, LAST), LAST - FIRST):
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise errors.PartError(
        f'no free port between {FIRST} and {LAST} on {HOST}'
    )


def kept_port(note: pathlib.Path) -> int:
    """Pick the port that was picked last time, if it is still free.

    :param note: the file that remembers the port.
    :returns: the port.
    :raises: PartError if no port is free.
    """
    try:
        port = int(note.read_text())
    except (FileNotFoundError, ValueError):
        port = 0
    if not port or not is_free(port):
        port = free_port()
        note.write_text(f'{port}\n')
    return port


def require_free(port: int, part: str, patience: float = 1) -> None:
    """Refuse a port on which something listens already.

    :param port: the port that a part is about to use.
    :param part: the name of the part.
    :param patience: how many seconds the port may take to become free; the
        processes of a part that was just killed hold it a moment longer.
    :raises: PartError if the port is taken.
    """
    deadline = time.monotonic() + patience
    while not is_free(port):
        if time.monotonic() < deadline:
            time.sleep(0.01)
            continue
        raise errors.PartError(
            f'{part} cannot listen on {HOST}:{port}: the port is taken'
        )
