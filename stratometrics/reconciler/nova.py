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
"""The servers that Nova has, and those that were deleted (R14).

Facts are spelled as Nova's notifications spell them: both come from the same
columns of its database. Every state is one that notifications tell, also while
a task is under way, so none is passing.
"""

import collections
from collections.abc import Iterator, Mapping
import dataclasses
import logging
from typing import Any

from stratometrics.model import observation
from stratometrics.model import places
from stratometrics.model import timestamps
from stratometrics.notifications import checks
from stratometrics.notifications import errors
from stratometrics.reconciler import listing
from stratometrics.reconciler import nova_history
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

LOG = logging.getLogger(__name__)

RESOURCE_TYPE = 'instance'
SERVICE_TYPE = nova_history.SERVICE_TYPE

#: With an embedded flavor the answer has its facts, but not its id.
_NAME_OF_EMBEDDED = 'original_name'
_SOFT_DELETED = 'soft-delete'
_DELETED = 'deleted'
_STATE = 'OS-EXT-STS:vm_state'


@dataclasses.dataclass(frozen=True, slots=True)
class _Flavor:
    """What of a flavor makes a server's facts."""

    name: str
    vcpus: int
    ram_mib: int
    root_gib: int
    ephemeral_gib: int

    @property
    def measures(self) -> dict[str, int]:
        return {
            'vcpus': self.vcpus,
            'ram_mib': self.ram_mib,
            'disk_gib': self.root_gib + self.ephemeral_gib,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class _Flavors:
    """The flavors that there are now."""

    by_id: Mapping[str, _Flavor]
    ids: Mapping[_Flavor, list[str]]

    def id_of(self, flavor: _Flavor) -> str | None:
        """The id of the one flavor with this name and these sizes.

        A server keeps its flavor's facts when the flavor is deleted, so
        there may be none.
        """
        found = self.ids.get(flavor, [])
        return found[0] if len(found) == 1 else None


def living(inquiry: listing.Inquiry) -> Iterator[listing.Page]:
    """The servers that there are, the softly deleted among them.

    Nova passes over the servers of a cell whose database is down, and does
    not say so in a list by pages. Not to take them for gone, its services are
    asked for before and after: what was listed then still counts, but the
    list has no end.

    :raises Unavailable: Nova cannot be asked, or not for all its cells.
    """
    microversion = _microversion(inquiry)
    flavors = _flavors(inquiry, microversion)
    _require_all_cells(inquiry, microversion)
    for asked_at, servers in _servers(
        inquiry, microversion, {'soft_deleted': 'True'}
    ):
        yield listing.Page(
            asked_at, [_observation(server, flavors) for server in servers]
        )
    _require_all_cells(inquiry, microversion)


def ended(inquiry: listing.Inquiry, since: int) -> Iterator[listing.Page]:
    """The servers that were deleted at or after a time, and not purged.

    :param since: microseconds since the epoch.
    :raises Unavailable: Nova cannot be asked.
    """
    microversion = _microversion(inquiry)
    flavors = _flavors(inquiry, microversion)
    second = since - since % timestamps.MICROSECONDS
    for asked_at, servers in _servers(
        inquiry,
        microversion,
        {'deleted': 'True', 'changes-since': timestamps.isoformat(second)},
    ):
        observations = []
        for server in servers:
            if not _is_gone(inquiry, server):
                continue
            ended_at = _ended_at(server)
            if ended_at >= since:
                observations.append(
                    dataclasses.replace(
                        _observation(server, flavors),
                        state=_DELETED,
                        changed_at=ended_at,
                        ended_at=ended_at,
                    )
                )
        yield listing.Page(asked_at, observations)


def exists(inquiry: listing.Inquiry, server_id: str) -> bool:
    """Whether Nova has a server, when it is asked for that one alone.

    A list lacks the servers of a cell that is down, however shortly; this
    would be an error then.

    :raises Unavailable: Nova cannot be asked.
    """
    return pages.has(inquiry, SERVICE_TYPE, '/servers/{}', server_id)


def _microversion(inquiry: listing.Inquiry) -> str | None:
    return pages.microversion(inquiry, SERVICE_TYPE, nova_history.MICROVERSION)


def _servers(
    inquiry: listing.Inquiry,
    microversion: str | None,
    params: Mapping[str, str],
) -> Iterator[pages.Page]:
    """Servers of all projects, in full.

    :raises Unavailable: at the end, of some servers Nova told less: their
        cell is down. They are left out.
    """
    partial = 0
    for asked_at, servers in pages.by_marker(
        inquiry,
        SERVICE_TYPE,
        '/servers/detail',
        'servers',
        params={'all_tenants': 'True', **params},
        microversion=microversion,
    ):
        whole = [server for server in servers if server.get(_STATE)]
        partial += len(servers) - len(whole)
        yield asked_at, whole
    if partial:
        LOG.warning(
            'Nova told too little of %d servers to compare them', partial
        )
        raise listing.Unavailable(
            f'compute /servers/detail: no facts of {partial} servers; their '
            'cell may be down'
        )


def _require_all_cells(
    inquiry: listing.Inquiry, microversion: str | None
) -> None:
    """Ask whether Nova reaches all its cells.

    From microversion 2.69 on, of the services of others their host alone is
    told, and an unknown status.

    :raises Unavailable: it does not reach all.
    """
    services = pages.ask(
        inquiry, SERVICE_TYPE, '/os-services', microversion=microversion
    ).get('services')
    if not isinstance(services, list) or not all(
        isinstance(service, dict) for service in services
    ):
        raise listing.Unavailable(
            'compute /os-services: there is no list of services in the answer'
        )
    hosts = [
        places.shown(service.get('host'))
        for service in services
        if service.get('status') == 'UNKNOWN'
    ]
    if hosts:
        LOG.warning('Nova does not reach the cell of %s', ', '.join(hosts))
        raise listing.Unavailable(
            f'compute /os-services: the cell of {len(hosts)} hosts is down; '
            'Nova does not list its servers'
        )


def _is_gone(inquiry: listing.Inquiry, server: Mapping[str, Any]) -> bool:
    """Whether a server that was listed among the deleted ones is deleted.

    Among them are the softly deleted ones, and, if the credentials are not
    allowed to filter by deletion, all that changed. One that was deleted
    before it had a host keeps its state; Nova is asked for that one alone.
    """
    if server[_STATE] in (_DELETED, _SOFT_DELETED):
        return server[_STATE] == _DELETED
    return not exists(inquiry, server['id'])


def _flavors(inquiry: listing.Inquiry, microversion: str | None) -> _Flavors:
    by_id: dict[str, _Flavor] = {}
    ids = collections.defaultdict(list)
    for _asked_at, flavors in pages.by_marker(
        inquiry,
        SERVICE_TYPE,
        '/flavors/detail',
        'flavors',
        # Of the private ones, too.
        params={'is_public': 'None'},
        microversion=microversion,
    ):
        for told in flavors:
            try:
                flavor = _told_flavor(
                    told, 'name', 'OS-FLV-EXT-DATA:ephemeral'
                )
            except errors.NotUnderstood as error:
                raise listing.Unavailable(
                    'compute /flavors/detail: flavor '
                    f'{places.shown(told["id"])} is not understood: {error}'
                ) from error
            by_id[told['id']] = flavor
            ids[flavor].append(told['id'])
    return _Flavors(by_id, ids)


def _observation(
    server: Mapping[str, Any], flavors: _Flavors
) -> observation.Observation:
    try:
        flavor, flavor_id = _flavor(server['flavor'], flavors)
        return observation.Observation(
            resource_type=RESOURCE_TYPE,
            resource_id=spelling.name(server, 'id'),
            project_id=spelling.name(server, 'tenant_id'),
            state=spelling.name(server, _STATE),
            user_id=spelling.text(server, 'user_id'),
            name=spelling.text(server, 'name'),
            created_at=checks.time('created', server['created']),
            changed_at=spelling.end_of_second(server, 'updated'),
            type=flavor.name if flavor else None,
            type_id=flavor_id,
            # Of a server that boots from a volume it is ''.
            image=(
                checks.text('image', server['image']['id'])
                if server['image']
                else ''
            ),
            availability_zone=_availability_zone(server),
            measures=flavor.measures if flavor else {},
        )
    except (
        AttributeError,
        KeyError,
        TypeError,
        errors.NotUnderstood,
    ) as error:
        raise _not_understood(server, error) from error


def _told_flavor(told: spelling.Told, name: str, ephemeral: str) -> _Flavor:
    """A flavor as it is told.

    :param name: the key of its name.
    :param ephemeral: the key of the size of its ephemeral disk.
    :raises NotUnderstood: a fact is missing, or not what it should be.
    """
    return _Flavor(
        spelling.name(told, name),
        spelling.measure(told, 'vcpus'),
        spelling.measure(told, 'ram'),
        spelling.measure(told, 'disk'),
        spelling.measure(told, ephemeral),
    )


def _flavor(
    told: Mapping[str, Any], flavors: _Flavors
) -> tuple[_Flavor | None, str | None]:
    """The flavor of a server and its id, each None if it is not known.

    Before microversion 2.47 Nova tells the id, and nothing of the server's
    own copy of the flavor.
    """
    if _NAME_OF_EMBEDDED in told:
        flavor = _told_flavor(told, _NAME_OF_EMBEDDED, 'ephemeral')
        return flavor, flavors.id_of(flavor)
    flavor_id = told.get('id')
    return flavors.by_id.get(flavor_id), flavor_id


def _availability_zone(server: Mapping[str, Any]) -> str | None:
    """The zone of the server's host, or that which was chosen for it.

    Of a server for which none is chosen yet Nova tells '', and notifications
    tell nothing.
    """
    zone = spelling.text(server, 'OS-EXT-AZ:availability_zone')
    if server[_STATE] == 'building':
        return zone or None
    return zone


def _ended_at(server: Mapping[str, Any]) -> int:
    try:
        ended_at = spelling.end_of_second(
            server, 'OS-SRV-USG:terminated_at', 'updated'
        )
    except errors.NotUnderstood as error:
        raise _not_understood(server, error) from error
    if ended_at is None:
        raise _not_understood(server, KeyError('updated'))
    return ended_at


def _not_understood(
    server: Mapping[str, Any], error: Exception
) -> listing.Unavailable:
    return listing.Unavailable(
        f'compute /servers/detail: server {places.shown(server["id"])} is not '
        f'understood: {type(error).__name__} {error}'
    )


LISTINGS = (
    listing.Listing(
        resource_type=RESOURCE_TYPE,
        service_type=SERVICE_TYPE,
        living=living,
        ended=ended,
        exists=exists,
        history=nova_history.history,
    ),
)
