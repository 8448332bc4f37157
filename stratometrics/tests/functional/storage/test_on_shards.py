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
"""What holds on one server holds on the shards of a cluster as well."""

from stratometrics.tests.functional import base
from stratometrics.tests.functional import test_verification
from stratometrics.tests.functional.storage import test_audits
from stratometrics.tests.functional.storage import test_client
from stratometrics.tests.functional.storage import test_closed_months
from stratometrics.tests.functional.storage import test_consumption_rules
from stratometrics.tests.functional.storage import test_coverage
from stratometrics.tests.functional.storage import test_named_usage
from stratometrics.tests.functional.storage import test_names
from stratometrics.tests.functional.storage import test_opening_rules
from stratometrics.tests.functional.storage import test_prices
from stratometrics.tests.functional.storage import test_usage_rules


class HostileValuesTest(base.OnShards, test_client.HostileValuesTest):
    """What is bound becomes text of a view that shards are sent."""


class UsageRulesTest(base.OnShards, test_usage_rules.UsageRulesTest):
    examples = 15


class OpeningRulesTest(base.OnShards, test_opening_rules.OpeningRulesTest):
    examples = 8


class FewHistories(base.OnShards):
    def check(self, test, examples: int) -> None:
        super().check(test, min(examples, 8))


class ClosedMonthsTest(FewHistories, test_closed_months.ClosedMonthsTest):
    pass


class PurgeTest(FewHistories, test_closed_months.PurgeTest):
    pass


class TidyTest(base.OnShards, test_closed_months.TidyTest):
    pass


class VerificationTest(base.OnShards, test_verification.VerificationTest):
    pass


class ConsumptionRulesTest(
    base.OnShards, test_consumption_rules.ConsumptionRulesTest
):
    examples = 10


class NamedUsageTest(base.OnShards, test_named_usage.TestNamedUsage):
    pass


class NamesTest(base.OnShards, test_names.TestNames):
    pass


class UsedIdsTest(base.OnShards, test_names.TestUsedIds):
    pass


class AuditTest(base.OnShards, test_audits.AuditTest):
    pass


class CoverageTest(base.OnShards, test_coverage.CoverageTest):
    pass


class PricesTest(base.OnShards, test_prices.PricesTest):
    pass
