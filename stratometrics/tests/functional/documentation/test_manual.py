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
"""The guides that make users in Keystone, on real servers."""

import dataclasses
import pathlib
import time

from stratometrics.tests.functional import base
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.functional.documentation import pages
from stratometrics.tests.functional.documentation import walk
from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import identity
from stratometrics.tests.realparts import keystone
from stratometrics.tests.realparts import ports

PAGE = 'doc/source/install/manual.rst'

PATIENCE = 60


class ManualTest(walk.Walk):
    """The configuration is that of the page, too."""

    def setUp(self) -> None:
        super().setUp()
        # Of its own, because the page makes users and endpoints in it.
        self.keystone = keystone.Keystone()
        self.addCleanup(self.keystone.close)
        self.keystone.launch()
        self.conf = base.configuration()
        self.addCleanup(base.drop, self.conf)
        self.broker = self.own_broker()
        self.port, self.metrics = ports.free_port(), ports.free_port()
        self.replacements = {
            # Who tests is one user, and where is a temporary folder.
            'runuser -u stratometrics -- \\\n': '',
            '/opt/stratometrics/bin/': '',
            '/var/log/stratometrics': str(self.folder),
            # Instead of systemd.
            'systemctl enable --now stratometrics-collector ': (
                'stratometrics-collector & '
            ),
            # There is no terminal at which it could ask.
            '--password-prompt': f'--password {identity.PASSWORD}',
            'PASSWORD': identity.PASSWORD,
            '0.0.0.0': ports.HOST,
            'stratometrics.example.com:9721': f'{ports.HOST}:{self.port}',
        }
        self.keystone.wait()
        self.forget('user', 'service')
        self.environment |= {
            'OS_AUTH_URL': self.keystone.url,
            'OS_USERNAME': 'admin',
            'OS_PASSWORD': identity.PASSWORD,
            'OS_PROJECT_NAME': 'admin',
            'OS_USER_DOMAIN_ID': 'default',
            'OS_PROJECT_DOMAIN_ID': 'default',
            'OS_IDENTITY_API_VERSION': '3',
        }
        self.services = {
            'systemctl enable --now': self.await_services,
        }
        self.configure(self.configuration())

    def own_broker(self) -> addresses.Address:
        """A virtual host, because the page listens to all services."""
        broker = bed.own_rabbitmq()
        broker.rabbitmqctl('add_vhost', 'manual')
        self.addCleanup(broker.rabbitmqctl, 'delete_vhost', 'manual')
        broker.rabbitmqctl(
            'set_permissions',
            *('--vhost', 'manual'),
            *(broker.address.user, '.*', '.*', '.*'),
        )
        return dataclasses.replace(broker.address, path='/manual')

    def forget(self, *kinds: str) -> None:
        """Take away what a page is to make."""
        admin = self.keystone.identity.session('admin', 'admin')
        for kind in kinds:
            url = f'{self.keystone.url}/{kind}s'
            [found] = admin.get(url, params={'name': 'stratometrics'}).json()[
                f'{kind}s'
            ]
            admin.delete(f'{url}/{found["id"]}')

    def configuration(self) -> str:
        """The page's, with the addresses of this machine."""
        shown = next(
            block.text
            for block in pages.blocks(PAGE)
            if block.language == 'ini'
        )
        options = self.conf.clickhouse
        changed = {
            'transport_url': (
                f'rabbit://{self.broker.user}:{self.broker.password}'
                f'@{self.broker.host}:{self.broker.port}{self.broker.path}'
            ),
            'hosts': (
                f'{options.hosts[0]}\nport = {options.port}\n'
                f'database = {options.database}'
            ),
            'user': options.user,
            'region_name': f'RegionOne\nmetrics_port = {self.metrics}',
            'bind_host': f'{ports.HOST}\nbind_port = {self.port}',
            'www_authenticate_uri': self.keystone.url,
            'auth_url': self.keystone.url,
        }
        lines = []
        section = ''
        for line in shown.splitlines():
            name = line.partition(' = ')[0]
            section = line if line.startswith('[') else section
            if (section, name) == ('[clickhouse]', 'password'):
                line = f'password = {options.password}'
            elif name in changed:
                line = f'{name} = {changed[name]}'
            lines.append(line)
        return self.replaced('\n'.join(lines))

    def await_services(self, output: pathlib.Path) -> None:
        """Wait until the collector and the API are there."""
        self.await_port(self.metrics, output)
        self.await_port(self.port, output)

    def await_port(self, port: int, output: pathlib.Path) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ports.accepts(port):
            self.assertLess(time.monotonic(), deadline, output.read_text())
            time.sleep(0.1)

    def test_the_pages(self) -> None:
        self.follow(PAGE)
        self.forget('user')
        self.follow('doc/source/admin/reconciliation.rst')
