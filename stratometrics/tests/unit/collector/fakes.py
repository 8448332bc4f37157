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
"""Stand-ins for what a unit test cannot have: a store and a broker.

The functional tests use real ones in their place.
"""

from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
import dataclasses
from typing import Any

from stratometrics.model import event as event_model
from stratometrics.notifications import errors as notification_errors
from stratometrics.storage import base
from stratometrics.storage import errors


def make_event(
    resource_id: str = 'r1',
    event_time: int = 2_000_000,
    message_id: str = 'm1',
    **facts: Any,
) -> event_model.Event:
    given = {
        'resource_type': 'instance',
        'rank': event_model.RANK_EVENT,
        'phase': event_model.Phase.BILLED,
        'state': 'active',
        'project_id': 'p1',
        'event_type': 'compute.instance.create.end',
    }
    return event_model.Event(
        resource_id=resource_id,
        event_time=event_time,
        message_id=message_id,
        **{**given, **facts},
    )


@dataclasses.dataclass(eq=False)
class FakeIncoming:
    """A message as the driver hands it over."""

    message: Any
    ctxt: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class FakeStorage(base.EventWriter, base.RejectedStore):
    """A store in memory that fails when it is told to."""

    def __init__(self) -> None:
        self.inserts: list[tuple[list[event_model.Event], int]] = []
        self.kept: dict[str, base.RejectedMessage] = {}
        self.rejected_inserts: list[list[base.RejectedMessage]] = []
        #: Called before each insert of events; may raise.
        self.before_insert: Callable[[Sequence[event_model.Event]], None] = (
            lambda events: None
        )
        #: Called before each insert of rejected messages; may raise.
        self.before_rejected: Callable[[], None] = lambda: None

    @property
    def events(self) -> list[event_model.Event]:
        return [event for events, _ in self.inserts for event in events]

    @property
    def message_ids(self) -> list[str]:
        return [
            event.message_id
            for event in self.events
            if event.rank >= event_model.RANK_EVENT
        ]

    def write_events(
        self, events: Sequence[event_model.Event], received_at: int
    ) -> None:
        self.before_insert(events)
        self.inserts.append((list(events), received_at))

    def write_rejected(self, messages: Sequence[base.RejectedMessage]) -> None:
        self.before_rejected()
        self.rejected_inserts.append(list(messages))
        self.kept.update((message.id, message) for message in messages)

    def rejected(
        self, event_types: Collection[str] = ()
    ) -> Iterator[base.RejectedMessage]:
        return iter(
            [
                message
                for message in self.kept.values()
                if not event_types or message.event_type in event_types
            ]
        )

    def remove_rejected(self, ids: Iterable[str]) -> None:
        for name in ids:
            del self.kept[name]


def refuse(*resource_ids: str) -> Callable[..., None]:
    """What a store does that cannot hold some events."""

    def check(events: Sequence[event_model.Event]) -> None:
        if {event.resource_id for event in events} & set(resource_ids):
            raise errors.InvalidRows('too odd')

    return check


def fail(times: int, error: Exception) -> Callable[..., None]:
    """What a store does that fails a number of times."""
    left = [error] * times

    def check(*args: Any) -> None:
        if left:
            raise left.pop()

    return check


class ScriptedDecoder:
    """Understands messages whose payload says what to make of them.

    It stands in for the real decoder, so that each of its answers can be
    had at will.
    """

    def __init__(self, region: str = '') -> None:
        self._region = region

    def renamed(self, message: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [('project', message['message_id'])]

    def decode(self, message: Mapping[str, Any]) -> Sequence:
        match message['event_type']:
            case 'ignored':
                return ()
            case 'unknown':
                raise notification_errors.UnknownEventType('no definition')
            case 'odd':
                raise notification_errors.NotUnderstood('payload: no id')
            case 'bug':
                raise ZeroDivisionError('of the decoder')
        return [
            make_event(
                message_id=message['message_id'],
                event_type=message['event_type'],
                region=self._region,
                **facts,
            )
            for facts in message['payload']
        ]


class Notes:
    """What a namer was told."""

    def __init__(self) -> None:
        self.noticed: list[str] = []
        self.things: list[tuple[str, str]] = []

    def notice(self, events: Sequence[event_model.Event]) -> None:
        self.noticed.extend(event.message_id for event in events)

    def renamed(self, things: Iterable[tuple[str, str]]) -> None:
        self.things.extend(things)


def make_message(
    message_id: str = 'm1', event_type: str = 'good', **facts: Any
) -> dict[str, Any]:
    facts = {'resource_id': f'r-{message_id}', **facts}
    return {
        'message_id': message_id,
        'event_type': event_type,
        'publisher_id': 'compute.host1',
        'priority': 'INFO',
        'timestamp': '2026-11-23 06:54:15.932947',
        'payload': [facts],
    }
