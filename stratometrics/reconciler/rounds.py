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
"""One reconciliation of everything that can be reconciled in a region."""

from collections.abc import Callable, Collection, Iterator, Sequence
import dataclasses
import time
from typing import TYPE_CHECKING

from oslo_log import log as logging

from stratometrics import cloud as cloud_module
from stratometrics.model import findings as findings_model
from stratometrics.model import timestamps
from stratometrics.notifications import definitions as definitions_module
from stratometrics.reconciler import listing as listing_module
from stratometrics.reconciler import reconciliation
from stratometrics.storage import base

if TYPE_CHECKING:
    from openstack import connection

LOG = logging.getLogger(__name__)

#: Microseconds that a round is reserved for unless it goes on.
LEASE = 15 * 60 * timestamps.MICROSECONDS
#: Seconds after which the reservation is prolonged.
_PROLONG = 60.0


class UnderWay(Exception):
    """Somebody else is reconciling this region."""


class Progress:
    """Told how far a round is; this one keeps it to itself."""

    def begin(self, resource_type: str, expected: int) -> None:
        """A type is begun.

        :param expected: how many of its resources are known as alive.
        """

    def advance(self, number: int) -> None:
        """So many more resources were looked at."""

    def end(self, found: findings_model.Findings) -> None:
        """The type is done."""


class Rounds:
    """Reconciles resource types one after the other.

    :param definitions: the resource types that are switched on.
    :param cloud: the services.
    :param listings: how each resource type is listed.
    """

    def __init__(
        self,
        storage: base.Storage,
        definitions: definitions_module.Definitions,
        cloud: 'connection.Connection',
        listings: Sequence[listing_module.Listing],
    ) -> None:
        self._storage = storage
        self._definitions = definitions
        self._cloud = cloud
        self._listings = {each.resource_type: each for each in listings}

    def choose(
        self, names: Collection[str] = ()
    ) -> list[listing_module.Listing]:
        """The listings of resource types.

        :param names: those that are asked for; by default all that are
            switched on and whose service is in the catalog.
        :raises ValueError: one that is asked for cannot be reconciled.
        :raises CloudError: there is no catalog.
        """
        enabled = [
            name
            for name in self._definitions.resource_types
            if name in self._listings
        ]
        for name in names:
            if name not in enabled:
                raise ValueError(
                    f'{name!r} cannot be reconciled; what can be: '
                    f'{", ".join(enabled)}'
                )
        chosen = [self._listings[name] for name in names or enabled]
        offered = [each for each in chosen if self._offers(each.service_type)]
        if names and len(offered) < len(chosen):
            missing = ', '.join(
                sorted({e.service_type for e in chosen if e not in offered})
            )
            raise ValueError(f'the catalog has no service of type {missing}')
        return offered

    def due(
        self,
        listings: Sequence[listing_module.Listing],
        region: str,
        since: int,
    ) -> list[listing_module.Listing]:
        """Of some listings those whose turn it is.

        Each for itself: a round can be stopped, and some types can be
        reconciled by hand.

        :param listings: what :meth:`choose` gave.
        :param since: what was begun for all projects at this time or later
            need not be begun again, even if it failed; microseconds since
            the epoch.
        """
        begun: dict[str, int] = {}
        for complete in (True, False):
            for found in self._storage.last_findings(
                region, complete=complete
            ).values():
                if found.whole:
                    begun[found.resource_type] = found.began_at
        return [
            each
            for each in listings
            if begun.get(each.resource_type, 0) < since
        ]

    def run(
        self,
        listings: Sequence[listing_module.Listing],
        terms: reconciliation.Terms,
        progress: Progress,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[findings_model.Findings]:
        """Reconcile, and record what was found.

        A type that fails does not keep the others from their turn.

        :param listings: what :meth:`choose` gave.
        :param stop: asked between two types whether to end early.
        :raises UnderWay: somebody else is at it.
        :raises StorageError: the store cannot be read, or not reached.
        """
        if terms.dry_run:
            yield from self._run(listings, terms, progress, stop, None)
            return
        lease = self._storage.lease(f'reconciliation/{terms.region}', LEASE)
        # It may be ours already when the claim is cut off.
        held = True
        try:
            held = lease.claim()
            if not held:
                raise UnderWay(
                    f'a reconciliation of the region {terms.region} is under '
                    'way; if it was killed, or lost ClickHouse, another can '
                    'begin '
                    f'{LEASE // timestamps.MICROSECONDS // 60} minutes later'
                )
            yield from self._run(listings, terms, progress, stop, lease)
        finally:
            if held:
                lease.release()

    def _run(
        self,
        listings: Sequence[listing_module.Listing],
        terms: reconciliation.Terms,
        progress: Progress,
        stop: Callable[[], bool],
        lease: base.Lease | None,
    ) -> Iterator[findings_model.Findings]:
        complete = self._storage.last_findings(terms.region, complete=True)
        inquiry = listing_module.Inquiry(self._cloud, terms.page_size)
        keep = _Keeper(lease)
        for listing in listings:
            if stop():
                return
            name = listing.resource_type
            progress.begin(
                name, self._storage.count_living(name, terms.region)
            )

            def advance(number: int) -> None:
                progress.advance(number)
                keep()

            found = reconciliation.Reconciliation(
                self._storage,
                self._definitions.resource_types[name],
                listing,
                inquiry,
                terms,
                complete.get((name, terms.region)),
                advance,
            ).run()
            if not terms.dry_run:
                self._storage.record_findings(found)
            progress.end(found)
            _log(found)
            yield found

    def _offers(self, service_type: str) -> bool:
        try:
            return bool(self._cloud.endpoint_for(service_type))
        except cloud_module.failures() as error:
            raise cloud_module.CloudError(
                f'the catalog cannot be read: {cloud_module.reason(error)}'
            ) from error


class _Keeper:
    """Prolongs a lease when it is time to."""

    def __init__(self, lease: base.Lease | None) -> None:
        self._lease = lease
        self._since = time.monotonic()

    def __call__(self) -> None:
        if self._lease and time.monotonic() - self._since > _PROLONG:
            self._lease.prolong()
            self._since = time.monotonic()


def terms(
    options,
    region: str,
    now: int,
    **changes,
) -> reconciliation.Terms:
    """The terms that the configuration sets.

    :param options: the ``[reconciler]`` option group.
    :param now: microseconds since the epoch.
    :param changes: what is different this time.
    """
    return dataclasses.replace(
        reconciliation.Terms(
            region=region,
            settling_time=options.settling_time * timestamps.MICROSECONDS,
            max_gone_percent=options.max_gone_percent,
            deleted_since=max(
                0, now - options.deleted_window * timestamps.MICROSECONDS
            ),
            page_size=options.page_size,
        ),
        **changes,
    )


def _log(found: findings_model.Findings) -> None:
    counts = ', '.join(
        f'{name} {found.counts[name]}' for name in findings_model.COUNTS
    )
    if found.outcome is findings_model.Outcome.DONE:
        LOG.info('Reconciled %s: %s', found.resource_type, counts)
    else:
        LOG.error(
            'The reconciliation of %s %s: %s (%s)',
            found.resource_type,
            'was refused'
            if found.outcome is findings_model.Outcome.REFUSED
            else 'failed',
            found.reason,
            counts,
        )
