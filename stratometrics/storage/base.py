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
"""The interface that collector, API and commands know storage by."""

import abc
from collections.abc import (
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
import dataclasses

from stratometrics.model import coverage
from stratometrics.model import event as event_model
from stratometrics.model import findings
from stratometrics.model import kept
from stratometrics.model import names as names_model
from stratometrics.model import prices
from stratometrics.model import standing
from stratometrics.model import statements
from stratometrics.model import timeline
from stratometrics.model import usage


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RejectedMessage:
    """A message that was not understood, whole, with the reason (R13).

    :param id: names the rejection; derived from body and reason, so that a
        message which comes again is not kept twice.
    :param received_at: when it was stored, microseconds since the epoch.
    :param body: the message: JSON text where it could be decoded at all,
        else the body as it came, decoded as Latin-1.
    :param region: the region that it came from; '' if it is not known.
    """

    id: str
    received_at: int
    reason: str
    event_type: str
    message_id: str
    body: str
    region: str = ''


class EventWriter(abc.ABC):
    """Takes facts in. All methods block until what they wrote is durable."""

    @abc.abstractmethod
    def write_events(
        self, events: Sequence[event_model.Event], received_at: int
    ) -> None:
        """Store events with one insert.

        Storing an event again is harmless (R2).

        :param received_at: microseconds since the epoch (R15).
        :raises StorageUnavailable: try again.
        :raises InvalidRows: one of the events cannot be stored.
        """

    @abc.abstractmethod
    def write_rejected(self, messages: Sequence[RejectedMessage]) -> None:
        """Store messages that were not understood (R13).

        :raises StorageUnavailable: try again.
        """


class MonthStore(abc.ABC):
    """Keeps what months begin with, so that old ones need not be read."""

    @abc.abstractmethod
    def open_month(self, month: int) -> None:
        """Carry forward all that lives when a month begins.

        It changes no answer, and doing it again is harmless.

        :param month: its first microsecond (UTC), since the epoch.
        :raises ValueError: the month has not begun.
        :raises Purged: what was before it is gone.
        :raises StorageUnavailable: try again.
        """

    @abc.abstractmethod
    def open_months_again(self) -> Iterator[int]:
        """Carry what precedes them into all months that are opened.

        A backup may hold an event that came in late without what it tells
        later months. Months that are closed are to be closed again after it.

        :returns: each month when it is done, in their order: its first
            microsecond (UTC), since the epoch.
        :raises StorageUnavailable: try again.
        """

    @abc.abstractmethod
    def close_month(self, month: int) -> bool:
        """Store the intervals of a month that is over.

        It changes no answer, and doing it again is harmless.

        :param month: its first microsecond (UTC), since the epoch.
        :returns: whether they can be used: nothing came in meanwhile that
            they lack.
        :raises ValueError: the month is not over.
        :raises Purged: its events are gone.
        :raises StorageUnavailable: try again.
        """

    @abc.abstractmethod
    def tidy_months(self) -> None:
        """Drop stored intervals that are of no use any more."""

    @abc.abstractmethod
    def purgeable(self, month: int) -> Sequence[tuple[int, int]]:
        """What :meth:`purge` would drop: each month, and how many events.

        :raises ValueError: the month is not opened.
        :raises Purged: what was before a later month was dropped already.
        """

    @abc.abstractmethod
    def purge(self, month: int) -> None:
        """Drop the events of all months before one.

        What lives is kept, by what the month begins with. A question that
        reaches back further is refused from now on.

        :param month: its first microsecond (UTC), since the epoch.
        :raises: as :meth:`purgeable`.
        :raises StorageUnavailable: do it again.
        """

    @abc.abstractmethod
    def overview(self) -> kept.Overview:
        """What is kept of all months."""


class UsageReader(abc.ABC):
    """Answers questions."""

    # Before usage(), which hides the module of this name below it.
    @abc.abstractmethod
    def stream_usage(
        self, query: usage.UsageQuery, limited: bool = True
    ) -> Iterator[usage.UsageRow]:
        """The usage of a period, in the order of the query.

        Not all groups are kept in memory. It is a generator: close it if it
        is not read to its end.

        :param limited: whether an answer may only have so many groups and
            take so long as one that a caller waits for.
        :raises StorageUnavailable: the store cannot be reached, or is gone
            when some groups were given already.
        :raises QueryTooExpensive: a limit was reached.
        :raises Purged: the question reaches back too far.
        """

    @abc.abstractmethod
    def usage(self, query: usage.UsageQuery) -> list[usage.UsageRow]:
        """The same as a list.

        :raises: the same.
        """


class TimelineReader(abc.ABC):
    """Tells why something was billed."""

    @abc.abstractmethod
    def recorded(
        self,
        resource_types: Collection[str],
        resource_id: str,
        as_of: int | None,
        since: int | None = None,
    ) -> list[timeline.Recorded]:
        """All that was stored of resources with an id, in no order.

        Copies of an event may be among it.

        :param as_of: only what was received up to this time (R15);
            microseconds since the epoch.
        :param since: from when on all that held must be told; None if what
            was purged may be missing.
        :raises StorageUnavailable: the store cannot be reached.
        :raises QueryTooExpensive: a limit was reached.
        :raises Purged: what it takes to tell it is gone.
        """

    @abc.abstractmethod
    def alive(self, query: timeline.ResourceQuery) -> list[timeline.Life]:
        """The resources that were there in a period, in a fixed order.

        :raises StorageUnavailable: the store cannot be reached.
        :raises QueryTooExpensive: a limit was reached.
        :raises Purged: the question reaches back too far.
        """


class Recomputer(abc.ABC):
    """Tells usage from the events alone, to compare answers with."""

    @abc.abstractmethod
    def stream_recomputed(
        self, query: usage.UsageQuery
    ) -> Iterator[usage.UsageRow]:
        """As :meth:`UsageReader.stream_usage`: slow, and of any length.

        Neither openings nor stored intervals are used, except for what was
        before a purge.
        """

    @abc.abstractmethod
    def sample(
        self, resource_types: Collection[str], number: int
    ) -> list[str]:
        """Ids of some resources, chosen at random.

        :param number: how many at most.
        """


class RejectedStore(abc.ABC):
    """Gives quarantined messages back, for a replay."""

    @abc.abstractmethod
    def rejected(
        self, event_types: Collection[str] = ()
    ) -> Iterator[RejectedMessage]:
        """Rejected messages in the order of their ids, in bounded memory.

        :param event_types: only messages of these types; by default all.
        """

    @abc.abstractmethod
    def remove_rejected(self, ids: Iterable[str]) -> None:
        """Forget messages that have been replayed."""


class CoverageReader(abc.ABC):
    """Tells what has arrived, for the report of coverage."""

    @abc.abstractmethod
    def observed(self, audits: Collection[str], now: int) -> coverage.Observed:
        """What is known of each resource type and region.

        :param audits: the event types that are audits.
        :param now: the time of asking, microseconds since the epoch.
        :raises StorageUnavailable: the store cannot be reached.
        :raises QueryTooExpensive: a limit was reached.
        """


class FactReader(abc.ABC):
    """Tells what the events say of resources, for a comparison (R14)."""

    @abc.abstractmethod
    def standings(
        self, resource_type: str, resource_ids: Sequence[str]
    ) -> Mapping[str, standing.Standing]:
        """Where resources stand, by id; unknown ones are left out."""

    @abc.abstractmethod
    def beginnings(
        self, resource_type: str, resource_ids: Sequence[str]
    ) -> Mapping[str, event_model.Event]:
        """The first event of resources that is no birth, by id."""

    @abc.abstractmethod
    def living(
        self, resource_type: str, region: str, page_size: int
    ) -> Iterator[Sequence[standing.Standing]]:
        """Resources of a region that have not ended, by any means.

        :param page_size: about how many resources of the type, living or
            not, to look at for a page.
        :returns: pages, in no order; some may be empty.
        """

    @abc.abstractmethod
    def count_living(self, resource_type: str, region: str) -> int:
        """How many :meth:`living` would give, about: for a progress bar."""

    @abc.abstractmethod
    def doubted(self, resource_type: str, region: str) -> Sequence[str]:
        """Ids of resources that were heard of after an estimated end."""

    @abc.abstractmethod
    def estimates(
        self, resource_type: str, resource_ids: Sequence[str]
    ) -> Mapping[str, standing.Estimate]:
        """The last estimated end of resources, by id.

        Left out are those without one, or whose last one was taken back.
        """

    @abc.abstractmethod
    def last_received(
        self,
        resource_type: str,
        region: str,
        sources: Collection[str],
        after: int,
    ) -> Sequence[timeline.Recorded]:
        """What was received last from some sources: all of it at one time.

        :param sources: as events are marked with.
        :param after: microseconds since the epoch; what was received by then
            is not looked for.
        """


class Lease(abc.ABC):
    """The right to do something alone, for a while."""

    @abc.abstractmethod
    def claim(self) -> bool:
        """Try to get the right; whether that succeeded."""

    @abc.abstractmethod
    def prolong(self) -> None:
        """Keep the right for its length from now."""

    @abc.abstractmethod
    def release(self) -> None:
        """Give the right back."""


class ReconciliationStore(abc.ABC):
    """Keeps what reconciliations found, and who may carry one out."""

    @abc.abstractmethod
    def record_findings(self, found: findings.Findings) -> None:
        """Keep what was found.

        :raises StorageUnavailable: try again.
        """

    @abc.abstractmethod
    def last_findings(
        self, region: str = '', complete: bool = False
    ) -> Mapping[tuple[str, str], findings.Findings]:
        """What was found last, by resource type and region.

        :param region: only this one; '' for all.
        :param complete: only of what was compared whole and to the end.
        """

    @abc.abstractmethod
    def lease(self, name: str, length: int) -> Lease:
        """A right that can be claimed.

        Two may hold it at once by a rare chance: what is done under it must
        do no harm when it is done twice.

        :param length: microseconds that it lasts unless it is prolonged.
        """


class NameStore(abc.ABC):
    """Keeps what the things are called that events know by their ids."""

    @abc.abstractmethod
    def write_names(
        self, names: Sequence[names_model.Name], known_at: int
    ) -> None:
        """Store names that were learnt.

        Only what changed need be written. What is gone keeps its last name.

        :param known_at: the time of writing, microseconds since the epoch;
            the newest name counts, and of several as of a time the newest
            until then (R15).
        :raises StorageUnavailable: try again.
        """

    @abc.abstractmethod
    def names(self, kind: str) -> dict[str, names_model.Name]:
        """All that is known of a kind, by id.

        What is gone is among them, as not found and with its last name.
        """

    @abc.abstractmethod
    def used_ids(
        self, key: str, resource_types: Collection[str] | None = None
    ) -> set[str]:
        """The distinct values of a key that any event has, without ''.

        :param key: a column of events, such as ``project_id``, or an
            attribute.
        :param resource_types: only of these; by default of all.
        """


class PriceStore(abc.ABC):
    """Keeps every change of the price list, and so the list as of any time."""

    @abc.abstractmethod
    def price_entries(self, as_of: int | None = None) -> list[prices.Entry]:
        """The changes of the price list, in the order of their times.

        :param as_of: only those up to this time (R15); microseconds since
            the epoch.
        :raises StorageUnavailable: the store cannot be reached.
        """

    @abc.abstractmethod
    def record_prices(self, entries: Sequence[prices.Entry]) -> None:
        """Keep changes, all of them or none.

        Keeping a change again is harmless.

        :raises StorageUnavailable: try again.
        """


class StatementStore(abc.ABC):
    """Keeps the statements that were issued, and finds what they lack."""

    @abc.abstractmethod
    def record_statements(self, issued: Sequence[statements.Issued]) -> None:
        """Keep statements, all of them or none.

        Of several with one number the one that was issued first counts.

        :raises StorageUnavailable: try again.
        """

    @abc.abstractmethod
    def issued(self, number: str) -> statements.Issued | None:
        """The statement with a number, if there is one.

        :raises StorageUnavailable: the store cannot be reached.
        """

    @abc.abstractmethod
    def receipts(
        self,
        project_ids: Collection[str] | None = None,
        month: str = '',
        after: str = '',
        limit: int | None = None,
    ) -> list[statements.Receipt]:
        """What was issued, in the order of the numbers.

        :param project_ids: only to these projects; None for all.
        :param month: only of this one, such as ``2026-10``; '' for all.
        :param after: only what has a greater number.
        :param limit: how many at most.
        :raises StorageUnavailable: the store cannot be reached.
        """

    @abc.abstractmethod
    def late(
        self,
        marks: Sequence[int],
        until: int,
        before: int,
        project_ids: Collection[str] | None = None,
    ) -> dict[str, dict[int, int]]:
        """Whose resources were heard of again: the earliest time of an event.

        Of each resource all projects are told that ever owned it (R6). What
        is told may have changed nothing, such as a copy of an event.

        :param marks: times, ascending: only events received after the first
            are told, by the last one that they were received after, by
            project; microseconds since the epoch, as all of these.
        :param until: and up to this one.
        :param before: only events of earlier times.
        :param project_ids: only of these projects; None for all.
        :raises StorageUnavailable: the store cannot be reached.
        :raises QueryTooExpensive: a limit was reached.
        """

    @abc.abstractmethod
    def renamed(
        self, kind: str, marks: Sequence[int], until: int
    ) -> dict[str, int]:
        """Ids of which a name was learnt in a time.

        :param marks: times, ascending: only names that were learnt after the
            first are told, each id by the last one that it got a name after;
            microseconds since the epoch.
        :param until: and up to this one.
        """

    @abc.abstractmethod
    def users(
        self, resource_type: str, key: str, ids: Collection[str], before: int
    ) -> dict[str, int]:
        """Whose resources have a key with one of some values.

        :param key: an attribute.
        :param before: only events of earlier times count.
        :returns: the earliest time of such an event, by project.
        :raises StorageUnavailable: the store cannot be reached.
        :raises QueryTooExpensive: a limit was reached.
        """


class Storage(
    EventWriter,
    MonthStore,
    UsageReader,
    TimelineReader,
    Recomputer,
    RejectedStore,
    CoverageReader,
    FactReader,
    ReconciliationStore,
    NameStore,
    PriceStore,
    StatementStore,
):
    """A driver: all of the above over one pool of connections."""

    @abc.abstractmethod
    def check(self) -> None:
        """See that the store is reachable and its schema current.

        :raises StorageUnavailable: it is not, and why.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Give all connections back."""
