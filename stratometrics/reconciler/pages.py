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
import dataclasses
from typing import Any
import urllib.parse

from keystoneauth1 import adapter
import requests

from stratometrics import cloud
from stratometrics.model import places
from stratometrics.model import timestamps
from stratometrics.notifications import checks
from stratometrics.notifications import errors
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
    from openstack import utils

    try:
        return utils.maximum_supported_microversion(
            _service(inquiry, service_type), known
        )
    except cloud.failures() as error:
        raise listing.Unavailable(
            f'{service_type}: {cloud.reason(error)}'
        ) from error


def segment(value: Any, key: str = 'id') -> str:
    """An id as a part of a path, quoted.

    :param key: what it is, for the error.
    :raises NotUnderstood: it is no id, or would lead elsewhere however it is
        quoted: servers take the quotes away before they look for a slash, and
        our own libraries before they look for dots.
    """
    id_ = checks.name(key, value)
    if '/' in id_ or id_ in ('.', '..'):
        raise errors.NotUnderstood(
            f'{key}: cannot be a part of a path: {places.shown(id_)}'
        )
    return urllib.parse.quote(id_, safe='')


def ask(
    inquiry: listing.Inquiry,
    service_type: str,
    path: str,
    *ids: str,
    params: Mapping[str, Any] | None = None,
    microversion: str | None = None,
) -> dict[str, Any]:
    """The JSON object that a service answers with.

    :param service_type: the service in the catalog, by its official name.
    :param path: below the service's endpoint, such as ``/servers/{}``.
    :param ids: what stands in the places that the path has for it.
    :raises Missing: the service says that there is no such thing.
    :raises NotUnderstood: nothing can have such an id.
    :raises Unavailable: the service cannot be asked, or answers otherwise.
    """
    question = _Question(
        inquiry,
        service_type,
        path.format(*map(segment, ids)),
        params or {},
        microversion,
    )
    return question.content(question.ask())


def has(
    inquiry: listing.Inquiry,
    service_type: str,
    path: str,
    resource_id: str,
    *,
    params: Mapping[str, Any] | None = None,
    microversion: str | None = None,
) -> bool:
    """Whether a service has something, asked for that one alone.

    :param path: with a place for the id, such as ``/servers/{}``.
    :param resource_id: may be any text: messages tell of resources, too.
    :raises Unavailable: the service cannot be asked, or answers otherwise.
    """
    try:
        ask(
            inquiry,
            service_type,
            path,
            resource_id,
            params=params,
            microversion=microversion,
        )
    except (Missing, errors.NotUnderstood):
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
    question = _Question(
        inquiry,
        service_type,
        path,
        {'limit': inquiry.page_size, **(params or {})},
        microversion,
    )
    previous: list[str] = []
    while True:
        latest = previous[: -_MARKERS - 1 : -1]
        for marker in latest or [None]:
            asked_at = timestamps.now()
            response = question.ask(**({'marker': marker} if marker else {}))
            if response.status_code not in _NO_SUCH_MARKER:
                break
        listed = objects(
            question.content(response), key, identifier, str(question)
        )
        if not listed:
            return
        known = set(previous)
        unseen = [one for one in listed if one[identifier] not in known]
        if unseen:
            yield asked_at, unseen
        elif marker == latest[0]:
            raise listing.Unavailable(f'{question}: the same page came twice')
        previous = [one[identifier] for one in listed]


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
    question = _Question(
        inquiry,
        service_type,
        path,
        # By the one object that it repeats a page alone would tell nothing.
        {'limit': max(inquiry.page_size, 2), **(params or {})},
        microversion,
    )
    known: set[str] = set()
    previous: list[str] = []
    offset = step = returns = 0
    while True:
        asked_at = timestamps.now()
        content = question.content(question.ask(**{offset_key: offset}))
        listed = objects(content, key, identifier, str(question))
        names = [one[identifier] for one in listed]
        if offset and (not names or names[0] not in known):
            if previous:
                returns += 1
            if returns > _RETURNS:
                raise listing.Unavailable(
                    f'{question}: its pages do not follow one another'
                )
            offset = max(0, offset - step)
            previous = []
            continue
        if len(names) > 1 and names == previous:
            raise listing.Unavailable(f'{question}: the same page came twice')
        unseen = [one for one in listed if one[identifier] not in known]
        if unseen:
            returns = 0
            yield asked_at, unseen
        if len(names) < 2 or (linked and not content.get('links')):
            return
        known.update(names)
        previous = names
        step = len(names) - 1
        offset += step


def objects(
    content: Mapping[str, Any], key: str, identifier: str, asked: str
) -> list[dict[str, Any]]:
    """The objects that an answer lists.

    :param key: where they are in the answer.
    :param identifier: the key of an object's id.
    :param asked: who was asked for what, for the error.
    :raises Unavailable: there is no list, or one of them has no id by which
        it could be asked for.
    """
    found = content.get(key)
    if not isinstance(found, list) or not all(
        isinstance(one, dict) for one in found
    ):
        raise listing.Unavailable(
            f'{asked}: there is no list of {key} in the answer'
        )
    try:
        for one in found:
            segment(one.get(identifier), identifier)
    except errors.NotUnderstood as error:
        raise listing.Unavailable(f'{asked}: one of {key}: {error}') from error
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class _Question:
    """What a service is asked; its text says whom and for what.

    :param path: quoted already.
    :param params: of the query, but for what turns pages.
    """

    inquiry: listing.Inquiry
    service_type: str
    path: str
    params: Mapping[str, Any]
    microversion: str | None

    def __str__(self) -> str:
        return f'{self.service_type} {self.path}'

    def ask(self, **further: Any) -> requests.Response:
        """Ask.

        :param further: parameters of the query.
        """
        try:
            return _service(self.inquiry, self.service_type).get(
                self.path,
                params={**self.params, **further},
                microversion=self.microversion,
            )
        except cloud.failures() as error:
            raise listing.Unavailable(
                f'{self}: {cloud.reason(error)}'
            ) from error

    def content(self, response: requests.Response) -> dict[str, Any]:
        """The JSON object that an answer is."""
        if response.status_code >= 400:
            failure = (
                Missing if response.status_code == 404 else listing.Unavailable
            )
            raise failure(
                f'{self}: {response.status_code} '
                f'{cloud.printable(response.reason or "")}'.rstrip()
            )
        try:
            content = response.json()
        except ValueError:
            content = None
        except RecursionError as error:
            raise listing.Unavailable(
                f'{self}: {cloud.reason(error)}'
            ) from error
        if not isinstance(content, dict):
            raise listing.Unavailable(
                f'{self}: the answer is not a JSON object'
            )
        return content


def _service(inquiry: listing.Inquiry, service_type: str) -> adapter.Adapter:
    return getattr(inquiry.cloud, service_type.replace('-', '_'))
