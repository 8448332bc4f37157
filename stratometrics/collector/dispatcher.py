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
"""Between oslo.messaging and the sink.

The batch dispatcher of oslo.messaging looks into each message before an
endpoint does, and gives a whole batch back for ever if one has an unexpected
shape. This one looks into none.
"""

from collections.abc import Iterable, Sequence
import time
from typing import Any

from oslo_log import log as logging
from oslo_messaging import dispatcher
from oslo_messaging.notify import listener

from stratometrics.collector import sink as sink_module

LOG = logging.getLogger(__name__)

#: Seconds that the driver gets to send acknowledgements when it stops.
_LAST_ACKNOWLEDGEMENTS = 0.3
#: Seconds to wait before a batch is given back for an unforeseen reason, so
#: that it does not come around in a tight loop.
_BREATHE = 5.0


class Dispatcher(dispatcher.DispatcherBase):
    """Hands batches to the sink.

    :param sink: what makes them durable.
    :param priorities: the priorities to listen to.
    """

    def __init__(
        self, sink: sink_module.Sink, priorities: Iterable[str]
    ) -> None:
        self._sink = sink
        self.supported_priorities = tuple(priorities)

    def dispatch(
        self, incoming: Sequence[sink_module.Incoming]
    ) -> set[sink_module.Incoming]:
        """Store a batch.

        :param incoming: the messages.
        :returns: those to give back to the broker: none or all.
        """
        try:
            durable = self._sink.store(incoming)
        except Exception:
            LOG.exception('Unexpected error; a batch is given back')
            time.sleep(_BREATHE)
            durable = False
        return set() if durable else set(incoming)


class _Deliveries:
    """In the place of the driver's memory of messages.

    The driver never acknowledges a message that it has met before, so that
    each of them would use up a part of the prefetch until the connection
    ends. Here a message that comes twice does no harm (R2).

    It is told what the driver does not know: a channel that the broker has
    closed is opened again in its place, and its messages are numbered from
    one on again. What came before must not be acknowledged any more: it would
    be taken for what came since.
    """

    def __init__(self) -> None:
        self._life = 0

    def check_duplicate_message(self, message: dict[str, Any]) -> str | None:
        """Called for each message that arrives; takes its unique id out."""
        raw = getattr(message, '_raw_message', None)
        if raw is not None:
            self._life += raw.delivery_tag == 1
            raw.life = self._life
        return message.pop('_unique_id', None)

    def holds(self, raw: Any) -> bool:
        """Whether the channel is the one that a message came from."""
        return raw.life == self._life

    def add(self, unique_id: str | None) -> None:
        """Called for each message that is acknowledged."""


class Server(listener.BatchNotificationServer):
    """A batch server that can be stopped without repeating messages."""

    #: Whether a batch was given back, and so not all that was delivered before
    #: another is settled: the driver stops with two threads at work.
    _gave_back = False

    def _create_listener(self) -> Any:
        adapter = super()._create_listener()
        self._deliveries = _Deliveries()
        adapter._poll_style_listener.msg_id_cache = self._deliveries
        return adapter

    def _process_incoming(self, incoming: Sequence[Any]) -> None:
        """Have a batch stored, and acknowledge all of it with one word.

        A word for each message costs this process about as much as decoding
        and storing it, and the broker a third of its work. What was delivered
        before the last message of a batch is settled, or in the same batch:
        they are stored one after another, by one thread. Once a batch was
        given back, each message gets its own word.
        """
        try:
            durable = not self.dispatcher.dispatch(incoming)
        except BaseException:
            self._give_back(incoming)
            raise
        if not durable:
            self._give_back(incoming)
            return
        last = incoming[-1]
        raw = getattr(last.message, '_raw_message', None)
        if raw is None or self._gave_back:
            for message in incoming:
                message.acknowledge()
            return
        # Like the driver's own, it is sent by the thread that polls.
        last._message_operations_handler.do(lambda: self._acknowledge(raw))

    def _give_back(self, incoming: Sequence[Any]) -> None:
        self._gave_back = True
        for message in incoming:
            message.requeue()

    def _acknowledge(self, last: Any) -> None:
        """Acknowledge a message, and all that were delivered before it."""
        try:
            if self._deliveries.holds(last):
                last.ack(multiple=True)
            else:
                LOG.warning(
                    'A batch is not acknowledged: the broker has closed the '
                    'channel that it came from, and sends it again'
                )
        except Exception as error:
            # The connection is gone; all of them come again, and do no harm
            # (R2).
            LOG.warning('A batch cannot be acknowledged: %s', str(error))

    def drain(self) -> None:
        """Finish what was taken; to be called between stop() and wait().

        The driver sends acknowledgements from another thread, which wait()
        stops at once: messages that are stored would come again.
        """
        self._work_executor.shutdown(wait=True)
        time.sleep(_LAST_ACKNOWLEDGEMENTS)
