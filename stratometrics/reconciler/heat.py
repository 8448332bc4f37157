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
"""Stacks, as Heat lists them.

What notifications tell, and what not, is said in ``heat.yaml``. Heat's own
``updated_time`` is that of the last request, not of what came of it, so it
does not tell when a stack changed.
"""

from collections.abc import Iterator
from typing import Any

from stratometrics.model import observation
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'orchestration'


def _list(inquiry: listing.Inquiry, **params: Any) -> Iterator[pages.Page]:
    return pages.by_marker(
        inquiry,
        _SERVICE,
        '/stacks',
        'stacks',
        # A stack inside a stack is told like any other, and so is a hidden
        # one.
        params={
            'global_tenant': 'true',
            'show_nested': 'true',
            'show_hidden': 'true',
            **params,
        },
    )


def _living(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    return spelling.observations(_list(inquiry), 'stack', _alive)


def _alive(told: spelling.Told) -> observation.Observation | None:
    if spelling.name(told, 'stack_status') == 'DELETE_COMPLETE':
        return None
    return _observe(told)


def _ended(inquiry: listing.Inquiry, since: int) -> Iterator[observation.Page]:
    def dead(told: spelling.Told) -> observation.Observation | None:
        seen = _observe(told)
        if seen.state != 'DELETE_COMPLETE' or not seen.ended_at:
            return None
        return seen if seen.ended_at >= since else None

    listed = _list(inquiry, show_deleted='true', action='DELETE')
    return spelling.observations(listed, 'stack', dead)


def _observe(told: spelling.Told) -> observation.Observation:
    return observation.Observation(
        resource_type='stack',
        resource_id=spelling.name(told, 'id'),
        project_id=spelling.name(told, 'project'),
        name=spelling.text(told, 'stack_name'),
        state=spelling.name(told, 'stack_status'),
        created_at=spelling.time(told, 'creation_time'),
        ended_at=spelling.end_of_second(told, 'deletion_time'),
    )


LISTINGS = (
    listing.Listing(
        resource_type='stack',
        service_type=_SERVICE,
        living=_living,
        ended=_ended,
    ),
)
