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
"""Images, as Glance lists them.

What notifications tell, and what not, is said in ``glance.yaml``.
"""

from collections.abc import Iterator

from stratometrics.model import observation
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'image'
_GIB = 2**30
#: Whose an image is that has no owner.
_NOBODY = 'none'
#: States of an image before its activation: it never goes back to one.
_PASSING = frozenset(('queued', 'saving', 'uploading', 'importing', 'killed'))


def _living(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    # A list holds either hidden images or the others. One that is hidden
    # meanwhile is in the second if it was not in the first.
    for hidden in ('false', 'true'):
        yield from spelling.observations(
            pages.by_marker(
                inquiry,
                _SERVICE,
                '/images',
                'images',
                params={'visibility': 'all', 'os_hidden': hidden},
            ),
            'image',
            _observe,
        )


def _observe(told: spelling.Told) -> observation.Observation | None:
    size = spelling.measure(told, 'size', absent=0)
    state = spelling.name(told, 'status')
    if state in ('deleted', 'pending_delete'):
        return None
    return observation.Observation(
        resource_type='image',
        resource_id=spelling.name(told, 'id'),
        project_id=spelling.text(told, 'owner') or _NOBODY,
        name=spelling.text(told, 'name'),
        state=state,
        passing=state in _PASSING,
        created_at=spelling.time(told, 'created_at'),
        changed_at=spelling.end_of_second(told, 'updated_at', 'created_at'),
        attributes=spelling.texts(
            container_format=spelling.text(told, 'container_format'),
            disk_format=spelling.text(told, 'disk_format'),
            visibility=spelling.text(told, 'visibility'),
        ),
        measures={'size_bytes': size, 'size_gib': -(-size // _GIB)},
    )


LISTINGS = (
    listing.Listing(
        resource_type='image', service_type=_SERVICE, living=_living
    ),
)
