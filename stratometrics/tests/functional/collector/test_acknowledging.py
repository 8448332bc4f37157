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
"""What the broker is told of batches, by a server of its own."""

from collections.abc import Sequence
from typing import Any

from stratometrics.collector import dispatcher
from stratometrics.collector import targets
from stratometrics.collector import transport
from stratometrics.tests.functional.collector import bed


class Sink:
    """Stores the first batch, after the broker has closed its channel."""

    def __init__(self) -> None:
        self.server: Any = None
        self.test: Any = None
        self.batches = 0

    def store(self, batch: Sequence[Any]) -> bool:
        self.batches += 1
        if self.batches > 1:
            return False
        channel = batch[0].message._raw_message.channel
        # The broker closes it for the acknowledgement of what it never sent.
        batch[0]._message_operations_handler.do(
            lambda: channel.basic_ack(10**6)
        )
        self.test.wait_until(
            lambda: self.server._deliveries._life > 1, 'it is sent again'
        )
        return True


class AcknowledgingTest(bed.CollectorTestCase):
    def test_a_channel_is_closed_before_the_acknowledgement(self) -> None:
        """What came from the new one is not taken for settled."""
        self.publish(bed.envelope(each) for each in bed.notifications(20))
        connection = transport.get_transport(self.conf(), 10)
        sink = Sink()
        sink.test = self
        sink.server = server = dispatcher.Server(
            connection,
            transport.get_targets(
                [targets.Source(self.exchange.name, self.topic)]
            ),
            dispatcher.Dispatcher(sink, ['info']),
            allow_requeue=True,
            batch_size=10,
            batch_timeout=0.2,
        )
        server.start(override_pool_size=1)
        self.wait_until(lambda: sink.batches > 1, 'the first batch is stored')
        server.stop()
        server.drain()
        server.wait()
        connection.cleanup()
        self.assertEqual(20, len(self.waiting_messages()))
