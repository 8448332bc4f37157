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
"""Versions that no test can have a server of."""

from unittest import mock

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck
import testtools

from stratometrics.cmd.checks import clickhouse
from stratometrics.storage.clickhouse import driver


class TestServer(testtools.TestCase):
    def check(self, **versions: str) -> upgradecheck.Result:
        storage = mock.create_autospec(driver.ClickHouseStorage, instance=True)
        storage.versions.return_value = versions
        with mock.patch.object(driver, 'get_storage', return_value=storage):
            return clickhouse.server(cfg.ConfigOpts())

    def test_new_enough(self) -> None:
        result = self.check(one='24.3.1.2672', two='27.1.1.1')
        self.assertEqual(upgradecheck.Code.SUCCESS, result.code)
        self.assertIn('24.3.1.2672', result.details)

    def test_too_old(self) -> None:
        result = self.check(one='24.3.1.2672', two='23.12.9.1')
        self.assertEqual(upgradecheck.Code.FAILURE, result.code)
        self.assertIn('23.12.9.1 at two', result.details)
        self.assertNotIn('at one', result.details)
        self.assertIn('24.3', result.details)
