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
"""What to do with an event type: read facts out of it, or ignore it."""

from collections.abc import Callable, Mapping
import dataclasses
import re
from typing import Any

from stratometrics.model import event as event_model
from stratometrics.notifications import values

#: Takes the payload and the message; finds the objects that are told of.
Objects = Callable[[dict[str, Any], Mapping[str, Any]], list[Any]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a message of one event type becomes an event for each object.

    Every :data:`~stratometrics.notifications.values.Getter` takes one of the
    objects that ``objects`` finds in the payload, and the message.

    :param objects: finds what the other paths begin at.
    :param phases: by state, in lower case.
    :param otherwise: the phase of any other state.
    :param unless: an object is ignored where one of these texts is found.
    """

    resource_type: str
    phases: Mapping[str, event_model.Phase]
    otherwise: event_model.Phase
    objects: Objects
    unless: tuple[tuple[values.Getter, frozenset[str]], ...]
    resource_id: values.Getter
    project_id: values.Getter
    user_id: values.Getter
    name: values.Getter
    created_at: values.Getter
    event_time: values.Getter
    state: values.Getter
    type: values.Getter
    type_id: values.Getter
    image: values.Getter
    availability_zone: values.Getter
    attributes: tuple[tuple[str, values.Getter], ...]
    measures: tuple[tuple[str, values.Getter], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Ignored:
    """An event type that is known and deliberately not turned into events.

    :param because: the reason that the definition gives.
    :param priority: ignore only messages of this priority, in lower case.
    :param publisher: ignore only messages of publishers that this matches.
    :param names: what a message says may have another name now: kinds, and
        where their ids are.
    """

    because: str
    priority: str | None = None
    publisher: re.Pattern[str] | None = None
    names: tuple[tuple[str, values.Getter], ...] = ()


def glob(pattern: str) -> re.Pattern[str]:
    """The regular expression of a glob; ``*`` stands for any characters."""
    return re.compile('.*'.join(map(re.escape, pattern.split('*'))), re.DOTALL)


class EventTypes:
    """Finds what to do with an event type.

    The exact name comes first, then the longest glob. Of two rules for the
    same text a plan wins over a reason to ignore, so that a definition can
    bill what another file ignores.
    """

    def __init__(
        self,
        plans: Mapping[str, Plan],
        ignored: Mapping[str, Ignored],
        conditional: list[tuple[str, Ignored]],
    ) -> None:
        rules: dict[str, Plan | Ignored] = {**ignored, **plans}
        self._exact = {
            text: rule for text, rule in rules.items() if '*' not in text
        }
        self._globs = [
            (glob(text), rules[text])
            for text in sorted(rules, key=lambda text: (-len(text), text))
            if '*' in text
        ]
        self._conditional = [
            (glob(text), ignored) for text, ignored in conditional
        ]

    def find(self, event_type: str) -> Plan | Ignored | None:
        """The rule for an event type, or None if there is none."""
        rule = self._exact.get(event_type)
        if rule is not None:
            return rule
        for pattern, rule in self._globs:
            if pattern.fullmatch(event_type):
                return rule
        return None

    def excuse(
        self, event_type: str, priority: str, publisher: str
    ) -> Ignored | None:
        """A reason to ignore a message whose event type has no rule."""
        for pattern, ignored in self._conditional:
            if (
                pattern.fullmatch(event_type)
                and ignored.priority in (None, priority.lower())
                and (
                    ignored.publisher is None
                    or ignored.publisher.fullmatch(publisher)
                )
            ):
                return ignored
        return None
