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
import dataclasses
from typing import Any, Generic, TypeVar
from urllib import parse

from stratometrics.client import answers
from stratometrics.client import connection
from stratometrics.client import reading

_Head = TypeVar('_Head')
_Row = TypeVar('_Row')

_NEXT = 'next'


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Linked:
    """The part of a page that leads to the next one."""

    links: tuple[answers.Link, ...] = ()

    @property
    def following(self) -> connection.Query | None:
        """What is asked for the next page; None of the last one."""
        for link in self.links:
            if link.rel == _NEXT:
                # Its host and path are those that the service knows itself
                # by, and may not be those that it is asked by.
                query = parse.urlsplit(link.href).query
                return parse.parse_qsl(query, keep_blank_values=True)
        return None


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
        path: str,
        query: connection.Query,
        read_head: Callable[[Any], _Head],
        read_rows: Callable[[Any], Sequence[_Row]],
    ) -> None:
        """Ask for the first page.

        :param read_head: makes the head of a body.
        :param read_rows: makes the rows of one.
        """
        self._connection = asked
        self._path = path
        self._read_rows = read_rows
        self.head, rows, following = asked.ask(
            lambda body: (read_head(body), *self._read(body)), path, query
        )
        self.first = rows
        self._rows = self._all(rows, following)

    def __iter__(self) -> Iterator[_Row]:
        return self._rows

    def _all(
        self, rows: Sequence[_Row], following: connection.Query | None
    ) -> Iterator[_Row]:
        yield from rows
        while following is not None:
            rows, following = self._connection.ask(
                self._read, self._path, following
            )
            yield from rows

    def _read(
        self, body: Any
    ) -> tuple[Sequence[_Row], connection.Query | None]:
        return (
            self._read_rows(body),
            reading.read(_Linked, body).following,
        )
