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
"""Events and their births, written so that one bad row harms no other."""

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any

from oslo_log import log as logging

from stratometrics.collector import births as births_module
from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.storage import base
from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: Calls what it is given, perhaps several times.
Attempts = Callable[[Callable[[], None]], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Understood:
    """A message with the events that it told of.

    :param origin: the message, as the caller knows it.
    """

    origin: Any
    events: Sequence[event_model.Event]


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """A message whose events storage refuses, and why."""

    origin: Any
    reason: str


def once(attempt: Callable[[], None]) -> None:
    """Attempts for callers that do not wait for storage."""
    attempt()


class Recorder:
    """Writes events with their births (R8), one insert a batch.

    :param storage: where to.
    :param births: which births are stored already.
    :param attempts: how often a write is tried while storage is away.
    """

    def __init__(
        self,
        storage: base.EventWriter,
        births: births_module.Births,
        attempts: Attempts = once,
    ) -> None:
        self._storage = storage
        self._births = births
        self._attempts = attempts

    def record(self, understood: Sequence[Understood]) -> list[Refused]:
        """Store the events of messages.

        A batch that storage refuses is halved until the messages are found
        that it refuses; the others are stored.

        :param understood: the messages.
        :returns: the messages that were refused, with the reason.
        :raises StorageUnavailable: storage is away; the call can be repeated.
        """
        try:
            self._insert([e for each in understood for e in each.events])
        except errors.StorageUnavailable:
            raise
        except Exception as error:
            if len(understood) > 1:
                middle = len(understood) // 2
                return [
                    *self.record(understood[:middle]),
                    *self.record(understood[middle:]),
                ]
            if not isinstance(error, errors.InvalidRows):
                LOG.exception('Unexpected error while events were stored')
            reason = f'storage refused it: {type(error).__name__}: {error}'
            return [Refused(each.origin, reason) for each in understood]
        return []

    def _insert(self, events: list[event_model.Event]) -> None:
        if not events:
            return

        def attempt() -> None:
            births = self._births.missing(events)
            # One insert is stored a month at a time, in the order of its
            # rows, and a backup may be made in between: no birth later than
            # what bears witness to it.
            rows = sorted([*events, *births], key=lambda each: each.event_time)
            # Stamped by each attempt: an answer as of a time (R15) must not
            # change because rows that claim to be older arrive after it.
            try:
                self._storage.write_events(rows, timestamps.now())
            except errors.StorageUnavailable:
                # It may come back from a backup, without what it had.
                self._births.clear()
                raise
            self._births.stored(births)

        self._attempts(attempt)
