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
"""What is to be done when the answer to a request was given."""

from collections.abc import Callable, Iterable, Iterator
import contextlib

#: Answers that are there as a whole.
_WHOLE = (bytes, list, tuple)


def ended(
    answer: Callable[[], Iterable[bytes]],
    end: Callable[[], object],
    streamed: bool = False,
) -> Iterable[bytes]:
    """An answer after which something is done, once, however it ends.

    :param answer: gives the body.
    :param end: what is to be done.
    :param streamed: do it at once if the body is there as a whole, rather
        than when it was sent as well.
    """
    with contextlib.ExitStack() as stack:
        stack.callback(end)
        body = answer()
        if streamed and isinstance(body, _WHOLE):
            return body
        if hasattr(body, 'close'):
            stack.callback(body.close)
        return _Body(body, stack.pop_all())


class _Body:
    """A body that does something when it is closed.

    The server closes it, whether or not it could be sent.
    """

    def __init__(
        self, pieces: Iterable[bytes], end: contextlib.ExitStack
    ) -> None:
        self._pieces = pieces
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def close(self) -> None:
        self._end.close()
