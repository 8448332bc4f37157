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
"""What travels to a real ClickHouse when a batch is stored."""

import contextlib
import socket
import threading

from stratometrics.model import event as event_model
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base
from stratometrics.tests.realparts import addresses
from stratometrics.tests.unit.notifications import base as notifications_base


class Wire:
    """Passes one connection on to a server, and counts what is sent to it."""

    def __init__(self, where: addresses.Address) -> None:
        self._where = where
        self._listening = socket.create_server(('127.0.0.1', 0))
        self.port = self._listening.getsockname()[1]
        self.sent = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with self._listening:
            near, _ = self._listening.accept()
        far = socket.create_connection((self._where.host, self._where.port))
        with near, far:
            back = threading.Thread(target=self._answer, args=(far, near))
            back.start()
            while data := near.recv(65536):
                # Counted first: an answer means that all was counted.
                self.sent += len(data)
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)
            back.join()

    @staticmethod
    def _answer(far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(65536):
                near.sendall(data)


class WireTest(base.StorageTestCase):
    def test_batches_are_compressed(self) -> None:
        plain = self._sent(compression=False)
        compressed = self._sent(compression=True)
        self.assertGreater(plain, 2 * compressed)

    def _sent(self, compression: bool) -> int:
        wire = Wire(self.clickhouse_address())
        conf = base.configuration_of(self.clickhouse_address())
        for name, value in (
            ('database', self.conf.clickhouse.database),
            ('hosts', ['127.0.0.1']),
            ('port', wire.port),
            ('compression', compression),
        ):
            conf.set_override(name, value, group='clickhouse')
        storage = driver.get_storage(conf)
        self.addCleanup(storage.close)
        storage.write_events(_events(), 1_000_000)
        return wire.sent


def _events() -> list[event_model.Event]:
    return [
        event
        for _name, recorded in notifications_base.recordings()
        for event in notifications_base.everything().decode(recorded.message)
    ]
