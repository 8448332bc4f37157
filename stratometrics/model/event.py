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
"""Events: the immutable facts that every number is derived from."""

from collections.abc import Mapping
import dataclasses
import enum
import hashlib

#: Rank of an ordinary event among those of the same microsecond (R10).
#: Births rank below zero and openings, by the places of what they carry
#: forward (:attr:`Event.place`), between zero and this.
RANK_EVENT = 2**62
#: Rank of an end that is estimated: it follows the last event that is known,
#: often in the same microsecond (R14).
RANK_ESTIMATE = RANK_EVENT + 1
#: Rank of an event that takes such an estimate back, at the same microsecond.
RANK_REFUTATION = RANK_EVENT + 2
#: Rank of a deletion: the last of its microsecond.
RANK_DELETION = RANK_EVENT + 3

#: The source of an event that was carried forward to the start of a month.
SOURCE_OPENING = 'opening'

#: How many ranks a microsecond has for what an opening carries: a birth is
#: the first, an ordinary event the second, and so on up to a deletion.
PLACES = 8

#: Later than witnesses of births are, in the year 2112; births that have a
#: later one are ordered by their messages alone.
_LATEST_WITNESS = 2**52
#: For how many bits of a message's order there is room beside a witness.
_ORDER_BITS = 76

#: The state of a birth that only an end of its use tells of (R8).
STATE_OF_BIRTH = 'active'


#: How many bytes of a message id are compared before a digest of it is.
_COMPARED = 8


def message_order(message_id: str) -> bytes:
    """Where a message stands among those of the same microsecond (R10).

    By the first eight bytes of its id, then by a digest of the whole: as
    numbers, which storage compares several times faster than texts.

    :returns: sixteen bytes that compare in this order.
    """
    text = message_id.encode()
    digest = hashlib.md5(text, usedforsecurity=False).digest()
    return text[:_COMPARED].ljust(_COMPARED, b'\0') + digest[:_COMPARED]


class Phase(enum.IntEnum):
    """What a state means for the bill."""

    #: The time spent in the state counts.
    BILLED = 0
    #: The time does not count, but the resource lives on (soft deletion).
    UNBILLED = 1
    #: The timeline ends here and nothing reopens it (R7).
    ENDED = 2
    #: The time does not count, for the resource is still being made.
    PENDING = 3
    #: The amounts count once, at the time of the event; there is no timeline.
    CONSUMED = 4


def rank_of(phase: Phase) -> int:
    """The rank of an ordinary event: a deletion is the last (R10)."""
    return RANK_DELETION if phase is Phase.ENDED else RANK_EVENT


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """At ``event_time`` the resource was in this state, with these facts.

    Times are integers: microseconds since the epoch, UTC (R3).

    :param resource_type: a definition's name, such as ``instance``.
    :param resource_id: the service's own id of the resource.
    :param event_time: when the change took effect.
    :param message_id: the notification's id; by :func:`message_order` the
        last tie-break of R10.
    :param rank: the place among the events of the same microsecond (R10).
    :param created_at: when the resource was created, if the message tells.
    :param witnessed_at: of an opening that carries a birth: the time of the
        event that the birth was taken from.
    :param measures: integer amounts by name: they multiply time, or, if
        the phase is :attr:`Phase.CONSUMED`, count once.
    :param attributes: what the definition adds to the columns.
    """

    resource_type: str
    resource_id: str
    event_time: int
    message_id: str
    rank: int
    phase: Phase
    state: str
    project_id: str
    event_type: str
    source: str = 'notification'
    region: str = ''
    user_id: str = ''
    name: str = ''
    created_at: int | None = None
    type: str = ''
    type_id: str = ''
    image: str = ''
    availability_zone: str = ''
    witnessed_at: int = 0
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    measures: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def order(self) -> tuple[int, int, bytes]:
        """Where the event stands in its timeline (R10)."""
        order = message_order(self.message_id)
        if self.is_opening and self.rank % PLACES == 0:
            # Of several births the one taken from the earliest event is the
            # last. Their ranks as openings do not tell it.
            number = max(_LATEST_WITNESS - self.witnessed_at, 0) << _ORDER_BITS
            number |= int.from_bytes(order) >> (len(order) * 8 - _ORDER_BITS)
            order = number.to_bytes(len(order))
        return self.event_time, self.rank, order

    @property
    def is_opening(self) -> bool:
        """Whether the event was carried forward to the start of a month."""
        return 0 <= self.rank < RANK_EVENT

    @property
    def place(self) -> int:
        """Where the event stands in all of its timeline, as one number.

        It compares as :attr:`order` does, but for messages of one instant. An
        opening has the place of what it carries.
        """
        if self.is_opening:
            return self.rank
        kind = 0 if self.rank < 0 else self.rank - RANK_EVENT + 1
        return max(self.event_time, 0) * PLACES + kind

    def precedes(self, month: int) -> bool:
        """Whether a month has to know of the event before it begins.

        :param month: its first microsecond, since the epoch. Births at it come
            before openings (R10), so they are among what these carry.
        """
        if self.phase is Phase.CONSUMED:
            return False
        return self.event_time < month or (
            self.event_time == month and self.rank < 0
        )

    def opening(self, month: int) -> 'Event':
        """The event, carried forward to the first microsecond of a month.

        Of several openings of a month the one that carries the last event is
        the last (R10), whichever was written first: it does no harm that the
        others are there as well.

        :param month: its first microsecond, since the epoch.
        """
        return dataclasses.replace(
            self,
            event_time=month,
            rank=self.place,
            source=SOURCE_OPENING,
            witnessed_at=-self.rank if self.rank < 0 else self.witnessed_at,
        )

    @property
    def tells_birth(self) -> bool:
        """Whether the event names a creation earlier than itself (R8)."""
        # The epoch itself is what services without a time write.
        return bool(self.created_at) and self.created_at < self.event_time

    @property
    def birth_rank(self) -> int:
        """The rank of the birth: that of the earliest event is last (R10)."""
        return -self.event_time

    def birth(self) -> 'Event | None':
        """The event at the creation that this one bears witness to (R8).

        Of several births the one taken from the earliest event is the last,
        and so the one that counts (R10): its rank is that event's time,
        negated. A deletion, be it a soft one, bears witness to a resource
        that was active before.

        :returns: the birth, or None if this event does not name a creation
            earlier than itself.
        """
        if not self.tells_birth:
            return None
        put_away = self.phase in (Phase.ENDED, Phase.UNBILLED)
        return dataclasses.replace(
            self,
            event_time=self.created_at,
            rank=self.birth_rank,
            phase=Phase.BILLED if put_away else self.phase,
            state=STATE_OF_BIRTH if put_away else self.state,
        )
