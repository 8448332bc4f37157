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
"""How the resources of one type are listed by the service that has them."""

from collections.abc import Callable, Iterator
import dataclasses
from typing import TYPE_CHECKING

from stratometrics.model import observation

if TYPE_CHECKING:
    from openstack import connection

Page = observation.Page


@dataclasses.dataclass(frozen=True, slots=True)
class Inquiry:
    """What a service is asked with.

    :param cloud: where its endpoint is found, and a token for it.
    :param page_size: how many resources to ask for at a time.
    """

    cloud: 'connection.Connection'
    page_size: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How the resources of one type are listed.

    The functions ask as they are iterated over, a page at a time, for the
    resources of all projects.

    :param resource_type: such as ``instance``.
    :param service_type: the service in the catalog, by its official name.
    :param living: what there is now.
    :param ended: what was deleted at or after a time, if the service can
        tell: takes microseconds since the epoch.
    :param exists: whether the service has a resource after all that its list
        lacks, if lists of this service can lack one. Takes the id.
    :param history: what a service knows of the past of one resource, if it
        does: what it was, oldest first, from ``changed_at`` on. Takes what
        was listed of it.
    """

    resource_type: str
    service_type: str
    living: Callable[[Inquiry], Iterator[Page]]
    ended: Callable[[Inquiry, int], Iterator[Page]] | None = None
    exists: Callable[[Inquiry, str], bool] | None = None
    history: (
        Callable[
            [Inquiry, observation.Observation],
            list[observation.Observation],
        ]
        | None
    ) = None


class Unavailable(Exception):
    """A service did not answer as it should; the text says how."""


class NotOffered(Unavailable):
    """A service has no resources of a type at all, and is not at fault."""
