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
"""Recorded messages, sent by any number of like clouds.

Every copy has ids of its own, of its messages and of its resources; all else
is as it was recorded from Nova and Cinder.
"""

from collections.abc import Iterator
import itertools
import random
import re
from typing import NamedTuple
import uuid

from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.tests import fixtures

REGION = 'RegionOne'

_RECORDINGS = ('nova', 'openstack')


class Message(NamedTuple):
    """What is published.

    :param stored: whether it tells of an event, or is ignored.
    """

    exchange: str
    routing_key: str
    body: bytes
    stored: bool


class _Template(NamedTuple):
    """A message in pieces; every other piece is an id."""

    exchange: str
    routing_key: str
    pieces: list[str]
    stored: bool


class Traffic:
    """Messages in the order and the mixture of the recording."""

    def __init__(self) -> None:
        recorded = sorted(
            itertools.chain.from_iterable(map(fixtures.load, _RECORDINGS)),
            key=lambda each: each.received_at,
        )
        understand = decoder.Decoder(
            definitions.Definitions.load(None), REGION
        )
        events = [understand.decode(each.message) for each in recorded]
        self._ids = sorted(
            {each.message['message_id'] for each in recorded}
            | {each.message['_unique_id'] for each in recorded}
            | {event.resource_id for found in events for event in found}
        )
        pattern = re.compile('({})'.format('|'.join(self._ids)))
        self._templates = [
            _Template(
                each.exchange,
                each.routing_key,
                pattern.split(each.body),
                bool(found),
            )
            for each, found in zip(recorded, events, strict=True)
        ]

    @property
    def routes(self) -> set[tuple[str, str]]:
        """Exchanges with their routing keys."""
        return {(each.exchange, each.routing_key) for each in self._templates}

    def messages(self, count: int, seed: int = 0) -> Iterator[Message]:
        """So many messages; the same ones for the same seed."""
        return itertools.islice(self._endless(random.Random(seed)), count)

    def _endless(self, source: random.Random) -> Iterator[Message]:
        while True:
            new = {name: _like(name, source) for name in self._ids}
            for each in self._templates:
                body = ''.join(new.get(piece, piece) for piece in each.pieces)
                yield Message(
                    each.exchange,
                    each.routing_key,
                    body.encode(),
                    each.stored,
                )


def _like(name: str, source: random.Random) -> str:
    """Another id in the same spelling."""
    made = uuid.UUID(int=source.getrandbits(128))
    return str(made) if '-' in name else made.hex
