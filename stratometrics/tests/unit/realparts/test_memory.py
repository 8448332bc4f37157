#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Tests of where temporary folders are."""

import collections
import os
import pathlib
import tempfile
import unittest
from unittest import mock

from stratometrics.tests.realparts import memory

Status = collections.namedtuple('Status', 'f_flag f_bavail f_frsize')


class MemoryTest(unittest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.start(mock.patch.dict(os.environ))
        for name in ('TMPDIR', 'TEMP', 'TMP'):
            os.environ.pop(name, None)
        self.start(mock.patch.object(tempfile, 'tempdir', None))
        self.before = tempfile.gettempdir()
        # What a machine has in memory is not known here.
        self.statvfs = self.start(mock.patch.object(os, 'statvfs'))
        self.statvfs.return_value = Status(0, memory.ROOM // 4096, 4096)
        self.told = self.folder / 'told'
        self.told.mkdir()
        self.start(mock.patch.object(memory, '_CGROUP', self.told))
        meminfo = self.told / 'meminfo'
        self.start(mock.patch.object(memory, '_MEMORY', meminfo))
        meminfo.write_text(
            f'MemFree: 9 kB\nMemAvailable:   {memory.ROOM >> 10} kB\n'
        )

    def start(self, patch: mock._patch) -> mock.MagicMock:
        self.addCleanup(patch.stop)
        return patch.start()

    def use(self) -> str:
        return memory.use_for_temporary_folders(self.folder)

    def test_it_is_used_by_this_process_and_its_children(self) -> None:
        self.assertEqual(
            f'temporary folders are in {self.folder}: in memory', self.use()
        )
        self.assertEqual(str(self.folder), tempfile.gettempdir())
        self.assertEqual(str(self.folder), os.environ['TMPDIR'])

    def stays(self, reason: str) -> None:
        self.assertEqual(
            f'temporary folders are in {self.before}: {reason}', self.use()
        )
        self.assertEqual(self.before, tempfile.gettempdir())
        self.assertNotIn('TMPDIR', os.environ)

    def test_there_is_none(self) -> None:
        self.folder /= 'none'
        self.stays(f'there is no {self.folder}')

    def test_no_program_runs_from_it(self) -> None:
        # As containers have it.
        self.statvfs.return_value = Status(os.ST_NOEXEC, 1 << 40, 4096)
        self.stays(f'{self.folder} lets no program run')

    def test_there_is_no_room(self) -> None:
        self.statvfs.return_value = Status(0, memory.ROOM // 4096 - 1, 4096)
        self.stays(f'{self.folder} has less than 8 GiB free')

    def test_there_is_less_memory_than_it_may_take(self) -> None:
        (self.told / 'meminfo').write_text(
            f'MemAvailable: {(memory.ROOM >> 10) - 1} kB\n'
        )
        self.stays('less than 8 GiB of memory are free')

    def test_nobody_tells_how_much_memory_there_is(self) -> None:
        (self.told / 'meminfo').write_text('MemFree: 9 kB\n')
        self.stays('less than 8 GiB of memory are free')
        (self.told / 'meminfo').unlink()
        self.stays('less than 8 GiB of memory are free')

    def test_the_container_has_less(self) -> None:
        for cached, stays in ((4096, True), (4097, False)):
            (self.told / 'memory.max').write_text(f'{2 * memory.ROOM}\n')
            (self.told / 'memory.current').write_text(
                f'{memory.ROOM + 4097}\n'
            )
            (self.told / 'memory.stat').write_text(
                f'anon 7\ninactive_file {cached}\n'
            )
            if stays:
                self.stays('less than 8 GiB of memory are free')
            else:
                self.assertIn('in memory', self.use())

    def test_the_container_has_no_limit(self) -> None:
        (self.told / 'memory.max').write_text('max\n')
        (self.told / 'memory.current').write_text('7\n')
        self.assertIn('in memory', self.use())

    def test_it_cannot_be_written_to(self) -> None:
        with mock.patch.object(os, 'access', return_value=False):
            self.stays(f'{self.folder} cannot be written to')

    def test_the_user_named_another(self) -> None:
        with tempfile.TemporaryDirectory() as other:
            os.environ['TMPDIR'] = other
            tempfile.tempdir = None
            self.assertEqual(
                f'temporary folders are in {other}: as TMPDIR has it',
                self.use(),
            )
            self.assertEqual(other, tempfile.gettempdir())

    def test_the_user_named_another_in_another_way(self) -> None:
        for name in ('TEMP', 'TMP'):
            with mock.patch.dict(os.environ, {'TMPDIR': '', name: '/tmp'}):
                self.assertIn(f'as {name} has it', self.use())
