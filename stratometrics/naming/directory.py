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
"""The services of the cloud, asked what things are called."""

from collections.abc import Callable
import re
from typing import TYPE_CHECKING, Any

from stratometrics import cloud as cloud_module
from stratometrics.model import names
from stratometrics.notifications import checks
from stratometrics.notifications import errors

if TYPE_CHECKING:
    from openstack import connection

#: An id comes from a message, and becomes a part of a path that is asked for
#: with the rights of an administrator.
_ID = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]{0,254}')

Ask = Callable[['connection.Connection', str], Any]

_ASK: dict[str, Ask] = {
    names.PROJECT: lambda cloud, id_: cloud.identity.get_project(id_),
    names.DOMAIN: lambda cloud, id_: cloud.identity.get_domain(id_),
    names.USER: lambda cloud, id_: cloud.identity.get_user(id_),
    names.CLUSTER_TEMPLATE: lambda cloud, id_: (
        cloud.container_infrastructure_management.get_cluster_template(id_)
    ),
    names.FLAVOR: lambda cloud, id_: cloud.compute.get_flavor(id_),
    names.NETWORK_FLAVOR: lambda cloud, id_: cloud.network.get_flavor(id_),
    names.SHARE_TYPE: lambda cloud, id_: (
        cloud.shared_file_system.get_share_type(id_)
    ),
    names.VOLUME_TYPE: lambda cloud, id_: cloud.block_storage.get_type(id_),
}

#: The services, by their official types.
_SERVICES = {
    names.PROJECT: 'identity',
    names.DOMAIN: 'identity',
    names.USER: 'identity',
    names.CLUSTER_TEMPLATE: 'container-infrastructure-management',
    names.FLAVOR: 'compute',
    names.NETWORK_FLAVOR: 'network',
    names.SHARE_TYPE: 'shared-file-system',
    names.VOLUME_TYPE: 'block-storage',
}

_LIST = {
    names.PROJECT: lambda cloud: cloud.identity.projects(),
    names.DOMAIN: lambda cloud: cloud.identity.domains(),
}

#: One Keystone knows those of all regions. What it does not know is gone;
#: other services may just not be the ones of the right region.
_EVERYWHERE = frozenset({names.PROJECT, names.DOMAIN, names.USER})


class NotOffered(Exception):
    """The catalog does not have the service that knows these names."""


class Directory:
    """Names, as the services tell them now.

    :param cloud: where to ask, and with which rights.
    """

    def __init__(self, cloud: 'connection.Connection') -> None:
        self._cloud = cloud

    def find(self, kind: str, id_: str) -> names.Name | None:
        """What something is called.

        :param kind: one of :mod:`stratometrics.model.names`.
        :returns: the name; that it is gone; or None if the services of this
            region cannot tell.
        :raises NotOffered: there is no such service.
        :raises CloudError: the service does not answer.
        """
        if not _ID.fullmatch(id_):
            return None
        thing = self._ask(kind, lambda: self._get(kind, id_))
        if thing is not None:
            return _name(kind, thing, id_)
        if kind in _EVERYWHERE:
            return names.Name(kind=kind, id=id_, found=False)
        return None

    def listed(self, kind: str) -> dict[str, names.Name]:
        """All of a kind, by id, where that is cheaper than one by one.

        :returns: nothing of a kind that is better asked for one by one.
        :raises CloudError: the service does not answer.
        """
        if kind not in _LIST:
            return {}
        found = self._ask(kind, lambda: list(_LIST[kind](self._cloud)))
        told = (_name(kind, thing) for thing in found)
        return {name.id: name for name in told}

    def _get(self, kind: str, id_: str) -> Any:
        """One thing, or None if the service does not know it."""
        from openstack import exceptions as sdk_exceptions

        try:
            return _ASK[kind](self._cloud, id_)
        except sdk_exceptions.NotFoundException:
            return None

    def _ask(self, kind: str, ask: Callable[[], Any]) -> Any:
        service = _SERVICES[kind]
        try:
            if self._cloud.endpoint_for(service):
                return ask()
        except cloud_module.failures() as error:
            raise cloud_module.CloudError(
                f'{service}: {cloud_module.reason(error)}'
            ) from error
        if kind in _EVERYWHERE:
            # There is no cloud without it.
            raise cloud_module.CloudError(
                f'the catalog has no {service} in this region: see '
                'region_name and interface of [service_credentials]'
            )
        raise NotOffered(f'the catalog has no {service}')


def _name(kind: str, thing: Any, asked: str | None = None) -> names.Name:
    """The name that an answer tells, if it tells one.

    :param asked: the id that was asked for.
    :raises CloudError: it is no answer; what is known by now is kept.
    """
    owned = kind in (names.PROJECT, names.USER)
    try:
        told = names.Name(
            kind=kind,
            id=checks.name('id', thing.id),
            name=checks.name('name', thing.name),
            parent_id=(
                checks.text('domain_id', thing.domain_id) if owned else ''
            ),
        )
    except (AttributeError, errors.NotUnderstood) as error:
        raise cloud_module.CloudError(
            f'{_SERVICES[kind]}: not a {kind}: {error}'
        ) from error
    if asked not in (None, told.id):
        raise cloud_module.CloudError(
            f'{_SERVICES[kind]}: another {kind} than the one asked for'
        )
    return told
