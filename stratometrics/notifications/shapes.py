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
"""What a part of a definition must look like.

Every function takes a part of a YAML document and the way to it, and raises
:class:`Malformed` if it is not in order.
"""

from collections.abc import Mapping, Sequence
import re
from typing import Any

from stratometrics.model import places

_EVENT_TYPE = re.compile(r'[A-Za-z0-9_.:*-]{1,255}')
#: Digits that Python makes a number of; no list has so many places.
_LONGEST_NUMBER = 255
_PATH = re.compile(r'[^.]+(\.[^.]+)*')


class Malformed(Exception):
    """A part of a definition is not what it should be.

    :param where: the way to the key.
    :param problem: what is wrong with it, for a person.
    """

    def __init__(self, where: places.Where, problem: str) -> None:
        super().__init__(problem)
        self.where = where
        self.problem = problem


def require_keys(raw: Any, known: frozenset[str], where: places.Where) -> None:
    """See that it is a mapping, and has no key but the known ones."""
    if not isinstance(raw, dict):
        raise Malformed(where, 'expected a mapping')
    for key in raw:
        if key not in known:
            raise Malformed(
                (*where, key),
                f'unknown key; expected one of {", ".join(sorted(known))}',
            )


def require_text(raw: Any, where: places.Where) -> str:
    """A text that is not empty."""
    if not isinstance(raw, str) or not raw:
        raise Malformed(where, 'expected text')
    return raw


def flag(
    body: Mapping[str, Any], key: str, where: places.Where, default: bool
) -> bool:
    """A truth value that a mapping has under a key, or the default."""
    raw = body.get(key, default)
    if not isinstance(raw, bool):
        raise Malformed((*where, key), 'expected true or false')
    return raw


def require_once(texts: Sequence[str], where: places.Where) -> None:
    """See that no text of a list comes twice."""
    for place, text in enumerate(texts):
        if text in texts[:place]:
            raise Malformed(
                (*where, place), f'{places.shown(text)} comes twice'
            )


def require_path(raw: Any, where: places.Where) -> str:
    """A way through nested objects, with dots between its steps."""
    if not isinstance(raw, str) or _PATH.fullmatch(raw) is None:
        raise Malformed(where, 'expected a path')
    if any(
        step.isdecimal() and len(step) > _LONGEST_NUMBER
        for step in raw.split('.')
    ):
        raise Malformed(
            where, f'a number in a path has at most {_LONGEST_NUMBER} digits'
        )
    return raw


def require_pattern(raw: Any, where: places.Where) -> None:
    """See that it is an event type, or a glob with ``*``, of one."""
    if not isinstance(raw, str) or _EVENT_TYPE.fullmatch(raw) is None:
        raise Malformed(
            where, 'expected an event type, or a glob of one with *'
        )
