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
"""Tells how far long work is."""

from collections.abc import Callable, Iterable, Iterator
import sys
import time
from typing import Any, TextIO, TypeVar

_Each = TypeVar('_Each')

#: Seconds between two lines where nobody looks at a bar.
_EVERY = 10


class Progress:
    """A bar on a terminal, and a plain line now and then otherwise.

    To be used in a ``with``. Work that is done soon tells nothing but on a
    terminal, where its bar goes away.

    :param doing: what is done, such as ``issuing``.
    :param total: how much there is to do; None if nobody knows.
    :param unit: of what; ``B`` for bytes, which are scaled.
    :param stream: where it is told; by default the standard error output.
    :param clock: tells the seconds since some instant.
    """

    def __init__(
        self,
        doing: str,
        total: int | None,
        unit: str,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doing = doing
        self._total = total
        self._unit = unit
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._done = 0
        self._bar: Any = None
        self._told_at = clock()

    def __enter__(self) -> 'Progress':
        if self._stream.isatty():
            # Only who waits at a terminal waits for its import.
            import tqdm

            self._bar = tqdm.tqdm(
                desc=self._doing,
                total=self._total,
                unit=self._unit if self._unit == 'B' else f' {self._unit}',
                unit_scale=self._unit == 'B',
                file=self._stream,
                leave=False,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def advance(self, number: int = 1) -> None:
        """So much more is done."""
        self._done += number
        if self._bar is not None:
            self._bar.update(number)
            return
        now = self._clock()
        if now - self._told_at >= _EVERY:
            self._told_at = now
            of = '' if self._total is None else f' of {self._total:,}'
            print(
                f'{self._doing}: {self._done:,}{of} {self._unit}',
                file=self._stream,
                flush=True,
            )


def followed(
    some: Iterable[_Each], doing: str, total: int | None, unit: str
) -> Iterator[_Each]:
    """The same, telling how many of them are done.

    :param doing: see :class:`Progress`.
    :param total: see there.
    :param unit: see there.
    """
    with Progress(doing, total, unit) as told:
        for each in some:
            yield each
            told.advance()
