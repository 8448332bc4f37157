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
from collections.abc import (
    Callable,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)
import contextlib
import dataclasses

from oslo_log import log as logging

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
from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: What the events are marked with that are written here.
_SOURCES = ('reconciliation', 'import')

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
    :param beginnings: whether they are asked also for what other resources
        were before the first event that is known of them.
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
    beginnings: bool = False
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
    :param last: of when the type was last compared whole, if ever: what was
        known then, and not missing, was alive.
    :param progress: called with the number of resources that were looked at
        since the last call; also with 0, where a single one takes long.
    """

    def __init__(
        self,
        storage: base.Storage,
        resource_type: definitions.ResourceType,
        listing: listing_module.Listing,
        inquiry: listing_module.Inquiry,
        terms: Terms,
        last: findings_model.Findings | None,
        progress: Callable[[int], None],
    ) -> None:
        self._storage = storage
        self._name = resource_type.name
        self._creations = resource_type.creations
        self._listing = listing
        self._inquiry = inquiry
        self._terms = terms
        self._last = last
        self._progress = progress
        self._author = comparison.Author(
            resource_type, terms.region, terms.source
        )
        self._began_at = timestamps.now()
        self._listed = ledger.Ledger()
        self._counts: Counter[str] = Counter()

    def run(self) -> findings_model.Findings:
        """Compare all, and write what differs.

        :returns: what was found; also if the service, or we, failed
            half-way. What was written until then is true all the same.
        :raises StorageUnavailable: the store cannot be reached.
        """
        outcome, reason = findings_model.Outcome.DONE, ''
        try:
            self._resume()
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
        except errors.StorageUnavailable:
            raise
        except Exception:
            LOG.exception('Unexpected error; %s is given up', self._name)
            outcome = findings_model.Outcome.FAILED
            reason = 'unexpected error; the log says which'
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

    def _resume(self) -> None:
        """Write again what was written last, if that may have been cut off.

        What was stored then is known, and not found to differ; but it may not
        have been carried on to later months. Of writes, one after another,
        only the last one can have been cut off.
        """
        if self._terms.dry_run:
            return
        recorded = self._storage.last_received(
            self._name,
            self._terms.region,
            _SOURCES,
            after=self._last.ended_at if self._last else 0,
        )
        if recorded:
            self._storage.write_events(
                [each.event for each in recorded], recorded[0].received_at
            )

    def _compare(self, page: observation.Page) -> None:
        """What is there: found, changed, or as it was known."""
        standings = self._standings(page)
        beginnings = self._beginnings(page, standings)
        refutations = self._refutations(_estimated(standings))
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
                continue
            differing = self._earlier(
                known, beginnings.get(seen.resource_id), seen, horizon
            )
            latest = known.latest
            if known.estimated:
                # It was missing once, and is there again; from now on, if
                # what it was before is not known any more.
                restored = refutations.get(seen.resource_id)
                if restored is not None:
                    self._counts['refuted'] += 1
                    events.append(restored)
                    latest = restored
            if known.ended:
                if known.latest.event_time <= horizon:
                    self._counts['contradicted'] += 1
            else:
                differing += self._changed(
                    latest, seen, page.observed_at, horizon
                )
            if differing:
                self._counts['changed'] += 1
            events += differing
        self._write(events)
        self._progress(len(page.observations))

    def _end(self, page: observation.Page) -> None:
        """What the service itself tells to be deleted."""
        standings = self._standings(page)
        beginnings = self._beginnings(page, standings)
        refutations = self._refutations(_estimated(standings))
        horizon = page.observed_at - self._terms.settling_time
        events: list[event_model.Event] = []
        for seen in page.observations:
            self._listed.add(seen.resource_id)
            known = standings.get(seen.resource_id)
            if not self._concerns(seen, known):
                continue
            if known is not None:
                earlier = self._earlier(
                    known, beginnings.get(seen.resource_id), seen, horizon
                )
                events += earlier
                if known.ended:
                    self._counts['changed'] += bool(earlier)
                    continue
            if seen.ended_at > horizon:
                self._counts['unsettled'] += 1
                continue
            self._counts['deleted'] += 1
            latest = known and known.latest
            restored = refutations.get(seen.resource_id)
            if restored and restored.event_time < seen.ended_at:
                # It was missing once, and was there for longer.
                self._counts['refuted'] += 1
                events.append(restored)
                latest = restored
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

    def _beginnings(
        self,
        page: observation.Page,
        standings: Mapping[str, standing.Standing],
    ) -> Mapping[str, event_model.Event]:
        """The first events of resources that may have been there before."""
        ids = [
            seen.resource_id
            for seen in page.observations
            if self._may_lack_beginning(standings.get(seen.resource_id), seen)
        ]
        return self._storage.beginnings(self._name, ids) if ids else {}

    def _may_lack_beginning(
        self,
        known: standing.Standing | None,
        seen: observation.Observation,
    ) -> bool:
        if known is None or seen.created_at is None:
            return False
        if self._asks_for_beginnings:
            # A service may keep whole seconds.
            return seen.created_at + timestamps.MICROSECONDS < known.first_at
        return not known.birth_told and seen.created_at < known.first_at

    @property
    def _asks_for_beginnings(self) -> bool:
        return self._terms.beginnings and self._listing.history is not None

    def _earlier(
        self,
        known: standing.Standing,
        first: event_model.Event | None,
        seen: observation.Observation,
        horizon: int,
    ) -> list[event_model.Event]:
        """What a resource was before the first event that is known of it.

        That a creation takes its time is no reason to bill it: where one was
        announced, and nothing tells when it began, its end is the beginning.
        """
        if first is None:
            return []
        events: list[event_model.Event] = []
        if self._asks_for_beginnings:
            past = self._ask_for_past(seen)
            events = comparison.before(self._author, first, past)
        if (
            not events
            and not known.birth_told
            and first.event_type not in self._creations
        ):
            events = [self._author.born(first, seen.created_at)]
        if events and first.event_time > horizon:
            # What came before it may be under way.
            self._counts['unsettled'] += 1
            return []
        return events

    def _changed(
        self,
        latest: event_model.Event,
        seen: observation.Observation,
        at: int,
        horizon: int,
    ) -> list[event_model.Event]:
        if not comparison.differences(latest, seen):
            return []
        if max(latest.event_time, seen.changed_at or 0) > horizon:
            self._counts['unsettled'] += 1
            return []
        since = seen.changed_at
        if (
            since is not None
            and since <= latest.event_time
            and latest.rank == event_model.RANK_REFUTATION
        ):
            # It told of no change, but said again what was known by then.
            since = latest.event_time + 1
        if since is None or not latest.event_time < since < at:
            since = at
        history = self._history(latest, seen, at)
        if history:
            latest = history[-1]
            since = at
        if comparison.differences(latest, seen):
            history.append(self._author.changed(latest, seen, since))
        return history

    def _history(
        self,
        known: event_model.Event | None,
        seen: observation.Observation,
        until: int,
    ) -> list[event_model.Event]:
        if self._listing.history is None or not self._terms.histories:
            return []
        past = [*self._ask_for_past(seen), seen]
        return comparison.past(self._author, known, past, until)

    def _ask_for_past(
        self, seen: observation.Observation
    ) -> list[observation.Observation]:
        past = self._listing.history(self._inquiry, seen)
        self._progress(0)
        return past

    def _doubt(self) -> None:
        """Take estimated ends back that later events speak against."""
        ids = self._storage.doubted(self._name, self._terms.region)
        for number in range(0, len(ids), self._terms.page_size):
            page = ids[number : number + self._terms.page_size]
            standings = self._storage.standings(self._name, page)
            events = [
                restored
                for name, restored in self._refutations(page).items()
                if self._terms.concern(
                    # It may have had another owner by then.
                    {restored.project_id, standings[name].latest.project_id}
                )
            ]
            self._counts['refuted'] += len(events)
            self._write(events)
            self._progress(0)

    def _refutations(self, ids: Sequence[str]) -> dict[str, event_model.Event]:
        """What takes the last estimated end of each resource back."""
        if not ids:
            return {}
        return {
            resource_id: self._author.refutation(estimate)
            for resource_id, estimate in self._storage.estimates(
                self._name, ids
            ).items()
        }

    def _miss(self) -> None:
        """What events take for alive, and the service does not have.

        Of these nothing but the ids is kept until all of them are known.
        """
        compared = 0
        absent: list[str] = []
        for known in self._living():
            latest = known.latest
            if not self._terms.concern({latest.project_id}):
                continue
            compared += 1
            if latest.resource_id in self._listed:
                continue
            if self._is_settled(latest):
                absent.append(latest.resource_id)
            else:
                self._counts['unsettled'] += 1
        allowed = max(_FEW, compared * self._terms.max_gone_percent // 100)
        missing: list[str] = []
        for resource_id in absent:
            if not self._exists(resource_id):
                missing.append(resource_id)
            if len(missing) > allowed:
                raise Suspicious(
                    f'more than {allowed} resources that are known as alive '
                    f'are missing from what the service listed: nothing was '
                    f'recorded as gone. If they really are, say so with '
                    f'--max-gone-percent 100'
                )
        for number in range(0, len(missing), self._terms.page_size):
            self._take_for_gone(
                missing[number : number + self._terms.page_size]
            )

    def _take_for_gone(self, ids: Sequence[str]) -> None:
        """Estimate the end of what was not heard of in the meantime."""
        events = []
        for known in self._storage.standings(self._name, ids).values():
            if known.ended or known.estimated:
                continue
            if not self._is_settled(known.latest):
                self._counts['unsettled'] += 1
                continue
            events.append(
                self._author.gone(known.latest, self._last_alive(known))
            )
        self._counts['estimated'] += len(events)
        self._write(events)
        self._progress(0)

    def _is_settled(self, latest: event_model.Event) -> bool:
        return latest.event_time <= self._began_at - self._terms.settling_time

    def _exists(self, resource_id: str) -> bool:
        """Whether a resource is there after all that the list lacks."""
        if self._listing.exists is None:
            return False
        self._progress(0)
        return self._listing.exists(self._inquiry, resource_id)

    def _living(self) -> Iterator[standing.Standing]:
        for page in self._storage.living(
            self._name, self._terms.region, self._terms.page_size
        ):
            yield from page
            self._progress(0)

    def _last_alive(self, known: standing.Standing) -> int:
        """When a resource that is gone was last known to be alive.

        What arrived only after the last comparison says nothing of that
        time: the resource was not known by then, or missing already.
        """
        heard_at = known.latest.event_time
        last = self._last
        if last is None or known.received_at > last.ended_at:
            return heard_at
        if heard_at < last.began_at - self._terms.settling_time:
            return last.began_at
        return heard_at

    def _standings(
        self, page: observation.Page
    ) -> dict[str, standing.Standing]:
        ids = [seen.resource_id for seen in page.observations]
        if not ids:
            return {}
        # One with a birth alone was about to be written when that was cut
        # off: the birth says what is there, but not what was in between.
        return {
            name: known
            for name, known in self._storage.standings(self._name, ids).items()
            if known.first_at
        }

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
        """Write events, after the births that they bear witness to.

        If only some of them come to be stored, these have to be the earliest
        ones: nobody asks for what was before an event that is known. One
        insert is stored a month at a time, in the order of its rows.
        """
        if self._terms.dry_run:
            return
        for part in (comparison.births(events), events):
            if part:
                part.sort(key=lambda event: event.event_time)
                self._storage.write_events(part, timestamps.now())


def _estimated(standings: Mapping[str, standing.Standing]) -> list[str]:
    return [name for name, known in standings.items() if known.estimated]
