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
"""The clouds.yaml that the quickstart leaves while it runs."""

import pathlib

import fixtures
import testtools
import yaml

from stratometrics.tests.quickstart import clouds
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import identity

KEYSTONE = identity.Identity('http://127.0.0.1:5000/v3')


class CloudsTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.file = pathlib.Path(folder, 'clouds.yaml')

    def written(self):
        return clouds.written(self.file, KEYSTONE, {'acme': 'alice'})

    def test_it_is_there_for_its_owner_alone_until_the_end(self) -> None:
        with self.written():
            self.assertEqual(0o600, self.file.stat().st_mode & 0o777)
            found = yaml.safe_load(self.file.read_text())['clouds']
        self.assertEqual(['alice'], list(found))
        auth = found['alice']['auth']
        self.assertEqual(
            ('alice', 'acme', KEYSTONE.url),
            (auth['username'], auth['project_name'], auth['auth_url']),
        )
        self.assertFalse(self.file.exists())

    def test_one_that_was_left_is_replaced(self) -> None:
        with self.written():
            left = self.file.read_text()
        self.file.write_text(left + 'more: []')
        self.file.chmod(0o644)
        with self.written():
            self.assertEqual(left, self.file.read_text())
            self.assertEqual(0o600, self.file.stat().st_mode & 0o777)

    def test_one_of_somebody_else_is_left_alone(self) -> None:
        self.file.write_text('clouds: {}')
        error = self.assertRaises(errors.PartError, self.written().__enter__)
        self.assertIn('--data', str(error))
        self.assertEqual('clouds: {}', self.file.read_text())
