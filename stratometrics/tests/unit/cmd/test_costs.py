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
import os
import pathlib

import fixtures
import testtools

from stratometrics.cmd import costs
from stratometrics.storage import errors


class WriteTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.folder / 'october.csv'

    def files(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def test_it_is_there_whole(self):
        costs.write(self.path, iter([b'1', b'2']))
        self.assertEqual({'october.csv': b'12'}, self.files())

    def test_what_breaks_leaves_what_was_there(self):
        def pieces():
            yield b'1'
            self.assertEqual(2, len(self.files()))
            raise errors.StorageUnavailable('gone')

        self.path.write_bytes(b'before')
        self.assertRaises(
            errors.StorageUnavailable, costs.write, self.path, pieces()
        )
        self.assertEqual({'october.csv': b'before'}, self.files())

    def test_where_nothing_can_be_written(self):
        error = self.assertRaises(
            ValueError, costs.write, self.folder / 'no' / 'x', iter([])
        )
        self.assertIn('cannot be written', str(error))

    def test_what_is_no_file_is_not_replaced(self):
        os.mkfifo(self.path)
        error = self.assertRaises(
            ValueError, costs.write, self.path, iter([b'1'])
        )
        self.assertIn('is no file', str(error))
        self.assertTrue(self.path.is_fifo())
