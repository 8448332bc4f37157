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
"""Whether the broker has the exchanges and queues that are listened to."""

from collections.abc import Iterable, Sequence
import dataclasses

import kombu
from kombu import exceptions as kombu_exceptions
from oslo_config import cfg

from stratometrics.collector import targets
from stratometrics.collector import transport

#: Seconds that the broker gets for each answer.
_PATIENCE = 5

_ABSENT = 404


class BrokerError(Exception):
    """The broker cannot be asked; str() says which and why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Missing:
    """What the broker does not have, by name, in order."""

    exchanges: Sequence[str]
    queues: Sequence[str]


def missing(
    conf: cfg.ConfigOpts,
    sources: Iterable[targets.Source],
    priorities: Iterable[str],
) -> Missing:
    """Look for what the collector would listen to; nothing is declared.

    :param conf: with the address of the broker, which is RabbitMQ.
    :raises BrokerError: the broker does not answer, or refuses.
    """
    sources = list(sources)
    exchanges = sorted({source.exchange for source in sources})
    queues = sorted(
        {
            f'{source.topic}.{priority}'
            for source in sources
            for priority in priorities
        }
    )
    connection = transport.get_connection(
        conf,
        dict.fromkeys(
            ('connect_timeout', 'read_timeout', 'write_timeout'), _PATIENCE
        ),
    )
    try:
        with connection:
            connection.ensure_connection(
                # One attempt for each host.
                max_retries=len(connection.alt or ()),
                interval_start=0,
                interval_step=0,
                timeout=4 * _PATIENCE,
            )
            return Missing(
                [
                    name
                    for name in exchanges
                    if not _has(connection, exchange=name)
                ],
                [name for name in queues if not _has(connection, queue=name)],
            )
    except (
        OSError,
        kombu_exceptions.KombuError,
        *connection.connection_errors,
        *connection.channel_errors,
    ) as error:
        raise BrokerError(
            f'RabbitMQ at {transport.places(conf)} cannot be asked: '
            f'{type(error).__name__}: {error}. See transport_url.'
        ) from error


def _has(
    connection: kombu.Connection, exchange: str = '', queue: str = ''
) -> bool:
    # The broker closes the channel in which it is asked for what is absent.
    channel = connection.channel()
    try:
        if exchange:
            channel.exchange_declare(exchange, type='topic', passive=True)
        else:
            channel.queue_declare(queue, passive=True)
    except connection.channel_errors as error:
        if getattr(error, 'code', None) != _ABSENT:
            raise
        return False
    channel.close()
    return True
