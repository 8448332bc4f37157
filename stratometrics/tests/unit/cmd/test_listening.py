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
"""The socket that stratometrics-api listens on, and who serves it."""

import socket
import unittest
from unittest import mock

from oslo_config import cfg

from stratometrics import conf as stratometrics_conf
from stratometrics.api.middleware import sending
from stratometrics.cmd import api


class TestListen(unittest.TestCase):
    def test_a_client_that_takes_nothing_does_not_block_for_ever(self):
        with (
            mock.patch.object(sending, 'SLOWEST_READER', 1),
            api.listen('127.0.0.1', 0) as listener,
            socket.create_connection(listener.getsockname()),
        ):
            sock, _ = listener.accept()
            with sock, self.assertRaises(BlockingIOError):
                sock.sendall(bytes(50_000_000))


class TestThreads(unittest.TestCase):
    def test_there_are_more_than_can_work_and_wait(self):
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf([], project='stratometrics', default_config_files=[])
        conf.set_override('max_working', 3, 'api')
        conf.set_override('max_waiting', 4, 'api')
        self.assertEqual(7 + api.SPARE_THREADS, api.threads(conf.api))
