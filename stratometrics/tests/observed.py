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
"""What a decoder understood, as observations for the oracle."""

from collections.abc import Iterable

from stratometrics.model import event as event_model
from stratometrics.tests import oracle


def observations(
    events: Iterable[event_model.Event],
) -> list[oracle.Observation]:
    """One observation for each event.

    The oracle knows one amount: the first measure of the definition.
    """
    return [
        oracle.Observation(
            resource_id=event.resource_id,
            time=event.event_time,
            message_id=event.message_id,
            facts=oracle.Facts(
                state=_state(event),
                project_id=event.project_id,
                type=event.type,
                size=next(iter(event.measures.values()), 0),
            ),
            created_at=event.created_at,
        )
        for event in events
    ]


def unbilled(events: Iterable[event_model.Event]) -> frozenset[str]:
    """The states whose time does not count, of those that were met."""
    return frozenset(
        _state(event)
        for event in events
        if event.phase is event_model.Phase.UNBILLED
    )


def pending(events: Iterable[event_model.Event]) -> frozenset[str]:
    """The states of what is still being made, of those that were met."""
    return frozenset(
        _state(event)
        for event in events
        if event.phase is event_model.Phase.PENDING
    )


def _state(event: event_model.Event) -> str:
    """The state; ``deleted`` is the oracle's word for what is over."""
    if event.phase is event_model.Phase.ENDED:
        return 'deleted'
    if event.state == 'deleted':
        return 'deleted for now'
    return event.state
