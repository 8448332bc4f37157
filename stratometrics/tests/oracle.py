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
"""The rules of usage in plain Python: slow, obvious, and independent of SQL.

It starts from observations, one per notification, and knows nothing of the
way in which events are stored: births, ranks and windows are not used here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
import dataclasses
from itertools import pairwise
from typing import NamedTuple


class Facts(NamedTuple):
    """What holds from one observation to the next."""

    state: str
    project_id: str
    type: str
    size: int


@dataclasses.dataclass(frozen=True)
class Observation:
    """What one notification says of one resource; times in microseconds."""

    resource_id: str
    time: int
    message_id: str
    facts: Facts
    created_at: int | None = None
    received_at: int = 0


def usage(
    observations: Iterable[Observation],
    begin: int,
    end: int,
    unbilled: frozenset[str] = frozenset(),
) -> Mapping[Facts, int]:
    """Microseconds for each combination of facts, within ``[begin, end)``.

    :param end: the end of the period, or the present if that is earlier (R9).
    :param unbilled: states whose time does not count.
    """
    timelines = defaultdict(list)
    for seen in observations:
        timelines[seen.resource_id].append(seen)
    totals: dict[Facts, int] = defaultdict(int)
    for timeline in timelines.values():
        for (since, facts), (until, _) in pairwise(_changes(timeline, end)):
            if facts.state == 'deleted':  # R7
                break
            length = min(until, end) - max(since, begin)
            if length > 0 and facts.state not in unbilled:
                totals[facts] += length
    return totals


def _changes(timeline: list[Observation], end: int) -> list:
    births, others = [], []
    for seen in timeline:
        # R10: a deletion last, the others by message id.
        last = seen.facts.state == 'deleted'
        others.append(((seen.time, 1, last, seen.message_id), seen.facts))
        if seen.created_at is not None and seen.created_at < seen.time:
            facts = seen.facts._replace(state='active') if last else seen.facts
            # R8, R10: births first, that of the earliest event last.
            order = (seen.created_at, 0, -seen.time, seen.message_id)
            births.append((order, facts))
    ordered = sorted(births + others)
    return [(order[0], facts) for order, facts in ordered] + [(end, None)]
