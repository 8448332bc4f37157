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

"""What the API is asked, and how its answers compare with the right ones."""

from collections.abc import Mapping, Sequence
import dataclasses
from typing import Any

import requests

from stratometrics.tests.quickstart import expectation
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import identity


@dataclasses.dataclass(frozen=True)
class Caller:
    """Somebody with a token from Keystone.

    :param project: the project that the token is for.
    """

    user: str
    project: str
    token: str


@dataclasses.dataclass(frozen=True)
class Question:
    """Usage of a period, by whom and of whom.

    :param begin: the period's begin, RFC 3339.
    :param end: the period's end.
    """

    caller: Caller
    begin: str
    end: str
    all_projects: bool = False

    @property
    def parameters(self) -> dict[str, str]:
        """The query string."""
        parameters = {
            'from': self.begin,
            'to': self.end,
            'group_by': ','.join(expectation.Group._fields),
        }
        if self.all_projects:
            parameters['all_projects'] = 'true'
        return parameters


def caller(keystone: identity.Identity, user: str, project: str) -> Caller:
    """Get a token, with a password, as everybody does."""
    return Caller(user, project, keystone.token(user, project))


def ask(
    url: str, question: Question
) -> Mapping[expectation.Group, expectation.Amount]:
    """Ask the API.

    :param url: where it is.
    :raises: PartError if it gives no answer.
    """
    response = _get(url, question.caller, question.parameters)
    if response.status_code != requests.codes.ok:
        raise errors.PartError(
            f'{response.request.method} {response.url} was answered with '
            f'{response.status_code}:\n{response.text}'
        )
    return {
        expectation.Group(
            *(result[name] for name in expectation.Group._fields)
        ): expectation.Amount(
            result['usage'],
            _measured(result),
        )
        for result in response.json()['results']
    }


def _measured(result: Mapping[str, Any]) -> str:
    name = expectation.MEASURES.get(result['resource_type'])
    # A router has no size to measure.
    return '0.000000' if name is None else result['measures'][name]


def is_refused(url: str, who: Caller, project_id: str) -> bool:
    """Tell whether the API refuses to tell somebody of a project (R16)."""
    response = _get(url, who, {'project_id': project_id})
    return response.status_code == requests.codes.forbidden


def _get(
    url: str, who: Caller, parameters: Mapping[str, str]
) -> requests.Response:
    return requests.get(
        f'{url}/v1/usage',
        params=parameters,
        headers={'X-Auth-Token': who.token},
        timeout=60,
    )


def differences(
    answer: Mapping[expectation.Group, expectation.Amount],
    right: Mapping[expectation.Group, expectation.Amount],
) -> Sequence[expectation.Group]:
    """The groups in which an answer differs from the right one."""
    return sorted(
        group
        for group in answer.keys() | right.keys()
        if answer.get(group) != right.get(group)
    )
