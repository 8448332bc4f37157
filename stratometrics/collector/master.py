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
"""The process that starts the workers and watches over them."""

from collections.abc import Callable

import cotyledon
from oslo_config import cfg
from oslo_log import log as logging

from stratometrics import cloud
from stratometrics import meditation
from stratometrics.collector import caretaker
from stratometrics.collector import plan as plan_module
from stratometrics.collector import targets
from stratometrics.collector import worker
from stratometrics.notifications import errors as notification_errors

LOG = logging.getLogger(__name__)

NAME = 'stratometrics-collector'


class Master:
    """Runs the configured number of workers until SIGTERM.

    Workers are forked before they connect to anything, and inherit what was
    read here. On SIGHUP everything is read anew, and each worker is replaced
    after it has finished what it had taken; if anything that was read is
    wrong, the new workers do as the old ones did. A further process
    reconciles, opens and closes months, as far as it is told to.

    :param prepare: reads the configuration.
    :raises oslo_config.cfg.Error: the configuration is wrong.
    :raises TargetError: ``[collector]/targets`` is wrong.
    :raises DefinitionError: a definition is wrong.
    :raises CloudError: it is to reconcile without credentials.
    """

    def __init__(self, prepare: Callable[[], cfg.ConfigOpts]) -> None:
        self._prepare = prepare
        self._read()
        self._reporter = meditation.Reporter(NAME, self._conf)
        options = self._conf.collector
        self._manager = cotyledon.ServiceManager(
            graceful_shutdown_timeout=options.graceful_timeout
        )
        self._manager.register_hooks(on_reload=self._reload)
        self._workers = self._manager.add(
            self._worker, workers=options.workers
        )
        # Whether it has duties can change at any SIGHUP.
        self._manager.add(self._caretaker)

    def run(self) -> None:
        """Start the workers; ends by SystemExit, on SIGTERM."""
        # All processes are forks of this one, and do as it does.
        self._reporter.obey()
        self._manager.run()

    def _worker(self, worker_id: int) -> worker.Worker:
        return worker.Worker(worker_id, self._conf, self._plan)

    def _caretaker(self, worker_id: int) -> caretaker.Caretaker:
        return caretaker.Caretaker(worker_id, self._conf, self._plan)

    def _read(self) -> None:
        conf = self._prepare()
        self._plan = plan_module.load(conf)
        cloud.preload(conf)
        self._conf = conf

    def _reload(self) -> None:
        try:
            self._read()
        except (
            cfg.Error,
            cloud.CloudError,
            targets.TargetError,
            notification_errors.DefinitionError,
        ) as error:
            LOG.error('Going on as before: %s', str(error))
        self._reporter.conf = self._conf
        self._manager.reconfigure(self._workers, self._conf.collector.workers)
