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

GET = 'cost:get'
GET_ALL_PROJECTS = 'cost:get_all_projects'

_OPERATIONS = [{'method': 'GET', 'path': '/v1/costs'}]

RULES = [
    policy.DocumentedRuleDefault(
        name=GET,
        check_str=(f'{base.PROJECT_READER} or {base.ADMIN} or {base.SERVICE}'),
        scope_types=base.SCOPES,
        description=(
            'See what one project costs: that of the token, or the one '
            'that project_id names. The target is the project asked for, as '
            '%(project_id)s; of several, each is checked.'
        ),
        operations=_OPERATIONS,
    ),
    policy.DocumentedRuleDefault(
        name=GET_ALL_PROJECTS,
        check_str=f'{base.ADMIN} or {base.SERVICE}',
        scope_types=base.SCOPES,
        description=(
            'See what all projects cost (all_projects=true). The target '
            'is empty.'
        ),
        operations=_OPERATIONS,
    ),
]


def list_rules() -> list[policy.RuleDefault]:
    return RULES
