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
"""Volumes, their snapshots and backups, as Cinder lists them.

What notifications tell, and what not, is said in ``cinder.yaml``.
"""

from collections.abc import Iterator
import functools
from typing import Any

from stratometrics.model import observation
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'block-storage'
#: 3.18 tells whose a backup is, 3.41 the user of a snapshot, 3.56 that of a
#: backup, 3.63 the id of a volume's type, 3.65 what Cinder made for itself.
_MICROVERSION = '3.65'

#: The state of what is still being made.
_PENDING = 'creating'
#: What has such a status may never have been.
_NEVER_MADE = frozenset(
    ('error', 'error_managing', 'error_managing_deleting', 'managing')
)
#: States that nothing tells but an audit, or that are soon over.
_PASSING = {
    'volume': frozenset(
        (
            'attaching',
            'awaiting-transfer',
            'backing-up',
            'creating',
            'deleting',
            'detaching',
            'downloading',
            'extending',
            'maintenance',
            'reserved',
            'restoring-backup',
            'retyping',
            'reverting',
            'unmanaging',
            'uploading',
        )
    ),
    'snapshot': frozenset(
        (
            'backing-up',
            'creating',
            'deleting',
            'restoring',
            'unmanaging',
            'updating',
        )
    ),
    'backup': frozenset(('creating', 'deleting', 'restoring')),
}


def _list(
    inquiry: listing.Inquiry, path: str, key: str
) -> Iterator[pages.Page]:
    return pages.by_marker(
        inquiry,
        _SERVICE,
        path,
        key,
        params={'all_tenants': '1'},
        microversion=pages.microversion(inquiry, _SERVICE, _MICROVERSION),
    )


def _state(told: spelling.Told, resource_type: str) -> tuple[str, bool]:
    """The state of a resource, and whether it is a passing one.

    What is in error may never have been, and is not billed until something
    tells that it was. Of what is known to have been, ``reset_status`` tells.
    """
    state = spelling.name(told, 'status')
    if state in _NEVER_MADE:
        return _PENDING, True
    return state, state in _PASSING[resource_type]


def _is_cinders_own(told: spelling.Told) -> bool:
    """Whether Cinder made a volume or a snapshot for itself.

    It does for a migration, for a backup of what is in use, and to revert to
    a snapshot. Such a copy goes away, or takes the place of the volume. It
    uses nobody's quota, and, up to microversion 3.64, only that of a migration
    can be told apart.
    """
    migration = told.get('os-vol-mig-status-attr:migstat') or ''
    return told.get('consumes_quota') is False or str(migration).startswith(
        'target:'
    )


def _observation(
    told: spelling.Told, resource_type: str, owner: str, **facts: Any
) -> observation.Observation:
    """What one object tells.

    :param owner: the key of the project that it belongs to.
    :param facts: what the others do not have.
    """
    state, passing = _state(told, resource_type)
    return observation.Observation(
        resource_type=resource_type,
        resource_id=spelling.name(told, 'id'),
        project_id=spelling.name(told, owner),
        user_id=spelling.text(told, 'user_id'),
        name=spelling.text(told, 'name'),
        state=state,
        passing=passing,
        created_at=spelling.time(told, 'created_at'),
        changed_at=spelling.end_of_second(told, 'updated_at', 'created_at'),
        measures={'size_gib': spelling.measure(told, 'size')},
        **facts,
    )


def _volumes(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    type_ids = functools.cache(lambda: _type_ids(inquiry))

    def observe(told: spelling.Told) -> observation.Observation | None:
        if _is_cinders_own(told):
            return None
        if 'volume_type_id' in told:
            type_id = spelling.text(told, 'volume_type_id')
        elif type_name := spelling.text(told, 'volume_type'):
            type_id = type_ids().get(type_name)
        else:
            type_id = ''
        return _observation(
            told,
            'volume',
            'os-vol-tenant-attr:tenant_id',
            type=type_id,
            type_id=type_id,
            availability_zone=spelling.text(told, 'availability_zone'),
        )

    return spelling.observations(
        _list(inquiry, '/volumes/detail', 'volumes'), 'volume', observe
    )


def _type_ids(inquiry: listing.Inquiry) -> dict[str, str]:
    """The ids of volume types by their names, which are unique."""
    listed = pages.by_marker(
        inquiry,
        _SERVICE,
        '/types',
        'volume_types',
        params={'is_public': 'None'},
    )
    return {
        spelling.name(one, 'name'): one['id']
        for _asked_at, types in listed
        for one in types
    }


def _snapshots(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    return spelling.observations(
        _list(inquiry, '/snapshots/detail', 'snapshots'), 'snapshot', _snapshot
    )


def _snapshot(told: spelling.Told) -> observation.Observation | None:
    if _is_cinders_own(told):
        return None
    return _observation(
        told,
        'snapshot',
        'os-extended-snapshot-attributes:project_id',
        attributes=_source(told),
    )


def _backups(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    return spelling.observations(
        _list(inquiry, '/backups/detail', 'backups'), 'backup', _backup
    )


def _backup(told: spelling.Told) -> observation.Observation:
    return _observation(
        told,
        'backup',
        'os-backup-project-attr:project_id',
        availability_zone=spelling.text(told, 'availability_zone'),
        attributes=_source(told),
    )


def _source(told: spelling.Told) -> dict[str, str]:
    """The volume that something is a copy of."""
    return spelling.texts(volume_id=spelling.text(told, 'volume_id'))


LISTINGS = tuple(
    listing.Listing(
        resource_type=resource_type, service_type=_SERVICE, living=living
    )
    for resource_type, living in (
        ('volume', _volumes),
        ('snapshot', _snapshots),
        ('backup', _backups),
    )
)
