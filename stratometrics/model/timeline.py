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
"""The timeline of one resource: its intervals, and what made them.

It tells why something was billed, event by event. That it agrees with what is
billed is for tests to show: the sums are made elsewhere.
"""

from collections.abc import Iterable, Sequence
import dataclasses
import itertools

from stratometrics.model import event as event_model
from stratometrics.model import usage


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as it was stored.

    :param received_at: when it arrived first; microseconds since the epoch.
    """

    event: event_model.Event
    received_at: int

    @property
    def order(self) -> tuple:
        """Where the event stands in its timeline (R10)."""
        return self.event.order


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """What held from one event to the next: ``[begin, end)``.

    Of a consumption, which happens at once, both are the same.

    :param facts: the event that counts from ``begin`` on.
    :param events: all that were stored for that instant, in order; the last
        one is that which counts (R10).
    """

    begin: int
    end: int
    facts: event_model.Event
    events: tuple[Recorded, ...]

    @property
    def billed(self) -> bool:
        """Whether the time, or the amount, counts."""
        return self.facts.phase in (
            event_model.Phase.BILLED,
            event_model.Phase.CONSUMED,
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All that is known of a resource, as of a time.

    :param intervals: in order; none of what is dead.
    :param void: what was stored of a time after the end of the timeline, and
        does not reopen it (R7); the first one is the deletion itself.
    """

    intervals: tuple[Interval, ...]
    void: tuple[Recorded, ...] = ()


def make(recorded: Iterable[Recorded], end: int) -> Timeline:
    """Make the timeline of one resource of its events, in any order (R2).

    :param end: what has no end runs until this (R9); what begins later is
        left out. Microseconds since the epoch.
    """
    ordered = sorted(
        (each for each in recorded if each.event.event_time < end),
        key=lambda each: (each.order, each.received_at),
    )
    # Of several copies the first to arrive.
    distinct = [
        next(copies)
        for _, copies in itertools.groupby(
            ordered, key=lambda each: (each.order, each.event.message_id)
        )
    ]
    instants = [
        tuple(events)
        for _, events in itertools.groupby(
            distinct, key=lambda each: each.event.event_time
        )
    ]
    living = list(itertools.takewhile(_lives, instants))
    dead = instants[len(living) :]
    ends = [at[0].event.event_time for at in instants[1:]] + [end]
    return Timeline(
        intervals=tuple(
            Interval(
                begin=events[-1].event.event_time,
                end=(
                    events[-1].event.event_time
                    if events[-1].event.phase is event_model.Phase.CONSUMED
                    else until
                ),
                facts=events[-1].event,
                events=events,
            )
            for events, until in zip(living, ends, strict=False)
        ),
        void=tuple(itertools.chain.from_iterable(dead)),
    )


def _lives(events: Sequence[Recorded]) -> bool:
    return events[-1].event.phase is not event_model.Phase.ENDED


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ResourceQuery:
    """Which resources were there in a period.

    :param now: see :class:`stratometrics.model.usage.UsageQuery`, as for all
        that is not said here.
    :param resource_types: types that are billed by time.
    :param limit: how many to give at most.
    :param after: type and id of the resource that the last page ended with.
    :param names: only those whose last name in the period is one of these;
        empty for all.
    """

    period: usage.Period
    now: int
    resource_types: tuple[str, ...]
    project_ids: tuple[str, ...] | None
    as_of: int | None
    limit: int
    after: tuple[str, str] | None = None
    names: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """See :func:`stratometrics.model.usage.answered_until`."""
        return usage.answered_until(self.period, self.now, self.as_of)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A resource in a period, as far as it may be seen.

    Its facts are the last ones of the period.

    :param begin: from when on it was there, within the period.
    :param end: until when.
    :param usage: microseconds in a state that is billed.
    """

    resource_type: str
    resource_id: str
    region: str
    project_id: str
    user_id: str
    name: str
    state: str
    type: str
    begin: int
    end: int
    usage: int
