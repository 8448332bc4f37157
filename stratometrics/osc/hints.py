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

from stratometrics.client import connection
from stratometrics.client import errors

_NO_ENDPOINT = (
    'Ask the operators of the cloud whether they run Stratometrics. '
    'If they do, it is to be entered with "openstack endpoint create"; until '
    'then set billing_endpoint_override in clouds.yaml, or '
    f'OS_{connection.SERVICE_TYPE.upper()}_ENDPOINT_OVERRIDE.'
)
_WHO_ARE_YOU = (
    'Look at the credentials in clouds.yaml or in the variables that begin '
    'with OS_: does "openstack token issue" work?'
)
_UNREACHABLE = (
    'Look whether the network lets you there, and ask the operators of the '
    'cloud whether the service runs.'
)
_FORBIDDEN = (
    'You see your own project with the role "reader"; other projects, and '
    'what changes prices or issues statements, take more. '
    '"openstack role assignment list --user <you> --names" tells your roles.'
)
_NO_PROJECT = (
    'Name one with --project, or give your credentials a project: '
    'OS_PROJECT_NAME, or project_name in clouds.yaml.'
)
_OLDER = (
    'The service may be older than this client: '
    '"openstack billing resource type list" tells what it knows.'
)
_LATER = 'Try again in a while.'


def told(error: errors.ClientError) -> str:
    """The message for an error, and in a second line what to do about it."""
    hint = _hint(error)
    return f'{error}\n{hint}' if hint else str(error)


def _hint(error: errors.ClientError) -> str:
    match error:
        case errors.NoEndpoint():
            return _NO_ENDPOINT
        case errors.NotAuthenticated() | errors.Unauthorized():
            return _WHO_ARE_YOU
        case errors.Unreachable():
            return _UNREACHABLE
        case errors.Forbidden():
            return _FORBIDDEN
        case errors.BadRequest(code='stratometrics.no-project'):
            return _NO_PROJECT
        case (
            errors.MethodNotAllowed()
            | errors.BadRequest(code='stratometrics.unknown-parameter')
        ):
            return _OLDER
        case errors.Unavailable():
            return _LATER
    return ''
