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
"""What the page of security says of rights, on a real ClickHouse."""

import testtools

from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import test_cluster
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.unit.documentation import pages


class SecurityGuideTest(testtools.TestCase):
    def test_the_api_needs_no_rejected_messages(self) -> None:
        [(_caption, revoked)] = pages.blocks(
            pages.page('admin/security'), 'sql'
        )
        users = [
            clickhouse.User('maker', 'secret', ('GRANT ALL ON *.*',)),
            clickhouse.User(
                'api',
                'secret',
                (
                    'GRANT SELECT ON stratometrics.*',
                    revoked.replace(' FROM api;', '').strip(),
                ),
            ),
        ]
        with clickhouse.ClickHouse(users=users) as server:
            made, read = (self.storage(server, user) for user in users)
            made.schema.migrate(made.schema.newest)
            made.write_events(test_cluster.events(), 1)
            read.check()
            self.assertEqual(2, len(read.usage(test_cluster.query())))
            for refused in (
                lambda storage: list(storage.rejected()),
                lambda storage: storage.observed((), timestamps.now()),
            ):
                refused(made)
                with self.assertRaisesRegex(
                    errors.StorageError, 'Not enough privileges'
                ):
                    refused(read)

    def storage(
        self, server: clickhouse.ClickHouse, user: clickhouse.User
    ) -> driver.ClickHouseStorage:
        conf = base.configuration_of(server.address)
        conf.set_override('database', 'stratometrics', group='clickhouse')
        conf.set_override('user', user.name, group='clickhouse')
        conf.set_override('password', user.password, group='clickhouse')
        storage = driver.get_storage(conf)
        self.addCleanup(storage.close)
        return storage
