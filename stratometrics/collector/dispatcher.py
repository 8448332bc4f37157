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


class _NoneTwice:
    """In the place of the driver's memory of messages.

    The driver never acknowledges a message that it has met before, so that
    each of them would use up a part of the prefetch until the connection
    ends. Here a message that comes twice does no harm (R2).
    """

    def check_duplicate_message(self, message: dict[str, Any]) -> str | None:
        """Called for each message that arrives; takes its unique id out."""
        return message.pop('_unique_id', None)

    def add(self, unique_id: str | None) -> None:
        """Called for each message that is acknowledged."""


class Server(listener.BatchNotificationServer):
    """A batch server that can be stopped without repeating messages."""

    def _create_listener(self) -> Any:
        adapter = super()._create_listener()
        adapter._poll_style_listener.msg_id_cache = _NoneTwice()
        return adapter

    def _process_incoming(self, incoming: Sequence[Any]) -> None:
        """Have a batch stored, and acknowledge all of it with one word.

        A word for each message costs this process about as much as decoding
        and storing it, and the broker a third of its work. What was delivered
        before the last message of a batch is settled, or in the same batch:
        they are stored one after another, by one thread.
        """
        if self.dispatcher.dispatch(incoming):
            for message in incoming:
                message.requeue()
            return
        last = incoming[-1]
        raw = getattr(last.message, '_raw_message', None)
        if raw is None:
            for message in incoming:
                message.acknowledge()
            return
        # Like the driver's own, it is sent by the thread that polls.
        last._message_operations_handler.do(lambda: _acknowledge(raw))

    def drain(self) -> None:
        """Finish what was taken; to be called between stop() and wait().

        The driver sends acknowledgements from another thread, which wait()
        stops at once: messages that are stored would come again.
        """
        self._work_executor.shutdown(wait=True)
        time.sleep(_LAST_ACKNOWLEDGEMENTS)


def _acknowledge(last: Any) -> None:
    """Acknowledge a message, and all that were delivered before it."""
    try:
        last.ack(multiple=True)
    except Exception as error:
        # The connection is gone; all of them come again, and do no harm (R2).
        LOG.warning('A batch cannot be acknowledged: %s', str(error))
