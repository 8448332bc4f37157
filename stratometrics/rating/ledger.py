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
"""The price list as it is kept: who changes it does so alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
import dataclasses
import time
from typing import Any, Protocol
import uuid

from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.rating import book
from stratometrics.rating import conflicts
from stratometrics.rating import errors
from stratometrics.rating import validation
from stratometrics.storage import base
from stratometrics.storage import errors as storage_errors

#: What is to become of prices; one that is created has no id yet.
Changes = Sequence[tuple[prices.Change, prices.Price]]

#: The name of the right to change the price list.
_LEASE = 'prices'
#: How long it lasts at most, in microseconds.
_LEASE_LENGTH = 60 * timestamps.MICROSECONDS
#: Seconds to wait for it, and from one attempt to the next.
_PATIENCE = 10.0
_PAUSE = 0.2


class Store(Protocol):
    """What a ledger needs of :class:`stratometrics.storage.base.Storage`."""

    def price_entries(
        self, as_of: int | None = None
    ) -> list[prices.Entry]: ...

    def record_prices(self, entries: Sequence[prices.Entry]) -> None: ...

    def lease(self, name: str, length: int) -> base.Lease: ...


class Ledger:
    """The price list as it is kept.

    :param now: tells the present, in microseconds since the epoch.
    """

    def __init__(
        self, store: Store, now: Callable[[], int] = timestamps.now
    ) -> None:
        self._store = store
        self._now = now

    def read(self, as_of: int | None = None) -> book.PriceBook:
        """The price list as of a time; by default the present one.

        :raises StorageUnavailable: the store cannot be reached.
        """
        return book.PriceBook(self._store.price_entries(as_of))

    def add(
        self, added: Sequence[prices.Price], by: str
    ) -> list[prices.Price]:
        """Add prices, all of them or none.

        :param added: without ids; each makes sense by itself.
        :param by: who adds them.
        :returns: the same with their ids.
        :raises Conflict: one contradicts another one.
        :raises Busy: somebody else is changing the list.
        """
        changes = [(prices.Change.CREATED, price) for price in added]
        return [entry.price for entry in self.change(lambda _: changes, by)]

    def amend(
        self, price_id: str, changed: Mapping[str, Any], by: str
    ) -> prices.Price:
        """Change the end or the description of a price.

        :param changed: these fields, with their new values.
        :returns: the price as it is now.
        :raises UnknownPrice: it is not in the list.
        :raises Malformed: it would end before it begins.
        :raises Conflict: it would contradict another one.
        :raises Busy: somebody else is changing the list.
        """

        def plan(listed: book.PriceBook) -> Changes:
            nonlocal amended
            former = _find(listed, price_id)
            amended = dataclasses.replace(former, **changed)
            validation.check_validity(amended)
            if amended == former:
                return []
            return [(prices.Change.AMENDED, amended)]

        amended = None
        self.change(plan, by)
        return amended

    def withdraw(self, price_id: str, by: str) -> None:
        """Make a price as if it had never been.

        :raises UnknownPrice: it is not in the list.
        :raises Busy: somebody else is changing the list.
        """
        self.change(
            lambda listed: [
                (prices.Change.WITHDRAWN, _find(listed, price_id))
            ],
            by,
        )

    def change(
        self, plan: Callable[[book.PriceBook], Changes], by: str
    ) -> list[prices.Entry]:
        """Do what follows from what is in the list, all of it or nothing.

        :param plan: gives the changes of a list.
        :param by: who makes them.
        :returns: what was done.
        :raises Conflict: the list would contradict itself.
        :raises Busy: somebody else is changing the list.
        """
        # What cannot be done is told at once: being alone takes a while.
        self._planned(plan)
        with self._alone():
            listed, changes = self._planned(plan)
            # The clocks of two servers may differ; the order must not.
            last = listed.entries[-1].at if listed.entries else 0
            at = max(self._now(), last + 1)
            entries = [
                prices.Entry(change=change, at=at, by=by, price=_named(price))
                for change, price in changes
            ]
            self._store.record_prices(entries)
        return entries

    def rehearse(self, plan: Callable[[book.PriceBook], Changes]) -> Changes:
        """What :meth:`change` would do, of which nothing is done.

        :param plan: gives the changes of a list.
        :returns: the changes; what would be created has no id.
        :raises Conflict: the list would contradict itself.
        """
        _, changes = self._planned(plan)
        return changes

    def _planned(
        self, plan: Callable[[book.PriceBook], Changes]
    ) -> tuple[book.PriceBook, Changes]:
        """The list as it is now, and changes that it can have."""
        listed = self.read()
        changes = plan(listed)
        require_consistent(listed, changes)
        return listed, changes

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Until the end nobody else changes the list."""
        lease = self._store.lease(_LEASE, _LEASE_LENGTH)
        deadline = time.monotonic() + _PATIENCE
        while not lease.claim():
            if time.monotonic() > deadline:
                raise errors.Busy(
                    'somebody else is changing the price list; try again'
                )
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            # What was done is done; the right runs out by itself.
            with contextlib.suppress(storage_errors.StorageError):
                lease.release()


def require_consistent(listed: book.PriceBook, changes: Changes) -> None:
    """See that a list does not contradict itself after some changes.

    :raises Conflict: it does; names both prices.
    """
    touched = {price.id for _, price in changes}
    found = conflicts.first_conflict(
        [price for price in listed.prices if price.id not in touched],
        [
            price
            for change, price in changes
            if change is not prices.Change.WITHDRAWN
        ],
    )
    if found:
        price, other = map(_described, found)
        raise errors.Conflict(
            f'the {price} conflicts with the {other}: both would count for '
            'the same usage'
        )


def _find(listed: book.PriceBook, price_id: str) -> prices.Price:
    for price in listed.prices:
        if price.id == price_id:
            return price
    raise errors.UnknownPrice(f'there is no price {price_id}')


def _named(price: prices.Price) -> prices.Price:
    return price if price.id else dataclasses.replace(price, id=_new_id())


def _new_id() -> str:
    return str(uuid.uuid4())


def _described(price: prices.Price) -> str:
    """A price as an error names it: one that has no id is a new one."""
    name = f'price {price.id}' if price.id else 'new price'
    facts = [price.resource_type, price.measure]
    facts += [
        f'{attribute} {" or ".join(values)}'
        for attribute, values in sorted(price.match.items())
    ]
    facts.append(f'from {timestamps.isoformat(price.valid_from)}')
    if price.valid_to is not None:
        facts.append(f'to {timestamps.isoformat(price.valid_to)}')
    return f'{name} ({", ".join(filter(None, facts))})'
