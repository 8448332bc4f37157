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
import io
import os
import pathlib
import pty
import signal
import tempfile
from unittest import mock

from osc_lib import exceptions
import testtools

from stratometrics.client import errors
from stratometrics.osc import saving


class SavingTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / 'bill.pdf'

    def names(self):
        return sorted(each.name for each in self.folder.iterdir())

    def test_a_file_is_there_whole(self):
        def pieces():
            yield b'one '
            # Nobody sees a part of it.
            self.assertFalse(self.path.exists())
            yield b'two'

        saving.write(pieces(), self.path, False)
        self.assertEqual(b'one two', self.path.read_bytes())
        self.assertEqual(['bill.pdf'], self.names())

    def test_a_link_to_what_is_not_there(self):
        self.path.symlink_to(self.folder / 'missing')
        self.assertRaisesRegex(
            exceptions.CommandError,
            'is there already',
            saving.write,
            [b'one'],
            self.path,
            False,
        )
        self.assertTrue(self.path.is_symlink())

    def test_what_breaks_leaves_nothing(self):
        def pieces(error):
            yield b'one '
            raise error

        for error in (
            errors.Unreachable('it ended in the middle'),
            KeyboardInterrupt(),
        ):
            self.assertRaises(
                type(error), saving.write, pieces(error), self.path, False
            )
            self.assertEqual([], self.names())
        self.path.write_bytes(b'mine')
        self.assertRaises(
            KeyboardInterrupt,
            saving.write,
            pieces(KeyboardInterrupt()),
            self.path,
            True,
        )
        self.assertEqual(b'mine', self.path.read_bytes())

    def test_who_is_told_to_end_leaves_nothing(self):
        def pieces(number):
            yield b'one '
            os.kill(os.getpid(), number)
            yield b'two'

        def ignored(number, frame):
            pass

        for number in (signal.SIGTERM, signal.SIGHUP):
            # The test itself shall live if nothing else is done about it.
            before = signal.signal(number, ignored)
            self.addCleanup(signal.signal, number, before)
            saving.write(pieces(number), self.path, False)
            self.assertEqual(b'one two', self.path.read_bytes())
            self.path.unlink()
            signal.signal(number, signal.SIG_DFL)
            error = self.assertRaises(
                SystemExit, saving.write, pieces(number), self.path, False
            )
            self.assertEqual(128 + number, error.code)
            self.assertEqual([], self.names())
            self.assertIs(signal.SIG_DFL, signal.getsignal(number))

    def test_what_was_written_meanwhile_is_kept(self):
        def pieces():
            yield b'one'
            self.path.write_bytes(b'mine')

        error = self.assertRaises(
            exceptions.CommandError, saving.write, pieces(), self.path, False
        )
        self.assertIn('--force', str(error))
        self.assertEqual(b'mine', self.path.read_bytes())
        self.assertEqual(['bill.pdf'], self.names())

    def test_a_device_is_not_replaced(self):
        for force in (False, True):
            error = self.assertRaises(
                exceptions.CommandError,
                saving.require_free,
                pathlib.Path(os.devnull),
                force,
            )
            self.assertIn('is no file', str(error))

    def test_bytes_are_not_for_a_terminal(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        with (
            os.fdopen(slave, 'w') as terminal,
            mock.patch('sys.stdout', terminal),
        ):
            self.assertRaises(
                exceptions.CommandError, saving.require_no_terminal, 'pdf'
            )
        with mock.patch('sys.stdout', io.StringIO()):
            saving.require_no_terminal('pdf')
