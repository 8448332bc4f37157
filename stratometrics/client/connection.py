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
"""The requests of a client, and what becomes of them."""

from collections.abc import Callable, Iterator, Sequence
import contextlib
import dataclasses
import logging
import time
from typing import Any, TypeVar
from urllib import parse

from keystoneauth1 import adapter
from keystoneauth1 import exceptions
from keystoneauth1 import session as keystone_session
import requests

from stratometrics import version
from stratometrics.client import errors
from stratometrics.client import failures
from stratometrics.client import reading
from stratometrics.client import responses

_log = logging.getLogger(__name__)

_Answer = TypeVar('_Answer')

Query = Sequence[tuple[str, str]]

SERVICE_TYPE = 'billing'

_JSON = 'application/json'
_PAGE = 'text/html'
#: An endpoint may name the version, which is part of the paths.
_VERSION = '/v1'
#: Bytes that are read at once of what is saved.
_PIECE = 1 << 16

#: Seconds until a connection stands, and until the next byte comes. What is
#: asked about a whole cloud, or issued, takes its time.
_TIMEOUT = (10, 600)
#: Seconds before a request is sent again, which double.
_DELAY = 0.5
_MOST_REDIRECTS = 5


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
        self.media_type = responses.media_type(response)
        length = headers.get('Content-Length', '')
        # That of what is compressed is not that of what comes out.
        known = length.isdecimal() and 'Content-Encoding' not in headers
        self.length = int(length) if known else None
        self.request_id = headers.get(failures.REQUEST_ID)

    def __enter__(self) -> 'Download':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        """Give what comes.

        :raises Unreachable: it ended in the middle.
        """
        with failures.whole(self._response):
            yield from self._response.iter_content(_PIECE)

    def close(self) -> None:
        """Leave the rest unread."""
        self._response.close()


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Request:
    """What is sent.

    :param body: what is sent as JSON; None for nothing.
    :param repeatable: whether it does nothing more if it comes twice.
    """

    method: str
    path: str
    query: Query
    accept: str
    repeatable: bool
    body: Any = None


class Connection:
    """Sends requests with a token, and tells apart what comes back.

    :param session: of keystoneauth, which has the credentials. Its timeout
        counts if it has one; without, a connection may take ten seconds, and
        the next byte ten minutes.
    :param service_type: the type of the service in the catalog.
    :param region_name: whose endpoint is asked; None for the first.
    :param interface: ``public``, ``internal`` or ``admin``.
    :param endpoint_override: an address that counts instead of the catalog.
    :param retries: how often a request is sent again which did not reach the
        service, and, if that changes nothing, one whose connection was cut
        off or that the service was not available for. If it says for how
        long, that is obeyed, but for more than thirty seconds nobody waits.
    :param retry_delay: seconds before the first time, which double; None for
        half a second.
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
        # Its own retries would send again what changes something, however
        # far it came, and it follows anybody with the token.
        self._adapter = adapter.Adapter(
            session,
            service_type=service_type,
            region_name=region_name,
            interface=interface,
            endpoint_override=endpoint_override,
            client_name=user_agent,
            client_version=version.version_info.version_string(),
            connect_retries=0,
            status_code_retries=0,
            raise_exc=False,
        )
        self._timeout = session.timeout or _TIMEOUT
        first = _DELAY if retry_delay is None else retry_delay
        self._delays = [first * 2**number for number in range(retries)]
        self._root: str | None = None

    def ask(
        self,
        read: Callable[[Any], _Answer],
        path: str,
        query: Query = (),
        *,
        method: str = 'GET',
        body: Any = None,
        repeatable: bool | None = None,
    ) -> _Answer:
        """Send a request, and read the JSON of its answer.

        :param read: makes an answer of what the JSON says, which is None if
            nothing came; raises Malformed.
        :param path: below the endpoint, such as ``/v1/usage``.
        :param body: what is sent as JSON; None for nothing.
        :param repeatable: whether the request does nothing more if it comes
            twice; None for whether it is a GET.
        :raises ClientError: one of its sub-classes.
        """
        asked = _Request(
            method=method,
            path=path,
            query=query,
            accept=_JSON,
            repeatable=method == 'GET' if repeatable is None else repeatable,
            body=body,
        )
        with contextlib.closing(self._send(asked)) as response:
            found = responses.decoded(response)
        try:
            return read(found)
        except reading.Malformed as error:
            raise errors.UnexpectedAnswer(
                f'What {path} answers is not understood: {error}. Perhaps '
                f'the service is older than this client.',
                response.headers.get(failures.REQUEST_ID),
            ) from error

    def download(self, form: str, path: str, query: Query = ()) -> Download:
        """Ask for what is not JSON, or too long to be kept in memory.

        :param form: the value of ``format``.
        :raises ClientError: one of its sub-classes.
        """
        response = self._send(
            _Request(
                method='GET',
                path=path,
                query=[*query, ('format', form)],
                accept='*/*',
                repeatable=True,
            )
        )
        download = Download(response)
        page = download.media_type == _PAGE and form != 'html'
        if page or download.request_id is None:
            download.close()
            # Nobody is to find a log-in page in a spreadsheet, or instead of
            # a statement: only the service tells an id of the request.
            raise responses.of_others(response)
        return download

    def _send(self, asked: _Request) -> requests.Response:
        """Send a request until there is an answer that counts.

        :returns: one without an error, unread.
        """
        url = self._address() + asked.path
        if asked.query:
            url += f'?{parse.urlencode(asked.query)}'
        for delay in self._delays:
            try:
                response = self._exchange(asked, url)
            except errors.Unreachable as error:
                if not _may_come_again(asked, error):
                    raise
                reason = str(error)
            else:
                wanted = responses.wanted_delay(response, delay)
                if not asked.repeatable or wanted is None:
                    return responses.accepted(response)
                response.close()
                delay = wanted
                reason = f'{failures.named(url)} is not available.'
            _log.warning('%s Asking again in %s s.', reason, delay)
            time.sleep(delay)
        return responses.accepted(self._exchange(asked, url))

    def _exchange(self, asked: _Request, url: str) -> requests.Response:
        """Send a request once, and again where it is sent to."""
        for _ in range(_MOST_REDIRECTS):
            with failures.asking_keystone():
                # Within the request, it could not be told who is away.
                self._adapter.get_token()
            with failures.asking_service(url):
                response = self._adapter.request(
                    url,
                    asked.method,
                    headers={'Accept': asked.accept},
                    json=asked.body,
                    stream=True,
                    redirect=False,
                    timeout=self._timeout,
                )
            if response.status_code not in responses.REDIRECTS:
                return response
            response.close()
            url = responses.followed(response)
        raise errors.UnexpectedAnswer(
            f'{failures.named(url)} is sent around in a circle.'
        )

    def _address(self) -> str:
        """The endpoint, without the version of the API."""
        if self._root is None:
            with failures.asking_keystone():
                found = _endpoint(self._adapter)
            self._root = found.rstrip('/').removesuffix(_VERSION)
        return self._root


def _endpoint(asked: adapter.Adapter) -> str:
    """The address in the catalog, or the one that counts instead.

    :raises NoEndpoint: there is none.
    """
    found = None
    try:
        found = asked.get_endpoint()
    except exceptions.EmptyCatalog:
        raise errors.EmptyCatalog(
            'The catalog is empty: the token is for no project.'
        ) from None
    except exceptions.EndpointNotFound:
        pass
    if found:
        return found
    region = f' of region {asked.region_name}' if asked.region_name else ''
    raise errors.NoEndpoint(
        f'The catalog has no {asked.interface} endpoint of the service type '
        f'{asked.service_type}{region}.'
    )


def _may_come_again(asked: _Request, error: errors.Unreachable) -> bool:
    told = error.__cause__
    if not isinstance(told, exceptions.RetriableConnectionFailure):
        return False
    # After so long a time, the service is likely to be at work on it.
    timed_out = isinstance(told, exceptions.ConnectTimeout)
    return not error.reached or (asked.repeatable and not timed_out)
