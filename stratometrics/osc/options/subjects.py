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
"""What usage is asked of, and by which keys it can be told apart.

What the service would refuse is refused here already, where the error can
name options and what else would be right.
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import re
from typing import Any

from osc_lib import exceptions

from stratometrics.client import answers

#: The collection of all resource types.
_ALL = 'usage'
_BY_TIME = 'state'

_USAGE = 'usage'
_MEASURES = 'measures.'
_DIRECTIONS = {'asc': '', 'desc': '-'}

_FILTER = re.compile(r'([^=!]+)(!?)=(.+)', re.DOTALL)
#: What keys may be called for short, behind which ``_id`` is left out.
_ID = '_id'


@dataclasses.dataclass(frozen=True)
class Subject:
    """What usage is asked of.

    :param collection: the part of the path.
    :param types: the resource types in question.
    :param named: the names of those, as far as the collection has others.
    """

    collection: str
    types: tuple[answers.ResourceType, ...]
    named: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """All that usage can be grouped and filtered by."""
        return _distinct(key for each in self.types for key in each.keys)

    @property
    def measures(self) -> tuple[str, ...]:
        """What is measured of one of the types at least."""
        return _distinct(name for each in self.types for name in each.measures)

    @property
    def title(self) -> str:
        """What error messages call it."""
        if len(self.types) == 1:
            return self.types[0].name
        return ', '.join(self.named) or 'all resource types'

    @property
    def default_group_by(self) -> str:
        """What usage is grouped by unless something else is asked for."""
        if self.collection == _ALL:
            return 'resource_type'
        return self.types[0].default_group_by

    def key(self, option: str, text: str) -> str:
        """The key that a text stands for, such as ``project_id``.

        :param option: what error messages name.
        :param text: that, ``project-id`` or ``project``.
        :raises osc_lib.exceptions.CommandError: there is none.
        """
        name = text.strip().replace('-', '_')
        for each in (name, name + _ID):
            if each in self.keys:
                return each
        raise exceptions.CommandError(
            f'{option}: {self.title} cannot be told apart by {text!r}, but by '
            f'{", ".join(self.keys)}'
        )


def subject(
    texts: Sequence[str], capabilities: answers.Capabilities
) -> Subject:
    """What some resource types stand for.

    :param texts: their names, or those of their collections; none for all
        that are billed by time.
    :raises osc_lib.exceptions.CommandError: there is no such type, or they
        cannot be summed.
    """
    every = capabilities.resource_types
    by_time = tuple(each for each in every if each.kind == _BY_TIME)
    if not texts:
        return Subject(_ALL, by_time)
    types = _distinct(_type(text, every) for text in texts)
    if len(types) == 1:
        return Subject(types[0].collection, types)
    for each in types:
        if each not in by_time:
            raise exceptions.CommandError(
                f'{each.name} is not billed by time: ask for it alone'
            )
    return Subject(_ALL, types, tuple(each.name for each in types))


def _type(
    text: str, every: Iterable[answers.ResourceType]
) -> answers.ResourceType:
    name = text.replace('_', '-').lower()
    for each in every:
        if name in (each.name.replace('_', '-'), each.collection):
            return each
    raise exceptions.CommandError(
        f'there is no resource type {text!r}, but '
        f'{", ".join(sorted(each.name for each in every))}'
    )


def group_by(texts: Sequence[str], asked: Subject) -> tuple[str, ...]:
    """The keys that ``--group-by`` names.

    :param texts: each of several keys with commas between them.
    :returns: the default if there are none.
    :raises osc_lib.exceptions.CommandError: there is no such key.
    """
    found = _distinct(
        asked.key('--group-by', key) for text in texts for key in _split(text)
    )
    return found or (asked.default_group_by,)


def filters(
    texts: Sequence[str], asked: Subject
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The values by key that ``--filter`` lets in, and those it leaves out.

    :param texts: such as ``state=active`` or ``state!=shelved``.
    :raises osc_lib.exceptions.CommandError: one is neither.
    """
    wanted: dict[str, list[str]] = {}
    excluded: dict[str, list[str]] = {}
    for text in texts:
        found = _FILTER.fullmatch(text)
        if not found:
            raise exceptions.CommandError(
                f'--filter: {text!r} is neither <key>=<value> nor '
                f'<key>!=<value>'
            )
        key = asked.key('--filter', found[1])
        if key == 'project_id' and not found[2]:
            raise exceptions.CommandError(
                '--filter: name projects with --project'
            )
        values = excluded if found[2] else wanted
        values.setdefault(key, []).append(found[3])
    return wanted, excluded


def order(
    text: str | None, keys: Sequence[str], asked: Subject
) -> tuple[str, ...]:
    """What ``--sort`` says, as the API takes it.

    :param text: such as ``usage:desc,project``; None if it is not given.
    :param keys: what usage is grouped by.
    :raises osc_lib.exceptions.CommandError: one cannot be sorted by.
    """
    measures = {name: _MEASURES + name for name in asked.measures}
    valid: Mapping[str, str] = {
        _USAGE: _USAGE,
        **measures,
        **{key: key for key in keys},
        # An attribute may be called as a measure is.
        **{name: name for name in measures.values()},
    }
    return tuple(_ordered(each, valid) for each in _split(text or ''))


def _ordered(text: str, valid: Mapping[str, str]) -> str:
    name, _, direction = text.partition(':')
    name = name.strip().replace('-', '_')
    if name not in valid and name + _ID in valid:
        name += _ID
    if name not in valid:
        names = [each for each in valid if not each.startswith(_MEASURES)]
        raise exceptions.CommandError(
            f'--sort: {name!r} is none of {", ".join(names)}'
        )
    if direction not in ('', *_DIRECTIONS):
        raise exceptions.CommandError(
            f'--sort: {direction!r} is neither asc nor desc'
        )
    return _DIRECTIONS.get(direction, '') + valid[name]


def _split(text: str) -> list[str]:
    return [part for part in text.split(',') if part.strip()]


def _distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))
