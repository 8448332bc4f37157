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
"""The course of usage: from what changes to how much each bucket has."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
import itertools

from stratometrics.model import usage

#: Stands for the usage itself beside its measures.
_USAGE = ''

#: What one resource counts for, and its changes: the bucket, how many
#: resources there are more from it on, and what this leaves to add in it.
Changes = tuple[Mapping[str, int], Iterable[tuple[int, int, int]]]

#: A bucket and what was consumed in it.
Consumed = tuple[int, int, Mapping[str, int]]


def buckets(
    query: usage.UsageQuery, course: Iterable[Changes] | Iterable[Consumed]
) -> dict[usage.Period, usage.Amounts]:
    """The usage of one group by buckets; those without any are left out.

    Buckets are known by the boundary of ``query`` that they begin at.
    """
    if query.kind is usage.Kind.CONSUMPTION:
        amounts = _added(course)
    else:
        amounts = _run(query.boundaries, course)
    whole = query.period
    return {
        usage.Period(max(begin, whole.begin), min(end, whole.end)): (
            usage.Amounts(amounts[begin].pop(_USAGE), amounts[begin])
        )
        for begin, end in itertools.pairwise(query.boundaries)
        if amounts.get(begin, {}).get(_USAGE)
    }


def _added(course: Iterable[Consumed]) -> dict[int, dict[str, int]]:
    total: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for slot, count, amounts in course:
        for name, amount in {_USAGE: count, **amounts}.items():
            total[slot][name] += amount
    return total


def _run(
    boundaries: Iterable[int], course: Iterable[Changes]
) -> dict[int, dict[str, int]]:
    levels: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    parts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for measures, changes in course:
        for name, amount in {_USAGE: 1, **measures}.items():
            for slot, level, part in changes:
                levels[slot][name] += level * amount
                parts[slot][name] += part * amount
    total: dict[int, dict[str, int]] = {}
    running: dict[str, int] = defaultdict(int)
    for begin, end in itertools.pairwise(boundaries):
        for name, level in levels.get(begin, {}).items():
            running[name] += level
        part = parts.get(begin, {})
        total[begin] = {
            name: level * (end - begin) + part.get(name, 0)
            for name, level in running.items()
        }
    return total
