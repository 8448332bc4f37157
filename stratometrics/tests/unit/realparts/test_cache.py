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

from concurrent import futures
import os
import pathlib
import tempfile
import threading
import unittest
from unittest import mock

from stratometrics.tests.realparts import cache
from stratometrics.tests.realparts import errors


class CacheTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = pathlib.Path(folder.name)
        patch = mock.patch.dict(os.environ, XDG_CACHE_HOME=folder.name)
        patch.start()
        self.addCleanup(patch.stop)
        self.built = 0

    def _build(self, target: pathlib.Path) -> None:
        self.built += 1
        (target / 'proof').write_text(str(self.built))

    def test_the_folder_follows_the_environment(self) -> None:
        self.assertEqual(self.home / 'stratometrics', cache.folder())
        self.assertTrue(cache.folder().is_dir())

    def test_the_folder_is_in_the_home_folder_by_default(self) -> None:
        with mock.patch.dict(os.environ, HOME=str(self.home)):
            del os.environ['XDG_CACHE_HOME']
            self.assertEqual(
                self.home / '.cache' / 'stratometrics', cache.folder()
            )

    def test_a_folder_that_cannot_be_made_is_named(self) -> None:
        os.environ['XDG_CACHE_HOME'] = '/dev/null'
        with self.assertRaisesRegex(
            errors.PartError, '/dev/null/stratometrics: '
        ):
            cache.folder()

    def test_a_held_lock_is_refused(self) -> None:
        path = self.home / 'lock'
        with (
            cache.lock(path),
            self.assertRaisesRegex(errors.PartError, '^it is busy$'),
            cache.lock(path, busy='it is busy'),
        ):
            self.fail('two hold the lock')
        with cache.lock(path, busy='it is busy'):
            pass

    def test_a_lock_can_be_waited_for(self) -> None:
        path = self.home / 'lock'
        entered = threading.Event()

        def enter() -> None:
            with cache.lock(path):
                entered.set()

        with futures.ThreadPoolExecutor() as pool:
            with cache.lock(path):
                pool.submit(enter)
                self.assertFalse(entered.wait(0.1))
            self.assertTrue(entered.wait(10))

    def test_it_is_built_once(self) -> None:
        first = cache.prepared('ham', 'proof', self._build)
        second = cache.prepared('ham', 'proof', self._build)
        self.assertEqual(first, second)
        self.assertEqual('1', (first / 'proof').read_text())

    def test_many_at_a_time_build_it_once(self) -> None:
        with futures.ThreadPoolExecutor(8) as pool:
            made = [
                pool.submit(cache.prepared, 'ham', 'proof', self._build)
                for _ in range(8)
            ]
        self.assertEqual(1, len({each.result() for each in made}))
        self.assertEqual(1, self.built)

    def test_a_failed_build_leaves_nothing_and_can_be_repeated(self) -> None:
        def fail(target: pathlib.Path) -> None:
            self._build(target)
            raise errors.PartError('no')

        with self.assertRaises(errors.PartError):
            cache.prepared('ham', 'proof', fail)
        self.assertEqual(
            [], [path for path in cache.folder().iterdir() if path.is_dir()]
        )
        folder = cache.prepared('ham', 'proof', self._build)
        self.assertEqual('2', (folder / 'proof').read_text())

    def test_a_damaged_folder_is_rebuilt(self) -> None:
        folder = cache.prepared('ham', 'proof', self._build)
        (folder / 'proof').rename(folder / 'other')
        cache.prepared('ham', 'proof', self._build)
        self.assertEqual(['proof'], [each.name for each in folder.iterdir()])
