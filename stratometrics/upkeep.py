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
"""Months are opened, closed and purged, by one process at a time."""

from collections.abc import Iterator, Sequence
import contextlib
import dataclasses
from typing import Any

from oslo_log import log as logging

from stratometrics.model import kept
from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.storage import base
from stratometrics.storage import errors
from stratometrics.storage import turns

LOG = logging.getLogger(__name__)

#: The name of the right to do so.
_TURN = 'months'


class UnderWay(Exception):
    """Somebody else is at it; str() says so."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When months are opened and closed by themselves.

    :param opening_delay: microseconds after the beginning of a month; None
        for never.
    :param closing_delay: microseconds after its end; None for never.
    :param renewal_delay: microseconds after something came in late for a
        closed month; what else is late by then is stored with it. Also after
        closing one has failed.
    :param closed_months: how many past months are kept closed.
    """

    opening_delay: int | None
    closing_delay: int | None
    renewal_delay: int
    closed_months: int

    def to_open(self, seen: kept.Overview) -> list[int]:
        """The months that it is time to open, in order.

        It is the present one, and those before it that were missed. Older
        ones are opened by hand: it takes reading all that was before.
        """
        if self.opening_delay is None:
            return []
        present = months.begin(seen.now - self.opening_delay)
        opened = {each.month for each in seen.months if each.opened}
        month = months.after(max(opened)) if opened else present
        due = []
        while month <= present:
            due.append(month)
            month = months.after(month)
        return due

    def to_close(self, seen: kept.Overview) -> list[int]:
        """The months that it is time to close, or to close again; last first.

        The latest are asked about the most.
        """
        if self.closing_delay is None:
            return []
        open_since = months.begin(seen.now - self.closing_delay)
        held = {each.month: each for each in seen.months}
        due = []
        month = open_since
        for _ in range(self.closed_months):
            month = months.begin(month - 1)
            known = held.get(month)
            if known is None or known.closed:
                continue
            if all(
                at is None or at <= seen.now - self.renewal_delay
                for at in (known.late_at, known.failed_at)
            ):
                due.append(month)
        return due


def plan(options: Any) -> Plan:
    """What the configuration says.

    :param options: the ``[collector]`` option group.
    """
    return Plan(
        opening_delay=_microseconds(options.opening_delay),
        closing_delay=_microseconds(options.closing_delay),
        renewal_delay=options.renewal_delay * timestamps.MICROSECONDS,
        closed_months=options.closed_months,
    )


def _microseconds(seconds: int) -> int | None:
    return seconds * timestamps.MICROSECONDS if seconds else None


class Keeper:
    """Opens, closes and purges months.

    :param patience: seconds to wait for others that do.
    """

    def __init__(self, storage: base.MonthStore, patience: float) -> None:
        self._storage = storage
        self._patience = patience

    def open(self, month: int) -> None:
        """See :meth:`stratometrics.storage.base.MonthStore.open_month`.

        :raises UnderWay: somebody else is at it.
        """
        with self._turn():
            self._storage.open_month(month)

    def open_again(self) -> Iterator[int]:
        """See :class:`stratometrics.storage.base.MonthStore`.

        :raises UnderWay: somebody else is at it.
        """
        with self._turn():
            yield from self._storage.open_months_again()

    def close(self, chosen: Sequence[int]) -> Iterator[tuple[int, bool]]:
        """Close months, one after the other.

        :returns: each month when it is done, and whether what is stored can
            be used.
        :raises UnderWay: somebody else is at it.
        """
        with self._turn():
            for month in chosen:
                yield month, self._storage.close_month(month)

    def purge(self, month: int) -> None:
        """See :meth:`stratometrics.storage.base.MonthStore.purge`.

        :raises UnderWay: somebody else is at it.
        """
        with self._turn():
            self._storage.purge(month)

    def look(self, plan: Plan) -> Iterator[str]:
        """Do what it is time for.

        :returns: what was done, for the log.
        :raises UnderWay: somebody else is at it.
        """
        seen = self._storage.overview()
        if plan.to_open(seen) or plan.to_close(seen):
            with self._turn():
                yield from self._catch_up(plan)
        self._storage.tidy_months()

    def _catch_up(self, plan: Plan) -> Iterator[str]:
        # Somebody else may just have done it.
        seen = self._storage.overview()
        # The earlier first: the later ones are opened from them.
        with _put_off('opening months'):
            for month in plan.to_open(seen):
                self._storage.open_month(month)
                yield f'{months.of(month)} is opened'
        for month in plan.to_close(seen):
            with _put_off(f'closing {months.of(month)}'):
                done = self._storage.close_month(month)
                yield (
                    f'{months.of(month)} is closed'
                    if done
                    else f'{months.of(month)} is to be closed again: '
                    'something came in meanwhile'
                )

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(
                    turns.alone(self._storage, _TURN, self._patience)
                )
            except turns.Taken:
                raise UnderWay(
                    'somebody else is opening, closing or purging months; '
                    'try again later'
                ) from None
            yield


@contextlib.contextmanager
def _put_off(what: str) -> Iterator[None]:
    """What fails does not keep the rest from being done."""
    try:
        yield
    except (errors.StorageError, ValueError) as error:
        LOG.error('Putting off %s: %s', what, str(error))
    except Exception:
        LOG.exception('Unexpected error; putting off %s', what)
