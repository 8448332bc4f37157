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
"""One process that consumes notifications."""

from oslo_config import cfg
from oslo_log import log as logging
import oslo_messaging

from stratometrics import cloud
from stratometrics.collector import births
from stratometrics.collector import dead_letter
from stratometrics.collector import dispatcher
from stratometrics.collector import metrics
from stratometrics.collector import namer
from stratometrics.collector import patience
from stratometrics.collector import plan as plan_module
from stratometrics.collector import process
from stratometrics.collector import sink
from stratometrics.collector import transport
from stratometrics.naming import directory
from stratometrics.naming import learning
from stratometrics.notifications import decoder
from stratometrics.storage import base
from stratometrics.storage import errors

LOG = logging.getLogger(__name__)

#: While one batch is stored the next arrives, in a thread of the driver. The
#: latter is what takes longest; more threads only get in its way.
_THREADS = 1
#: Seconds to wait after the broker refused to let this process listen.
_REFUSED_PAUSE = 15


class Worker(process.Process):
    """Takes batches while storage is there, and none while it is not."""

    name = 'collector'

    def __init__(
        self, worker_id: int, conf: cfg.ConfigOpts, plan: plan_module.Plan
    ) -> None:
        super().__init__(worker_id, conf, plan)
        self._metrics = metrics.Metrics()
        self._patience = patience.Patience(
            conf.collector.retry_max_interval,
            lambda away: self._metrics.storage_away.set(away),
            patience.LONG_OUTAGE,
        )
        self._connecting = False

    def _work(self, storage: base.Storage) -> None:
        options = self._conf.collector
        endpoint = None
        if options.metrics_port:
            endpoint = self._metrics.serve(
                options.metrics_host, options.metrics_port + self.worker_id
            )
        names = self._namer(storage)
        target = self._sink(storage, names)
        dead_letters = self._dead_letters(target)
        try:
            while self._await(storage):
                # Set while storage was awaited, if that took long.
                self._patience.exhausted.clear()
                if self._stopping.is_set():
                    break
                self._listen(target)
                self._patience.resume()
                # terminate() may have come before resume().
                if self._stopping.is_set():
                    self._patience.halt()
        finally:
            if dead_letters:
                dead_letters.stop()
            if names:
                names.stop()
            if endpoint:
                endpoint.close()

    def terminate(self) -> None:
        """Stop taking messages and finish those that were taken."""
        self._stopping.set()
        self._patience.exhausted.set()
        self._patience.halt()
        if not self._connecting:
            self._finished.wait()

    def _namer(self, storage: base.Storage) -> namer.Namer | None:
        if not cloud.is_configured(self._conf):
            return None
        definitions = self._plan.definitions
        names = namer.Namer(
            definitions,
            lambda stop: learning.Learner(
                storage,
                definitions,
                directory.Directory(cloud.connect(self._conf)),
                stop,
            ),
            # Each worker learns of what it has stored itself. One is enough
            # to look for what all of them missed.
            self._conf.names.interval if self.worker_id == 0 else None,
        )
        names.start()
        return names

    def _sink(
        self, storage: base.Storage, names: namer.Namer | None
    ) -> sink.Sink:
        options = self._conf.collector
        return sink.Sink(
            storage,
            decoder.Decoder(self._plan.definitions, options.region_name),
            options.region_name,
            births.Births(options.birth_cache_size),
            self._patience,
            self._metrics,
            options.keep_unknown,
            names,
        )

    def _dead_letters(
        self, target: sink.Sink
    ) -> dead_letter.DeadLetters | None:
        queue = self._conf.collector.dead_letter_queue
        if not queue or self.worker_id != 0:
            return None
        dead_letters = dead_letter.DeadLetters(self._conf, queue, target)
        dead_letters.start()
        return dead_letters

    def _await(self, storage: base.Storage) -> bool:
        """Wait for storage.

        :returns: False if it is time to stop instead.
        """

        def check() -> None:
            try:
                storage.check()
            except errors.StorageError as error:
                # Whatever is wrong with it, waiting loses nothing.
                raise errors.StorageUnavailable(str(error)) from error

        try:
            self._patience(check)
        except errors.StorageUnavailable:
            return False
        return not self._stopping.is_set()

    def _listen(self, target: sink.Sink) -> None:
        """Consume until it is time to stop, or storage is long gone."""
        options = self._conf.collector
        connection = transport.get_transport(self._conf, options.batch_size)
        server = dispatcher.Server(
            connection,
            transport.get_targets(self._plan.sources),
            dispatcher.Dispatcher(target, options.priorities),
            allow_requeue=True,
            batch_size=options.batch_size,
            batch_timeout=options.batch_timeout,
        )
        if self._start(server):
            LOG.info('Listening to %s', self._plan)
            self._metrics.listening.set(1)
            self._patience.exhausted.wait()
            self._metrics.listening.set(0)
            server.stop()
            self._patience.halt()
            server.drain()
            server.wait()
            if not self._stopping.is_set():
                LOG.warning(
                    'Storage has been away for long: unfinished messages '
                    'were given back to the broker, and none are taken until '
                    'it is back.'
                )
        connection.cleanup()

    def _start(self, server: dispatcher.Server) -> bool:
        """Connect, however long that takes.

        :returns: False if the broker refuses what is asked of it.
        """
        self._connecting = True
        try:
            server.start(override_pool_size=_THREADS)
        except oslo_messaging.MessagingException as error:
            LOG.error(
                'Cannot listen to %s: %s. Trying again in %d seconds.',
                self._plan,
                str(error),
                _REFUSED_PAUSE,
            )
            self._stopping.wait(_REFUSED_PAUSE)
            return False
        finally:
            self._connecting = False
        return True
