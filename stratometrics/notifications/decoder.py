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
"""The pure function from a notification to events."""

from collections.abc import Mapping, Sequence
import functools
from typing import Any

from stratometrics.model import event as event_model
from stratometrics.model import places
from stratometrics.notifications import checks
from stratometrics.notifications import definitions as definitions_module
from stratometrics.notifications import errors
from stratometrics.notifications import plans

NotUnderstood = errors.NotUnderstood
UnknownEventType = errors.UnknownEventType

# Event types come from outside: what is remembered of them is bounded.
_REMEMBERED = 1024


class Decoder:
    """Turns messages into events; safe to use from several threads.

    :param region: the region that the messages come from.
    """

    def __init__(
        self, definitions: definitions_module.Definitions, region: str
    ) -> None:
        self._event_types = definitions.event_types
        self._find = functools.lru_cache(_REMEMBERED)(self._event_types.find)
        self._region = region

    def decode(
        self, message: Mapping[str, Any]
    ) -> Sequence[event_model.Event]:
        """The events that a notification tells of.

        :param message: the notification inside the envelope of
            oslo.messaging, decoded from JSON.
        :returns: none for an event type that is deliberately ignored; births
            (R8) are not among them.
        :raises UnknownEventType: nothing claims or ignores the event type.
        :raises NotUnderstood: the message is not what its definition says.
        """
        if not isinstance(message, Mapping):
            raise NotUnderstood('the message is not an object')
        event_type = checks.name('event_type', message.get('event_type'))
        plan = self._find(event_type)
        if plan is None:
            plan = self._excuse(message, event_type)
        if isinstance(plan, plans.Ignored):
            return ()
        message_id = checks.name('message_id', message.get('message_id'))
        payload = message.get('payload')
        if not isinstance(payload, dict):
            raise NotUnderstood(
                f'payload: expected an object, got {places.shown(payload)}'
            )
        events = []
        for thing in plan.objects(payload, message):
            if not isinstance(thing, dict):
                raise NotUnderstood(
                    f'payload: the object that {plan.resource_type} is in is '
                    'missing'
                )
            if not _excepted(plan, thing, message):
                events.append(
                    self._event(plan, thing, message, event_type, message_id)
                )
        if len(events) > 1 and len({one.resource_id for one in events}) < len(
            events
        ):
            raise NotUnderstood('payload: it tells of one resource twice')
        return tuple(events)

    def renamed(self, message: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What may have another name now, or be gone, by a notification.

        :param message: one that :meth:`decode` found no event in.
        :returns: kinds and ids.
        """
        plan = self._find(message['event_type'])
        payload = message.get('payload')
        if not isinstance(plan, plans.Ignored) or not isinstance(
            payload, dict
        ):
            return []
        try:
            found = [(kind, get(payload, message)) for kind, get in plan.names]
        except NotUnderstood:
            return []
        return [(kind, id_) for kind, id_ in found if id_]

    def _event(
        self,
        plan: plans.Plan,
        root: dict[str, Any],
        message: Mapping[str, Any],
        event_type: str,
        message_id: str,
    ) -> event_model.Event:
        """What a message tells of one resource."""
        state = plan.state(root, message)
        phase = plan.phases.get(state.lower(), plan.otherwise)
        return event_model.Event(
            resource_type=plan.resource_type,
            resource_id=plan.resource_id(root, message),
            event_time=plan.event_time(root, message),
            message_id=message_id,
            rank=event_model.rank_of(phase),
            phase=phase,
            state=state,
            project_id=plan.project_id(root, message),
            event_type=event_type,
            region=self._region,
            user_id=plan.user_id(root, message),
            name=plan.name(root, message),
            created_at=plan.created_at(root, message),
            type=plan.type(root, message),
            type_id=plan.type_id(root, message),
            image=plan.image(root, message),
            availability_zone=plan.availability_zone(root, message),
            attributes={
                key: get(root, message) for key, get in plan.attributes
            },
            measures={key: get(root, message) for key, get in plan.measures},
        )

    def _excuse(
        self, message: Mapping[str, Any], event_type: str
    ) -> plans.Ignored:
        """The reason to ignore a message whose event type has no rule."""
        priority = message.get('priority')
        publisher = message.get('publisher_id')
        if isinstance(priority, str) and isinstance(publisher, str):
            ignored = self._event_types.excuse(event_type, priority, publisher)
            if ignored is not None:
                return ignored
        raise UnknownEventType(
            f'event_type: no definition claims or ignores '
            f'{places.shown(event_type)}'
        )


def _excepted(
    plan: plans.Plan, root: dict[str, Any], message: Mapping[str, Any]
) -> bool:
    """Whether an ``unless`` of the definition holds for an object."""
    for get, words in plan.unless:
        word = get(root, message)
        if isinstance(word, str) and word in words:
            return True
    return False
