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
"""The personas that all rules are made of."""

from oslo_policy import policy

ADMIN = 'rule:admin'
SERVICE = 'rule:service'
PROJECT_READER = 'rule:project_reader'

#: Tokens for a project and tokens for the system; a domain has no usage.
SCOPES = ['project', 'system']

RULES = [
    policy.RuleDefault(
        name='admin',
        check_str='role:admin',
        description='Operators of the cloud.',
    ),
    policy.RuleDefault(
        name='service',
        check_str='role:service',
        description='Services of the cloud, such as a billing system.',
    ),
    policy.RuleDefault(
        name='project_reader',
        check_str='role:reader and project_id:%(project_id)s',
        description='Those who may look at the project that is asked for.',
    ),
]


def list_rules() -> list[policy.RuleDefault]:
    return RULES
