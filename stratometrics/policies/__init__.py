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
"""Who may do what, by default: one module for each resource of the API."""

import itertools

from oslo_policy import policy

from stratometrics.policies import base
from stratometrics.policies import capabilities
from stratometrics.policies import costs
from stratometrics.policies import coverage
from stratometrics.policies import prices
from stratometrics.policies import resources
from stratometrics.policies import statements
from stratometrics.policies import usage


def list_rules() -> list[policy.RuleDefault]:
    """All rules, in the order of the sample file."""
    return list(
        itertools.chain(
            base.list_rules(),
            capabilities.list_rules(),
            costs.list_rules(),
            coverage.list_rules(),
            prices.list_rules(),
            resources.list_rules(),
            statements.list_rules(),
            usage.list_rules(),
        )
    )
