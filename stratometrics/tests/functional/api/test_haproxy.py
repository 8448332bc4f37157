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
"""Two servers behind HAProxy, as the guide configures it."""

import os
import pathlib
import re
import shutil
import textwrap

import fixtures
import requests

from stratometrics.tests.functional import base as functional_base
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_server
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process

_GUIDE = (
    pathlib.Path(__file__).parents[4]
    / 'doc'
    / 'source'
    / 'admin'
    / 'monitoring.rst'
)
_BLOCK = r'(?m)^ +:class: haproxy\n\n((?: {3}.*\n|\n)+)'

#: What a package of it brings.
_DEFAULTS = """\
defaults
    timeout connect 5s
    timeout client 50s
    timeout server 50s

"""

#: Where an ordinary user's PATH does not lead.
_PATH = f'{os.environ.get("PATH", "")}:/usr/local/sbin:/usr/sbin:/sbin'


def eventually(check) -> bool:
    return test_server.eventually(check, 30)


class TestBehindHAProxy(functional_base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.servers = [base.Server(self.conf) for _ in range(2)]
        for server in self.servers:
            self.addCleanup(server.close)
            server.configure(
                api=f'healthcheck_disable_file = {server.folder}/out'
            )
            server.start()
        self.port = ports.free_port()
        self.start_haproxy()

    def start_haproxy(self) -> None:
        [found] = re.findall(_BLOCK, _GUIDE.read_text())
        configuration = textwrap.dedent(found)
        for old, port in (
            ('192.0.2.10:9721', self.port),
            ('192.0.2.11:9721', self.servers[0].port),
            ('192.0.2.12:9721', self.servers[1].port),
        ):
            self.assertIn(old, configuration)
            configuration = configuration.replace(old, f'127.0.0.1:{port}')
        file = self.folder / 'haproxy.cfg'
        file.write_text(_DEFAULTS + configuration)
        program = shutil.which('haproxy', path=_PATH)
        self.assertTrue(program, 'apt-get install haproxy')
        haproxy = process.Child(
            'haproxy',
            [program, '-db', '-f', str(file)],
            self.folder / 'haproxy.log',
        )
        self.addCleanup(haproxy.stop)
        haproxy.start()
        self.assertTrue(eventually(lambda: ports.accepts(self.port)))

    def ask(self) -> int:
        return requests.get(f'http://127.0.0.1:{self.port}/').status_code

    def served(self) -> list[int]:
        """How many requests of clients each of them has answered."""
        return [
            server.log.read_text().count('"GET /" status: 200')
            for server in self.servers
        ]

    def who_serves(self) -> set[int]:
        """Who answers the next ones; all of them are answered well."""
        before = self.served()
        self.assertEqual([200] * 6, [self.ask() for _ in range(6)])
        return {
            number
            for number, (now, then) in enumerate(
                zip(self.served(), before, strict=True)
            )
            if now > then
        }

    def test_a_server_is_taken_out_and_put_back(self) -> None:
        self.assertTrue(eventually(lambda: self.who_serves() == {0, 1}))
        out = self.servers[0].folder / 'out'
        out.touch()
        self.assertTrue(eventually(lambda: self.who_serves() == {1}))
        self.assertEqual({1}, self.who_serves())
        out.unlink()
        self.assertTrue(eventually(lambda: self.who_serves() == {0, 1}))

    def test_without_clickhouse_none_is_asked(self) -> None:
        self.storage.schema.migrate(0)
        self.assertTrue(eventually(lambda: self.ask() == 503))
        self.storage.schema.migrate(self.storage.schema.newest)
        self.assertTrue(eventually(lambda: self.ask() == 200))
