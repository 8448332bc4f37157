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
"""What the stored events say of a resource, taken together."""

import dataclasses

from stratometrics.model import event as event_model


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a resource stands by its events.

    :param latest: the event that counts now: the last by R10, or, of a
        resource that has ended, the deletion (R7).
    :param received_at: when that event arrived; microseconds since the
        epoch.
    :param ended: whether the timeline has ended.
    :param first_at: the time of the first event that is no birth;
        microseconds since the epoch. 0, if there are births alone.
    :param birth_told: whether any event tells when it was created.
    """

    latest: event_model.Event
    received_at: int
    ended: bool
    first_at: int
    birth_told: bool

    @property
    def estimated(self) -> bool:
        """Whether the last word is an end that was estimated (R14)."""
        return self.latest.rank == event_model.RANK_ESTIMATE


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """An end that was estimated and that nothing has taken back (R14).

    :param at: its time; microseconds since the epoch.
    :param before: the event that counted until then.
    """

    at: int
    before: event_model.Event
