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
"""The services of the cloud, asked with credentials of our own.

The SDK takes longer to import than all else that a program does before its
work, and most programs never ask: it is imported by what uses it.
"""

from typing import TYPE_CHECKING, Any

from keystoneauth1 import exceptions as keystone_exceptions
from keystoneauth1 import loading
from oslo_config import cfg

from stratometrics import version
from stratometrics.conf import service_credentials

if TYPE_CHECKING:
    from openstack import connection

_GROUP = service_credentials.GROUP.name

#: Characters of what a service says of a failure.
_LONGEST_REASON = 500


class CloudError(Exception):
    """The cloud cannot be asked; the text says why, and what to do."""


def failures() -> tuple[type[Exception], ...]:
    """What a call to a service may raise, through whichever layer.

    The libraries take any JSON for what it should be.

    :returns: classes of exceptions, for an except clause.
    """
    return (
        *_told(),
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    )


def _told() -> tuple[type[Exception], ...]:
    """What the libraries raise by intent."""
    from openstack import exceptions as sdk_exceptions

    return (
        sdk_exceptions.SDKException,
        keystone_exceptions.ClientException,
        # Where a file of certificates cannot be read.
        OSError,
    )


def reason(failure: Exception) -> str:
    """Why a call to a service failed.

    :param failure: one of failures().
    :returns: see printable.
    """
    if isinstance(failure, _told()):
        return printable(str(failure))
    if isinstance(failure, RecursionError):
        return 'the answer is nested too deeply'
    return f'the answer is not as it should be: {type(failure).__name__}'


def printable(text: str) -> str:
    """What a service says of a failure, in one line that a terminal can show.

    Whatever would do more there than be seen is escaped, as Python writes it.
    """
    line = ' '.join(text.split())
    if len(line) > _LONGEST_REASON:
        line = line[:_LONGEST_REASON] + '...'
    return ''.join(
        each if each.isprintable() else ascii(each)[1:-1] for each in line
    )


def is_configured(conf: cfg.ConfigOpts) -> bool:
    """Whether there are credentials to ask with."""
    options = conf[_GROUP]
    return bool(options.auth_type or options.auth_section)


def preload(conf: cfg.ConfigOpts) -> None:
    """Import what connect() needs, if there are credentials for it.

    Processes that are forked afterwards share the memory that it takes.

    :param conf: the configuration, with the service's options registered.
    """
    if is_configured(conf):
        from openstack import connection  # noqa: F401


def connect(conf: cfg.ConfigOpts) -> 'connection.Connection':
    """A connection to the cloud, and to the region that is collected from.

    Nothing is asked yet, not even for a token.

    :param conf: the configuration, with the service's options registered.
    :raises CloudError: the credentials are missing or make no sense.
    """
    if not is_configured(conf):
        raise CloudError(
            '[service_credentials] is not configured: set auth_type, '
            'auth_url and what belongs to it'
        )
    options = conf[_GROUP]
    try:
        session = loading.load_session_from_conf_options(
            conf,
            _GROUP,
            auth=loading.load_auth_from_conf_options(conf, _GROUP),
        )
    except (keystone_exceptions.ClientException, cfg.Error) as error:
        raise CloudError(f'[service_credentials]: {error}') from error
    from openstack import connection

    settings: dict[str, Any] = {'interface': options.interface}
    return connection.Connection(
        session=session,
        region_name=options.region_name or conf.collector.region_name,
        app_name='stratometrics',
        app_version=version.version_info.version_string(),
        **settings,
    )
