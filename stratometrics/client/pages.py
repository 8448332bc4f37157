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
"""Long answers, of which the pages are fetched one after the other."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from stratometrics.client import connection

_Head = TypeVar('_Head')
_Row = TypeVar('_Row')

_NEXT = 'next'


class Pages(Generic[_Head, _Row]):
    """What was asked for, and an iterator of all that was found.

    It can be iterated once: what was seen is not kept.

    :ivar head: what is told once, of the first page.
    :ivar first: what is on the first page; it comes again when this is
        iterated.
    """

    def __init__(
        self,
        asked: connection.Connection,
        first: Any,
        read_head: Callable[[Any], _Head],
        read_rows: Callable[[Any], Sequence[_Row]],
    ) -> None:
        """Begin with a page.

        :param first: its body.
        :param read_head: makes the head of a body.
        :param read_rows: makes the rows of one.
        """
        self._connection = asked
        self._read_rows = read_rows
        self.head = read_head(first)
        self.first = read_rows(first)
        self._rows = self._all(first)

    def __iter__(self) -> Iterator[_Row]:
        return self._rows

    def _all(self, body: Any) -> Iterator[_Row]:
        yield from self.first
        while href := _following(body):
            path, query = self._connection.following(href)
            body = self._connection.json('GET', path, query)
            yield from self._read_rows(body)


def _following(body: Any) -> str | None:
    for link in body.get('links', ()):
        if link.get('rel') == _NEXT:
            return link['href']
    return None
