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
"""Recorded and built messages and the events that they become."""

from collections.abc import Iterable, Mapping
import copy
import dataclasses
import functools
import pathlib
import tempfile
import textwrap
from typing import Any
import unittest

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.notifications import timestamps as notification_timestamps
from stratometrics.tests import fixtures
from stratometrics.tests import observed
from stratometrics.tests import oracle

REGION = 'RegionOne'

#: A definition that switches on what is off by default.
EVERYTHING_ON = 'resources: {port: {enabled: true}, stack: {enabled: true}}'


@functools.cache
def recordings() -> tuple[tuple[str, fixtures.Recorded], ...]:
    """Every recorded or built message, with the name of its recording."""
    return tuple(
        (name, recorded)
        for name in (*fixtures.NAMES, fixtures.BUILT)
        for recorded in fixtures.load(name)
    )


@functools.cache
def shipped() -> decoder.Decoder:
    return decoder.Decoder(definitions.Definitions.load(None), REGION)


@functools.cache
def every_definition() -> definitions.Definitions:
    """The shipped definitions with all resource types switched on."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / 'on.yaml'
        file.write_text(EVERYTHING_ON, encoding='utf-8')
        return definitions.Definitions.load(folder)


@functools.cache
def everything() -> decoder.Decoder:
    """What decodes with all shipped resource types switched on."""
    return decoder.Decoder(every_definition(), REGION)


def message(event_type: str, **payload: Any) -> dict[str, Any]:
    """The first such message of an event type, to change at will.

    :param payload: keys of the payload to set.
    """
    for _name, recorded in recordings():
        found = recorded.message
        if found['event_type'] == event_type and isinstance(
            found['payload'], dict
        ):
            found = copy.deepcopy(found)
            found['payload'].update(payload)
            return found
    raise LookupError(event_type)


def life(resource_id: str) -> list[event_model.Event]:
    """The events of one resource, by time, from all recordings."""
    events = [
        event
        for _name, recorded in recordings()
        for event in everything().decode(recorded.message)
        if event.resource_id == resource_id
    ]
    return sorted(events, key=lambda event: (event.event_time, event.rank))


def facts(event: event_model.Event) -> event_model.Event:
    """An event without what tells two sights of the same fact apart."""
    return dataclasses.replace(
        event, event_time=0, message_id='', event_type=''
    )


def changes(
    events: list[event_model.Event], *names: str
) -> list[tuple[Any, ...]]:
    """The values of some fields over time, each only when it changes."""
    found: list[tuple[Any, ...]] = []
    for event in events:
        values = tuple(getattr(event, name) for name in names)
        if not found or found[-1] != values:
            found.append(values)
    return found


def usage(
    events: Iterable[event_model.Event], begin: str, end: str
) -> Mapping[tuple[str, ...], str]:
    """What the oracle makes of events.

    :param begin: of the period, as a time of the day of the recordings.
    :param end: of the period, or the present.
    :returns: seconds by state, owner, type and the first measure.
    """
    facts = oracle.usage(
        observed.observations(events := list(events)),
        moment(begin),
        moment(end),
        observed.unbilled(events),
        observed.pending(events),
    )
    return {
        (key.state, key.project_id, key.type, str(key.size)): (
            timestamps.decimal_seconds(time)
        )
        for key, time in facts.items()
    }


def moment(text: str) -> int:
    """Microseconds of a time of the day of the recordings."""
    return notification_timestamps.parse(f'2026-11-23 {text}')


class FolderTestCase(unittest.TestCase):
    """Definitions of an operator, in a folder of their own."""

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name: str, text: str) -> str:
        """Write a file; returns its path, as errors name it."""
        file = self.folder / name
        file.write_text(textwrap.dedent(text), encoding='utf-8')
        return str(file)

    def load(self) -> definitions.Definitions:
        return definitions.Definitions.load(str(self.folder))

    def decoder(self) -> decoder.Decoder:
        return decoder.Decoder(self.load(), REGION)
