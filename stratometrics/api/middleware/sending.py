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
"""How long a client may take to receive an answer."""

from collections.abc import Callable, Iterable, Iterator
import errno
import time
from wsgiref import types as wsgi

from stratometrics.api.middleware import connection

#: Seconds that a client may take for each part of an answer.
SLOWEST_READER = 15

#: Bytes of a part; the last one may be smaller.
PART = 65536


class Sending:
    """Breaks off answers that are taken too slowly.

    A thread waits for the client meanwhile. Under a server that gives nobody
    its connections only the time of the whole answer is looked at, before
    each part.

    :param seconds: that an answer may take from its first byte to its last.
    """

    def __init__(
        self, application: wsgi.WSGIApplication, seconds: float
    ) -> None:
        self._application = application
        self._seconds = seconds

    def __call__(
        self,
        environ: wsgi.WSGIEnvironment,
        start_response: wsgi.StartResponse,
    ) -> Iterable[bytes]:
        body = self._application(environ, start_response)
        return _Timed(
            body,
            self._seconds,
            connection.limit(environ),
            connection.reset(environ),
        )


class _Timed:
    """A body whose parts have to be taken in time, all of them or none."""

    def __init__(
        self,
        pieces: Iterable[bytes],
        seconds: float,
        limit: Callable[[float], None],
        reset: Callable[[], None],
    ) -> None:
        self._pieces = pieces
        self._seconds = seconds
        self._limit = limit
        self._reset = reset
        self._broken = False

    def __iter__(self) -> Iterator[bytes]:
        self._broken = True
        end = time.monotonic() + self._seconds
        for piece in self._pieces:
            for begin in range(0, len(piece), PART):
                left = end - time.monotonic()
                if left <= 0:
                    # Servers know it, and make no fuss.
                    raise BrokenPipeError(
                        errno.EPIPE, 'the answer was taken too slowly'
                    )
                self._limit(min(left, SLOWEST_READER))
                yield piece[begin : begin + PART]
        self._broken = False

    def close(self) -> None:
        if self._broken:
            self._reset()
        close = getattr(self._pieces, 'close', None)
        if close:
            close()
