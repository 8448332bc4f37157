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

import pathlib
import socket
import tempfile
import threading
import unittest

from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import ports


class PortsTest(unittest.TestCase):
    def _listen(self, port: int = 0) -> int:
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.bind((ports.HOST, port))
        sock.listen()
        return sock.getsockname()[1]

    def _note(self) -> pathlib.Path:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name, 'port')

    def test_a_free_port_can_be_listened_on(self) -> None:
        port = ports.free_port()
        self.assertFalse(ports.accepts(port))
        self._listen(port)
        self.assertTrue(ports.accepts(port))

    def test_no_port_is_given_twice(self) -> None:
        given = [ports.free_port() for _ in range(50)]
        self.assertEqual(50, len(set(given)))

    def test_a_port_in_use_is_not_free(self) -> None:
        self.assertFalse(ports.is_free(self._listen()))

    def test_a_taken_port_is_refused_with_its_number(self) -> None:
        port = self._listen()
        with self.assertRaisesRegex(
            errors.PartError,
            f'^ham cannot listen on 127.0.0.1:{port}: the port is taken$',
        ):
            ports.require_free(port, 'ham', patience=0)

    def test_a_port_that_becomes_free_is_waited_for(self) -> None:
        with socket.create_server((ports.HOST, 0)) as server:
            port = server.getsockname()[1]
            threading.Timer(0.1, server.close).start()
            ports.require_free(port, 'ham', patience=10)
        self.assertTrue(ports.is_free(port))

    def test_a_port_is_kept(self) -> None:
        note = self._note()
        port = ports.kept_port(note)
        self.assertEqual(port, ports.kept_port(note))

    def test_a_kept_port_that_was_taken_meanwhile_is_replaced(self) -> None:
        note = self._note()
        port = ports.kept_port(note)
        self._listen(port)
        other = ports.kept_port(note)
        self.assertNotEqual(port, other)
        self.assertEqual(other, ports.kept_port(note))

    def test_a_damaged_note_is_replaced(self) -> None:
        note = self._note()
        note.write_text('?')
        self.assertEqual(ports.kept_port(note), int(note.read_text()))
