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
"""What a service itself says of a resource, when it is asked."""

from collections.abc import Mapping, Sequence
import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What an API says of one resource, spelled as notifications spell it.

    A fact that the API does not tell is None, or missing from its mapping:
    then what notifications told still holds. Times are microseconds since
    the epoch, UTC (R3).

    :param created_at: when the resource was created.
    :param changed_at: when the service last changed it; where it keeps whole
        seconds, the end of that second.
    :param ended_at: when it was deleted, of one that is no more. Its state
        is then a terminal one.
    :param passing: whether the state is one that a resource only passes
        through, and no notification tells. It counts for a resource that
        nothing else is known of.
    :param resizing: whether the measures are those that were asked for, and
        not yet those that are. They, too, count for a resource that nothing
        else is known of.
    """

    resource_type: str
    resource_id: str
    project_id: str
    state: str
    user_id: str | None = None
    name: str | None = None
    created_at: int | None = None
    changed_at: int | None = None
    ended_at: int | None = None
    passing: bool = False
    resizing: bool = False
    type: str | None = None
    type_id: str | None = None
    image: str | None = None
    availability_zone: str | None = None
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    measures: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """Some of what a service listed, as it was at one time.

    :param observed_at: before it was asked for; microseconds since the
        epoch.
    """

    observed_at: int
    observations: Sequence[Observation]
