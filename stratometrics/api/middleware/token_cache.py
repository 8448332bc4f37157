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
"""Tokens that Keystone has confirmed, remembered by this process."""

import collections
from collections.abc import Iterable
import threading
import time
from wsgiref import types as wsgi

#: Where keystonemiddleware looks for a cache: see its option ``cache``.
ENVIRON_KEY = 'stratometrics.token_cache'

#: Bytes of what Keystone said of the tokens that are remembered: of each some
#: 600, and more of one with many roles. To find it takes as much again.
MAX_SIZE = 8 << 20


class Cache:
    """The part of a memcached client that keystonemiddleware uses.

    Its own stand-in for memcached is one for each thread, so that each asks
    Keystone anew, and has no bounds.

    :param size: bytes that all values together may have.
    """

    def __init__(self, size: int = MAX_SIZE) -> None:
        self._size = size
        self._taken = 0
        self._lock = threading.Lock()
        self._kept: collections.OrderedDict[str, tuple[float, bytes]] = (
            collections.OrderedDict()
        )

    def get(self, key: str) -> bytes | None:
        """What was kept, unless its time is over."""
        with self._lock:
            until, value = self._kept.get(key, (0.0, None))
            return value if _now() < until else None

    def set(self, key: str, value: bytes, time: int = 0) -> None:
        """Keep something, as long as there is room for it.

        :param time: for so many seconds.
        """
        with self._lock:
            if key in self._kept:
                self._forget(key)
            self._kept[key] = (_now() + time, value)
            self._taken += len(value)
            # All are kept for the same time, so the first ends first.
            while self._kept and (
                self._taken > self._size or self._first_is_over()
            ):
                self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        _, value = self._kept.pop(key)
        self._taken -= len(value)

    def _first_is_over(self) -> bool:
        until, _ = next(iter(self._kept.values()))
        return until <= _now()


def _now() -> float:
    return time.monotonic()


class Remembering:
    """Gives keystonemiddleware a cache that all threads share."""

    def __init__(self, application: wsgi.WSGIApplication) -> None:
        self._application = application
        self._cache = Cache()

    def __call__(
        self,
        environ: wsgi.WSGIEnvironment,
        start_response: wsgi.StartResponse,
    ) -> Iterable[bytes]:
        environ[ENVIRON_KEY] = self._cache
        return self._application(environ, start_response)
