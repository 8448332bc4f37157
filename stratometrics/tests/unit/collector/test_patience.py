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
import threading
import time

import fixtures
import testtools

from stratometrics.collector import patience
from stratometrics.storage import errors
from stratometrics.tests.unit.collector import fakes

AWAY = errors.StorageUnavailable('refused')


class TestPatience(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.changes = []
        self.patience = patience.Patience(0.01, self.changes.append)

    def test_tries_until_storage_is_there(self):
        attempt = fakes.fail(20, AWAY)
        self.assertIsNone(self.patience(attempt))
        self.assertEqual([True, False], self.changes)

    def test_returns_the_result(self):
        self.assertEqual(7, self.patience(lambda: 7))
        self.assertEqual([], self.changes)

    def test_says_so_once_an_outage(self):
        for _ in range(2):
            self.patience(fakes.fail(5, AWAY))
        self.assertEqual(2, self.log.output.count('unavailable'))
        self.assertEqual(2, self.log.output.count('refused'))
        self.assertEqual(2, self.log.output.count('back after'))

    def test_other_errors_are_not_waited_for(self):
        self.assertRaises(
            ZeroDivisionError,
            self.patience,
            fakes.fail(1, ZeroDivisionError()),
        )

    def test_halt_ends_a_long_pause(self):
        waiting = patience.Patience(3600, self.changes.append)
        threading.Timer(0.2, waiting.halt).start()
        begun = time.monotonic()
        self.assertRaises(
            errors.StorageUnavailable, waiting, fakes.fail(99, AWAY)
        )
        self.assertLess(time.monotonic() - begun, 5)

    def test_tries_once_when_halted(self):
        self.patience.halt()
        self.assertEqual(7, self.patience(lambda: 7))
        self.assertRaises(
            errors.StorageUnavailable, self.patience, fakes.fail(1, AWAY)
        )

    def test_long_outage_is_told(self):
        waiting = patience.Patience(0.01, self.changes.append, 0.1)
        waiting(fakes.fail(2, AWAY))
        self.assertFalse(waiting.exhausted.is_set())
        waiting(fakes.fail(60, AWAY))
        self.assertTrue(waiting.exhausted.is_set())

    def test_resumes(self):
        self.patience.halt()
        self.patience.exhausted.set()
        self.patience.resume()
        self.assertFalse(self.patience.exhausted.is_set())
        self.assertIsNone(self.patience(fakes.fail(3, AWAY)))
