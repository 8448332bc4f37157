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
"""Which facts an event has, and where a definition says they are found."""

from collections.abc import Mapping
import re
from typing import Any

from stratometrics.model import places
from stratometrics.model import usage
from stratometrics.notifications import shapes
from stratometrics.notifications import values

#: What a fact must be, by its name.
FACTS = {
    'resource_id': values.Kind.NAME,
    'project_id': values.Kind.NAME,
    'user_id': values.Kind.TEXT,
    'name': values.Kind.TEXT,
    'created_at': values.Kind.OPTIONAL_TIME,
    'event_time': values.Kind.TIME,
    'state': values.Kind.NAME,
}
#: Facts that a definition names by itself.
GROUPS = {
    'attributes': values.Kind.TEXT,
    'measures': values.Kind.MEASURE,
}
#: Attributes that are columns of an event; the others share a map.
COLUMNS = ('type', 'type_id', 'image', 'availability_zone')
_TIMESTAMP = values.Compiler(values.Kind.TIME, 'timestamp', None)
#: What holds if a definition does not say where a fact is.
DEFAULTS = {
    'user_id': values.constant(''),
    'name': values.constant(''),
    'created_at': values.constant(None),
    'event_time': _TIMESTAMP.compile({'envelope': 'timestamp'}, ()),
    **{f'attributes.{name}': values.constant('') for name in COLUMNS},
}

#: What one level says of these holds below it, unless it is said again.
KEYS = frozenset((*FACTS, *GROUPS))

_UNDERSCORED = re.compile(r'[a-z][a-z0-9]*(_[a-z0-9]+)*')
#: Parameters of questions that an attribute, as a filter, would hide, and what
#: a result holds beside the attributes that it is grouped by.
_RESERVED_ATTRIBUTES = (
    'all_projects',
    'as_of',
    'begin',
    'change',
    'compare_to',
    'end',
    'format',
    'from',
    'granularity',
    'group_by',
    'limit',
    'marker',
    'measures',
    'previous',
    'sort',
    'timezone',
    'to',
    'usage',
    *usage.NAMES.values(),
)


def is_atomic(where: places.Where) -> bool:
    """Whether a later file replaces a mapping whole.

    What says where one fact is found is a whole: keys of two ways to find it
    must not mix.

    :param where: the way to the mapping, beginning with the resource.
    """
    if len(where) < 2:
        return False
    parent, key = where[-2:]
    if len(where) > 2 and parent in GROUPS:
        return True
    named = len(where) > 2 and parent in ('event_types', 'sources')
    return not named and (key in FACTS or key == 'unless')


def compiled(
    body: Mapping[str, Any], where: places.Where, wrapper: str | None
) -> dict[str, values.Getter]:
    """The facts that one level tells, compiled, by their full names."""
    facts = {}
    for key, kind in FACTS.items():
        if key in body:
            compiler = values.Compiler(kind, key, wrapper)
            facts[key] = compiler.compile(body[key], (*where, key))
    for group, kind in GROUPS.items():
        members = body.get(group, {})
        if not isinstance(members, dict):
            raise shapes.Malformed((*where, group), 'expected a mapping')
        for name, raw in members.items():
            here = (*where, group, name)
            require_member(group, name, here)
            key = f'{group}.{name}'
            compiler = values.Compiler(kind, key, wrapper)
            facts[key] = compiler.compile(raw, here)
    return facts


def require_member(group: str, name: Any, where: places.Where) -> None:
    """See that an attribute or a measure may be named so."""
    if not isinstance(name, str) or _UNDERSCORED.fullmatch(name) is None:
        raise shapes.Malformed(
            where, 'expected a name in lower case, with underscores'
        )
    if group == 'attributes' and (
        name in _RESERVED_ATTRIBUTES
        or (name in usage.COMMON_KEYS and name not in COLUMNS)
    ):
        raise shapes.Malformed(where, f'{name} has a meaning of its own')
