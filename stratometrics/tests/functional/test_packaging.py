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

"""The wheel that is installed holds all that the services need."""

import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

import testtools

ROOT = pathlib.Path(__file__).parents[3]


@unittest.skipUnless((ROOT / '.git').exists(), 'not a checkout')
class WheelTest(testtools.TestCase):
    def run_command(self, *command: str) -> str:
        ran = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(0, ran.returncode, ran.stderr)
        return ran.stdout

    def test_every_file_of_the_package_is_in_the_wheel(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        source = folder / 'source'
        # A clone, so that building leaves no traces in the checkout.
        self.run_command('git', 'clone', '--quiet', str(ROOT), str(source))
        tracked = self.run_command(
            'git', '-C', str(source), 'ls-files', 'stratometrics'
        ).split()
        self.run_command(
            *(sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps'),
            *(f'--wheel-dir={folder}', str(source)),
        )
        [built] = folder.glob('*.whl')
        with zipfile.ZipFile(built) as wheel:
            packed = wheel.namelist()
            [entry_points] = (
                wheel.read(name).decode()
                for name in packed
                if name.endswith('.dist-info/entry_points.txt')
            )
            [metadata] = (
                wheel.read(name).decode()
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
        # What makes PDF is only for who wants it.
        self.assertRegex(metadata, r'Requires-Dist: WeasyPrint.*extra == .pdf')
