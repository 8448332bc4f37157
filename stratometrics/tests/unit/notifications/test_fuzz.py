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
import contextlib
from typing import Any
import unittest

import hypothesis
from hypothesis import strategies

from stratometrics.model import event as event_model
from stratometrics.notifications import checks
from stratometrics.notifications import decoder
from stratometrics.tests.unit.notifications import base

#: What a JSON text can hold, lone surrogates and huge integers included.
TEXTS = strategies.text(
    strategies.characters(exclude_categories=()), max_size=300
)
JSON = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.integers(2**62, 2**70)
    | strategies.floats()
    | TEXTS
    | strategies.sampled_from(
        ['2026-11-23 06:54:15.932947', '2026-11-23T06:54:15+00:00', 'deleted']
    ),
    lambda children: (
        strategies.lists(children, max_size=4)
        | strategies.dictionaries(TEXTS, children, max_size=4)
    ),
    max_leaves=10,
)
BILLED = (
    'baremetal.node.update.end',
    'compute.instance.exists',
    'compute.instance.update',
    'image.update',
    'instance.update',
    'magnum.cluster.update',
    'network.create.end',
    'octavia.loadbalancer.create.end',
    'volume.create.end',
    'volume.delete.end',
)
SETTINGS = hypothesis.settings(max_examples=300)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything inside a message but for its context."""
    found = [way] if way else []
    if isinstance(value, dict):
        for key, child in value.items():
            if not key.startswith('_'):
                found += places(child, (*way, key))
    elif isinstance(value, list):
        for place, child in enumerate(value):
            found += places(child, (*way, place))
    return found


class FuzzTest(unittest.TestCase):
    def check(self, message: Any) -> None:
        """It becomes events that can be stored, or a reason to refuse."""
        with contextlib.suppress(decoder.NotUnderstood):
            for event in base.shipped().decode(message):
                self.check_event(event)

    def check_event(self, event: event_model.Event) -> None:
        for text in (
            event.resource_id,
            event.message_id,
            event.project_id,
            event.state,
            event.event_type,
        ):
            self.assertTrue(0 < len(text.encode()) <= 4 * 255)
        for text in (
            event.user_id,
            event.name,
            event.type,
            event.type_id,
            event.image,
            event.availability_zone,
        ):
            text.encode()
        for amount in event.measures.values():
            self.assertIs(int, type(amount))
            self.assertTrue(0 <= amount <= checks.LARGEST_INTEGER)
        for time in (event.event_time, event.created_at or 0):
            self.assertIs(int, type(time))
            self.assertTrue(0 <= time < 7_258_118_400 * 10**6)

    @SETTINGS
    @hypothesis.given(JSON)
    def test_any_json(self, message: Any) -> None:
        self.check(message)

    @SETTINGS
    @hypothesis.given(
        strategies.fixed_dictionaries(
            {'event_type': strategies.sampled_from(BILLED)},
            optional={
                'message_id': JSON,
                'payload': JSON,
                'priority': JSON,
                'publisher_id': JSON,
                'timestamp': JSON,
            },
        )
    )
    def test_a_billed_event_type_with_anything(self, message: Any) -> None:
        self.check(message)

    @SETTINGS
    @hypothesis.given(strategies.data())
    def test_a_recorded_message_with_one_thing_changed(
        self, data: strategies.DataObject
    ) -> None:
        message = base.message(data.draw(strategies.sampled_from(BILLED)))
        *way, last = data.draw(strategies.sampled_from(places(message)))
        holder = message
        for key in way:
            holder = holder[key]
        if data.draw(strategies.booleans()):
            holder[last] = data.draw(JSON)
        else:
            del holder[last]
        self.check(message)
