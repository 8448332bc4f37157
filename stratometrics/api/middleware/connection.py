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
"""The connection that a request came on, as far as its server gives it."""

from collections.abc import Callable
import os
import select
import socket
import struct
import sys
from wsgiref import types as wsgi

#: What the kernel says of a connection that the other side has closed. Linux
#: tells of it even if something that was sent before is still unread.
_GONE = select.POLLHUP | select.POLLERR | getattr(select, 'POLLRDHUP', 0)


def watch(environ: wsgi.WSGIEnvironment) -> Callable[[], bool]:
    """Something that tells whether the client has closed its connection.

    Under a server that gives nobody its connections it tells of none.
    """
    descriptor = _descriptor(environ)
    if descriptor is None:
        return lambda: False
    poll = select.poll()
    poll.register(descriptor, _GONE)
    return lambda: bool(poll.poll(0))


def limit(environ: wsgi.WSGIEnvironment) -> Callable[[float], None]:
    """Something that says how long the next part may take to be sent.

    Python counts the time of a part as a whole, however little of it fits
    into a buffer at a time. Gunicorn undoes it before the next request. Under
    another server it does nothing.
    """
    if 'gunicorn.socket' in environ:
        return environ['gunicorn.socket'].settimeout
    return lambda seconds: None


def reset(environ: wsgi.WSGIEnvironment) -> Callable[[], None]:
    """Something that has a broken answer end as one.

    uWSGI ends any answer of unknown length by closing its connection, so that
    a broken one looks like a whole one. A connection that is reset tells them
    apart. Gunicorn needs no help.
    """
    descriptor = None
    if 'gunicorn.socket' not in environ:
        descriptor = _descriptor(environ)
    if descriptor is None:
        return lambda: None

    def arrange() -> None:
        with socket.socket(fileno=os.dup(descriptor)) as sock:
            sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)
            )

    return arrange


def _descriptor(environ: wsgi.WSGIEnvironment) -> int | None:
    if 'gunicorn.socket' in environ:
        return environ['gunicorn.socket'].fileno()
    # It can be imported in its own processes only.
    uwsgi = sys.modules.get('uwsgi')
    return uwsgi.connection_fd() if uwsgi else None
