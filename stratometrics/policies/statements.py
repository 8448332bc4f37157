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
from oslo_policy import policy

from stratometrics.policies import base

GET = 'statement:get'
GET_ALL_PROJECTS = 'statement:get_all_projects'
ISSUE = 'statement:issue'

_OPERATIONS = [
    {'method': 'GET', 'path': '/v1/statements'},
    {'method': 'GET', 'path': '/v1/statements/{number}'},
]

RULES = [
    policy.DocumentedRuleDefault(
        name=GET,
        check_str=(f'{base.PROJECT_READER} or {base.ADMIN} or {base.SERVICE}'),
        scope_types=base.SCOPES,
        description=(
            'See what one project is charged, and the statements that were '
            'issued to it. The target is the project asked for, as '
            '%(project_id)s; of several, each is checked.'
        ),
        operations=_OPERATIONS,
    ),
    policy.DocumentedRuleDefault(
        name=GET_ALL_PROJECTS,
        check_str=f'{base.ADMIN} or {base.SERVICE}',
        scope_types=base.SCOPES,
        description=(
            'See which statements were issued to all projects '
            '(all_projects=true). The target is empty.'
        ),
        operations=[_OPERATIONS[0]],
    ),
    policy.DocumentedRuleDefault(
        name=ISSUE,
        check_str=base.ADMIN,
        scope_types=base.SCOPES,
        description=(
            'Issue the statement of a project and month, for ever. The target '
            'is empty.'
        ),
        operations=[{'method': 'POST', 'path': '/v1/statements'}],
    ),
]


def list_rules() -> list[policy.RuleDefault]:
    return RULES
