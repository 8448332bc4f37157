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
"""Shares and their snapshots, as Manila lists them.

What notifications tell, and what not, is said in ``manila.yaml``.
"""

from collections.abc import Iterator
from typing import Any

from stratometrics.model import observation
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'shared-file-system'
#: 2.69 tells of shares in the recycle bin. 2.17, the least that is needed,
#: tells whose a snapshot is.
_RECYCLE_BIN = '2.69'

_AVAILABLE = 'available'
#: The state of what is still being made.
_PENDING = 'creating'
#: What has such a status may never have been.
_NEVER_MADE = frozenset(
    (
        'creating',
        'creating_from_snapshot',
        'deleting',
        'error',
        'error_deleting',
        'manage_error',
        'manage_error_unmanage_starting',
        'manage_starting',
    )
)
#: What a deferred deletion tells, and what all of a share in use.
_TOLD = frozenset((_AVAILABLE, 'deferred_deleting', 'error_deferred_deleting'))


def _list(
    inquiry: listing.Inquiry, path: str, key: str, **params: Any
) -> Iterator[pages.Page]:
    return pages.by_offset(
        inquiry,
        _SERVICE,
        path,
        key,
        params={
            'all_tenants': '1',
            'sort_key': 'created_at',
            'sort_dir': 'asc',
            **params,
        },
        microversion=_microversion(inquiry),
    )


def _microversion(inquiry: listing.Inquiry) -> str:
    found = pages.microversion(inquiry, _SERVICE, _RECYCLE_BIN)
    if found is None:
        raise listing.Unavailable(
            f'{_SERVICE}: it has no microversion up to {_RECYCLE_BIN}'
        )
    return found


def _shares(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    path, key = '/shares/detail', 'shares'
    lists = [_list(inquiry, path, key)]
    # What is in the recycle bin can be restored, and its notifications do not
    # say that it was put there.
    if _microversion(inquiry) == _RECYCLE_BIN:
        lists.append(_list(inquiry, path, key, is_soft_deleted='true'))
    for listed in lists:
        yield from spelling.observations(listed, 'share', _share)


def _share_exists(inquiry: listing.Inquiry, share_id: str) -> bool:
    """Whether Manila has a share that is in neither list.

    One that is taken out of the recycle bin between the two is not.
    """
    return pages.has(
        inquiry,
        _SERVICE,
        '/shares/{}',
        share_id,
        microversion=_microversion(inquiry),
    )


def _share(told: spelling.Told) -> observation.Observation:
    status = spelling.name(told, 'status')
    never_made = status in _NEVER_MADE
    state = status if status in _TOLD else _AVAILABLE
    return observation.Observation(
        resource_type='share',
        resource_id=spelling.name(told, 'id'),
        project_id=spelling.name(told, 'project_id'),
        user_id=spelling.text(told, 'user_id'),
        name=spelling.text(told, 'name'),
        state=_PENDING if never_made else state,
        passing=status not in _TOLD,
        created_at=spelling.time(told, 'created_at'),
        type=spelling.text(told, 'share_type_name'),
        type_id=spelling.text(told, 'share_type'),
        attributes=spelling.texts(protocol=spelling.text(told, 'share_proto')),
        # Of a share that it is to manage Manila does not know the size yet.
        measures={
            'size_gib': spelling.measure(
                told, 'size', absent=0 if never_made else None
            )
        },
    )


def _snapshots(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    return spelling.observations(
        _list(inquiry, '/snapshots/detail', 'snapshots'),
        'share-snapshot',
        _snapshot,
    )


def _snapshot(told: spelling.Told) -> observation.Observation:
    status = spelling.name(told, 'status')
    never_made = status in _NEVER_MADE
    return observation.Observation(
        resource_type='share-snapshot',
        resource_id=spelling.name(told, 'id'),
        project_id=spelling.name(told, 'project_id'),
        user_id=spelling.text(told, 'user_id'),
        name=spelling.text(told, 'name'),
        # Only its creation is waited for: nothing else is told of its state.
        state=_PENDING if never_made else _AVAILABLE,
        passing=never_made,
        created_at=spelling.time(told, 'created_at'),
        attributes=spelling.texts(share_id=spelling.text(told, 'share_id')),
        measures={'size_gib': spelling.measure(told, 'size')},
    )


LISTINGS = tuple(
    listing.Listing(
        resource_type=resource_type,
        service_type=_SERVICE,
        living=living,
        exists=exists,
    )
    for resource_type, living, exists in (
        ('share', _shares, _share_exists),
        ('share-snapshot', _snapshots, None),
    )
)
