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
"""Load balancers, as Octavia lists them.

What notifications tell, and what not, is said in ``octavia.yaml``.
"""

from collections.abc import Iterator, Mapping
import functools
import json
from typing import Any

from stratometrics.model import observation
from stratometrics.model import places
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'load-balancer'
#: The state of all that was made.
_ACTIVE = 'active'
#: The state of what was not, or perhaps not.
_PENDING = 'pending_create'
_AMPHORA = 'amphora'
#: What Octavia also calls it.
_ALIASES_OF_AMPHORA = ('amphorav2', 'octavia')


def _living(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    flavors = functools.cache(lambda: _flavors(inquiry))

    def observe(told: spelling.Told) -> observation.Observation | None:
        status = spelling.name(told, 'provisioning_status')
        if status == 'DELETED':
            return None
        # One whose creation failed is in error until it is deleted. Of any
        # other its creation tells.
        made = status in ('ACTIVE', 'PENDING_UPDATE')
        contents: Mapping[str, Any] | None = {}
        if flavor_id := spelling.text(told, 'flavor_id'):
            contents = flavors().get(flavor_id)
        return observation.Observation(
            resource_type='load-balancer',
            resource_id=spelling.name(told, 'id'),
            project_id=spelling.name(told, 'project_id'),
            name=spelling.text(told, 'name'),
            state=_ACTIVE if made else _PENDING,
            passing=not made,
            created_at=spelling.time(told, 'created_at'),
            changed_at=spelling.end_of_second(
                told, 'updated_at', 'created_at'
            ),
            availability_zone=spelling.text(told, 'availability_zone'),
            attributes={
                **({} if contents is None else _attributes(contents)),
                'provider': _provider(told),
            },
        )

    listed = pages.by_marker(
        inquiry, _SERVICE, '/lbaas/loadbalancers', 'loadbalancers'
    )
    return spelling.observations(listed, 'load-balancer', observe)


def _provider(told: spelling.Told) -> str:
    name = spelling.name(told, 'provider')
    return _AMPHORA if name in _ALIASES_OF_AMPHORA else name


def _attributes(contents: Mapping[str, Any]) -> dict[str, str]:
    """What a flavor says, as notifications tell it: '' of what it does not."""
    told = {'loadbalancer_topology': None, 'compute_flavor': None, **contents}
    return spelling.texts(
        topology=spelling.text(told, 'loadbalancer_topology'),
        compute_flavor=spelling.text(told, 'compute_flavor'),
    )


def _flavors(inquiry: listing.Inquiry) -> dict[str, Mapping[str, Any]]:
    """What is in each flavor, by its id."""
    profiles = {
        one['id']: _contents(one)
        for _asked_at, listed in pages.by_marker(
            inquiry, _SERVICE, '/lbaas/flavorprofiles', 'flavorprofiles'
        )
        for one in listed
    }
    return {
        one['id']: profiles[profile_id]
        for _asked_at, listed in pages.by_marker(
            inquiry, _SERVICE, '/lbaas/flavors', 'flavors'
        )
        for one in listed
        if (profile_id := spelling.text(one, 'flavor_profile_id')) in profiles
    }


def _contents(profile: spelling.Told) -> Mapping[str, Any]:
    try:
        contents = json.loads(profile['flavor_data'])
    except (KeyError, TypeError, ValueError, RecursionError):
        contents = None
    if not isinstance(contents, dict):
        raise listing.Unavailable(
            f'{_SERVICE} /lbaas/flavorprofiles: flavor_data of '
            f'{places.shown(profile["id"])} is not a JSON object'
        )
    return contents


LISTINGS = (
    listing.Listing(
        resource_type='load-balancer', service_type=_SERVICE, living=_living
    ),
)
