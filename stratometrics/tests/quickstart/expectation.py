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

"""The right answers, by the oracle instead of ClickHouse and SQL."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.tests import observed
from stratometrics.tests import oracle
from stratometrics.tests.quickstart import notifications

#: The measure of each resource type that is looked at: its first.
MEASURES = {
    name: resource_type.measures[0]
    for name, resource_type in definitions.Definitions.load(
        None
    ).resource_types.items()
    if resource_type.measures
}


class Group(NamedTuple):
    """What usage is summed by."""

    project_id: str
    resource_type: str
    type: str
    state: str


class Amount(NamedTuple):
    """Usage as the API tells it: decimal seconds.

    :param usage: resource-seconds.
    :param measured: seconds times the measure of the resource type.
    """

    usage: str
    measured: str


def events(
    messages: Sequence[notifications.Notification], region: str
) -> list[event_model.Event]:
    """What the messages say.

    :raises: NotUnderstood if one is not understood.
    """
    decode = decoder.Decoder(definitions.Definitions.load(None), region).decode
    return [event for message in messages for event in decode(message.message)]


def amounts(
    found: Sequence[event_model.Event], begin: int, end: int
) -> Mapping[Group, Amount]:
    """The usage of all projects in a period.

    :param found: what the messages say.
    :param begin: microseconds since the epoch.
    :param end: the same; not in the future.
    """
    by_type = defaultdict(list)
    for event in found:
        by_type[event.resource_type].append(event)
    sums: dict[Group, list[int]] = defaultdict(lambda: [0, 0])
    for resource_type, events_of_type in by_type.items():
        times = oracle.usage(
            observed.observations(events_of_type),
            begin,
            end,
            observed.unbilled(events_of_type),
            observed.pending(events_of_type),
        )
        for facts, time in times.items():
            group = Group(
                facts.project_id, resource_type, facts.type, facts.state
            )
            sums[group][0] += time
            sums[group][1] += time * facts.size
    return {
        group: Amount(*map(timestamps.decimal_seconds, both))
        for group, both in sums.items()
    }
