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

"""The wheel that is installed holds all that the services need, and runs."""

import atexit
import functools
import getpass
import grp
import itertools
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import unittest
import zipfile

import requests
import testtools

from stratometrics.tests import shipped
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_uwsgi
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.realparts import process
from stratometrics.tests.realparts import venv

ROOT = shipped.ROOT
PAGES = ROOT / 'doc' / 'source' / 'install'

#: Where the guide has an operator put it.
UWSGI_FILE = '/etc/stratometrics/uwsgi.ini'

_IS_CHECKOUT = (ROOT / '.git').exists()


def guided(page: str) -> list[str]:
    """What the installation guide has root enter on a page."""
    text = (PAGES / f'{page}.rst').read_text().replace('\\\n', ' ')
    return [
        line.strip().removeprefix('# ')
        for line in text.splitlines()
        if line.startswith('   # ')
    ]


@functools.cache
def folder() -> pathlib.Path:
    """Where all is built and installed; it goes when the process ends."""
    temporary = tempfile.TemporaryDirectory(prefix='stratometrics-wheel-')
    atexit.register(temporary.cleanup)
    return pathlib.Path(temporary.name)


@functools.cache
def source() -> pathlib.Path:
    """A clone, so that building leaves no traces in the checkout."""
    clone = folder() / 'source'
    process.run(['git', 'clone', '--quiet', str(ROOT), str(clone)], 'clone it')
    return clone


@functools.cache
def wheel() -> pathlib.Path:
    """What pip builds of it."""
    process.run(
        [
            *(sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps'),
            *(f'--wheel-dir={folder()}', str(source())),
        ],
        'build the wheel',
        env=venv.environment(),
    )
    [built] = folder().glob('*.whl')
    return built


class Installed:
    """The wheel in a virtual environment that had nothing before."""

    def __init__(self) -> None:
        self.folder = folder() / 'installed'
        process.run(
            [sys.executable, '-m', 'venv', str(self.folder)],
            'make a virtual environment',
            env=venv.environment(),
        )
        self.run('python', '-m', 'pip', 'install', '--quiet', str(wheel()))

    @property
    def programs(self) -> str:
        return f'{self.folder}/bin/'

    def command(
        self, program: str, *arguments: str, **variables: str
    ) -> list[str]:
        """A program of it, run as systemd does, far from the checkout."""
        # Of what the tests run with, nothing may help.
        return [
            *('env', '--ignore-environment', '--chdir=/', 'LC_ALL=C.UTF-8'),
            *(
                f'{name}={value}'
                for name, value in (self._needed() | variables).items()
            ),
            self.programs + program,
            *arguments,
        ]

    @staticmethod
    def _needed() -> dict[str, str]:
        """How a package index is reached, and the cache of pip."""
        return {
            name: value
            for name, value in os.environ.items()
            if name in ('HOME', 'PATH', 'XDG_CACHE_HOME')
            or name.lower().endswith('_proxy')
            or name.startswith(('PIP_', 'SSL_CERT_', 'REQUESTS_CA_'))
        }

    def run(self, program: str, *arguments: str) -> str:
        return process.run(self.command(program, *arguments), f'run {program}')

    def started(
        self, unit: str, config_file: pathlib.Path, **variables: str
    ) -> list[str]:
        """What a unit of systemd starts, with other files."""
        text = self.shared('systemd', unit).read_text()
        program, *arguments = (
            word.replace(shipped.CONFIG_FILE, str(config_file))
            for word in shipped.command(text)
        )
        return self.command(
            program.removeprefix(shipped.PROGRAMS), *arguments, **variables
        )

    def shared(self, *path: str) -> pathlib.Path:
        """A file that comes along."""
        return self.folder.joinpath('share', 'stratometrics', *path)


class Notified:
    """Where systemd is told that a service of Type=notify is ready."""

    def __init__(self, place: pathlib.Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(bed.PATIENCE)
        self._socket.bind(str(place))
        self.variables = {'NOTIFY_SOCKET': str(place)}

    def wait(self) -> None:
        with self._socket:
            while b'READY=1' not in self._socket.recv(1000).splitlines():
                pass


class ServedByUnit:
    """The API, as the unit starts it."""

    installed: Installed

    def start(self) -> None:
        super().start()
        self.notified.wait()

    def _child(self) -> process.Child:
        self.notified = Notified(self.folder / 'notify')
        return process.Child('stratometrics-api', self._started(), self.log)


class Server(ServedByUnit, base.Server):
    """By itself."""

    def _started(self) -> list[str]:
        return self.installed.started(
            'stratometrics-api.service',
            self.config_file,
            **self.notified.variables,
        )


class UWSGIServer(ServedByUnit, test_uwsgi.Server):
    """Under uWSGI, which is installed there as well."""

    def _ini(self) -> pathlib.Path:
        return self.installed.shared('uwsgi', 'stratometrics-api.ini')

    def _python(self) -> str:
        return f'{self.installed.programs}python'

    def _started(self) -> list[str]:
        unit = 'stratometrics-api-uwsgi.conf'
        text = self.installed.shared('systemd', unit).read_text()
        variable = f'{test_uwsgi.CONFIG_FILES}={shipped.CONFIG_FILE}'
        if ('Environment', variable) not in shipped.directives(text):
            raise AssertionError(f'{unit} does not set {variable}')
        started = self.installed.started(
            unit,
            self.config_file,
            **self.notified.variables,
            **{test_uwsgi.CONFIG_FILES: str(self.config_file)},
        )
        return [
            str(self.server_file) if each == UWSGI_FILE else each
            for each in started
        ]


@unittest.skipUnless(_IS_CHECKOUT, 'not a checkout')
class WheelTest(testtools.TestCase):
    def test_every_file_of_the_package_is_in_the_wheel(self) -> None:
        tracked = subprocess.run(
            ['git', '-C', str(source()), 'ls-files', 'stratometrics'],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        with zipfile.ZipFile(wheel()) as opened:
            packed = opened.namelist()
            [entry_points] = (
                opened.read(name).decode()
                for name in packed
                if name.endswith('.dist-info/entry_points.txt')
            )
            [metadata] = (
                opened.read(name).decode()
                for name in packed
                if name.endswith('.dist-info/METADATA')
            )
        for name in (
            'notifications/definitions/nova.yaml',
            'rating/rendering/templates/statement.html',
        ):
            self.assertIn(f'stratometrics/{name}', tracked)
        self.assertEqual([], sorted(set(tracked) - set(packed)))
        for name in ('api', 'collector', 'manage', 'status'):
            self.assertIn(f'stratometrics-{name} = ', entry_points)
        for group, module in (
            ('openstack.cli.extension', 'stratometrics.osc.plugin'),
            ('openstack.billing.v1', 'stratometrics.osc.v1.coverage:'),
        ):
            self.assertRegex(
                entry_points, rf'(?s)\[{group}\]\n[^\[]* = {module}'
            )
        # What makes PDF, and the commands, are only for who wants them.
        for package, extra in (
            ('WeasyPrint', 'pdf'),
            ('cliff', 'cli'),
            ('osc-lib', 'cli'),
            ('python-openstackclient', 'cli'),
            ('rich', 'cli'),
        ):
            needed = re.findall(
                rf'(?m)^Requires-Dist: {package}\b.*$', metadata
            )
            # All that the tests need is an extra as well.
            self.assertEqual(
                {extra, 'test'},
                {
                    line.partition('extra == ')[2].strip('\'"')
                    for line in needed
                },
            )


@unittest.skipUnless(_IS_CHECKOUT, 'not a checkout')
class InstalledTest(bed.CollectorTestCase):
    """All is run from the wheel, and nothing from the checkout."""

    installed: Installed

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.installed = Installed()

    def prepare_database(self) -> None:
        self.manage('db', 'sync')

    def manage(self, *arguments: str) -> str:
        return self.installed.run(
            'stratometrics-manage',
            f'--config-file={self.config_file}',
            *arguments,
        )

    def command(self) -> list[str]:
        self.notified = Notified(self.folder / 'notify')
        return self.installed.started(
            'stratometrics-collector.service',
            self.config_file,
            **self.notified.variables,
        )

    def test_the_files_of_an_operator_are_there(self) -> None:
        settings = self.installed.folder / 'etc' / 'stratometrics'
        for kept in (
            'config-generator.conf',
            'policy-generator.conf',
            'policy.yaml.sample',
            'stratometrics.conf.sample',
        ):
            self.assertEqual(
                (source() / 'etc' / 'stratometrics' / kept).read_text(),
                (settings / kept).read_text(),
            )
        for name in ('logrotate', 'nginx', 'systemd', 'uwsgi'):
            for kept in (source() / 'contrib' / name).iterdir():
                found = self.installed.shared(name, kept.name)
                self.assertEqual(kept.read_text(), found.read_text())

    def test_the_guide_copies_what_there_is(self) -> None:
        """What is copied to where, but for the rights, which root gives."""
        group = grp.getgrgid(os.getgid()).gr_name
        script = '\n'.join(
            command
            for page in ('manual', 'wsgi')
            for command in guided(page)
            if command.split()[0] in ('cd', 'install')
        )
        for there, here in (
            ('/opt/stratometrics', str(self.installed.folder)),
            (' /etc/', f' {self.folder}/etc/'),
            (' /var/', f' {self.folder}/var/'),
            ('-o stratometrics', f'-o {getpass.getuser()}'),
            ('-g stratometrics', f'-g {group}'),
        ):
            self.assertIn(there, script)
            script = script.replace(there, here)
        for name in (
            'etc/logrotate.d',
            'etc/nginx/sites-available',
            'etc/systemd/system',
        ):
            (self.folder / name).mkdir(parents=True)
        process.run(['bash', '-ec', script], 'do what the guide says')
        self.assertEqual(
            {
                'etc/logrotate.d/stratometrics',
                'etc/nginx/sites-available/stratometrics.conf',
                'etc/stratometrics/uwsgi.ini',
                'etc/sysusers.d/stratometrics.conf',
                'etc/systemd/system/stratometrics-api.service',
                'etc/systemd/system/stratometrics-api.service.d/uwsgi.conf',
                'etc/systemd/system/stratometrics-collector.service',
            },
            {
                str(path.relative_to(self.folder))
                for path in (self.folder / 'etc').rglob('*')
                if path.is_file()
            },
        )
        for name in ('etc/stratometrics', 'var/log/stratometrics'):
            mode = (self.folder / name).stat().st_mode
            self.assertEqual(0o750, mode & 0o777)

    def test_the_configuration_of_the_guide_is_understood(self) -> None:
        page = (PAGES / 'manual.rst').read_text()
        _, _, block = page.partition('.. code-block:: ini\n\n')
        lines = itertools.takewhile(
            lambda line: not line or line.startswith('   '), block.splitlines()
        )
        config_file = self.folder / 'guided.conf'
        config_file.write_text(
            textwrap.dedent('\n'.join(lines)).replace(
                '/var/log/stratometrics', str(self.folder)
            )
        )
        checked = (
            'import sys; from stratometrics import service; '
            'from stratometrics.api import app; '
            'conf = service.prepare(["--config-file", sys.argv[1]]); '
            'app.load(conf); '
            'print(conf.clickhouse.hosts, conf.keystone_authtoken.username)'
        )
        said = self.installed.run('python', '-c', checked, str(config_file))
        self.assertIn("['clickhouse.example.com'] stratometrics", said)

    def test_with_its_extra_it_is_a_plugin_of_openstack(self) -> None:
        self.installed.run(
            *('python', '-m', 'pip', 'install', '-q', f'{wheel()}[cli]')
        )
        self.assertIn(
            'billing coverage show',
            self.installed.run('openstack', 'help', 'billing'),
        )

    def test_from_a_notification_to_an_answer(self) -> None:
        newest = self.storage.schema.newest
        self.assertIn(str(newest), self.manage('db', 'version'))
        messages = bed.notifications(20)
        expected = bed.billed(messages)
        self.start_and_wait()
        self.notified.wait()
        self.publish(map(bed.envelope, messages))
        self.wait_until(
            lambda: self.stored() == expected, 'all of it is stored'
        )
        # pip finds what the documentation tells to install.
        self.installed.run('python', '-m', 'pip', 'install', '-q', 'pyuwsgi')
        for kind in (Server, UWSGIServer):
            served = type('Served', (kind,), {'installed': self.installed})
            server = served(self.conf())
            self.addCleanup(server.close)
            server.start()
            self.assertEqual(200, server.get('/healthcheck').status_code)
            self.assertEqual(401, server.get('/v1/usage').status_code)
            response = server.get(
                '/v1/instances',
                base.admin(),
                {
                    'all_projects': 'true',
                    'from': '2026-11-01T00:00:00Z',
                    'to': '2026-12-01T00:00:00Z',
                },
            )
            self.assertEqual(
                requests.codes.ok, response.status_code, response.text
            )
            self.assertTrue(response.json()['results'])
