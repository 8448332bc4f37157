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
"""What a request may spend, and whether its client is still there."""

from collections.abc import Iterable, Iterator
import contextvars
import errno
from wsgiref import types as wsgi

from stratometrics.api.middleware import connection
from stratometrics.storage import budget
from stratometrics.storage import errors as storage_errors


class Allowance:
    """Gives each request a budget.

    Its time begins here and ends with the last byte of the answer. When its
    client closes the connection nothing more is spent.

    :param seconds: that a request may take.
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
        granted = budget.Budget(self._seconds, connection.watch(environ))
        # A client that left while it waited for a place.
        granted.left()
        with budget.entered(granted):
            # Streams run their queries when the server takes their pieces.
            within = contextvars.copy_context()
            body = self._application(environ, start_response)
        if isinstance(body, list):
            return body
        return _Spending(body, granted, within)


class _Spending:
    """A body whose pieces are made, and taken, within a budget."""

    def __init__(
        self,
        pieces: Iterable[bytes],
        granted: budget.Budget,
        within: contextvars.Context,
    ) -> None:
        self._pieces = pieces
        self._granted = granted
        self._within = within

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._pieces)
        while True:
            try:
                # Many pieces are made of what one look into the storage gave.
                self._granted.left()
                piece = self._within.run(next, pieces)
            except StopIteration:
                return
            except storage_errors.Abandoned as error:
                # Servers know it, and make no fuss.
                raise BrokenPipeError(errno.EPIPE, str(error)) from error
            yield piece

    def close(self) -> None:
        close = getattr(self._pieces, 'close', None)
        if close:
            self._within.run(close)
