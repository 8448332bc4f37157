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
"""Database instances, as the management API of Trove lists them.

What notifications tell, and what not, is said in ``trove.yaml``.
"""

from collections.abc import Callable, Iterator
import dataclasses
import functools

from stratometrics.model import observation
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'database'
_COMPUTE = 'compute'

#: As many as Trove itself puts on a page. It asks Nova for the servers of a
#: page by their names, all in one address.
_PAGE_SIZE = 20

_DELETED = 'deleted'
#: The state of what is still being made.
_PENDING = 'build'
#: What has such a status may never have been.
_NEVER_MADE = frozenset(('build', 'error', 'failed'))
#: States that are soon over. What shuts down is being deleted.
_PASSING = frozenset(
    (
        'backup',
        'detach',
        'eject',
        'promote',
        'reboot',
        'resize',
        'shutdown',
        'upgrade',
    )
)


def _list(inquiry: listing.Inquiry, **params: str) -> Iterator[pages.Page]:
    """Instances, those that changed last first.

    Before 26.0.0 Trove knows no pages and answers with all of them.
    """
    return pages.by_offset(
        dataclasses.replace(
            inquiry, page_size=min(inquiry.page_size, _PAGE_SIZE)
        ),
        _SERVICE,
        '/mgmt/instances',
        'instances',
        params={'include_clustered': 'true', **params},
        # It is no id, but a number.
        offset_key='marker',
        linked=True,
    )


def _observer(
    inquiry: listing.Inquiry,
) -> Callable[[spelling.Told], observation.Observation]:
    flavor_names = functools.cache(lambda: _flavor_names(inquiry))

    def observe(told: spelling.Told) -> observation.Observation:
        status = spelling.name(told, 'status').lower()
        never_made = status in _NEVER_MADE
        flavor = told.get('flavor')
        type_id = spelling.name(
            flavor if isinstance(flavor, dict) else {}, 'id'
        )
        return observation.Observation(
            resource_type='database-instance',
            resource_id=spelling.name(told, 'id'),
            project_id=spelling.name(told, 'tenant_id'),
            name=spelling.text(told, 'name'),
            state=_PENDING if never_made else status,
            passing=never_made or status in _PASSING,
            created_at=spelling.whole_second(told, 'created'),
            changed_at=spelling.end_of_second(told, 'updated', 'created'),
            type=flavor_names().get(type_id),
            type_id=type_id,
        )

    return observe


def _living(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    listed = _list(inquiry, deleted='false')
    return spelling.observations(
        listed, 'database-instance', _observer(inquiry)
    )


def _ended(inquiry: listing.Inquiry, since: int) -> Iterator[observation.Page]:
    """The instances that were deleted at or after a time.

    Trove keeps them all, and does not tell which of them ever ran. So their
    creation is left out: one that no event knows is not billed.
    """
    observe = _observer(inquiry)

    def dead(told: spelling.Told) -> observation.Observation | None:
        ended_at = spelling.end_of_second(told, 'deleted_at')
        if ended_at is None or ended_at < since:
            return None
        return dataclasses.replace(
            observe(told),
            state=_DELETED,
            passing=False,
            created_at=None,
            ended_at=ended_at,
        )

    for asked_at, objects in _list(inquiry, deleted='true'):
        yield from spelling.observations(
            iter([(asked_at, objects)]), 'database-instance', dead
        )
        # Pages begin with what changed last, and a deletion is a change.
        changes = [spelling.end_of_second(told, 'updated') for told in objects]
        if not any(at is None or at >= since for at in changes):
            return


def _exists(inquiry: listing.Inquiry, instance_id: str) -> bool:
    """Whether Trove has an instance that its list lacks.

    The list begins with what changed last, and its pages at a number. What
    changes while it is read moves to a page that was read already.
    """
    return pages.has(inquiry, _SERVICE, '/mgmt/instances/{}', instance_id)


def _flavor_names(inquiry: listing.Inquiry) -> dict[str, str]:
    """The names of Nova's flavors by their ids."""
    listed = pages.by_marker(
        inquiry,
        _COMPUTE,
        '/flavors',
        'flavors',
        params={'is_public': 'None'},
    )
    return {
        one['id']: spelling.name(one, 'name')
        for _asked_at, flavors in listed
        for one in flavors
    }


LISTINGS = (
    listing.Listing(
        resource_type='database-instance',
        service_type=_SERVICE,
        living=_living,
        ended=_ended,
        exists=_exists,
    ),
)
