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
"""Requests to the API, by way of Keystone's catalog."""

from collections.abc import Iterator, Sequence
import contextlib
from typing import Any
from urllib import parse

from keystoneauth1 import adapter
from keystoneauth1 import exceptions
from keystoneauth1 import session as keystone_session
import requests

from stratometrics.client import errors

SERVICE_TYPE = 'billing'
JSON = 'application/json'

_REQUEST_ID = 'X-OpenStack-Request-ID'
#: An endpoint may name the version, which is part of the paths.
_VERSION = '/v1'
#: Bytes that are read at once of what is saved.
_PIECE = 1 << 16

Query = Sequence[tuple[str, str]]


class Download:
    """An answer that is not read yet, to be used in a ``with``.

    Iterated, it gives pieces of bytes.

    :ivar media_type: of what it gives, such as ``text/csv``.
    :ivar length: in bytes; None if the service does not tell.
    :ivar request_id: under which the log of the service tells about it.
    """

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        headers = response.headers
        self.media_type = headers.get('Content-Type', '').partition(';')[0]
        length = headers.get('Content-Length', '')
        # That of what is compressed is not that of what comes out.
        known = length.isdecimal() and 'Content-Encoding' not in headers
        self.length = int(length) if known else None
        self.request_id = headers.get(_REQUEST_ID)

    def __enter__(self) -> 'Download':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._response.iter_content(_PIECE)
        except requests.RequestException as error:
            raise errors.Unreachable(
                f'the answer ended in the middle: {error}', self.request_id
            ) from error

    def close(self) -> None:
        """Leave the rest unread."""
        self._response.close()


class Connection:
    """Sends requests with a token, and tells apart what comes back.

    :param session: of keystoneauth, which has the credentials.
    :param service_type: the type of the service in the catalog.
    :param region_name: whose endpoint is asked; None for the first.
    :param interface: ``public``, ``internal`` or ``admin``.
    :param endpoint_override: an address that counts instead of the catalog.
    :param retries: how often a question is asked again when nothing answers
        or the service is not available. What changes something is sent again
        only if it did not reach the service.
    :param retry_delay: seconds before the first time, which double; None for
        the choice of keystoneauth.
    :param user_agent: what asks, for the log of the service.
    """

    def __init__(
        self,
        session: keystone_session.Session,
        *,
        service_type: str = SERVICE_TYPE,
        region_name: str | None = None,
        interface: str = 'public',
        endpoint_override: str | None = None,
        retries: int = 2,
        retry_delay: float | None = None,
        user_agent: str = 'stratometrics-client',
    ) -> None:
        self._adapter = adapter.Adapter(
            session,
            service_type=service_type,
            region_name=region_name,
            interface=interface,
            endpoint_override=endpoint_override,
            connect_retries=retries,
            connect_retry_delay=retry_delay,
            status_code_retry_delay=retry_delay,
            retriable_status_codes=[503],
            client_name=user_agent,
        )
        self._retries = retries
        self._root: str | None = None

    def json(
        self, method: str, path: str, query: Query = (), body: Any = None
    ) -> Any:
        """Send a request, and read the JSON of its answer.

        :param path: below the endpoint, such as ``/v1/usage``.
        :param body: what is sent as JSON.
        :returns: what was answered; None if there is no body.
        :raises ClientError: one of its sub-classes.
        """
        with contextlib.closing(
            self._send(method, path, query, JSON, body)
        ) as response:
            try:
                content = response.content
            except requests.RequestException as error:
                raise errors.Unreachable(
                    f'the answer ended in the middle: {error}',
                    response.headers.get(_REQUEST_ID),
                ) from error
            return _decoded(response) if content else None

    def download(
        self, path: str, query: Query = (), language: str | None = None
    ) -> Download:
        """Ask for what is not JSON, or too long to be kept in memory.

        :param language: what people read, as ``Accept-Language``.
        :raises ClientError: one of its sub-classes.
        """
        return Download(self._send('GET', path, query, '*/*', None, language))

    def following(self, href: str) -> tuple[str, list[tuple[str, str]]]:
        """The path and query of a link that an answer gave.

        The host in it may be one that only the service knows, so the endpoint
        that was asked is asked again.
        """
        parsed = parse.urlsplit(href)
        _, version, rest = parsed.path.rpartition(f'{_VERSION}/')
        return (
            f'{version}{rest}',
            parse.parse_qsl(parsed.query, keep_blank_values=True),
        )

    def _send(
        self,
        method: str,
        path: str,
        query: Query,
        accept: str,
        body: Any = None,
        language: str | None = None,
    ) -> requests.Response:
        headers = {'Accept': accept}
        if language:
            headers['Accept-Language'] = language
        url = self._address() + path
        if query:
            url += f'?{parse.urlencode(query)}'
        with _told(url):
            response = self._adapter.request(
                url,
                method,
                headers=headers,
                json=body,
                stream=True,
                raise_exc=False,
                status_code_retries=self._retries if method == 'GET' else 0,
            )
        if response.status_code >= 400:
            with contextlib.closing(response):
                raise _refusal(response)
        return response

    def _address(self) -> str:
        """The endpoint, without the version of the API."""
        if self._root is None:
            with _told(None):
                found = self._adapter.get_endpoint()
            if not found:
                raise errors.NoEndpoint(_missing(self._adapter))
            self._root = found.rstrip('/').removesuffix(_VERSION)
        return self._root


def _missing(asked: adapter.Adapter) -> str:
    region = f' of region {asked.region_name}' if asked.region_name else ''
    return (
        f'the catalog has no {asked.interface} endpoint of the service type '
        f'{asked.service_type}{region}'
    )


@contextlib.contextmanager
def _told(url: str | None) -> Iterator[None]:
    """Makes errors of this package of those of keystoneauth.

    :param url: of the service itself; None if Keystone is asked.
    """
    try:
        yield
    except exceptions.EndpointNotFound as error:
        raise errors.NoEndpoint(str(error)) from error
    except exceptions.HttpError as error:
        # Of Keystone: this API's own answers are not raised.
        raise errors.NotAuthenticated(
            f'Keystone gives no token: {error.message}', error.request_id
        ) from error
    except exceptions.ConnectionError as error:
        raise errors.Unreachable(
            f'nothing answers at {url}: {error}'
            if url
            else f'Keystone does not answer: {error}'
        ) from error
    except exceptions.ClientException as error:
        raise errors.NotAuthenticated(
            f'Keystone gives no token: {error}'
        ) from error


def _decoded(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise errors.UnexpectedAnswer(
            f'{response.url} answers with something else than JSON: it is '
            f'not the billing service, or something stands before it',
            response.headers.get(_REQUEST_ID),
        ) from None


def _refusal(response: requests.Response) -> errors.Refused:
    status = response.status_code
    kind = errors.BY_STATUS.get(status, errors.Refused)
    request_id = response.headers.get(_REQUEST_ID)
    try:
        [told, *_] = response.json()['errors']
        return kind(
            status,
            str(told['code']),
            str(told['title']),
            str(told['detail']),
            told.get('request_id') or request_id,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        # What stands before the service has errors of its own.
        title = f'{status} {response.reason}'.strip()
        return kind(status, '', title, '', request_id)
