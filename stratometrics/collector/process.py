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
"""What the processes of the collector have in common."""

import abc
import threading

import cotyledon
from oslo_config import cfg

from stratometrics.collector import plan as plan_module
from stratometrics.storage import base
from stratometrics.storage.clickhouse import driver


class Process(cotyledon.Service, abc.ABC):
    """Works with a storage of its own until it is told to stop.

    :param worker_id: counts from 0, each kind of process for itself.
    :param conf: the configuration.
    :param plan: what the master read from files, checked.
    """

    def __init__(
        self, worker_id: int, conf: cfg.ConfigOpts, plan: plan_module.Plan
    ) -> None:
        super().__init__(worker_id)
        self._conf = conf
        self._plan = plan
        self._stopping = threading.Event()
        self._finished = threading.Event()

    def run(self) -> None:
        """Work until terminate() is called."""
        storage = driver.get_storage(self._conf)
        try:
            self._work(storage)
        finally:
            storage.close()
            self._finished.set()

    def terminate(self) -> None:
        """Finish what is under way, and stop."""
        self._stopping.set()
        self._finished.wait()

    @abc.abstractmethod
    def _work(self, storage: base.Storage) -> None:
        """Do what the process is there for, until it is stopping."""
