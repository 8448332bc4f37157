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
"""The reconciliation of one resource type in one region (R14)."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
import contextlib
import dataclasses

from stratometrics.model import event as event_model
from stratometrics.model import findings as findings_model
from stratometrics.model import observation
from stratometrics.model import standing
from stratometrics.model import timestamps
from stratometrics.notifications import definitions
from stratometrics.reconciler import comparison
from stratometrics.reconciler import ledger
from stratometrics.reconciler import listing as listing_module
from stratometrics.storage import base

#: As few resources may be missing whatever part of all they are.
_FEW = 10


class Suspicious(Exception):
    """Too much is missing to be believed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Terms:
    """How resources are compared, whatever their type.

    :param region: the region that is asked.
    :param source: what the events are marked with: ``reconciliation`` or
        ``import``.
    :param projects: only resources of these projects are compared; by
        default all.
    :param dry_run: whether nothing is written.
    :param settling_time: microseconds that a notification may be under way.
    :param max_gone_percent: see ``[reconciler]/max_gone_percent``.
    :param deleted_since: deletions at or after this are asked for;
        microseconds since the epoch.
    :param histories: whether services are asked for the past of resources
        that differ.
    :param page_size: resources that are compared at a time.
    """

    region: str
    source: str = 'reconciliation'
    projects: frozenset[str] | None = None
    dry_run: bool = False
    settling_time: int
    max_gone_percent: int
    deleted_since: int
    histories: bool = True
    page_size: int

    def concern(self, project_ids: Collection[str]) -> bool:
        """Whether a resource of one of these projects is compared."""
        return self.projects is None or not self.projects.isdisjoint(
            project_ids
        )


class Reconciliation:
    """Compares what a service lists with what the events say.

    Nothing is decided by a clock but what is left alone for now: what was
    heard of, or changed, shortly before it was looked at. Its notifications
    may be under way.

    :param storage: events are read from it and written to it.
    :param resource_type: the definition of what is compared.
    :param listing: how the service lists it.
    :param inquiry: what the service is asked with.
    :param alive_at: when the type was last compared whole, if ever: what was
        not missing then was alive. Microseconds since the epoch.
    :param progress: called with the number of resources that were looked at
        since the last call.
    """

    def __init__(
        self,
        storage: base.Storage,
        resource_type: definitions.ResourceType,
        listing: listing_module.Listing,
        inquiry: listing_module.Inquiry,
        terms: Terms,
        alive_at: int | None,
        progress: Callable[[int], None],
    ) -> None:
        self._storage = storage
        self._name = resource_type.name
        self._listing = listing
        self._inquiry = inquiry
        self._terms = terms
        self._alive_at = alive_at
        self._progress = progress
        self._author = comparison.Author(
            resource_type, terms.region, terms.source
        )
        self._began_at = timestamps.now()
        self._listed = ledger.Ledger()
        self._counts: Counter[str] = Counter()

    def run(self) -> findings_model.Findings:
        """Compare all, and write what differs.

        :returns: what was found; also if the service failed half-way. What
            was written until then is true all the same.
        :raises StorageError: the store cannot be read or written.
        """
        outcome, reason = findings_model.Outcome.DONE, ''
        try:
            with contextlib.suppress(listing_module.NotOffered):
                for page in self._listing.living(self._inquiry):
                    self._compare(page)
            if self._listing.ended is not None:
                since = self._terms.deleted_since
                for page in self._listing.ended(self._inquiry, since):
                    self._end(page)
            self._doubt()
            self._miss()
        except listing_module.Unavailable as error:
            outcome, reason = findings_model.Outcome.FAILED, str(error)
        except Suspicious as error:
            outcome, reason = findings_model.Outcome.REFUSED, str(error)
        return findings_model.Findings(
            resource_type=self._name,
            region=self._terms.region,
            source=self._terms.source,
            began_at=self._began_at,
            ended_at=timestamps.now(),
            whole=self._terms.projects is None,
            outcome=outcome,
            counts=self._counts,
            reason=reason,
        )

    def _compare(self, page: observation.Page) -> None:
        """What is there: found, changed, or as it was known."""
        standings = self._standings(page)
        horizon = page.observed_at - self._terms.settling_time
        events: list[event_model.Event] = []
        for seen in page.observations:
            self._listed.add(seen.resource_id)
            known = standings.get(seen.resource_id)
            if not self._concerns(seen, known):
                continue
            self._counts['listed'] += 1
            if known is None:
                events += self._found(seen, page.observed_at, horizon)
            elif not known.ended:
                events += self._changed(
                    known.latest, seen, page.observed_at, horizon
                )
        self._write(events)
        self._progress(len(page.observations))

    def _end(self, page: observation.Page) -> None:
        """What the service itself tells to be deleted."""
        standings = self._standings(page)
        horizon = page.observed_at - self._terms.settling_time
        events: list[event_model.Event] = []
        for seen in page.observations:
            self._listed.add(seen.resource_id)
            known = standings.get(seen.resource_id)
            if not self._concerns(seen, known) or (known and known.ended):
                continue
            if seen.ended_at > horizon:
                self._counts['unsettled'] += 1
                continue
            self._counts['deleted'] += 1
            latest = known and known.latest
            history = self._history(latest, seen, seen.ended_at)
            if known is not None and history:
                latest = history[-1]
            events += [*history, self._author.deleted(latest, seen)]
        self._write(events)
        self._progress(len(page.observations))

    def _found(
        self, seen: observation.Observation, at: int, horizon: int
    ) -> list[event_model.Event]:
        if max(seen.created_at or 0, seen.changed_at or 0) > horizon:
            self._counts['unsettled'] += 1
            return []
        self._counts['unknown'] += 1
        return [
            *self._history(None, seen, at),
            self._author.found(seen, at),
        ]

    def _changed(
        self,
        latest: event_model.Event,
        seen: observation.Observation,
        at: int,
        horizon: int,
    ) -> list[event_model.Event]:
        events = []
        if latest.rank == event_model.RANK_ESTIMATE:
            # It was missing once, and is there again.
            restored = self._restored(latest.resource_id)
            if restored is None:
                return []
            self._counts['refuted'] += 1
            events.append(restored)
            latest = restored
        if not comparison.differences(latest, seen):
            return events
        if max(latest.event_time, seen.changed_at or 0) > horizon:
            self._counts['unsettled'] += 1
            return events
        self._counts['changed'] += 1
        since = seen.changed_at
        if since is None or not latest.event_time < since < at:
            since = at
        history = self._history(latest, seen, at)
        if history:
            latest = history[-1]
            since = at
        if comparison.differences(latest, seen):
            history.append(self._author.changed(latest, seen, since))
        return [*events, *history]

    def _history(
        self,
        known: event_model.Event | None,
        seen: observation.Observation,
        until: int,
    ) -> list[event_model.Event]:
        if self._listing.history is None or not self._terms.histories:
            return []
        past = self._listing.history(self._inquiry, seen)
        return comparison.past(self._author, known, [*past, seen], until)

    def _doubt(self) -> None:
        """Take estimated ends back that later events speak against."""
        ids = self._storage.doubted(self._name, self._terms.region)
        for number in range(0, len(ids), self._terms.page_size):
            page = ids[number : number + self._terms.page_size]
            timelines = self._storage.timelines(self._name, page)
            events = []
            for timeline in timelines.values():
                restored = self._author.refutation(timeline)
                if restored and self._terms.concern({restored.project_id}):
                    self._counts['refuted'] += 1
                    events.append(restored)
            self._write(events)

    def _restored(self, resource_id: str) -> event_model.Event | None:
        timelines = self._storage.timelines(self._name, [resource_id])
        return self._author.refutation(timelines.get(resource_id, ()))

    def _miss(self) -> None:
        """What events take for alive, and the service does not have."""
        allowed = max(
            _FEW,
            self._storage.count_living(self._name, self._terms.region)
            * self._terms.max_gone_percent
            // 100,
        )
        missing: list[event_model.Event] = []
        for known in self._living():
            latest = known.latest
            if latest.resource_id in self._listed or not self._terms.concern(
                {latest.project_id}
            ):
                continue
            settled_by = self._began_at - self._terms.settling_time
            if latest.event_time > settled_by:
                self._counts['unsettled'] += 1
                continue
            if self._exists(latest.resource_id):
                continue
            missing.append(self._author.gone(latest, self._last_alive(latest)))
            if len(missing) > allowed:
                raise Suspicious(
                    f'more than {allowed} resources that are known as alive '
                    f'are missing from what the service listed: nothing was '
                    f'recorded as gone. If they really are, say so with '
                    f'--max-gone-percent 100'
                )
        self._counts['estimated'] += len(missing)
        for number in range(0, len(missing), self._terms.page_size):
            self._write(missing[number : number + self._terms.page_size])

    def _exists(self, resource_id: str) -> bool:
        """Whether a resource is there after all that the list lacks."""
        exists = self._listing.exists
        return exists is not None and exists(self._inquiry, resource_id)

    def _living(self) -> Iterator[standing.Standing]:
        after = 0
        while page := self._storage.living(
            self._name, self._terms.region, after, self._terms.page_size
        ):
            yield from page
            after = page[-1].timeline

    def _last_alive(self, latest: event_model.Event) -> int:
        """When a resource that is gone was last known to be alive."""
        at = self._alive_at
        if at and latest.event_time < at - self._terms.settling_time:
            return at
        return latest.event_time

    def _standings(
        self, page: observation.Page
    ) -> dict[str, standing.Standing]:
        ids = [seen.resource_id for seen in page.observations]
        return dict(self._storage.standings(self._name, ids)) if ids else {}

    def _concerns(
        self,
        seen: observation.Observation,
        known: standing.Standing | None,
    ) -> bool:
        projects = {seen.project_id}
        if known is not None:
            projects.add(known.latest.project_id)
        return self._terms.concern(projects)

    def _write(self, events: list[event_model.Event]) -> None:
        if events and not self._terms.dry_run:
            self._storage.write_events(
                comparison.births(events), timestamps.now()
            )
