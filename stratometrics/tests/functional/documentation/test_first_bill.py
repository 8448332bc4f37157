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
"""The guide to a first bill, from the quickstart to what it says at last."""

import os
import pathlib
import sys
import time

from stratometrics.tests.functional.documentation import walk
from stratometrics.tests.realparts import choice
from stratometrics.tests.realparts import ports

PAGE = 'doc/source/user/first-bill.rst'

#: Seconds; a first run downloads servers.
PATIENCE = 900


class FirstBillTest(walk.Walk):
    def setUp(self) -> None:
        super().setUp()
        port = ports.free_port()
        # Without the servers that tests share: it starts its own.
        shared = {kind.variable for kind in choice.PARTS.values()}
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in shared
        } | self.environment
        # Where downloads are kept.
        self.environment['HOME'] = os.environ.get('HOME', '')
        self.replacements = {
            # The script makes an environment for it; this one has all that.
            './tools/quickstart.sh': (
                f'{sys.executable} -m stratometrics.tests.quickstart '
                f'--port {port}'
            ),
            '/tmp/billing': str(self.folder / 'billing'),
            ':9721': f':{port}',
        }
        self.services = {'./tools/quickstart.sh': self.await_answers}

    def await_answers(self, output: pathlib.Path) -> None:
        """Wait until it has come to what it says at last."""
        deadline = time.monotonic() + PATIENCE
        while 'Ctrl-C' not in (said := output.read_text()):
            self.assertLess(time.monotonic(), deadline, said)
            time.sleep(0.1)

    def test_the_page(self) -> None:
        self.follow(PAGE)
        for name, begin in (
            ('october.html', b'<!DOCTYPE html>'),
            ('october.pdf', b'%PDF-'),
            ('october-focus.csv', b'AvailabilityZone,BilledCost,'),
        ):
            self.assertStartsWith(name, begin)

    def assertStartsWith(self, name: str, begin: bytes) -> None:  # noqa: N802
        content = (self.folder / name).read_bytes()
        self.assertEqual(begin, content[: len(begin)])
