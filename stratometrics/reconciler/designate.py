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
"""DNS zones, as Designate lists them.

What notifications tell, and what not, is said in ``designate.yaml``.
"""

from collections.abc import Iterator

from stratometrics.model import observation
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'dns'


def _living(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    listed = pages.by_marker(
        inquiry, _SERVICE, '/zones', 'zones', params={'all_projects': 'true'}
    )
    return spelling.observations(listed, 'zone', _observe)


def _observe(told: spelling.Told) -> observation.Observation | None:
    # A deletion that was asked for cannot be undone: the zone has ended,
    # though the name servers may not know yet.
    if told.get('action') == 'DELETE' or told.get('status') == 'DELETED':
        return None
    return observation.Observation(
        resource_type='zone',
        resource_id=spelling.name(told, 'id'),
        project_id=spelling.name(told, 'project_id'),
        name=spelling.text(told, 'name'),
        state='active',
        created_at=spelling.time(told, 'created_at'),
        changed_at=spelling.end_of_second(told, 'updated_at', 'created_at'),
    )


LISTINGS = (
    listing.Listing(
        resource_type='zone', service_type=_SERVICE, living=_living
    ),
)
