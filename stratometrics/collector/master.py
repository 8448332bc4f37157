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

import cotyledon
from cotyledon import oslo_config_glue
from oslo_config import cfg
from oslo_log import log as logging

from stratometrics import service
from stratometrics.collector import plan as plan_module
from stratometrics.collector import targets
from stratometrics.collector import worker
from stratometrics.notifications import errors as notification_errors

LOG = logging.getLogger(__name__)


class Master:
    """Runs the configured number of workers until SIGTERM.

    Workers are forked before they connect to anything, and inherit what was
    read here. On SIGHUP configuration and definitions are read again, and
    the workers are replaced one after they finished what they had taken; if
    a file is wrong, they go on with what was read before.

    :param conf: the configuration.
    :raises TargetError: ``[collector]/targets`` is wrong.
    :raises DefinitionError: a definition is wrong.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        self._plan = plan_module.load(conf)
        self._manager = cotyledon.ServiceManager()
        oslo_config_glue.setup(self._manager, conf)
        self._manager.register_hooks(on_reload=self._reload)
        self._workers = self._manager.add(
            self._worker, workers=conf.collector.workers
        )

    def run(self) -> None:
        """Start the workers; returns by SystemExit, on SIGTERM."""
        self._manager.run()

    def _worker(self, worker_id: int) -> worker.Worker:
        return worker.Worker(worker_id, self._conf, self._plan)

    def _reload(self) -> None:
        logging.setup(self._conf, service.PROJECT)
        try:
            self._plan = plan_module.load(self._conf)
        except (
            targets.TargetError,
            notification_errors.DefinitionError,
        ) as error:
            LOG.error('Going on as before: %s', error)
        self._manager.reconfigure(self._workers, self._conf.collector.workers)
