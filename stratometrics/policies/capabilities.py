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

GET = 'capabilities:get'

RULES = [
    policy.DocumentedRuleDefault(
        name=GET,
        check_str='@',
        description=(
            'See which resource types there are, and what their usage can '
            'be grouped and filtered by, also as part of the description of '
            'the API. By default everybody with a valid token may.'
        ),
        operations=[
            {'method': 'GET', 'path': '/v1/'},
            {'method': 'GET', 'path': '/v1/openapi.json'},
        ],
    ),
]


def list_rules() -> list[policy.RuleDefault]:
    return RULES
