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

#: The collection of everything that is billed by time.
ALL = 'usage'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Collection:
    """Resource types that are asked about together.

    :param name: the path segment under /v1.
    :param default_group_by: what usage is grouped by unless asked otherwise.
    :param kind: how all of the resource types are billed.
    :param elsewhere: the collections of types that are billed in another way,
        by the name of the type.
    """

    name: str
    resource_types: Mapping[str, definitions.ResourceType]
    default_group_by: str
    kind: usage.Kind = usage.Kind.STATE
    elsewhere: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every name to group and filter by."""
        attributes = (
            name
            for resource_type in self.resource_types.values()
            for name in resource_type.attributes
        )
        return tuple(dict.fromkeys((*usage.COMMON_KEYS, *attributes)))


def everything(found: definitions.Definitions) -> Collection:
    """All resource types, however they are billed."""
    return Collection(
        name='resources',
        resource_types=found.resource_types,
        default_group_by='resource_type',
    )


def collections(found: definitions.Definitions) -> dict[str, Collection]:
    """All collections by their names; the one of everything is the first.

    To time no other amount can be added, so it leaves consumptions out.
    """
    everything = Collection(
        name=ALL,
        resource_types={
            name: resource_type
            for name, resource_type in found.resource_types.items()
            if resource_type.kind is usage.Kind.STATE
        },
        default_group_by='resource_type',
        elsewhere={
            name: resource_type.collection
            for name, resource_type in found.resource_types.items()
            if resource_type.kind is usage.Kind.CONSUMPTION
        },
    )
    return {ALL: everything} | {
        resource_type.collection: Collection(
            name=resource_type.collection,
            resource_types={resource_type.name: resource_type},
            default_group_by=resource_type.group_by,
            kind=resource_type.kind,
        )
        for resource_type in found.resource_types.values()
    }
