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
"""What a reconciliation found, and what became of it (R14)."""

import collections
from collections.abc import Mapping
import dataclasses
import enum

#: What is counted, in the order in which it is shown:
#: resources that the service listed;
#: those that no event had told of;
#: those of which a fact differed;
#: those that are gone, at a time that the service told;
#: those that are gone, at a time that is estimated;
#: those that had been taken for gone, and were not;
#: those that differed, but too shortly to tell from a message under way;
#: those that the service has, although their deletion was told (R7).
COUNTS = (
    'listed',
    'unknown',
    'changed',
    'deleted',
    'estimated',
    'refuted',
    'unsettled',
    'contradicted',
)

#: The counts of resources that were healed.
HEALED = ('unknown', 'changed', 'deleted', 'estimated', 'refuted')


class Outcome(enum.StrEnum):
    """How the reconciliation of one resource type went."""

    #: All was compared, and what differed is recorded.
    DONE = 'done'
    #: Too much was missing to be believed; nothing was recorded as gone.
    REFUSED = 'refused'
    #: The service could not be asked to the end.
    FAILED = 'failed'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the reconciliation of one resource type found.

    :param began_at: before the service was asked; microseconds since the
        epoch.
    :param ended_at: when all was compared and recorded.
    :param source: ``reconciliation`` or ``import``.
    :param whole: whether all projects were compared.
    :param counts: by the names of :data:`COUNTS`.
    :param reason: why it was refused or failed.
    """

    resource_type: str
    region: str
    source: str
    began_at: int
    ended_at: int
    whole: bool
    outcome: Outcome
    counts: Mapping[str, int] = dataclasses.field(
        default_factory=collections.Counter
    )
    reason: str = ''

    @property
    def healed(self) -> int:
        """How many resources differed and were set right."""
        return sum(self.counts.get(name, 0) for name in HEALED)
