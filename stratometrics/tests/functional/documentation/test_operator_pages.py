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
"""The pages for operators and contributors, on a real ClickHouse."""

from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.storage import base as storage_base
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base
from stratometrics.tests.functional.api import base as api
from stratometrics.tests.functional.documentation import pages
from stratometrics.tests.functional.documentation import seeds
from stratometrics.tests.functional.documentation import walk

CONFIG = """\
[DEFAULT]
transport_url = rabbit://{broker.user}:{broker.password}@{broker.host}:\
{broker.port}/
[clickhouse]
hosts = {clickhouse.hosts[0]}
port = {clickhouse.port}
user = {clickhouse.user}
password = {clickhouse.password}
database = {clickhouse.database}
# A purge waits for it.
query_timeout = 3
{more}
[api]
settling_time = 0
"""

PROJECT = '8d1c0f6a5b7e4a339b21c0d7e6f5a4b3'

PRICES = """\
currency: EUR
prices:
- resource_type: instance
  price: "0.01"
  per: hour
  valid_from: 2026-01-01T00:00:00Z
"""


class OperatorPagesTest(walk.Walk):
    def setUp(self) -> None:
        super().setUp()
        self.use(base.configuration())

    def use(self, conf, more: str = '') -> None:
        """Have the programs work with a database."""
        self.conf = conf
        self.addCleanup(base.drop, conf)
        self.configure(
            (CONFIG + api.CREDENTIALS).format(
                broker=base.address('rabbitmq'),
                clickhouse=conf.clickhouse,
                keystone=api.keystone(),
                more=more,
            )
        )

    def migrate(self) -> driver.ClickHouseStorage:
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        storage.schema.migrate(storage.schema.newest)
        return storage

    def write(self, storage: driver.ClickHouseStorage, *events) -> None:
        storage.write_events(events, timestamps.now())

    def test_backup(self) -> None:
        self.follow('doc/source/admin/backup.rst')

    def test_cluster(self) -> None:
        servers = base.cluster()
        self.use(
            base.configuration_of_cluster(servers),
            f'cluster = {base.shards.NAME}\nreplicated = false',
        )
        self.follow('doc/source/admin/cluster.rst')

    def test_coverage(self) -> None:
        self.write(
            self.migrate(),
            *seeds.life('image', PROJECT, seeds.at(2026, 10, 5)),
        )
        self.follow('doc/source/admin/coverage.rst')

    def test_manage(self) -> None:
        self.replacements = {
            '/etc/stratometrics': str(self.folder / '.stratometrics')
        }
        self.follow('doc/source/cli/stratometrics-manage.rst')
        self.assertIn(
            'CREATE TABLE', (self.folder / 'changes.sql').read_text()
        )

    def test_monitoring(self) -> None:
        self.migrate()
        self.follow('doc/source/admin/monitoring.rst')

    def test_months(self) -> None:
        storage = self.migrate()
        self.write(
            storage,
            *seeds.life('image', PROJECT, seeds.at(2025, 11, 5)),
            *seeds.life('volume', PROJECT, seeds.at(2025, 12, 5)),
        )
        # One of the collectors had the time to do so.
        storage.open_month(seeds.at(2026, 1))
        self.replacements = {'2026-11': months.of(timestamps.now())}
        self.follow('doc/source/admin/months.rst')

    def test_names(self) -> None:
        self.write(
            self.migrate(),
            *seeds.life('image', PROJECT, seeds.at(2026, 10, 5)),
        )
        self.follow('doc/source/admin/names.rst')

    def test_notifications(self) -> None:
        self.migrate()
        self.follow('doc/source/admin/notifications.rst')

    def test_operating(self) -> None:
        self.migrate().write_rejected(
            [
                storage_base.RejectedMessage(
                    id='1',
                    received_at=1,
                    region='RegionOne',
                    reason='no',
                    event_type='test',
                    message_id='m',
                    body='{}',
                )
            ]
        )
        self.follow('doc/source/admin/operating.rst')

    def test_prices(self) -> None:
        page = 'doc/source/admin/prices.rst'
        now = timestamps.now()
        self.write(
            self.migrate(),
            *seeds.life(
                *('instance', PROJECT, now - 2 * seeds.HOUR, now - seeds.HOUR),
                type='m1.small',
            ),
        )
        [shown] = (
            block.text
            for block in pages.blocks(page)
            if block.language == 'yaml'
        )
        (self.folder / 'prices.yaml').write_text(shown)
        self.follow(page)

    def test_statements(self) -> None:
        storage = self.migrate()
        seeds.charge(storage, PRICES)
        self.write(
            storage, *seeds.life('instance', PROJECT, seeds.at(2026, 10, 5))
        )
        self.replacements = {'2026-10-8d1c...': f'2026-10-{PROJECT}'}
        self.follow('doc/source/admin/statements.rst')
        self.assertTrue((self.folder / '10.pdf').stat().st_size)

    def test_troubleshooting(self) -> None:
        self.migrate()
        self.follow('doc/source/admin/troubleshooting.rst')

    def test_upgrade(self) -> None:
        self.migrate()
        self.follow('doc/source/admin/upgrade.rst')

    def test_testing(self) -> None:
        self.follow('doc/source/contributor/testing.rst')
        self.assertIn('<html', (self.folder / 'statement.html').read_text())
