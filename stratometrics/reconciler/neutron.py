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
"""Networks and what is on them, as Neutron lists it.

What notifications tell, and what not, is said in ``neutron.yaml``. Only what
is read is asked for: a connection of a VPN has a secret.
"""

from collections.abc import Callable, Iterator
import functools

from stratometrics.model import observation
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'network'
#: Whatever exists has this state.
_ACTIVE = 'active'
_COMMON = ('id', 'project_id', 'created_at', 'updated_at')
#: Ports that Neutron makes for itself.
_OWN_PORTS = frozenset(
    (
        'network:dhcp',
        'network:distributed',
        'network:floatingip',
        'network:floatingip_agent_gateway',
        'network:ha_router_replicated_interface',
        'network:local_ip',
        'network:routed',
        'network:router_centralized_snat',
        'network:router_gateway',
        'network:router_ha_interface',
        'network:router_interface',
        'network:router_interface_distributed',
        'network:vpn_namespace',
        'network:vpn_router_gateway',
    )
)


def _living(
    resource_type: str,
    path: str,
    key: str,
    fields: tuple[str, ...],
    observe: Callable[[spelling.Told], observation.Observation | None],
    inquiry: listing.Inquiry,
) -> Iterator[observation.Page]:
    listed = pages.by_marker(
        inquiry,
        _SERVICE,
        path,
        key,
        params={
            'fields': [*_COMMON, *fields],
            'sort_key': 'id',
            'sort_dir': 'asc',
        },
    )

    def observe_if_owned(
        told: spelling.Told,
    ) -> observation.Observation | None:
        # What belongs to nobody Neutron made by itself, such as the network
        # of a highly available router.
        return None if told.get('project_id') == '' else observe(told)

    return spelling.observations(listed, resource_type, observe_if_owned)


def _vpn(
    resource_type: str,
    path: str,
    key: str,
    fields: tuple[str, ...],
    observe: Callable[[spelling.Told], observation.Observation | None],
    inquiry: listing.Inquiry,
) -> Iterator[observation.Page]:
    """What an extension has; a cloud without it has none of these."""
    found = pages.ask(inquiry, _SERVICE, '/extensions')
    extensions = found.get('extensions')
    if not isinstance(extensions, list):
        raise listing.Unavailable(
            f'{_SERVICE} /extensions: there is no list of extensions in the '
            'answer'
        )
    if not any(
        isinstance(one, dict) and one.get('alias') == 'vpnaas'
        for one in extensions
    ):
        raise listing.NotOffered(
            f'{_SERVICE}: it has no {resource_type}, for the extension '
            'vpnaas is missing'
        )
    yield from _living(resource_type, path, key, fields, observe, inquiry)


def _vpn_exists(path: str, inquiry: listing.Inquiry, resource_id: str) -> bool:
    """Whether Neutron has what its list lacks.

    The VPN service knows no pages, so Neutron cuts them itself, and gives an
    empty one for a marker that is gone.
    """
    return pages.has(
        inquiry,
        _SERVICE,
        f'{path}/{{}}',
        resource_id,
        params={'fields': 'id'},
    )


def _observation(
    told: spelling.Told,
    resource_type: str,
    *,
    name: str = 'name',
    type_id: str | None = None,
    **attributes: str | None,
) -> observation.Observation:
    """What one object tells.

    :param name: the key of what it is called.
    :param type_id: the id of its flavor, of what has one.
    """
    return observation.Observation(
        resource_type=resource_type,
        resource_id=spelling.name(told, 'id'),
        project_id=spelling.name(told, 'project_id'),
        name=spelling.text(told, name),
        state=_ACTIVE,
        created_at=spelling.time(told, 'created_at'),
        changed_at=spelling.end_of_second(told, 'updated_at', 'created_at'),
        type=type_id,
        type_id=type_id,
        attributes=spelling.texts(**attributes),
    )


def _floating_ip(told: spelling.Told) -> observation.Observation:
    return _observation(
        told,
        'floating-ip',
        name='floating_ip_address',
        external_network_id=spelling.text(told, 'floating_network_id'),
    )


def _router(told: spelling.Told) -> observation.Observation:
    gateway = told.get('external_gateway_info')
    return _observation(
        told,
        'router',
        type_id=spelling.text(told, 'flavor_id'),
        external_network_id=(
            spelling.text(gateway, 'network_id')
            if isinstance(gateway, dict)
            else ''
        ),
    )


def _network(told: spelling.Told) -> observation.Observation:
    return _observation(
        told, 'network', external=spelling.text(told, 'router:external')
    )


def _port(told: spelling.Told) -> observation.Observation | None:
    device_owner = spelling.text(told, 'device_owner')
    if device_owner in _OWN_PORTS:
        return None
    return _observation(told, 'port', device_owner=device_owner)


def _vpn_service(told: spelling.Told) -> observation.Observation:
    return _observation(
        told,
        'vpn-service',
        type_id=spelling.text(told, 'flavor_id'),
        router_id=spelling.text(told, 'router_id'),
    )


def _ipsec_site_connection(told: spelling.Told) -> observation.Observation:
    return _observation(
        told,
        'ipsec-site-connection',
        vpn_service_id=spelling.text(told, 'vpnservice_id'),
    )


LISTINGS = tuple(
    listing.Listing(
        resource_type=what[0],
        service_type=_SERVICE,
        living=functools.partial(living, *what),
        exists=(
            functools.partial(_vpn_exists, what[1]) if living is _vpn else None
        ),
    )
    for living, *what in (
        (
            _living,
            'floating-ip',
            '/floatingips',
            'floatingips',
            ('floating_ip_address', 'floating_network_id'),
            _floating_ip,
        ),
        (
            _living,
            'router',
            '/routers',
            'routers',
            ('name', 'flavor_id', 'external_gateway_info'),
            _router,
        ),
        (
            _living,
            'network',
            '/networks',
            'networks',
            ('name', 'router:external'),
            _network,
        ),
        (
            _living,
            'port',
            '/ports',
            'ports',
            ('name', 'device_owner'),
            _port,
        ),
        (
            _vpn,
            'vpn-service',
            '/vpn/vpnservices',
            'vpnservices',
            ('name', 'flavor_id', 'router_id'),
            _vpn_service,
        ),
        (
            _vpn,
            'ipsec-site-connection',
            '/vpn/ipsec-site-connections',
            'ipsec_site_connections',
            ('name', 'vpnservice_id'),
            _ipsec_site_connection,
        ),
    )
)
