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
"""What is stored in object storage, account by account.

Swift lists no accounts, and notifies of none. So each account that a project
of Keystone would have is asked for by its name: one request for each project,
there is no other way. It takes a role that may read all accounts, such as
``ResellerAdmin``.
"""

from collections.abc import Iterator
import functools
from typing import Any

import requests

from stratometrics import cloud
from stratometrics.model import observation
from stratometrics.model import places
from stratometrics.model import timestamps
from stratometrics.reconciler import listing
from stratometrics.reconciler import pages
from stratometrics.reconciler import spelling

_SERVICE = 'object-store'
_IDENTITY = 'identity'
#: What an account says of itself, and the measure that it is.
_MEASURES = {
    'X-Account-Bytes-Used': 'size_bytes',
    'X-Account-Container-Count': 'containers',
    'X-Account-Object-Count': 'objects',
}


def _living(inquiry: listing.Inquiry) -> Iterator[observation.Page]:
    region = inquiry.cloud.config.get_region_name(_SERVICE)
    prefix = _prefix(inquiry)
    observe = functools.partial(_observe, region)
    projects = _projects(inquiry)
    for number in range(0, len(projects), inquiry.page_size):
        asked_at = timestamps.now()
        page = projects[number : number + inquiry.page_size]
        told = [
            {**project, **account}
            for project in page
            if (account := _account(inquiry, prefix, project['id']))
        ]
        yield from spelling.observations(
            iter([(asked_at, told)]), 'object-account', observe
        )


def _observe(region: str, told: spelling.Told) -> observation.Observation:
    """What an account says.

    When it was made is not said here: what it holds now it did not hold then.
    """
    project_id = spelling.name(told, 'id')
    measures = {
        name: spelling.measure(told, name) for name in _MEASURES.values()
    }
    return observation.Observation(
        resource_type='object-account',
        # Each region has an account of the project.
        resource_id=f'{region}/{project_id}',
        project_id=project_id,
        name=spelling.text(told, 'name'),
        # Swift answers alike for an account that nobody has used yet.
        state='active' if measures['containers'] else 'empty',
        measures=measures,
    )


def _projects(inquiry: listing.Inquiry) -> list[dict[str, Any]]:
    """The ids and names of all projects that Keystone knows."""
    path = '/projects'
    projects: list[dict[str, Any]] = []
    marker: dict[str, str] = {}
    while True:
        answer = pages.ask(inquiry, _IDENTITY, path, params=marker)
        listed = pages.objects(answer, 'projects', 'id', f'{_IDENTITY} {path}')
        links = answer.get('links')
        if answer.get('truncated'):
            raise listing.Unavailable(
                f'{_IDENTITY} {path}: the list is cut off; raise list_limit '
                'of Keystone'
            )
        projects += [
            {'id': one['id'], 'name': one.get('name')} for one in listed
        ]
        if not (isinstance(links, dict) and links.get('next')):
            return projects
        if not listed or marker == {'marker': listed[-1]['id']}:
            raise listing.Unavailable(
                f'{_IDENTITY} {path}: the same page came twice'
            )
        marker = {'marker': listed[-1]['id']}


def _prefix(inquiry: listing.Inquiry) -> str:
    """What comes before a project's id in the address of its account."""
    try:
        service = inquiry.cloud.object_store
        endpoint = service.get_endpoint() or ''
        project_id = service.get_project_id()
    except cloud.failures() as error:
        raise listing.Unavailable(
            f'{_SERVICE}: {cloud.reason(error)}'
        ) from error
    prefix, found, rest = endpoint.rstrip('/').rpartition(project_id or '/')
    if not found or rest:
        raise listing.Unavailable(
            f'{_SERVICE}: its endpoint in the catalog does not end with the '
            'id of a project, so that of an account cannot be told'
        )
    return prefix


def _account(
    inquiry: listing.Inquiry, prefix: str, project_id: str
) -> dict[str, int] | None:
    """The measures of an account; None if there is none."""
    account = f'{_SERVICE}: account of {places.shown(project_id)}'
    try:
        response: requests.Response = inquiry.cloud.object_store.head(
            f'{prefix}{pages.segment(project_id)}'
        )
    except cloud.failures() as error:
        raise listing.Unavailable(
            f'{account}: {cloud.reason(error)}'
        ) from error
    # One that was deleted is "gone" until Swift reclaims it, a week later.
    if response.status_code in (requests.codes.not_found, requests.codes.gone):
        return None
    if not response.ok:
        raise listing.Unavailable(f'{account}: {response.status_code}')
    measures = {}
    for header, name in _MEASURES.items():
        amount = response.headers.get(header, '')
        if not (amount.isascii() and amount.isdigit()):
            raise listing.Unavailable(f'{account}: {header} is missing')
        measures[name] = int(amount)
    return measures


LISTINGS = (
    listing.Listing(
        resource_type='object-account', service_type=_SERVICE, living=_living
    ),
)
