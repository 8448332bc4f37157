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
"""What a definition says of event types that are not billed."""

from typing import Any

from stratometrics.model import names as names_model
from stratometrics.model import places
from stratometrics.notifications import plans
from stratometrics.notifications import shapes
from stratometrics.notifications import values

_KEYS = frozenset(
    ('because', 'event_types', 'exchange', 'names', 'priority', 'publisher')
)


def ignored(
    entry: Any, where: places.Where
) -> tuple[tuple[str, ...], plans.Ignored]:
    """An entry of the list of ignored event types."""
    shapes.require_keys(entry, _KEYS, where)
    for key in ('because', 'exchange'):
        shapes.require_text(entry.get(key), (*where, key))
    priority = entry.get('priority')
    if priority is not None:
        priority = shapes.require_text(priority, (*where, 'priority')).lower()
    publisher = entry.get('publisher')
    if publisher is not None:
        publisher = plans.glob(
            shapes.require_text(publisher, (*where, 'publisher'))
        )
    renamed = _renamed(entry.get('names', {}), (*where, 'names'))
    if renamed and (priority is not None or publisher is not None):
        # Such an entry is found by more than the event type.
        raise shapes.Malformed(
            (*where, 'names'), 'not together with a priority or a publisher'
        )
    patterns = entry.get('event_types')
    where = (*where, 'event_types')
    if not isinstance(patterns, list) or not patterns:
        raise shapes.Malformed(where, 'expected a list of event types')
    for place, pattern in enumerate(patterns):
        shapes.require_pattern(pattern, (*where, place))
    shapes.require_once(patterns, where)
    return tuple(patterns), plans.Ignored(
        entry['because'], priority, publisher, renamed
    )


def _renamed(
    raw: Any, where: places.Where
) -> tuple[tuple[str, values.Getter], ...]:
    """Where the ids are of what may have another name now, by kind."""
    shapes.require_keys(raw, frozenset(names_model.KINDS), where)
    return tuple(
        (
            kind,
            values.Compiler(values.Kind.TEXT, kind, None).compile(
                way, (*where, kind)
            ),
        )
        for kind, way in raw.items()
    )
