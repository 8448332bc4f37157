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
"""What a request may spend: one budget that all of its queries share.

Who runs queries for a request that somebody waits for enters its budget; the
storage asks for it before each query and while a query runs. Outside of a
request, as in the collector and the commands, there is none.
"""

from collections.abc import Callable, Iterator
import contextlib
import contextvars
import time

from stratometrics.storage import errors


class Budget:
    """The time that is left, as long as somebody waits at all.

    :param seconds: the time from now.
    :param abandoned: whether nobody waits for the answer any more. It is
        asked often, so it must be cheap.
    """

    def __init__(
        self, seconds: float, abandoned: Callable[[], bool] = lambda: False
    ) -> None:
        self._end = time.monotonic() + seconds
        self._abandoned = abandoned

    def left(self) -> float:
        """The seconds that are left; more than 0.

        :raises Abandoned: nobody waits for the answer any more.
        :raises QueryTooExpensive: the time is used up.
        """
        if self._abandoned():
            raise errors.Abandoned('the client has closed its connection')
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise errors.QueryTooExpensive(
                'the time of the request is used up'
            )
        return seconds


_CURRENT: contextvars.ContextVar[Budget | None] = contextvars.ContextVar(
    'budget', default=None
)


def current() -> Budget | None:
    """The budget of what runs now, if it has one."""
    return _CURRENT.get()


@contextlib.contextmanager
def entered(budget: Budget | None) -> Iterator[None]:
    """Until the end queries are paid from this budget.

    :param budget: None for what has to be done in any case.
    """
    before = _CURRENT.set(budget)
    try:
        yield
    finally:
        _CURRENT.reset(before)
