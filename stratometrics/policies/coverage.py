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

GET = 'coverage:get'

RULES = [
    policy.DocumentedRuleDefault(
        name=GET,
        check_str=f'{base.ADMIN} or {base.SERVICE}',
        scope_types=base.SCOPES,
        description=(
            'See, for each resource type and region, whether its service is '
            'still heard of. The target is empty.'
        ),
        operations=[{'method': 'GET', 'path': '/v1/coverage'}],
    ),
]


def list_rules() -> list[policy.RuleDefault]:
    return RULES
