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
"""Answers are compared with what follows from the events alone.

Months are opened and closed so that a question need not read all that ever
was. That changes no answer; here one can see it.
"""

from collections.abc import Iterator, Sequence
import dataclasses

from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.storage import base

#: What intervals can differ in beside their attributes, their measures and
#: where they lie.
_KEYS = (
    'resource_type',
    'resource_id',
    'project_id',
    'user_id',
    'region',
    'availability_zone',
    'state',
    'type',
    'type_id',
    'image',
    'name',
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a month compares.

    :param groups: how many sums were compared.
    :param differing: how many of them differ.
    :param difference: by how many microseconds, in the sum of all.
    """

    groups: int
    differing: int
    difference: int


def verify(
    storage: base.Storage,
    found: definitions.Definitions,
    period: usage.Period,
    as_of: int,
    resource_ids: Sequence[str] | None = None,
) -> Result:
    """Compare the usage of each resource in a period.

    :param as_of: what was received by then counts; microseconds since the
        epoch.
    :param resource_ids: only of these.
    :raises Purged: the period reaches back too far.
    """
    states = {
        name: resource_type
        for name, resource_type in found.resource_types.items()
        if resource_type.kind is usage.Kind.STATE
    }
    attributes = sorted(
        {name for each in states.values() for name in each.attributes}
    )
    query = usage.UsageQuery(
        period=period,
        now=as_of,
        as_of=as_of,
        resource_types=tuple(states),
        group_by=(*_KEYS, *attributes),
        placed=True,
        filters=(
            {}
            if resource_ids is None
            else {'resource_id': tuple(resource_ids)}
        ),
    )
    groups = differing = difference = 0
    for answered, recomputed in _aligned(
        storage.stream_usage(query, limited=False),
        storage.stream_recomputed(query),
    ):
        groups += 1
        away = _difference(answered, recomputed)
        if away:
            differing += 1
            difference += away
    return Result(groups=groups, differing=differing, difference=difference)


def _aligned(
    some: Iterator[usage.UsageRow], others: Iterator[usage.UsageRow]
) -> Iterator[tuple[usage.UsageRow | None, usage.UsageRow | None]]:
    """Rows of the same group side by side; both come in their order."""
    left, right = next(some, None), next(others, None)
    while left or right:
        if right is None or (left and left.group < right.group):
            yield left, None
            left = next(some, None)
        elif left is None or right.group < left.group:
            yield None, right
            right = next(others, None)
        else:
            yield left, right
            left, right = next(some, None), next(others, None)


def _difference(
    some: usage.UsageRow | None, other: usage.UsageRow | None
) -> int:
    """By how many microseconds two sums differ.

    What differs in anything else counts as a microsecond if the time does not.
    """
    times = [row.usage if row else 0 for row in (some, other)]
    rest = [_rest(row) for row in (some, other)]
    return abs(times[0] - times[1]) or int(rest[0] != rest[1])


def _rest(row: usage.UsageRow | None) -> tuple[int | None, dict[str, int]]:
    """Where the intervals of a sum lie, and its measures."""
    if row is None:
        return 0, {}
    return row.place, {
        name: amount for name, amount in row.measures.items() if amount
    }
