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
"""What has come from each service, and whether it has stopped coming."""

from collections.abc import Mapping
import dataclasses
import enum

HOUR = 3_600_000_000
DAY = 24 * HOUR
WEEK = 7 * DAY

#: How often the usual pause may pass before a silence is one.
PATIENCE = 2

#: Of so many hours in a week something must have come, or else a pause says
#: nothing about the next one.
STEADY_HOURS = 24

#: How many unknown event types a report lists.
MOST_UNKNOWN = 20


class Voice(enum.StrEnum):
    """Whether the service of a resource type is heard of."""

    #: As usual, or nothing to hear.
    OK = 'ok'
    #: Nothing has come for too long.
    SILENT = 'silent'
    #: No notification tells of it, but reconciliation alone.
    NOT_SENT = 'not-sent'
    #: Nothing has ever come, and nothing is known to exist.
    NEVER_HEARD = 'never-heard'


class Audits(enum.StrEnum):
    """Whether a service tells regularly of all that exists (R14)."""

    #: As usual.
    OK = 'ok'
    #: They came, and have stopped.
    MISSING = 'missing'
    #: None has ever come.
    NONE = 'none'
    #: The service has none.
    NOT_SENT = 'not-sent'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What came of one resource type and region from the service itself.

    All times are microseconds since the epoch.

    :param first_received: when the first came.
    :param last_received: when the last came.
    :param last_event: when the newest change took effect.
    :param last_day: how many came in this hour and the 23 before it.
    :param hours: in how many hours of the week before the last one some came.
    :param longest_pause: the longest pause that ended in this week, between
        hours in which some came; 0 if there was none.
    """

    first_received: int
    last_received: int
    last_event: int
    last_day: int
    hours: int
    longest_pause: int


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """One resource type in one region; '' is an unknown region."""

    resource_type: str
    region: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Messages of one event type and region that were not understood (R13).

    :param last_received: microseconds since the epoch.
    """

    event_type: str
    region: str
    messages: int
    last_received: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What storage knows of all places.

    :param arrivals: of all events.
    :param audits: of those that are audits.
    :param living: how many resources have no end.
    :param rejected: what is kept as rejected, the most frequent first.
    """

    arrivals: Mapping[Place, Arrivals]
    audits: Mapping[Place, Arrivals]
    living: Mapping[Place, int]
    rejected: tuple[Rejected, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One resource type in one region, in the report.

    :param arrivals: None if nothing ever came.
    :param last_audit: when the last was received, microseconds since the
        epoch; None if none was.
    :param living: resources that have no end.
    :param rejected: messages that were not understood.
    :param healed: resources that the last reconciliation found different;
        None if there was none.
    :param last_reconciled: when the last reconciliation began that compared
        all resources to the end, microseconds since the epoch; None if none
        has.
    """

    place: Place
    voice: Voice
    arrivals: Arrivals | None
    audits: Audits
    last_audit: int | None
    living: int
    rejected: int
    healed: int | None
    last_reconciled: int | None

    def lag(self, now: int) -> int | None:
        """How old the newest known change is, in microseconds."""
        if self.arrivals is None:
            return None
        return max(0, now - self.arrivals.last_event)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything, as of ``now``.

    :param now: microseconds since the epoch.
    :param lines: ordered by resource type and region.
    :param unknown: rejected messages whose event type no definition names,
        the most frequent first, no more than :data:`MOST_UNKNOWN`.
    :param more_unknown: how many such event types of a region are left out.
    """

    now: int
    lines: tuple[Line, ...]
    unknown: tuple[Rejected, ...]
    more_unknown: int

    @property
    def silent(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.voice is Voice.SILENT)


def voice(
    arrivals: Arrivals | None, living: int | None, now: int, silent_after: int
) -> Voice:
    """Whether a service is still heard of.

    It is silent if resources live and nothing has come for ``silent_after``,
    or ever. Or sooner, if it was steady: known for a week, and heard of in at
    least :data:`STEADY_HOURS` of the last one. Then the longest pause of that
    week, nights and weekends included, is what is usual, and :data:`PATIENCE`
    times as long is not.

    Where nothing lives, a pace is remembered for :data:`WEEK`: a service that
    was taken down is not missed for ever. Of what is consumed nothing ever
    lives, so its pace is never forgotten.

    :param living: resources that have no end; None for what is consumed.
    :param now: microseconds since the epoch.
    :param silent_after: microseconds; 0 for never.
    """
    if arrivals is None:
        return Voice.SILENT if living else Voice.NEVER_HEARD
    silence = now - arrivals.last_received
    if living and 0 < silent_after < silence:
        return Voice.SILENT
    steady = (
        arrivals.hours >= STEADY_HOURS
        and arrivals.last_received - arrivals.first_received >= WEEK
    )
    expected = living != 0 or silence <= WEEK
    if steady and expected and silence > PATIENCE * _usual_pause(arrivals):
        return Voice.SILENT
    return Voice.OK


def audits(
    arrivals: Arrivals | None, living: int, now: int, sent: bool
) -> Audits:
    """Whether audits still come.

    They are regular by themselves, however little happens. So they are
    missing when none came for :data:`PATIENCE` times the longest pause of the
    week before the last one.

    :param arrivals: of audits alone.
    :param living: resources that have no end.
    :param now: microseconds since the epoch.
    :param sent: whether the service has audits at all.
    """
    if not sent:
        return Audits.NOT_SENT
    if arrivals is None:
        return Audits.NONE
    silence = now - arrivals.last_received
    regular = arrivals.longest_pause > 0
    if living and regular and silence > PATIENCE * _usual_pause(arrivals):
        return Audits.MISSING
    return Audits.OK


def _usual_pause(arrivals: Arrivals) -> int:
    """In microseconds; pauses within an hour are not told apart."""
    return max(HOUR, arrivals.longest_pause)
