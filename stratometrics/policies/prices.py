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

GET = 'price:get'
GET_ALL = 'price:get_all'
CREATE = 'price:create'
AMEND = 'price:amend'
WITHDRAW = 'price:withdraw'

#: Where several changes are made at once.
_SEVERAL = {'method': 'PATCH', 'path': '/v1/prices'}

_OPERATIONS = [
    {'method': 'GET', 'path': '/v1/prices'},
    {'method': 'GET', 'path': '/v1/prices/{id}'},
]

RULES = [
    policy.DocumentedRuleDefault(
        name=GET,
        check_str=(f'{base.PROJECT_READER} or {base.ADMIN} or {base.SERVICE}'),
        scope_types=base.SCOPES,
        description=(
            'See the prices that are for everybody, and those that are for '
            'one project: that of the token, with those for its domain, or '
            'the one that project_id names. The target is that project, as '
            '%(project_id)s; of several, each is checked.'
        ),
        operations=_OPERATIONS,
    ),
    policy.DocumentedRuleDefault(
        name=GET_ALL,
        check_str=f'{base.ADMIN} or {base.SERVICE}',
        scope_types=base.SCOPES,
        description=(
            'See all prices, those for single projects and domains included, '
            'and who changed them when (history=true). The target is empty.'
        ),
        operations=_OPERATIONS,
    ),
    policy.DocumentedRuleDefault(
        name=CREATE,
        check_str=base.ADMIN,
        scope_types=base.SCOPES,
        description='Add prices. The target is empty.',
        operations=[{'method': 'POST', 'path': '/v1/prices'}, _SEVERAL],
    ),
    policy.DocumentedRuleDefault(
        name=AMEND,
        check_str=base.ADMIN,
        scope_types=base.SCOPES,
        description=(
            'Change the end or the description of a price. The target is '
            'empty.'
        ),
        operations=[
            {'method': 'PATCH', 'path': '/v1/prices/{id}'},
            _SEVERAL,
        ],
    ),
    policy.DocumentedRuleDefault(
        name=WITHDRAW,
        check_str=base.ADMIN,
        scope_types=base.SCOPES,
        description=(
            'Withdraw a price, as if it had never been. The target is empty.'
        ),
        operations=[
            {'method': 'DELETE', 'path': '/v1/prices/{id}'},
            _SEVERAL,
        ],
    ),
]


def list_rules() -> list[policy.RuleDefault]:
    return RULES
