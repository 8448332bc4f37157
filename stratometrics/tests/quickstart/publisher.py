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

"""Publishing to the exchanges that the services publish to."""

from collections.abc import Sequence
import time

import kombu

from stratometrics.tests.quickstart import notifications
from stratometrics.tests.realparts import errors

#: Seconds that a consumer may take to bind its queues.
PATIENCE = 60


def publish(url: str, messages: Sequence[notifications.Notification]) -> None:
    """Publish, and see that each message found a queue.

    :param url: the broker's address, with the scheme amqp.
    :raises: PartError if there is no queue after some time.
    """
    deadline = time.monotonic() + PATIENCE
    # With confirmation, publishing ends when the broker has made up its mind.
    options = {'confirm_publish': True}
    with kombu.Connection(url, transport_options=options) as connection:
        while messages := _homeless(connection, messages):
            if time.monotonic() > deadline:
                raise errors.PartError(
                    f'{len(messages)} messages found no queue, such as '
                    f'{messages[0].routing_key} of {messages[0].exchange}: '
                    'the collector does not listen'
                )
            time.sleep(0.1)


def _homeless(
    connection: kombu.Connection,
    messages: Sequence[notifications.Notification],
) -> list[notifications.Notification]:
    """Publish once; the broker returns what no queue wants."""
    returned: list[str] = []

    def on_return(error, exchange, routing_key, message) -> None:
        returned.append(message.properties['message_id'])

    # Not durable, as oslo.messaging declares them by default.
    exchanges = {
        name: kombu.Exchange(name, type='topic', durable=False)
        for name in {message.exchange for message in messages}
    }
    with connection.channel() as channel:
        producer = kombu.Producer(channel, on_return=on_return)
        for number, message in enumerate(messages):
            producer.publish(
                message.body,
                exchange=exchanges[message.exchange],
                declare=[exchanges[message.exchange]],
                routing_key=message.routing_key,
                content_type='application/json',
                content_encoding='utf-8',
                message_id=str(number),
                mandatory=True,
            )
    return [messages[int(number)] for number in returned]
