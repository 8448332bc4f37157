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
"""What a worker tells Prometheus about itself."""

from oslo_log import log as logging
import prometheus_client

LOG = logging.getLogger(__name__)

_PREFIX = 'stratometrics_collector'

#: Why messages are set aside.
REASONS = (
    'not_understood',
    'unknown',
    'refused',
    'unexpected',
    'dead_letter',
)

_BATCH_BUCKETS = (1, 10, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
_LAG_BUCKETS = (0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86_400)


class Metrics:
    """The counters of one worker, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = prometheus_client.CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self.registry)
        self.received = self._counter(
            'messages_received', 'Messages taken from the broker.'
        )
        self.requeued = self._counter(
            'messages_requeued', 'Messages given back to the broker.'
        )
        self.ignored = self._counter(
            'messages_ignored', 'Messages that are deliberately not billed.'
        )
        self.unknown = self._counter(
            'messages_unknown', 'Messages of types that no definition names.'
        )
        self.rejected = self._counter(
            'messages_rejected',
            'Messages set aside in the rejected table.',
            ('reason',),
        )
        # From the beginning, so that the first one is seen as a rise.
        for reason in REASONS:
            self.rejected.labels(reason)
        self.stored = self._counter('events_stored', 'Events stored.')
        self.lag = self._gauge(
            'lag_seconds',
            'How long ago the newest event of the last batch took effect, '
            'when it was stored.',
        )
        self.lags = self._histogram(
            'batch_lag_seconds',
            'How long ago the newest event of a batch took effect, when it '
            'was stored.',
            _LAG_BUCKETS,
        )
        self.batch_size = self._histogram(
            'batch_messages', 'Messages of a batch.', _BATCH_BUCKETS
        )
        self.batch_time = self._histogram(
            'batch_seconds',
            'Time from taking a batch to its being durable.',
            prometheus_client.Histogram.DEFAULT_BUCKETS,
        )
        self.insert_time = self._histogram(
            'insert_seconds',
            'Time that storing the events of a batch took, waiting included.',
            prometheus_client.Histogram.DEFAULT_BUCKETS,
        )
        self.listening = self._gauge(
            'listening', '1 while messages are taken from the broker, else 0.'
        )
        self.storage_away = self._gauge(
            'storage_unavailable', '1 while storage is unavailable, else 0.'
        )

    def serve(self, host: str, port: int) -> 'Endpoint | None':
        """Serve the metrics over HTTP.

        :param host: the address to listen on.
        :param port: the port to listen on.
        :returns: None if that is not possible, which is logged.
        """
        try:
            server, _thread = prometheus_client.start_http_server(
                port, host, self.registry
            )
        except (OSError, OverflowError) as error:
            LOG.error(
                'Metrics are not served: cannot listen on %s port %d: %s. '
                'See [collector]/metrics_port. Collecting goes on.',
                host,
                port,
                str(error),
            )
            return None
        LOG.info('Metrics are served on %s port %d.', host, port)
        return Endpoint(server)

    def _counter(
        self, name: str, text: str, labels: tuple[str, ...] = ()
    ) -> prometheus_client.Counter:
        return prometheus_client.Counter(
            f'{_PREFIX}_{name}', text, labels, registry=self.registry
        )

    def _gauge(self, name: str, text: str) -> prometheus_client.Gauge:
        return prometheus_client.Gauge(
            f'{_PREFIX}_{name}', text, registry=self.registry
        )

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...]
    ) -> prometheus_client.Histogram:
        return prometheus_client.Histogram(
            f'{_PREFIX}_{name}',
            text,
            buckets=buckets,
            registry=self.registry,
        )


class Endpoint:
    """An HTTP server that runs."""

    def __init__(self, server) -> None:
        self._server = server

    @property
    def port(self) -> int:
        return self._server.server_port

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
