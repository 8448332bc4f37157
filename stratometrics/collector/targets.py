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
"""The exchanges and topics to listen on."""

from collections.abc import Iterable
import typing


class TargetError(ValueError):
    """A value of ``[collector]/targets`` is not EXCHANGE:TOPIC."""


class Source(typing.NamedTuple):
    """Where notifications come from.

    :param exchange: the control exchange of a service.
    :param topic: a topic of it; its queues are named TOPIC.PRIORITY.
    """

    exchange: str
    topic: str


def parse(values: Iterable[str]) -> list[Source]:
    """Read the values of ``[collector]/targets``.

    :param values: texts of the form EXCHANGE:TOPIC.
    :returns: the sources in their order, each once.
    :raises TargetError: a text is not of that form, or there is none.
    """
    sources = []
    for value in values:
        exchange, colon, topic = (
            part.strip() for part in value.partition(':')
        )
        if not exchange or not colon or not topic or ':' in topic:
            raise TargetError(
                f'[collector]/targets: {value!r} is not of the form '
                'EXCHANGE:TOPIC, such as nova:notifications'
            )
        sources.append(Source(exchange, topic))
    if not sources:
        raise TargetError('[collector]/targets: nothing to listen to')
    return list(dict.fromkeys(sources))
