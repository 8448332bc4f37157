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
"""The process that reconciles (R14), and opens and closes months."""

from collections.abc import Sequence

from oslo_config import cfg
from oslo_log import log as logging

from stratometrics import cloud
from stratometrics import upkeep
from stratometrics.collector import plan as plan_module
from stratometrics.collector import process
from stratometrics.model import timestamps
from stratometrics.reconciler import listing
from stratometrics.reconciler import rounds
from stratometrics.reconciler import services
from stratometrics.storage import base
from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: Seconds between two looks whether it is time, at most.
_LOOK = 60.0


def _has_duties(conf: cfg.ConfigOpts) -> bool:
    """Whether there is anything to do from time to time."""
    options = conf.collector
    return bool(
        conf.reconciler.interval
        or options.opening_delay
        or options.closing_delay
    )


class Caretaker(process.Process):
    """Does what it is time for, unless another collector does.

    Without duties it does nothing: they can be given on SIGHUP. Before it
    stops it finishes the month or the resource type that is under way.
    """

    name = 'caretaker'

    def __init__(
        self, worker_id: int, conf: cfg.ConfigOpts, plan: plan_module.Plan
    ) -> None:
        super().__init__(worker_id, conf, plan)
        self._region = conf.collector.region_name
        self._rounds: rounds.Rounds | None = None

    def _work(self, storage: base.Storage) -> None:
        interval = self._conf.reconciler.interval
        plan = upkeep.plan(self._conf.collector)
        while _has_duties(self._conf) and not self._stopping.is_set():
            # A reconciliation takes long, and months do not.
            self._keep_months(storage, plan)
            if interval and not self._stopping.is_set():
                self._look(storage, interval * timestamps.MICROSECONDS)
            self._stopping.wait(min(_LOOK, interval or _LOOK))

    def _keep_months(self, storage: base.Storage, plan: upkeep.Plan) -> None:
        try:
            storage.check()
            for done in upkeep.Keeper(storage, 0).look(plan):
                LOG.info('%s', done)
                if self._stopping.is_set():
                    break
        except upkeep.UnderWay as error:
            LOG.debug('%s', str(error))
        except (errors.StorageError, ValueError) as error:
            LOG.error('Seeing to months later: %s', str(error))
        except Exception:
            LOG.exception('Unexpected error; seeing to months later')

    def _look(self, storage: base.Storage, interval: int) -> None:
        try:
            storage.check()
            if self._rounds is None:
                self._rounds = self._prepare(storage)
            due = self._rounds.due(
                self._rounds.choose(self._conf.reconciler.resource_types),
                self._region,
                timestamps.now() - interval,
            )
            if due:
                self._reconcile(self._rounds, due)
        except rounds.UnderWay as error:
            LOG.debug('%s', str(error))
        except (cloud.CloudError, errors.StorageError, ValueError) as error:
            LOG.error('Reconciling later: %s', str(error))
        except Exception:
            LOG.exception('Unexpected error; reconciling later')

    def _prepare(self, storage: base.Storage) -> rounds.Rounds:
        return rounds.Rounds(
            storage,
            self._plan.definitions,
            cloud.connect(self._conf),
            services.ALL,
        )

    def _reconcile(
        self, round_: rounds.Rounds, due: Sequence[listing.Listing]
    ) -> None:
        # The next time with a new connection, that asks anew what there is.
        self._rounds = None
        terms = rounds.terms(
            self._conf.reconciler, self._region, timestamps.now()
        )
        for _ in round_.run(
            due, terms, rounds.Progress(), self._stopping.is_set
        ):
            pass
