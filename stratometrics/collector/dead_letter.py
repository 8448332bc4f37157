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
"""Messages that the messaging driver rejected as undecodable.

The driver rejects them before the collector sees them. Where the broker has
a policy that sends rejected messages to a dead-letter exchange, they are
taken from there, and kept (R13).
"""

from collections.abc import Mapping
import threading
from typing import Any

import kombu
from oslo_config import cfg
from oslo_log import log as logging

from stratometrics.collector import quarantine
from stratometrics.collector import sink as sink_module
from stratometrics.collector import transport

LOG = logging.getLogger(__name__)

_PREFETCH = 20
#: Seconds between looks at whether to stop.
_LOOK = 0.5
#: Seconds between attempts to consume.
_PAUSE = 5.0


class DeadLetters:
    """Consumes a dead-letter queue, in a thread of its own.

    :param conf: the configuration, for the broker's address.
    :param queue: the name of the queue, and of the fanout exchange it is
        bound to; both are declared, durable.
    :param sink: what keeps the messages.
    """

    def __init__(
        self, conf: cfg.ConfigOpts, queue: str, sink: sink_module.Sink
    ) -> None:
        self._conf = conf
        self._sink = sink
        self._queue = kombu.Queue(
            queue,
            kombu.Exchange(queue, type='fanout', durable=True),
            durable=True,
        )
        self._failing = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name='dead-letters', daemon=True
        )

    def start(self) -> None:
        """Begin to consume."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is not stored yet stays in the queue."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._consume()
            # Whatever it is, it must not end this thread.
            except Exception as error:
                self._note_failure(error)
                self._stopping.wait(_PAUSE)

    def _consume(self) -> None:
        with transport.get_connection(self._conf) as connection:
            connection.ensure_connection(max_retries=1)
            channel = connection.channel()
            channel.basic_qos(0, _PREFETCH, False)
            consumer = kombu.Consumer(
                channel,
                [self._queue],
                on_message=self._keep,
                accept=None,
            )
            with consumer:
                LOG.info('Dead letters are taken from %s', self._queue.name)
                self._failing = False
                while not self._stopping.is_set():
                    try:
                        connection.drain_events(timeout=_LOOK)
                    except TimeoutError:
                        connection.heartbeat_check()

    def _keep(self, message: kombu.Message) -> None:
        rejected = quarantine.reject_body(
            _bytes(message.body),
            self._conf.collector.region_name,
            _reason(message.headers),
        )
        self._sink.set_aside([rejected], 'dead_letter')
        message.ack()

    def _note_failure(self, error: Exception) -> None:
        if self._failing:
            return
        self._failing = True
        LOG.warning(
            'Dead letters cannot be taken from %s; trying again until they '
            'can: %s: %s',
            self._queue.name,
            type(error).__name__,
            str(error),
        )


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else str(body).encode()


def _reason(headers: Mapping[str, Any]) -> str:
    deaths = headers.get('x-death')
    if not deaths:
        return 'dead letter, for a reason that the broker does not tell'
    death = deaths[0]
    return (
        f'dead letter: {death.get("reason")} from queue {death.get("queue")} '
        f'of exchange {death.get("exchange")}'
    )
