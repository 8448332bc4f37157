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
"""Pages of JSON objects, as services give them.

What is missing from a list is taken for gone, and its bill ends. So a list is
read to an end that the service itself shows, and whatever is not as it should
be is an error, not an end.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from keystoneauth1 import adapter
from openstack import utils
import requests

from stratometrics import cloud
from stratometrics.model import timestamps
from stratometrics.reconciler import listing

#: When it was asked, in microseconds since the epoch, and what was listed.
Page = tuple[int, list[dict[str, Any]]]

#: What services answer to a marker that is gone.
_NO_SUCH_MARKER = (400, 404)
#: How many objects of a page may be gone before the next one is asked for.
_MARKERS = 10
#: How often one may go back to an earlier offset, and find nothing new.
_RETURNS = 10


class Missing(listing.Unavailable):
    """The service says that there is no such thing: its status is 404."""


def microversion(
    inquiry: listing.Inquiry, service_type: str, known: str
) -> str | None:
    """The highest microversion that the service has and we know.

    :param known: the highest that we know, such as ``2.96``.
    :returns: a microversion, or None if the service has none that is known:
        then it is asked without.
    :raises Unavailable: the service cannot be asked.
    """
    try:
        return utils.maximum_supported_microversion(
            _service(inquiry, service_type), known
        )
    except cloud.FAILURES as error:
        raise listing.Unavailable(f'{service_type}: {error}') from error


def ask(
    inquiry: listing.Inquiry,
    service_type: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    microversion: str | None = None,
) -> dict[str, Any]:
    """The JSON object that a service answers with.

    :param service_type: the service in the catalog, by its official name.
    :param path: below the service's endpoint, such as ``/servers/detail``.
    :raises Missing: the service says that there is no such thing.
    :raises Unavailable: the service cannot be asked, or answers otherwise.
    """
    response = _get(inquiry, service_type, path, params, microversion)
    return _content(response, service_type, path)


def has(
    inquiry: listing.Inquiry,
    service_type: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    microversion: str | None = None,
) -> bool:
    """Whether a service has something, asked for that one alone.

    :raises Unavailable: the service cannot be asked, or answers otherwise.
    """
    try:
        ask(
            inquiry,
            service_type,
            path,
            params=params,
            microversion=microversion,
        )
    except Missing:
        return False
    return True


def by_marker(
    inquiry: listing.Inquiry,
    service_type: str,
    path: str,
    key: str,
    *,
    params: Mapping[str, Any] | None = None,
    microversion: str | None = None,
    identifier: str = 'id',
) -> Iterator[Page]:
    """The pages of a list whose next page begins after a marker.

    A service may give fewer objects than it was asked for, so only a page
    without any is the end. An object that is deleted while the list is read
    is no marker any more; the one before it is taken then.

    :param key: where the objects are in the answer, such as ``servers``.
    :param params: of the query, besides ``limit`` and ``marker``.
    :param identifier: the key of an object that a marker names.
    :raises Unavailable: the service cannot be asked, answers otherwise, or
        pays no attention to the marker.
    """
    query = {'limit': inquiry.page_size, **(params or {})}
    previous: list[str] = []
    while True:
        latest = previous[: -_MARKERS - 1 : -1]
        for marker in latest or [None]:
            asked_at = timestamps.now()
            response = _get(
                inquiry,
                service_type,
                path,
                {**query, 'marker': marker} if marker else query,
                microversion,
            )
            if response.status_code not in _NO_SUCH_MARKER:
                break
        content = _content(response, service_type, path)
        objects = _objects(content, service_type, path, key, identifier)
        if not objects:
            return
        known = set(previous)
        unseen = [one for one in objects if one[identifier] not in known]
        if unseen:
            yield asked_at, unseen
        elif marker == latest[0]:
            raise listing.Unavailable(
                f'{service_type} {path}: the same page came twice'
            )
        previous = [one[identifier] for one in objects]


def by_offset(
    inquiry: listing.Inquiry,
    service_type: str,
    path: str,
    key: str,
    *,
    params: Mapping[str, Any] | None = None,
    microversion: str | None = None,
    identifier: str = 'id',
    offset_key: str = 'offset',
    linked: bool = False,
) -> Iterator[Page]:
    """The pages of a list whose next page begins at an offset.

    Where an object is deleted while the list is read, those behind it move
    up, and one would be passed over. So each page has to begin with an object
    that is known already; where it does not, an earlier one is asked for.

    :param key: where the objects are in the answer, such as ``shares``.
    :param params: of the query, besides ``limit`` and ``offset``.
    :param identifier: the key of an object that tells it from others.
    :param offset_key: what the service calls the offset.
    :param linked: whether an answer without ``links`` is the last one.
    :raises Unavailable: the service cannot be asked, answers otherwise, or
        pays no attention to the offset.
    """
    # By the one object that it repeats a page alone would tell nothing.
    limit = max(inquiry.page_size, 2)
    known: set[str] = set()
    previous: list[str] = []
    offset = step = returns = 0
    while True:
        asked_at = timestamps.now()
        response = _get(
            inquiry,
            service_type,
            path,
            {'limit': limit, **(params or {}), offset_key: offset},
            microversion,
        )
        content = _content(response, service_type, path)
        objects = _objects(content, service_type, path, key, identifier)
        names = [one[identifier] for one in objects]
        if offset and (not names or names[0] not in known):
            if previous:
                returns += 1
            if returns > _RETURNS:
                raise listing.Unavailable(
                    f'{service_type} {path}: its pages do not follow one '
                    'another'
                )
            offset = max(0, offset - step)
            previous = []
            continue
        if len(names) > 1 and names == previous:
            raise listing.Unavailable(
                f'{service_type} {path}: the same page came twice'
            )
        unseen = [one for one in objects if one[identifier] not in known]
        if unseen:
            returns = 0
            yield asked_at, unseen
        if len(names) < 2 or (linked and not content.get('links')):
            return
        known.update(names)
        previous = names
        step = len(names) - 1
        offset += step


def _service(inquiry: listing.Inquiry, service_type: str) -> adapter.Adapter:
    return getattr(inquiry.cloud, service_type.replace('-', '_'))


def _get(
    inquiry: listing.Inquiry,
    service_type: str,
    path: str,
    params: Mapping[str, Any] | None,
    microversion: str | None,
) -> requests.Response:
    try:
        return _service(inquiry, service_type).get(
            path, params=params, microversion=microversion
        )
    except cloud.FAILURES as error:
        raise listing.Unavailable(f'{service_type} {path}: {error}') from error


def _content(
    response: requests.Response, service_type: str, path: str
) -> dict[str, Any]:
    if response.status_code >= 400:
        failure = (
            Missing if response.status_code == 404 else listing.Unavailable
        )
        raise failure(
            f'{service_type} {path}: {response.status_code} '
            f'{response.reason or ""}'.rstrip()
        )
    try:
        content = response.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise listing.Unavailable(
            f'{service_type} {path}: the answer is not a JSON object'
        )
    return content


def _objects(
    content: Mapping[str, Any],
    service_type: str,
    path: str,
    key: str,
    identifier: str,
) -> list[dict[str, Any]]:
    objects = content.get(key)
    if not isinstance(objects, list) or not all(
        isinstance(one, dict) and isinstance(one.get(identifier), str)
        for one in objects
    ):
        raise listing.Unavailable(
            f'{service_type} {path}: there is no list of {key} in the answer'
        )
    return objects
