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
"""Work that is done at the same time, one step after another.

The order in which the steps of several actors meet is chosen by the test, so
that it can go through all of them.
"""

from collections.abc import Callable, Iterator, Sequence
import threading
from typing import Any
from unittest import mock

from stratometrics.storage.clickhouse import client


class Killed(BaseException):
    """What is raised where an actor dies."""


class Actor:
    """Does something, step by step.

    :param work: what it does.
    :param steps: a step ends before each statement that has one of these in
        it.
    """

    def __init__(self, work: Callable[[], None], steps: Sequence[str]) -> None:
        self._work = work
        self._steps = steps
        self._go = threading.Semaphore(0)
        self._pausing = threading.Semaphore(0)
        self._killed = False
        self._error: BaseException | None = None
        self.done = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.actor = self  # type: ignore[attr-defined]
        self._thread.start()

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._work()
        except Killed:
            pass
        except BaseException as error:
            self._error = error
        self.done = True
        self._pausing.release()

    def pause(self, statement: str) -> None:
        """Wait before a call until it is this actor's turn."""
        if not any(each in statement for each in self._steps):
            return
        self._pausing.release()
        self._go.acquire()
        if self._killed:
            raise Killed

    def step(self) -> None:
        """Go on to where the next step begins.

        :raises: what the work raised.
        """
        self._go.release()
        self._pausing.acquire()
        if self._error is not None:
            raise self._error

    def kill(self) -> None:
        """Have it die before its next step."""
        self._killed = True
        if not self.done:
            self._go.release()
            self._pausing.acquire()


def patch() -> Any:
    """Have the calls of actors be steps while this context is entered."""

    def paused(method: Callable) -> Callable:
        def call(pool: client.Pool, statement: str, *args, **kwargs) -> Any:
            actor = getattr(threading.current_thread(), 'actor', None)
            if actor is not None:
                actor.pause(statement)
            return method(pool, statement, *args, **kwargs)

        return call

    return mock.patch.multiple(
        client.Pool,
        execute=paused(client.Pool.execute),
        insert=paused(client.Pool.insert),
    )


def interleave(actors: Sequence[Actor], choose: Callable[[int], int]) -> None:
    """Let actors take steps until all are done.

    :param choose: which of so many is next.
    """
    while waiting := [each for each in actors if not each.done]:
        waiting[choose(len(waiting))].step()


def every_choice() -> Iterator[Callable[[int], int]]:
    """One way to choose after another, until there was every one."""
    prefix: list[int] = []
    while True:
        taken: list[tuple[int, int]] = []

        def choose(number: int, prefix=prefix, taken=taken) -> int:
            place = len(taken)
            chosen = prefix[place] if place < len(prefix) else 0
            taken.append((chosen, number))
            return chosen

        yield choose
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if not taken:
            return
        prefix = [chosen for chosen, _ in taken]
        prefix[-1] += 1
