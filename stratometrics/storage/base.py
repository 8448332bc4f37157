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
from collections.abc import Collection, Iterable, Iterator, Sequence
import dataclasses

from stratometrics.model import coverage
from stratometrics.model import event as event_model
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


class UsageReader(abc.ABC):
    """Answers questions."""

    @abc.abstractmethod
    def usage(self, query: usage.UsageQuery) -> list[usage.UsageRow]:
        """The usage of a period, ordered by group.

        :raises StorageUnavailable: the store cannot be reached.
        :raises QueryTooExpensive: a limit was reached.
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


class Storage(EventWriter, UsageReader, RejectedStore, CoverageReader):
    """A driver: all of the above over one pool of connections."""

    @abc.abstractmethod
    def check(self) -> None:
        """See that the store is reachable and its schema current.

        :raises StorageUnavailable: it is not, and why.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Give all connections back."""
