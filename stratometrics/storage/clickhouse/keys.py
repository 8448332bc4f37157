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
"""How statements are told which resources they are about."""

from collections.abc import Iterable

from stratometrics.model import event as event_model
from stratometrics.storage.clickhouse.migrations import s0001_initial

#: Resource type and id.
Resource = tuple[str, str]

_TIMELINES = """
SELECT {timeline} FROM (
    SELECT arrayJoin({types}) AS resource_type, resource_id
    FROM (SELECT arrayJoin({ids}) AS resource_id)
)
"""

_GIVEN = """
    resource_type IN {{types:Array(String)}}
    AND timeline IN (
        SELECT {timeline} FROM (
            SELECT each.1 AS resource_type, each.2 AS resource_id
            FROM (
                SELECT arrayJoin(
                    arrayZip({{types:Array(String)}}, {{ids:Array(String)}})
                ) AS each
            )
        )
    )"""

#: Chooses the rows of resources by the key of their table; what
#: :func:`named` gives is bound to it. A timeline tells the type, too.
GIVEN = _GIVEN.format(timeline=s0001_initial.TIMELINE)


def timelines(types: str, ids: str) -> str:
    """A query for the timelines of some ids in each of some resource types.

    :param types: the placeholder of an array of texts, as bound.
    :param ids: another one.
    """
    return _TIMELINES.format(
        timeline=s0001_initial.TIMELINE, types=types, ids=ids
    )


def named(resources: Iterable[Resource]) -> dict[str, list[str]]:
    """The parameters of :data:`GIVEN`; at least one resource."""
    types, ids = zip(*resources, strict=True)
    return {'types': list(types), 'ids': list(ids)}


def of(event: event_model.Event) -> Resource:
    """What an event is about."""
    return event.resource_type, event.resource_id
