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
"""What a path under /v1 asks about: some resource types and their keys."""

from collections.abc import Mapping
import dataclasses

from stratometrics.model import usage
from stratometrics.notifications import definitions

#: The collection of everything.
ALL = 'usage'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Collection:
    """Resource types that are asked about together.

    :param name: the path segment under /v1.
    :param default_group_by: what usage is grouped by unless asked otherwise.
    """

    name: str
    resource_types: Mapping[str, definitions.ResourceType]
    default_group_by: str

    @property
    def keys(self) -> tuple[str, ...]:
        """Every name to group and filter by."""
        attributes = (
            name
            for resource_type in self.resource_types.values()
            for name in resource_type.attributes
        )
        return tuple(dict.fromkeys((*usage.COMMON_KEYS, *attributes)))


def collections(found: definitions.Definitions) -> dict[str, Collection]:
    """All collections by their names; the one of everything is the first."""
    everything = Collection(
        name=ALL,
        resource_types=found.resource_types,
        default_group_by='resource_type',
    )
    return {ALL: everything} | {
        resource_type.collection: Collection(
            name=resource_type.collection,
            resource_types={resource_type.name: resource_type},
            default_group_by=resource_type.group_by,
        )
        for resource_type in found.resource_types.values()
    }
