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
"""What a service says of a resource, held against what its events say (R14).

Everything here is a pure function.
"""

from collections.abc import Mapping, Sequence
import dataclasses
import hashlib
from typing import Any
import uuid

from stratometrics.model import event as event_model
from stratometrics.model import observation
from stratometrics.model import standing
from stratometrics.notifications import definitions

#: Event types of what reconciliation and import record.
FOUND = 'reconciliation.found'
CHANGED = 'reconciliation.changed'
DELETED = 'reconciliation.deleted'
DELETED_ESTIMATED = 'reconciliation.deleted.estimated'
REFUTED = 'reconciliation.refuted'

#: What is not in the id of an event: itself, who asked, and what openings
#: alone have.
_UNIDENTIFYING = frozenset({'message_id', 'source', 'witnessed_at'})

#: The state of a resource whose end is estimated.
STATE_OF_ESTIMATE = 'deleted'

_NAMESPACE = uuid.UUID('5b9f1c52-6c33-4f0e-9a55-0f6a3f7f2d0e')

#: Facts that are compared, but for attributes, measures and the state.
_COLUMNS = (
    'project_id',
    'user_id',
    'name',
    'type',
    'type_id',
    'image',
    'availability_zone',
)


def differences(
    known: event_model.Event, seen: observation.Observation
) -> tuple[str, ...]:
    """The facts that a service tells otherwise than the events.

    :param known: the event that counts now.
    :param seen: what the service says of the same resource.
    :returns: names such as ``state`` and ``measures.size_gib``.
    """
    names = [
        name
        for name in _COLUMNS
        if getattr(seen, name) not in (None, getattr(known, name))
    ]
    if not seen.passing and seen.state != known.state:
        names.insert(0, 'state')
    for group in ('attributes', 'measures'):
        if group == 'measures' and seen.resizing:
            continue
        before = getattr(known, group)
        names += [
            f'{group}.{name}'
            for name, value in getattr(seen, group).items()
            if before.get(name) != value
        ]
    if 'type_id' in names and not any(
        name == 'type' or name.startswith('measures.') for name in names
    ):
        # A type that was made anew as it was before. The service knows it by
        # name, and the resource still is of the old one.
        names.remove('type_id')
    return tuple(names)


@dataclasses.dataclass(frozen=True, slots=True)
class Author:
    """Writes events of one resource type for what was seen.

    :param resource_type: what its states mean.
    :param region: the region that was asked.
    :param source: ``reconciliation`` or ``import``.
    """

    resource_type: definitions.ResourceType
    region: str
    source: str

    def found(
        self, seen: observation.Observation, at: int
    ) -> event_model.Event:
        """What was not known, as it was seen at a time.

        :param at: microseconds since the epoch.
        """
        return self._event(FOUND, seen, at, None)

    def changed(
        self,
        known: event_model.Event,
        seen: observation.Observation,
        at: int,
    ) -> event_model.Event:
        """What differs from what was known, as from a time on.

        Facts that the service does not tell stay as they were known.
        """
        differing = differences(known, seen)
        if 'type_id' not in differing:
            # Not that of another type, if the service does not tell it.
            other = 'type' in differing and seen.type_id is None
            type_id = '' if other else known.type_id
            seen = dataclasses.replace(seen, type_id=type_id)
        return self._event(CHANGED, seen, at, known)

    def deleted(
        self, known: event_model.Event | None, seen: observation.Observation
    ) -> event_model.Event:
        """The end of a resource, at the time that the service tells (R7)."""
        return self._event(DELETED, seen, seen.ended_at, known)

    def gone(self, known: event_model.Event, at: int) -> event_model.Event:
        """The end of a resource that the service no longer has, estimated.

        It is no deletion: what is heard of the resource later still counts.

        :param at: when it was last known to be alive. Where an earlier
            estimate was taken back at that time, the next microsecond, or
            else this one would come before what took it back (R10).
        """
        if known.rank > event_model.RANK_ESTIMATE and at == known.event_time:
            at += 1
        return self._identified(
            dataclasses.replace(
                known,
                event_time=at,
                event_type=DELETED_ESTIMATED,
                rank=event_model.RANK_ESTIMATE,
                phase=event_model.Phase.UNBILLED,
                state=STATE_OF_ESTIMATE,
                created_at=None,
            )
        )

    def refutation(self, estimate: standing.Estimate) -> event_model.Event:
        """What takes an estimated end back.

        It says again, at the same microsecond, what held before.
        """
        return self._identified(
            dataclasses.replace(
                estimate.before,
                event_time=estimate.at,
                event_type=REFUTED,
                rank=event_model.RANK_REFUTATION,
                created_at=None,
            )
        )

    def born(self, first: event_model.Event, at: int) -> event_model.Event:
        """The birth of a resource whose creation was not heard of (R8).

        :param first: the first event that is known of it, which is later.
        :param at: when it was created, as the service tells.
        """
        witness = dataclasses.replace(first, event_type=FOUND, created_at=at)
        return self._identified(witness.birth())

    def _event(
        self,
        event_type: str,
        seen: observation.Observation,
        at: int,
        known: event_model.Event | None,
    ) -> event_model.Event:
        state = known.state if known and seen.passing else seen.state
        measures = {} if known and seen.resizing else seen.measures
        phase = self.resource_type.phase(state)
        return self._identified(
            event_model.Event(
                resource_type=self.resource_type.name,
                resource_id=seen.resource_id,
                event_time=at,
                message_id='',
                rank=event_model.rank_of(phase),
                phase=phase,
                state=state,
                event_type=event_type,
                region=self.region,
                created_at=None if known else seen.created_at,
                attributes=_merged(
                    known and known.attributes, seen.attributes
                ),
                measures=_merged(known and known.measures, measures),
                **{
                    name: _told(getattr(seen, name), known, name)
                    for name in _COLUMNS
                },
            )
        )

    def _identified(self, event: event_model.Event) -> event_model.Event:
        """Give an event an id that the same event always has (R2)."""
        digest = hashlib.sha256()
        for field in dataclasses.fields(event):
            if field.name not in _UNIDENTIFYING:
                value = getattr(event, field.name)
                if isinstance(value, Mapping):
                    value = sorted(value.items())
                digest.update(f'{field.name}={value!r}\0'.encode())
        return dataclasses.replace(
            event,
            message_id=str(uuid.uuid5(_NAMESPACE, digest.hexdigest())),
            source=self.source,
        )


def _told(
    value: str | None, known: event_model.Event | None, name: str
) -> str:
    if value is not None:
        return value
    return getattr(known, name) if known else ''


def _merged(
    known: Mapping[str, Any] | None, seen: Mapping[str, Any]
) -> dict[str, Any]:
    return {**(known or {}), **seen}


def past(
    author: Author,
    known: event_model.Event | None,
    history: Sequence[observation.Observation],
    until: int,
) -> list[event_model.Event]:
    """Events of what a service knows of the past of a resource.

    Of a resource that nothing else is known of, a fact that the service no
    longer knows is taken to have been what is known of it next (R8).

    :param known: the event that counts now, if any is known; only what is
        later is taken.
    :param history: oldest first, each from its ``changed_at`` on; the last
        one is the present, which becomes no event.
    :param until: only what is earlier; microseconds since the epoch.
    :returns: an event for each time at which something changed.
    """
    events = []
    for seen in _complete(history)[:-1] if known is None else history[:-1]:
        at = seen.changed_at
        if at is None or at >= until or (known and at <= known.event_time):
            continue
        if known is None:
            events.append(author.found(seen, at))
        elif differences(known, seen):
            events.append(author.changed(known, seen, at))
        else:
            continue
        known = events[-1]
    return events


def before(
    author: Author,
    first: event_model.Event,
    history: Sequence[observation.Observation],
) -> list[event_model.Event]:
    """Events of what a resource was before anything was heard of it.

    :param first: the first event that is known of it, but for births.
    :param history: oldest first, each from its ``changed_at`` on.
    :returns: none, if it always was what it was then (R8).
    """
    earlier = [
        seen
        for seen in history
        if seen.changed_at is not None and seen.changed_at < first.event_time
    ]
    if not any(differences(first, seen) for seen in earlier):
        return []
    return past(author, None, [*earlier, _observed(first)], first.event_time)


def _observed(event: event_model.Event) -> observation.Observation:
    """What a service would have said when an event was sent."""
    return observation.Observation(
        resource_type=event.resource_type,
        resource_id=event.resource_id,
        state=event.state,
        attributes=event.attributes,
        measures=event.measures,
        **{name: getattr(event, name) for name in _COLUMNS},
    )


def _complete(
    history: Sequence[observation.Observation],
) -> list[observation.Observation]:
    """A history with each fact that is missing taken from the next stage."""
    completed = [history[-1]]
    for seen in reversed(history[:-1]):
        following = completed[-1]
        completed.append(
            dataclasses.replace(
                seen,
                attributes=_merged(following.attributes, seen.attributes),
                measures=_merged(following.measures, seen.measures),
                **{
                    name: getattr(following, name)
                    for name in _COLUMNS
                    if getattr(seen, name) is None
                },
            )
        )
    return completed[::-1]


def births(events: Sequence[event_model.Event]) -> list[event_model.Event]:
    """The births that events bear witness to (R8)."""
    witnesses = (event.birth() for event in events)
    return [birth for birth in witnesses if birth]
