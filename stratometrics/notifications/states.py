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
"""What the states of a resource mean for its bill."""

from collections.abc import Mapping
from typing import Any

from stratometrics.model import event as event_model
from stratometrics.model import places
from stratometrics.notifications import shapes

_WORDS = {
    event_model.Phase.ENDED: 'terminal',
    event_model.Phase.UNBILLED: 'unbilled',
    event_model.Phase.PENDING: 'pending',
}


def phases(raw: Any, where: places.Where) -> Mapping[str, event_model.Phase]:
    """What each state that is not simply billed means, in lower case."""
    shapes.require_keys(
        raw, frozenset(('terminal', 'unbilled', 'pending')), where
    )
    found: dict[str, event_model.Phase] = {}
    for key, phase in (
        ('terminal', event_model.Phase.ENDED),
        ('unbilled', event_model.Phase.UNBILLED),
        ('pending', event_model.Phase.PENDING),
    ):
        here = (*where, key)
        words = raw.get(key, [])
        if not isinstance(words, list) or not all(
            isinstance(word, str) and word for word in words
        ):
            raise shapes.Malformed(here, 'expected a list of states')
        shapes.require_once([word.lower() for word in words], here)
        for word in words:
            if found.setdefault(word.lower(), phase) is not phase:
                raise shapes.Malformed(
                    here, f'{word} is {_WORDS[found[word.lower()]]} too'
                )
    if event_model.Phase.ENDED not in found.values():
        raise shapes.Malformed(
            (*where, 'terminal'), 'without one a timeline has no end'
        )
    return found


def of_phase(
    phases: Mapping[str, event_model.Phase], wanted: event_model.Phase
) -> tuple[str, ...]:
    """The states that mean one and the same."""
    return tuple(state for state, phase in phases.items() if phase is wanted)
