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
"""Connections to the message broker, as oslo.messaging's options say."""

from collections.abc import Mapping, Sequence
import ssl
from typing import Any
from urllib import parse

import kombu
from oslo_config import cfg
import oslo_messaging

from stratometrics.collector import targets

_PREFETCH = 'rabbit_qos_prefetch_count'
_RABBIT = 'oslo_messaging_rabbit'
_PORT = 5672

#: Batches that the broker sends ahead of their acknowledgement: one is being
#: stored while the next arrives.
BATCHES_AHEAD = 2
#: However small batches are: an acknowledgement is sent only when the driver
#: polls, and until then nothing more would come.
_LEAST_PREFETCH = 100


def url(conf: cfg.ConfigOpts) -> oslo_messaging.TransportURL:
    """The address of the broker of notifications.

    :param conf: where ``[oslo_messaging_notifications]/transport_url`` or
        ``[DEFAULT]/transport_url`` says it.
    """
    # Making a transport connects nothing, and registers all options.
    oslo_messaging.get_notification_transport(conf).cleanup()
    return oslo_messaging.TransportURL.parse(
        conf, conf.oslo_messaging_notifications.transport_url
    )


def check(conf: cfg.ConfigOpts) -> None:
    """See that the address of the broker is one.

    :raises oslo_config.cfg.Error: it is not. The address is not repeated: it
        holds a password.
    """
    try:
        url(conf)
    except (oslo_messaging.MessagingException, ValueError) as error:
        raise cfg.Error(
            '[oslo_messaging_notifications]/transport_url, or the one in '
            f'[DEFAULT], cannot be used: {type(error).__name__}'
        ) from error


def get_transport(
    conf: cfg.ConfigOpts, batch_size: int
) -> oslo_messaging.transport.NotificationTransport:
    """A transport for a batch listener.

    Its prefetch count is raised to hold two batches if it is lower: a
    limit of one batch starves the listener, and none at all lets the broker
    send more than fits in memory.

    :param conf: see :func:`url`.
    :param batch_size: messages of a batch.
    """
    address = url(conf)
    if _RABBIT in conf:
        needed = max(BATCHES_AHEAD * batch_size, _LEAST_PREFETCH)
        configured = int(
            address.query.get(_PREFETCH, conf[_RABBIT][_PREFETCH])
        )
        # What the address says goes before what the option says.
        address.query[_PREFETCH] = str(max(configured, needed))
    return oslo_messaging.get_notification_transport(conf, url=address)


def get_targets(
    sources: Sequence[targets.Source],
) -> list[oslo_messaging.Target]:
    """The sources as oslo.messaging names them."""
    return [
        oslo_messaging.Target(exchange=source.exchange, topic=source.topic)
        for source in sources
    ]


def places(conf: cfg.ConfigOpts) -> str:
    """Where the broker is, without the credentials for it.

    :param conf: see :func:`url`.
    """
    return ', '.join(
        f'{host.hostname}:{host.port or _PORT}' for host in url(conf).hosts
    )


def get_connection(
    conf: cfg.ConfigOpts, options_of_driver: Mapping[str, Any] | None = None
) -> kombu.Connection:
    """A connection of our own, beside those of oslo.messaging.

    :param conf: see :func:`url`.
    :param options_of_driver: more of them, such as ``read_timeout``.
    """
    address = url(conf)
    options = conf[_RABBIT]
    vhost = parse.quote(address.virtual_host or '/', safe='')
    hosts = [
        'amqp://{}:{}@{}:{}/{}'.format(
            parse.quote(host.username or 'guest', safe=''),
            parse.quote(host.password or 'guest', safe=''),
            f'[{host.hostname}]' if ':' in host.hostname else host.hostname,
            host.port or _PORT,
            vhost,
        )
        for host in address.hosts
    ]
    return kombu.Connection(
        ';'.join(hosts),
        ssl=_ssl(options) if options.ssl else False,
        login_method=options.rabbit_login_method,
        heartbeat=options.heartbeat_timeout_threshold,
        connect_timeout=10,
        transport_options=dict(options_of_driver or {}),
    )


def _ssl(options: Any) -> dict[str, Any] | bool:
    given: dict[str, Any] = {
        'ca_certs': options.ssl_ca_file,
        'certfile': options.ssl_cert_file,
        'keyfile': options.ssl_key_file,
    }
    given = {name: value for name, value in given.items() if value}
    if 'ca_certs' in given:
        given['cert_reqs'] = ssl.CERT_REQUIRED
    return given or True
