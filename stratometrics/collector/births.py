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
"""Which births have been stored already (R8)."""

import collections
from collections.abc import Iterable, Sequence
import threading

from stratometrics.model import event as event_model

#: Resource type, resource id and time of creation: what a birth is one of.
_Key = tuple[str, str, int]
#: Rank and order of the message of a birth; of several births the greatest
#: counts (R10).
_Precedence = tuple[int, bytes]


class Births:
    """Remembers the best stored birth of each resource.

    It saves rows and decides nothing: a birth is left out only if one that
    counts instead of it is stored already, so that the answers are the same
    at any size, even none (R2). Safe to share between threads.

    :param size: how many resources are remembered; those that were not
        heard of for longest are forgotten.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._stored: collections.OrderedDict[_Key, _Precedence] = (
            collections.OrderedDict()
        )
        self._lock = threading.Lock()

    def missing(
        self, events: Iterable[event_model.Event]
    ) -> list[event_model.Event]:
        """The births to store beside these events.

        :param events: what is about to be stored.
        :returns: at most one birth for each creation that the events tell
            of; none where a stored one counts instead.
        """
        best: dict[_Key, tuple[_Precedence, event_model.Event]] = {}
        for event in events:
            if not event.tells_birth:
                continue
            key = event.resource_type, event.resource_id, event.created_at
            precedence = (
                event.birth_rank,
                event_model.message_order(event.message_id),
            )
            rival = best.get(key)
            if rival is None or precedence > rival[0]:
                best[key] = precedence, event
        with self._lock:
            winners = [
                event
                for key, (precedence, event) in best.items()
                if not self._beaten(key, precedence)
            ]
        return [event.birth() for event in winners]

    def stored(self, births: Sequence[event_model.Event]) -> None:
        """Remember births that are durable now.

        :param births: what :meth:`missing` returned.
        """
        if not self._size:
            return
        with self._lock:
            for birth in births:
                key = birth.resource_type, birth.resource_id, birth.event_time
                precedence = (
                    birth.rank,
                    event_model.message_order(birth.message_id),
                )
                if not self._beaten(key, precedence):
                    self._stored[key] = precedence
                    self._stored.move_to_end(key)
            while len(self._stored) > self._size:
                self._stored.popitem(last=False)

    def clear(self) -> None:
        """Forget all: storage may come back without what it had."""
        with self._lock:
            self._stored.clear()

    def _beaten(self, key: _Key, precedence: _Precedence) -> bool:
        rival = self._stored.get(key)
        if rival is None or rival < precedence:
            return False
        self._stored.move_to_end(key)
        return True
