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
"""Bare-metal nodes, as Ironic lists them.

What notifications tell, and what not, is said in ``ironic.yaml``.
"""

from collections.abc import Iterator

from stratometrics.model import observation
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'baremetal'
#: The first that tells who leases a node.
_MICROVERSION = '1.65'
_FIELDS = (
    'uuid',
    'name',
    'lessee',
    'owner',
    'provision_state',
    'provision_updated_at',
    'resource_class',
)
#: Whose a node is that nobody leases or owns.
_NOBODY = 'none'


def _living(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    found = pages.microversion(inquiry, _SERVICE, _MICROVERSION)
    if found != _MICROVERSION:
        raise listing.Unavailable(
            f'{_SERVICE}: microversion {_MICROVERSION} is needed, to know who '
            'leases a node'
        )
    listed = pages.by_marker(
        inquiry,
        _SERVICE,
        '/nodes',
        'nodes',
        params={'fields': ','.join(_FIELDS)},
        microversion=_MICROVERSION,
        identifier='uuid',
    )
    return spelling.observations(listed, 'node', _observe)


def _observe(told: spelling.Told) -> observation.Observation:
    return observation.Observation(
        resource_type='node',
        resource_id=spelling.name(told, 'uuid'),
        project_id=(
            spelling.text(told, 'lessee')
            or spelling.text(told, 'owner')
            or _NOBODY
        ),
        name=spelling.text(told, 'name'),
        state=spelling.name(told, 'provision_state'),
        # Not updated_at: a power state changes that, too.
        changed_at=spelling.end_of_second(told, 'provision_updated_at'),
        type=spelling.text(told, 'resource_class'),
    )


LISTINGS = (
    listing.Listing(
        resource_type='node', service_type=_SERVICE, living=_living
    ),
)
