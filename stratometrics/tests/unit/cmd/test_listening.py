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
"""The socket that stratometrics-api listens on."""

import socket
import unittest
from unittest import mock

from stratometrics.cmd import api


class TestListen(unittest.TestCase):
    def test_a_client_that_takes_nothing_does_not_block_for_ever(self):
        with (
            mock.patch.object(api, 'SLOWEST_READER', 1),
            api.listen('127.0.0.1', 0) as listener,
            socket.create_connection(listener.getsockname()),
        ):
            sock, _ = listener.accept()
            with sock, self.assertRaises(BlockingIOError):
                sock.sendall(bytes(50_000_000))
