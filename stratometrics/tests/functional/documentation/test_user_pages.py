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
"""The pages for users, before a real API, Keystone and ClickHouse."""

import pathlib
import re
import textwrap

from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base as functional
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.documentation import pages
from stratometrics.tests.functional.documentation import programs
from stratometrics.tests.functional.documentation import seeds
from stratometrics.tests.functional.documentation import walk

#: What makes costs.rst come to what it shows.
PRICES = """\
currency: EUR
prices:
- resource_type: instance
  match: {type: m1.small}
  price: "0.0251"
  per: hour
  valid_from: 2026-10-01T00:00:00Z
  equivalents:
    aws: {name: t3a.medium, price: "0.0397"}
"""


class UserPagesTest(walk.Walk):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        conf = functional.configuration()
        cls.addClassCleanup(functional.drop, conf)
        storage = driver.get_storage(conf)
        cls.addClassCleanup(storage.close)
        storage.schema.migrate(storage.schema.newest)
        project = base.project_id('alice', 'acme')
        begin = seeds.at(2026, 10, 2)
        storage.write_events(
            [
                *seeds.life(
                    *('instance', project, begin, begin + 36 * seeds.HOUR),
                    type='m1.small',
                    measures={'vcpus': 2},
                ),
                *seeds.life('volume', project, begin, type='ssd'),
            ],
            received_at=seeds.at(2026, 11),
        )
        seeds.charge(storage, PRICES)
        cls.server = base.Server(conf)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def setUp(self) -> None:
        super().setUp()
        self.replacements = {'http://127.0.0.1:9721': self.server.url}
        self.configure(self.server.config_file.read_text())
        self.log_in('alice', 'acme')

    def log_in(self, user: str, project: str) -> None:
        keystone = base.keystone()
        self.environment |= {
            # Of those that get none in the page.
            'TOKEN': base.token(user, project),
            'OS_AUTH_URL': keystone.url,
            'OS_USERNAME': user,
            'OS_PASSWORD': keystone.password,
            'OS_PROJECT_NAME': project,
            'OS_USER_DOMAIN_ID': 'default',
            'OS_PROJECT_DOMAIN_ID': 'default',
            # The catalog names one service for all tests.
            'OS_BILLING_ENDPOINT_OVERRIDE': self.server.url,
        }

    def test_readme(self) -> None:
        self.follow('README.rst')

    def test_install_cli(self) -> None:
        page = 'doc/source/install/cli.rst'
        whole, line = (
            block.text
            for block in pages.blocks(page)
            if block.caption.endswith('clouds.yaml')
        )
        keystone = base.keystone()
        self.replacements |= {
            'https://keystone.example.com/v3': keystone.url,
            'PASSWORD': keystone.password,
            'https://stratometrics.example.com': self.server.url,
        }
        clouds_file = self.folder / '.config/openstack/clouds.yaml'
        clouds_file.parent.mkdir(parents=True)
        clouds_file.write_text(
            self.replaced(f'{whole}\n{textwrap.indent(line, 4 * " ")}\n')
        )
        for name in [name for name in self.environment if name[:3] == 'OS_']:
            del self.environment[name]
        self.follow(page)
        completed = self.folder / '.local/share/bash-completion/completions'
        self.assertIn('cmds_billing=', (completed / 'openstack').read_text())

    def test_api(self) -> None:
        self.follow('doc/source/user/api.rst')

    def test_client(self) -> None:
        # Others ask the catalog for the endpoint at the same time.
        asked = 'session.Session(auth=auth)'
        ran = programs.run(
            'doc/source/user/client.rst',
            self.folder,
            self.environment,
            {asked: f"{asked}, endpoint_override='{self.server.url}'"},
        )
        self.assertLess(4, len(ran))
        for where, shown, printed in ran:
            self.assertEqual(shown, printed, where)
        self.assertIn('BilledCost', (self.folder / 'october.csv').read_text())

    def test_costs(self) -> None:
        self.follow('doc/source/user/costs.rst')

    def test_focus(self) -> None:
        self.follow('doc/source/user/focus.rst')
        for name in ('october.csv', 'hours.csv', 'october.parquet'):
            self.assertTrue((self.folder / name).stat().st_size)

    def test_openapi(self) -> None:
        self.follow('doc/source/user/openapi.rst')

    def test_prices(self) -> None:
        page = 'doc/source/user/prices.rst'
        # The others add several, and change some that are there.
        [shown] = (
            block.text
            for block in pages.blocks(page)
            if block.language == 'json'
            and not re.search('"(prices|changes)"', block.text)
        )
        # There is a price for m1.small already.
        pathlib.Path(self.folder, 'price.json').write_text(
            shown.replace('m1.small', 'm1.large')
        )
        self.log_in('admin', 'admin')
        self.follow(page)

    def test_resources(self) -> None:
        self.follow('doc/source/user/resources.rst')
