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


class Courses:
    """Divides the usage of groups by the buckets of a query."""

    def __init__(self, query: usage.UsageQuery) -> None:
        whole = query.period
        # Which bucket begins at a boundary; what ends with the period changes
        # at the last one, where none does.
        self._numbers = {
            begin: number for number, begin in enumerate(query.boundaries)
        }
        spans = list(itertools.pairwise(query.boundaries))
        self._lengths = [end - begin for begin, end in spans]
        self._periods = [
            usage.Period(max(begin, whole.begin), min(end, whole.end))
            for begin, end in spans
        ]
        self._amounts = (
            self._added
            if query.kind is usage.Kind.CONSUMPTION
            else self._integrated
        )

    def buckets(
        self, course: Iterable[Changes] | Iterable[Consumed]
    ) -> dict[usage.Period, usage.Amounts]:
        """The usage of one group by buckets; those without any are left out.

        A bucket is known by its part of the period.
        """
        return {
            period: usage.Amounts(amounts.pop(_USAGE), amounts)
            for period, amounts in zip(
                self._periods, self._amounts(course), strict=True
            )
            if amounts.get(_USAGE)
        }

    def _added(self, course: Iterable[Consumed]) -> list[dict[str, int]]:
        total: list[dict[str, int]] = [{} for _ in self._periods]
        for slot, count, amounts in course:
            bucket = total[self._numbers[slot]]
            for name, amount in {_USAGE: count, **amounts}.items():
                bucket[name] = bucket.get(name, 0) + amount
        return total

    def _integrated(self, course: Iterable[Changes]) -> list[dict[str, int]]:
        # By name, what changes at each boundary.
        levels: dict[str, list[int]] = defaultdict(self._nothing)
        parts: dict[str, list[int]] = defaultdict(self._nothing)
        for measures, changes in course:
            numbered = [
                (self._numbers[slot], level, part)
                for slot, level, part in changes
            ]
            for name, amount in {_USAGE: 1, **measures}.items():
                levels_of, parts_of = levels[name], parts[name]
                for number, level, part in numbered:
                    levels_of[number] += level * amount
                    parts_of[number] += part * amount
        total: list[dict[str, int]] = [{} for _ in self._periods]
        for name, levels_of in levels.items():
            running = itertools.accumulate(levels_of)
            for bucket, length, level, part in zip(
                total, self._lengths, running, parts[name], strict=False
            ):
                bucket[name] = level * length + part
        return total

    def _nothing(self) -> list[int]:
        return [0] * len(self._numbers)
