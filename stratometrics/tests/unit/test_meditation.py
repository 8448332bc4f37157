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
"""Guru Meditation Reports, where none can be made."""

import os
import signal
import threading
from unittest import mock

from oslo_config import cfg
from oslo_reports import opts as report_opts
import testtools

from stratometrics import meditation


class ReporterTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        before = signal.getsignal(meditation.SIGNAL)
        self.addCleanup(signal.signal, meditation.SIGNAL, before)
        conf = cfg.ConfigOpts()
        report_opts.set_defaults(conf)
        conf([])
        meditation.Reporter('stratometrics-api', conf).obey()

    def test_a_process_without_another_thread_lives_on(self) -> None:
        refused = RuntimeError("can't start new thread")
        with mock.patch.object(
            threading.Thread, 'start', side_effect=refused
        ) as start:
            os.kill(os.getpid(), meditation.SIGNAL)
        start.assert_called_once_with()
