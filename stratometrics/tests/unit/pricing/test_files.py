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
"""What of a file of prices is read."""

import pathlib

import fixtures
import testtools

from stratometrics.pricing import errors
from stratometrics.pricing import files


class ReadTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.file = pathlib.Path(folder) / 'prices.yaml'

    def said(self, file):
        error = self.assertRaises(errors.Malformed, files.read, file)
        return str(error).removeprefix(f'{file}: ')

    def test_a_text(self):
        self.file.write_bytes('prices: [] # \u20ac'.encode())
        self.assertEqual('prices: [] # \u20ac', files.read(self.file))

    def test_what_cannot_be_read(self):
        self.assertIn('No such file', self.said(self.file))
        self.assertIn('Is a directory', self.said(self.file.parent))
        self.file.write_bytes(b'\xe9')
        self.assertIn("'utf-8' codec can't decode", self.said(self.file))

    def test_what_has_no_end(self):
        self.assertEqual(
            'longer than 16 MiB', self.said(pathlib.Path('/dev/zero'))
        )
        self.file.write_bytes(b' ' * files.MAX_LENGTH)
        self.assertEqual(files.MAX_LENGTH, len(files.read(self.file)))
