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
"""What an answer is: the one of the service, its error, or another one's."""

import contextlib
import decimal
import json
from typing import Any
from urllib import parse

import requests

from stratometrics.client import errors
from stratometrics.client import failures

REDIRECTS = (301, 302, 307, 308)

_UNAVAILABLE = 503
#: Those of an address that names none; the first may send to the second.
_PORTS = {'http': 80, 'https': 443}
#: Scheme, host and port.
_Origin = tuple[str, str | None, int | None]
#: Seconds. A service that wants to be left alone for longer is obeyed.
_LONGEST_DELAY = 30


def wanted_delay(response: requests.Response, delay: float) -> float | None:
    """After how many seconds to ask again; None if there is no reason to.

    :param delay: what counts if the service does not say.
    """
    if response.status_code != _UNAVAILABLE:
        return None
    told = response.headers.get('Retry-After', '')
    if not (told.isascii() and told.isdecimal()):
        return delay
    return int(told) if int(told) <= _LONGEST_DELAY else None


def followed(response: requests.Response) -> str:
    """Where a request is to be sent instead.

    :raises UnexpectedAnswer: it leads nowhere, or to another origin, which
        shall not see the token.
    """
    location = response.headers.get('Location')
    if not location:
        raise of_others(response)
    try:
        there = parse.urljoin(response.url, location)
        # As it will be sent: about what the host of an odd address is, the
        # standard library and requests do not agree.
        target = requests.Request('GET', there).prepare().url
        origin = _origin(target)
    except ValueError:
        raise of_others(response) from None
    if not _may_see_token(_origin(response.url), origin):
        raise errors.UnexpectedAnswer(
            f'{failures.named(response.url)} sends to '
            f'{failures.named(target)}. The token is not given to '
            f'others: if that is the service, the catalog should say so.',
            response.headers.get(failures.REQUEST_ID),
        )
    return target


def _origin(url: str) -> _Origin:
    parts = parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _may_see_token(here: _Origin, there: _Origin) -> bool:
    """Whether it is the same origin, or the same site with encryption.

    requests gives credentials of its own to no others, either.
    """
    _, host, _ = here
    safer = [(scheme, host, port) for scheme, port in _PORTS.items()]
    return there == here or [here, there] == safer


def media_type(response: requests.Response) -> str:
    found, _, _ = response.headers.get('Content-Type', '').partition(';')
    return found.strip().lower()


def _content(response: requests.Response) -> bytes:
    with failures.whole(response):
        return response.content


def _json(content: bytes) -> Any:
    """What JSON says, with no number as a float.

    :raises ValueError: it is none.
    """
    try:
        return json.loads(content, parse_float=decimal.Decimal)
    except RecursionError as error:
        raise ValueError('too deep') from error


def decoded(response: requests.Response) -> Any:
    content = _content(response)
    try:
        return _json(content) if content else None
    except ValueError:
        raise of_others(response) from None


def of_others(response: requests.Response) -> errors.UnexpectedAnswer:
    return errors.UnexpectedAnswer(
        f'{failures.named(response.url)} answers with something else than '
        f'what was asked for: it is not the billing service, or something '
        f'stands before it.',
        response.headers.get(failures.REQUEST_ID),
    )


def accepted(response: requests.Response) -> requests.Response:
    """An answer that is no error.

    :raises ClientError: it is one.
    """
    if response.status_code < 300:
        return response
    with contextlib.closing(response):
        if response.status_code < 400:
            raise of_others(response)
        raise _refusal(response)


def _refusal(response: requests.Response) -> errors.Refused:
    status = response.status_code
    kind = errors.BY_STATUS.get(status, errors.Refused)
    request_id = response.headers.get(failures.REQUEST_ID)
    try:
        [told, *_] = _json(_content(response))['errors']
        return kind(
            status,
            str(told['code']),
            str(told['title']),
            str(told['detail']),
            told.get('request_id') or request_id,
        )
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        errors.Unreachable,
    ):
        title = f'{status} {response.reason or ""}'.strip()
        return kind(
            status,
            '',
            title,
            f'{failures.named(response.url)} answers {title}, and not as the '
            f'billing service does: something else is there, or stands before '
            f'it.',
            request_id,
        )
