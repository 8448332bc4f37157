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
import queue
import threading
from unittest import mock

from oslo_context import context as oslo_context
import testtools

from stratometrics.storage import errors
from stratometrics.storage import turns

PATIENCE = 20


class TurnsTest(testtools.TestCase):
    def test_it_is_prolonged_after_any_failure(self) -> None:
        """Or else it ran out, and others began."""
        prolonged = threading.Event()
        failures = iter([errors.StorageUnavailable('away'), RuntimeError()])

        def prolong() -> None:
            for failure in failures:
                raise failure
            prolonged.set()

        storage = mock.Mock()
        storage.lease.return_value.prolong.side_effect = prolong
        with (
            mock.patch.object(turns, '_PROLONG', 0.01),
            turns.alone(storage, 'a thing', 0),
        ):
            self.assertTrue(prolonged.wait(PATIENCE))

    def test_its_log_belongs_to_the_request(self) -> None:
        current: queue.Queue = queue.Queue()
        storage = mock.Mock()
        storage.lease.return_value.prolong.side_effect = lambda: current.put(
            oslo_context.get_current()
        )
        context = oslo_context.RequestContext(request_id='req-1')
        with (
            mock.patch.object(turns, '_PROLONG', 0.01),
            turns.alone(storage, 'a thing', 0),
        ):
            self.assertIs(context, current.get(timeout=PATIENCE))
