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
"""The units of systemd, read by systemd's own tools.

No systemd runs where tests do: that a unit starts, and what it is kept from,
is not seen here. What it starts is, by the tests of the wheel.
"""

import os
import pathlib
import subprocess
import unittest

import fixtures
import testtools

from stratometrics import conf
from stratometrics.tests import shipped

UNITS = shipped.CONTRIB / 'systemd'


class UnitsTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('stratometrics-api', 'stratometrics-collector'):
            (self.folder / name).symlink_to('/bin/true')

    def installed(self, name: str, place: str) -> pathlib.Path:
        """A unit in a folder, with programs that are there."""
        text = (UNITS / name).read_text()
        self.assertIn(shipped.PROGRAMS, text)
        target = self.folder / place
        target.parent.mkdir(exist_ok=True)
        target.write_text(text.replace(shipped.PROGRAMS, f'{self.folder}/'))
        return target

    def complaints(self, unit: pathlib.Path) -> str:
        """What systemd has to say of a unit, and of what is added to it."""
        ran = subprocess.run(
            ['systemd-analyze', 'verify', '--man=no', str(unit)],
            capture_output=True,
            text=True,
        )
        return ran.stdout + ran.stderr

    def value(self, unit: str, name: str) -> str:
        [value] = (
            value
            for each, value in shipped.directives((UNITS / unit).read_text())
            if each == name
        )
        return value

    def test_systemd_understands_them(self):
        for name in ('api', 'collector'):
            unit = f'stratometrics-{name}.service'
            self.assertEqual('', self.complaints(self.installed(unit, unit)))

    def test_systemd_understands_what_has_uwsgi_run(self):
        unit = 'stratometrics-api.service'
        self.installed('stratometrics-api-uwsgi.conf', f'{unit}.d/uwsgi.conf')
        target = self.installed(unit, unit)
        self.assertIn(f'{self.folder}/uwsgi', self.complaints(target))
        (self.folder / 'uwsgi').symlink_to('/bin/true')
        self.assertEqual('', self.complaints(target))

    def test_they_wait_longer_than_the_services_do(self):
        for module in (conf.api, conf.collector):
            [longest] = (
                opt.default
                for opt in module.OPTS
                if opt.name == 'graceful_timeout'
            )
            unit = f'stratometrics-{module.GROUP.name}.service'
            wait = int(self.value(unit, 'TimeoutStopSec'))
            self.assertGreaterEqual(wait, longest + 10)
            self.assertEqual('mixed', self.value(unit, 'KillMode'))

    def test_uwsgi_waits_no_longer_than_its_unit(self):
        ini = (shipped.CONTRIB / 'uwsgi' / 'stratometrics-api.ini').read_text()
        options = dict(
            line.split(' = ', 1) for line in ini.splitlines() if ' = ' in line
        )
        unit = 'stratometrics-api.service'
        wait = int(self.value(unit, 'TimeoutStopSec'))
        for name in ('reload-mercy', 'worker-reload-mercy'):
            self.assertLess(int(options[name]), wait)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can make users')
    def test_the_user_can_be_made(self):
        (self.folder / 'etc').mkdir()
        subprocess.run(
            ['systemd-sysusers', f'--root={self.folder}', '-'],
            input=(UNITS / 'stratometrics-sysusers.conf').read_bytes(),
            capture_output=True,
            check=True,
        )
        [user] = (self.folder / 'etc' / 'passwd').read_text().splitlines()
        self.assertTrue(user.startswith('stratometrics:'), user)
        self.assertTrue(user.endswith('/nologin'), user)
        for unit in ('api', 'collector'):
            for name in ('User', 'Group'):
                self.assertEqual(
                    'stratometrics',
                    self.value(f'stratometrics-{unit}.service', name),
                )
