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
"""Clusters, as Magnum lists them.

What notifications tell, and what not, is said in ``magnum.yaml``.
"""

from collections.abc import Iterator

from stratometrics.model import observation
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'container-infrastructure-management'
#: States that only the beginning of an action tells, which is ignored.
_PASSING = frozenset(('ROLLBACK_IN_PROGRESS', 'UPDATE_IN_PROGRESS'))


def _living(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    # Magnum lists those of all projects to an administrator, unasked.
    listed = pages.by_marker(
        inquiry, _SERVICE, '/clusters/detail', 'clusters', identifier='uuid'
    )
    return spelling.observations(listed, 'cluster', _observe)


def _observe(told: spelling.Told) -> observation.Observation | None:
    state = spelling.name(told, 'status')
    if state == 'DELETE_COMPLETE':
        return None
    passing = state in _PASSING
    template_id = spelling.text(told, 'cluster_template_id')
    return observation.Observation(
        resource_type='cluster',
        resource_id=spelling.name(told, 'uuid'),
        project_id=spelling.name(told, 'project_id'),
        name=spelling.text(told, 'name'),
        state=state,
        passing=passing,
        # While it changes, the numbers are those that were asked for.
        resizing=passing,
        created_at=spelling.whole_second(told, 'created_at'),
        changed_at=spelling.end_of_second(told, 'updated_at', 'created_at'),
        type=template_id,
        type_id=template_id,
        attributes=spelling.texts(
            flavor_id=spelling.text(told, 'flavor_id'),
            master_flavor_id=spelling.text(told, 'master_flavor_id'),
        ),
        measures={
            'masters': spelling.measure(told, 'master_count'),
            'nodes': spelling.measure(told, 'node_count'),
        },
    )


LISTINGS = (
    listing.Listing(
        resource_type='cluster', service_type=_SERVICE, living=_living
    ),
)
