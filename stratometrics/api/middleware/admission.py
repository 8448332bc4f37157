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
"""How many requests there may be at once, and who has to wait or to go.

A process works on few requests at a time, because more at once would only
make all of them late. Some more may wait for a place, and all others are told
to come again. So there are always threads left for who asks whether the
service is well, and for who is turned away.
"""

from collections import Counter
from collections.abc import Callable, Iterable
import dataclasses
import functools
import threading
from typing import Any
from wsgiref import types as wsgi

from stratometrics.api import errors
from stratometrics.api.middleware import context
from stratometrics.api.middleware import endings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much there may be at once in one process.

    :param working: requests that are worked on.
    :param waiting: requests that wait for this.
    :param patience: seconds that one waits at most.
    :param share: how many in a hundred of either may be of one project.
    """

    working: int
    waiting: int
    patience: float
    share: int

    @classmethod
    def from_options(cls, options: Any) -> 'Capacity':
        """What an operator chose.

        :param options: the ``[api]`` option group.
        """
        return cls(
            working=options.max_working,
            waiting=options.max_waiting,
            patience=options.max_wait,
            share=options.project_share,
        )

    @property
    def total(self) -> int:
        """Requests of any kind, but for those that need no token."""
        return self.working + self.waiting

    @property
    def total_of_one(self) -> int:
        """Requests of one project, whether or not they are worked on.

        Whoever may work or wait has room.
        """
        return self.of_one(self.working) + self.of_one(self.waiting)

    def of_one(self, number: int) -> int:
        """The part of a number that one project may have, at least one."""
        return max(1, number * self.share // 100)


class Door:
    """Turns away whom there is no room for, before anything is asked of him.

    Until its answer is sent, a request takes room: a thread works on it.
    """

    def __init__(
        self, application: wsgi.WSGIApplication, capacity: Capacity
    ) -> None:
        self._application = application
        self._room = threading.BoundedSemaphore(capacity.total)

    def __call__(
        self,
        environ: wsgi.WSGIEnvironment,
        start_response: wsgi.StartResponse,
    ) -> Iterable[bytes]:
        if not self._room.acquire(blocking=False):
            raise _busy('There are too many requests at the moment')
        return endings.ended(
            functools.partial(self._application, environ, start_response),
            self._room.release,
        )


class Rooms:
    """The room that projects take, until answers are sent.

    Safe to share by threads. What a project takes slowly takes nothing but
    its own part of the room.
    """

    def __init__(self, capacity: Capacity) -> None:
        self._most = capacity.total_of_one
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, owner: str) -> None:
        """Have room at once.

        :param owner: who shares with himself.
        :raises Busy: his part is full.
        """
        with self._lock:
            if self._taken[owner] >= self._most:
                raise _busy('Your project has too many requests at the moment')
            self._taken[owner] += 1

    def leave(self, owner: str) -> None:
        """Give room back."""
        with self._lock:
            self._taken -= Counter((owner,))


class Places:
    """The places of those that are worked on. Safe to share by threads.

    Who waits longest has the next place, unless his project has its share.
    """

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._working: Counter[str] = Counter()
        self._waiting: list[_Waiting] = []

    def take(self, owner: str) -> None:
        """Have a place, sooner or later.

        :param owner: who shares with himself.
        :raises Unavailable: there are too many that wait, or none had become
            free in time.
        """
        with self._lock:
            # Whoever waits while there are places waits for his share.
            if self._may_work(owner):
                self._working[owner] += 1
                return
            waiting = _Waiting(owner)
            self._queue(waiting)
        if waiting.called.wait(self._capacity.patience):
            return
        with self._lock:
            if waiting.called.is_set():
                return
            self._waiting.remove(waiting)
        raise _busy('The service is busy')

    def leave(self, owner: str) -> None:
        """Give a place to the next."""
        with self._lock:
            self._working -= Counter((owner,))
            for waiting in self._waiting:
                if self._may_work(waiting.owner):
                    self._waiting.remove(waiting)
                    self._working[waiting.owner] += 1
                    waiting.called.set()
                    break

    def _may_work(self, owner: str) -> bool:
        allowed = self._capacity.working
        return self._working.total() < allowed and self._working[
            owner
        ] < self._capacity.of_one(allowed)

    def _queue(self, waiting: '_Waiting') -> None:
        allowed = self._capacity.waiting
        if len(self._waiting) >= allowed:
            raise _busy('There are too many requests at the moment')
        own = sum(each.owner == waiting.owner for each in self._waiting)
        if own >= self._capacity.of_one(allowed):
            raise _busy('Your project has too many requests at the moment')
        self._waiting.append(waiting)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """One that waits, and how he is called."""

    owner: str
    called: threading.Event = dataclasses.field(
        default_factory=threading.Event
    )


class Turnstile:
    """Lets as many in as there are places, and shares them fairly.

    It has to know who asks. A place is taken until the answer is there, or as
    long as one is streamed; room, until it is sent.
    """

    def __init__(
        self, application: wsgi.WSGIApplication, capacity: Capacity
    ) -> None:
        self._application = application
        self._rooms = Rooms(capacity)
        self._places = Places(capacity)

    def __call__(
        self,
        environ: wsgi.WSGIEnvironment,
        start_response: wsgi.StartResponse,
    ) -> Iterable[bytes]:
        caller = environ[context.ENVIRON_KEY]
        owner = caller.project_id or caller.user_id or ''
        self._rooms.take(owner)
        answer = functools.partial(self._application, environ, start_response)
        return endings.ended(
            functools.partial(self._worked_on, owner, answer),
            functools.partial(self._rooms.leave, owner),
        )

    def _worked_on(
        self, owner: str, answer: Callable[[], Iterable[bytes]]
    ) -> Iterable[bytes]:
        self._places.take(owner)
        return endings.ended(
            answer,
            functools.partial(self._places.leave, owner),
            streamed=True,
        )


def _busy(why: str) -> errors.Busy:
    return errors.Busy(f'{why}; try again in {errors.RETRY_AFTER} seconds.')
