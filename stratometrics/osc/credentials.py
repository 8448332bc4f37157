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
"""The token that commands ask with, and what is told if there is none.

Before a command runs, python-openstackclient gets a token for it, and shows
what Keystone says of wrong credentials as it is. These commands get theirs
themselves, in the same way, to be able to say what to do next.
"""

from collections.abc import Iterator
import contextlib
from typing import Any

from keystoneauth1 import exceptions as keystone_exceptions

from stratometrics.client import errors
from stratometrics.client import failures

#: How credentials are called that need none.
_NO_AUTH = 'none'


class NoCredentials(errors.NotAuthenticated):
    """Nobody said who asks."""


class Rejected(errors.NotAuthenticated):
    """Keystone does not take the credentials."""


class NoKeystone(errors.NotAuthenticated):
    """Keystone does not answer."""


class UntrustedKeystone(NoKeystone):
    """What answers does not prove that it is Keystone."""


def take(app: Any, command: Any) -> None:
    """Get a token for a command.

    :param app: the shell that runs it.
    :raises NotAuthenticated: one of its sub-classes.
    """
    command.auth_required = True
    said = app.cloud.config
    named = said.get('auth') or said.get('auth_url')
    if not named and said.get('auth_type') != _NO_AUTH:
        raise NoCredentials(
            'Nobody says who asks: no cloud is named, and there are no '
            'credentials.'
        )
    with asking():
        app.prepare_to_run_command(command)


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Makes errors of this module of what keystoneauth says of Keystone."""
    try:
        yield
    except keystone_exceptions.Unauthorized as error:
        raise Rejected(
            f'Keystone does not take the credentials: {error.message}',
            error.request_id,
        ) from error
    except keystone_exceptions.HttpError as error:
        raise errors.NotAuthenticated(
            f'Keystone refuses: {error}', error.request_id
        ) from error
    except keystone_exceptions.ConnectionError as error:
        if failures.is_untrusted(error):
            raise UntrustedKeystone(
                f'Keystone is not trusted: {_reason(error)}'
            ) from error
        raise NoKeystone(
            f'Keystone does not answer: {_reason(error)}'
        ) from error
    except keystone_exceptions.ClientException as error:
        raise errors.NotAuthenticated(f'Keystone: {error}') from error


def _reason(error: BaseException) -> str:
    """What the system says of a connection, or else all that is known."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.strerror:
            return found.strerror
        found = found.__cause__ or found.__context__
    return str(error)
