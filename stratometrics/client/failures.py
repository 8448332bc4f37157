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
"""What is told of a request that nobody answered, or not to the end."""

from collections.abc import Iterator
import contextlib
import ssl
from urllib import parse

from keystoneauth1 import exceptions
import requests

from stratometrics.client import errors

REQUEST_ID = 'X-OpenStack-Request-ID'


def named(url: str) -> str:
    """An address as messages tell it: without a password that is in it."""
    parts = parse.urlsplit(url)
    return parts._replace(netloc=_place(parts)).geturl()


def _place(parts: parse.SplitResult) -> str:
    return parts.netloc.rpartition('@')[2]


@contextlib.contextmanager
def asking_keystone() -> Iterator[None]:
    """Makes errors of this package of those of keystoneauth."""
    try:
        yield
    except exceptions.HttpError as error:
        raise errors.NotAuthenticated(
            f'Keystone gives no token: {error.message}', error.request_id
        ) from error
    except exceptions.ClientException as error:
        raise errors.NotAuthenticated(
            f'Keystone gives no token: {_reason(error)}'
        ) from error


@contextlib.contextmanager
def asking_service(url: str) -> Iterator[None]:
    """The same where no answer of the service is an error of keystoneauth."""
    try:
        yield
    except exceptions.ConnectionError as error:
        parts = parse.urlsplit(url)
        place = f'{parts.scheme}://{_place(parts)}'
        if is_untrusted(error):
            raise errors.Untrusted(
                f'{place} is not trusted: {_reason(error)}.', reached=False
            ) from error
        raise errors.Unreachable(
            f'{place} does not answer: {_reason(error)}.',
            reached=_reached(error),
        ) from error
    except requests.RequestException as error:
        # Where answers are logged, they are read before they are handed over.
        raise errors.Unreachable(
            f'The answer ended in the middle: {error}.'
        ) from error
    except ValueError as error:
        # requests looks where a redirect leads, though it does not follow.
        raise errors.UnexpectedAnswer(
            f'{named(url)} sends to what is no address: {error}.'
        ) from error
    except exceptions.ClientException:
        # The token was refused, and Keystone gives no other one.
        with asking_keystone():
            raise


@contextlib.contextmanager
def whole(response: requests.Response) -> Iterator[None]:
    """Tells where an answer ends too early."""
    try:
        yield
    except requests.RequestException as error:
        raise errors.Unreachable(
            f'The answer ended in the middle: {error}.',
            response.headers.get(REQUEST_ID),
        ) from error


def is_untrusted(error: BaseException) -> bool:
    """Whether a connection failed for a certificate that nobody trusts."""
    return any(
        isinstance(each, ssl.SSLCertVerificationError)
        for each in _behind(error)
    )


def _behind(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it was made of."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _reason(error: BaseException) -> str:
    """What the system says of a failed connection, out of all the rest."""
    for each in _behind(error):
        if isinstance(each, OSError) and not isinstance(
            each, requests.RequestException
        ):
            return str(each)
    return str(error)


def _reached(error: exceptions.ConnectionError) -> bool:
    """Whether a request may have got to where it was sent."""
    told = error.__context__
    if isinstance(
        told, requests.ConnectTimeout | requests.exceptions.SSLError
    ):
        return False
    if not isinstance(told, requests.ConnectionError):
        return True
    # Only of a connection that never stood urllib3 counts the attempts.
    return not (told.args and getattr(told.args[0], 'reason', None))
