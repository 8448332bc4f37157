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
way in which events are stored, ordered and read: it asks, for each instant at
which anything was seen, what held from then on.
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
    pending: frozenset[str] = frozenset(),
) -> Mapping[Facts, int]:
    """Microseconds for each combination of facts, within ``[begin, end)``.

    :param end: the end of the period, or the present if that is earlier (R9).
    :param unbilled: states of a resource that was put away.
    :param pending: states of a resource that is still being made.
    """
    timelines = defaultdict(list)
    for seen in observations:
        timelines[seen.resource_id].append(seen)
    totals: dict[Facts, int] = defaultdict(int)
    for timeline in timelines.values():
        facts_at = {
            **_at_creation(timeline, unbilled),
            # What is seen at an instant counts, not what is inferred (R10).
            **_at_observation(timeline),
        }
        instants = [*sorted(facts_at), end]
        for since, until in pairwise(instants):
            facts = facts_at[since]
            if facts.state == 'deleted':  # R7
                break
            length = min(until, end) - max(since, begin)
            if length > 0 and facts.state not in unbilled | pending:
                totals[facts] += length
    return totals


def _at_observation(timeline: list[Observation]) -> dict[int, Facts]:
    """R10: of what is seen at one instant a deletion counts, if there is
    one, else what the greatest message id says."""
    found: dict[int, Facts] = {}
    for seen in sorted(timeline, key=lambda seen: seen.message_id):
        held = found.get(seen.time)
        if held is None or held.state != 'deleted':
            found[seen.time] = seen.facts
    return found


def _at_creation(
    timeline: list[Observation], unbilled: frozenset[str]
) -> dict[int, Facts]:
    """R8: at its creation a resource was what the earliest witness says; one
    that tells of its end, even of a soft one, found it active."""
    found: dict[int, Observation] = {}
    for seen in sorted(timeline, key=lambda seen: seen.message_id):
        created = seen.created_at
        if created is None or created >= seen.time:
            continue
        if created not in found or seen.time <= found[created].time:
            found[created] = seen
    return {
        created: (
            witness.facts._replace(state='active')
            if witness.facts.state in unbilled | {'deleted'}
            else witness.facts
        )
        for created, witness in found.items()
    }
