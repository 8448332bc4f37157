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
"""Queues that are filled before a run and watched during it."""

from collections.abc import Iterable
from concurrent import futures
import re
import time
from typing import NamedTuple

import kombu

from benchmark import traffic as traffic_module
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import rabbitmq

#: Seconds that a run may take.
PATIENCE = 600

# The broker itself keeps the time: its queues know the moment at which a
# message is acknowledged, and nobody has to ask them over the network.
_WATCH = """
Count = fun(What) ->
    lists:sum([begin
        {{ok, Queue}} = rabbit_amqqueue:lookup(
            rabbit_misc:r(<<"/">>, queue, Name)),
        [{{_, Number}}] = rabbit_amqqueue:info(Queue, [What]),
        Number
    end || Name <- [{names}]])
end,
Now = fun() -> erlang:monotonic_time(microsecond) end,
Deadline = Now() + {patience} * 1000000,
Wait = fun Again(What, Limit) ->
    Number = Count(What),
    case Number > Limit andalso Now() < Deadline of
        true -> timer:sleep(5), Again(What, Limit);
        false -> {{Now(), Number}}
    end
end,
{{Begun, _}} = Wait(messages_ready, {total} - 1),
{{Ended, Rest}} = Wait(messages, {surplus}),
{{_, Left}} = Wait(messages, 0),
{{Ended - Begun, {total} - Rest, Left}}.
"""


class Course(NamedTuple):
    """How queues were emptied.

    :param seconds: from the first delivery until no more than the surplus
        was left to acknowledge.
    :param acknowledged: how many messages were acknowledged in that time.
    :param left: how many never were.
    """

    seconds: float
    acknowledged: int
    left: int


class Queues:
    """The queues of notifications, as oslo.messaging declares them.

    :param broker: a broker of our own.
    :param routes: exchanges with their routing keys.
    """

    def __init__(
        self, broker: rabbitmq.RabbitMQ, routes: Iterable[tuple[str, str]]
    ) -> None:
        self._broker = broker
        self._routes = sorted(routes)
        self._names = sorted({key for _, key in self._routes})
        self._connection = kombu.Connection(broker.url)
        channel = self._connection.default_channel
        self._producer = kombu.Producer(channel)
        for exchange, key in self._routes:
            kombu.Queue(
                key,
                kombu.Exchange(exchange, 'topic', durable=False),
                routing_key=key,
                durable=False,
                channel=channel,
            ).declare()

    def fill(self, messages: Iterable[traffic_module.Message]) -> int:
        """Empty the queues and publish.

        :returns: how many messages there are.
        """
        for name in self._names:
            self._connection.default_channel.queue_purge(name)
        count = self.publish(messages)
        deadline = time.monotonic() + PATIENCE
        while self.ready() < count:
            if time.monotonic() > deadline:
                raise errors.PartError('the queues cannot be filled')
            time.sleep(0.1)
        return count

    def publish(self, messages: Iterable[traffic_module.Message]) -> int:
        """Add messages to what is in the queues.

        :returns: how many there are.
        """
        count = 0
        for message in messages:
            self._producer.publish(
                message.body,
                exchange=message.exchange,
                routing_key=message.routing_key,
                content_type='application/json',
                content_encoding='utf-8',
                delivery_mode=1,
            )
            count += 1
        return count

    def ready(self) -> int:
        """Messages that wait for a consumer."""
        channel = self._connection.default_channel
        return sum(
            channel.queue_declare(name, passive=True).message_count
            for name in self._names
        )

    def watch(self, total: int, surplus: int) -> Course:
        """Wait for the first delivery and for the last acknowledgement.

        :param total: how many messages the queues hold.
        :param surplus: how many of them are not timed.
        """
        said = self._broker.rabbitmqctl(
            'eval',
            _WATCH.format(
                names=', '.join(f'<<"{name}">>' for name in self._names),
                total=total,
                surplus=surplus,
                patience=PATIENCE,
            ),
        )
        found = re.fullmatch(r'\{(\d+),(\d+),(\d+)\}\s*', said)
        if not found:
            raise errors.PartError(f'rabbitmqctl eval said {said!r}')
        return Course(int(found[1]) / 1_000_000, int(found[2]), int(found[3]))

    def watching(self, total: int, surplus: int) -> futures.Future:
        """Begin to :meth:`watch` and go on."""
        with_one = futures.ThreadPoolExecutor(1)
        future = with_one.submit(self.watch, total, surplus)
        with_one.shutdown(wait=False)
        return future

    def close(self) -> None:
        self._connection.release()
