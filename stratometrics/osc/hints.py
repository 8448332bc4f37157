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
"""What an error says to people: what is wrong, and what to do next."""

from stratometrics import version
from stratometrics.client import connection
from stratometrics.client import errors
from stratometrics.client import v1
from stratometrics.osc import credentials
from stratometrics.osc import wording

_CATALOG = f'"openstack catalog show {connection.SERVICE_TYPE}"'
_TYPES = '"openstack billing resource type list"'

_NO_ENDPOINT = (
    f'{_CATALOG} tells the endpoints that there are: OS_REGION_NAME and '
    f'OS_INTERFACE choose one. If there is none, ask the operators of the '
    f'cloud whether they run Stratometrics. If they do, they enter it with '
    f'"openstack endpoint create"; until then set '
    f'{connection.SERVICE_TYPE}_endpoint_override in clouds.yaml, or '
    f'OS_{connection.SERVICE_TYPE.upper()}_ENDPOINT_OVERRIDE.'
)
_NO_CREDENTIALS = (
    'Name a cloud of your clouds.yaml with --os-cloud or OS_CLOUD, or load '
    'the RC file of your project, which sets the variables that begin with '
    'OS_.'
)
_REJECTED = (
    'Look at the user, the password, the project and their domains in '
    'clouds.yaml, or in the variables that begin with OS_: a name that is '
    'unknown is refused like a wrong password.'
)
_NO_KEYSTONE = (
    'Look at auth_url in clouds.yaml, or at OS_AUTH_URL, and whether the '
    'network lets you there.'
)
_UNTRUSTED = (
    'If the certificate is of an authority of your own, name the file of that '
    'with cacert in clouds.yaml, --os-cacert or OS_CACERT. Who asks without '
    'trust, with --insecure, may give the token to anybody.'
)
_WHO_ARE_YOU = (
    'Look at the credentials in clouds.yaml, or in the variables that begin '
    'with OS_: does "openstack token issue" work?'
)
_UNAUTHORIZED = (
    'Keystone gave you a token, but the service does not take it: ask the '
    'operators of the cloud whether it asks the same Keystone.'
)
_UNREACHABLE = (
    f'{_CATALOG} tells where it should be. Look whether the network lets you '
    f'there, and ask the operators of the cloud whether the service runs.'
)
_FORBIDDEN = (
    'With the role "reader" in a project you see what is of that project; '
    'what is of others or of the whole cloud, and what changes prices or '
    'issues statements, takes more. Who gives roles in your project can give '
    'you one with "openstack role add"; --os-project-name asks as a member of '
    'another project of yours.'
)
_NO_PROJECT = (
    'Give your credentials a project, with OS_PROJECT_NAME or --os-project-'
    'name, or with project_name in clouds.yaml. Who may see others names one '
    'with --project, or takes all with --all-projects.'
)
_TOO_LARGE = (
    'The operators of the cloud can raise max_request_body_size in section '
    '[oslo_middleware] of the configuration of the service, and what its '
    'proxy takes, or bring a long list of prices in on its host with '
    '"stratometrics-manage prices import", which has no such limit. What adds '
    'prices to the list can be divided into several files.'
)
_LATER = (
    'Try again in a while; if that does not help, tell the operators of the '
    'cloud the request ID.'
)
_NOT_THIS_SERVICE = (
    f'{_CATALOG} tells the endpoint of the service, unless '
    f'{connection.SERVICE_TYPE}_endpoint_override in clouds.yaml or '
    f'OS_{connection.SERVICE_TYPE.upper()}_ENDPOINT_OVERRIDE does.'
)
_OURS = 'stratometrics.'


def told(error: errors.ClientError, client: v1.Client | None = None) -> str:
    """The message for an error, and in a second line what to do about it.

    :param client: what was asked; it is asked for the release of the service
        where an older one would explain the error. None if nothing can be.
    """
    hint = _hint(error, client)
    told = f'{error}\n{hint}' if hint else str(error)
    # Whoever stands before the service may write what a terminal obeys.
    return wording.printable_lines(told)


def _hint(error: errors.ClientError, client: v1.Client | None) -> str:
    match error:
        case errors.EmptyCatalog():
            return _NO_PROJECT
        case errors.NoEndpoint():
            return _NO_ENDPOINT
        case credentials.NoCredentials():
            return _NO_CREDENTIALS
        case credentials.Rejected():
            return _REJECTED
        case credentials.UntrustedKeystone() | errors.Untrusted():
            return _UNTRUSTED
        case credentials.NoKeystone():
            return _NO_KEYSTONE
        case errors.NotAuthenticated():
            return _WHO_ARE_YOU
        case errors.Unreachable():
            return _UNREACHABLE
        case errors.UnexpectedAnswer():
            return _older(client) or _NOT_THIS_SERVICE
        case errors.Unauthorized():
            return _UNAUTHORIZED
        case errors.Unavailable():
            return _LATER
        case errors.TooLarge():
            return _TOO_LARGE
        case errors.Refused() if not error.code.startswith(_OURS):
            return _NOT_THIS_SERVICE
        case errors.Forbidden():
            return _FORBIDDEN
        case errors.BadRequest(code='stratometrics.no-project'):
            return _NO_PROJECT
        case (
            errors.MethodNotAllowed()
            | errors.NotFound()
            | errors.BadRequest(code='stratometrics.unknown-parameter')
        ):
            return _older(client)
        case errors.Refused() if error.status >= 500:
            return _LATER
    return ''


def _older(client: v1.Client | None) -> str:
    """What is told if the service is of another release; else ''."""
    if client is None:
        return ''
    try:
        theirs = client.capabilities().release
    except errors.ClientError:
        # Nothing more can be said, and the first error is the one that counts.
        return ''
    own = version.version_info.release_string()
    if theirs == own:
        return ''
    known = f'{_TYPES} tells what it knows.'
    if not theirs:
        return (
            f'The service is older than this client, {own}, and may not know '
            f'what you ask for: {known}'
        )
    return (
        f'The service is release {theirs}, and this client {own}: one may not '
        f'know what the other one does. {known}'
    )
