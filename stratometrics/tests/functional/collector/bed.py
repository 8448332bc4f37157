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
"""A collector of its own for each test, between real servers."""

import atexit
from collections.abc import Callable, Iterable, Mapping, Sequence
import dataclasses
import functools
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import Any
import urllib.request
import uuid

import fixtures
import kombu
from oslo_config import cfg
import testtools

from stratometrics import conf as stratometrics_conf
from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.storage.clickhouse import driver
from stratometrics.tests import fixtures as recordings
from stratometrics.tests.functional import base
from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process
from stratometrics.tests.realparts import rabbitmq

_NUMBERS = itertools.count(1)

#: Seconds after which a test gives up waiting.
PATIENCE = 90

CONFIG = """
[DEFAULT]
log_options = false
[oslo_messaging_notifications]
transport_url = {transport_url}
[oslo_messaging_rabbit]
amqp_durable_queues = true
rabbit_retry_backoff = 1
kombu_reconnect_delay = 0.2
[clickhouse]
hosts = {clickhouse.host}
port = {clickhouse.port}
user = {clickhouse.user}
password = {clickhouse.password}
database = {database}
[collector]
targets = {exchange}:{topic}
retry_max_interval = 1
batch_size = 100
batch_timeout = 0.2
opening_delay = 0
closing_delay = 0
"""


@functools.cache
def own_clickhouse() -> clickhouse.ClickHouse:
    """A server that tests may stop, if they start it again."""
    part = clickhouse.ClickHouse()
    part.start()
    atexit.register(part.close)
    return part


@functools.cache
def own_rabbitmq() -> rabbitmq.RabbitMQ:
    """A broker that tests may stop, if they start it again."""
    part = rabbitmq.RabbitMQ()
    part.start()
    atexit.register(part.close)
    return part


def envelope(message: Any) -> bytes:
    """A message as oslo.messaging puts it on the wire."""
    return json.dumps(
        {'oslo.version': '2.0', 'oslo.message': json.dumps(message)}
    ).encode()


def notifications(count: int) -> list[dict[str, Any]]:
    """Notifications that Nova really sent, again under ids of their own."""
    messages = []
    recorded = itertools.cycle(recordings.load('nova'))
    for each in itertools.islice(recorded, count):
        messages.append(
            {
                **each.message,
                'message_id': str(uuid.uuid4()),
                '_unique_id': uuid.uuid4().hex,
            }
        )
    return messages


def billed(messages: Iterable[Mapping[str, Any]]) -> set[str]:
    """The ids of those messages that tell of an event."""
    understand = decoder.Decoder(definitions.Definitions.load(None), 'R')
    return {m['message_id'] for m in messages if understand.decode(m)}


class CollectorTestCase(testtools.TestCase):
    """A topic and a database of its own, on servers that all tests share."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.log_file = self.folder / 'collector.log'
        name = uuid.uuid4().hex[:8]
        self.topic = f'notifications-{name}'
        self.exchange = kombu.Exchange(
            f'nova-{name}', type='topic', durable=True
        )
        self.broker = self.broker_address()
        self.config_file = self.folder / 'stratometrics.conf'
        self.config_file.write_text(
            CONFIG.format(
                transport_url=dataclasses.replace(
                    self.broker, scheme='rabbit'
                ).url,
                clickhouse=self.clickhouse_address(),
                database=f'collector_{os.getpid()}_{next(_NUMBERS)}',
                exchange=self.exchange.name,
                topic=self.topic,
            )
        )
        self.storage = driver.get_storage(self.conf())
        self.addCleanup(self.storage.close)
        self.addCleanup(base.drop, self.conf())
        self.prepare_database()
        self.addOnException(self._attach_log)

    def clickhouse_address(self) -> addresses.Address:
        return base.address('clickhouse')

    def broker_address(self) -> addresses.Address:
        return base.address('rabbitmq')

    def prepare_database(self) -> None:
        self.storage.schema.migrate(self.storage.schema.newest)

    def conf(self) -> cfg.ConfigOpts:
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf(['--config-file', str(self.config_file)], project='stratometrics')
        return conf

    def configure(self, group: str, **options: Any) -> None:
        """Add options; the last value of an option counts."""
        with self.config_file.open('a') as file:
            file.write(f'[{group}]\n')
            for name, value in options.items():
                file.write(f'{name} = {value}\n')

    # The collector

    def command(self) -> list[str]:
        """What starts it."""
        return [
            sys.executable,
            '-m',
            'stratometrics.cmd.collector',
            '--config-file',
            str(self.config_file),
        ]

    def start(self) -> subprocess.Popen:
        with self.log_file.open('ab') as log:
            collector = process.spawn(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own, to be killed at once.
                start_new_session=True,
            )
        self.addCleanup(self.end, collector)
        return collector

    def start_and_wait(self) -> subprocess.Popen:
        already = self.log().count('Listening to')
        collector = self.start()
        self.wait_until(
            lambda: self.log().count('Listening to') > already,
            'the collector listens',
        )
        return collector

    def end(self, collector: subprocess.Popen) -> None:
        """Stop it gently: a server that others use might not survive less."""
        collector.terminate()
        try:
            collector.wait(PATIENCE)
        finally:
            self.kill(collector)

    def kill(self, collector: subprocess.Popen) -> None:
        """End master and workers at once, as a crash would."""
        try:
            os.killpg(collector.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        collector.wait()

    def log(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ''

    def metric(self, port: int, name: str) -> float:
        with urllib.request.urlopen(
            f'http://127.0.0.1:{port}/metrics', timeout=5
        ) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(f'stratometrics_collector_{name} '):
                    return float(line.split()[1])
        raise AssertionError(f'no metric {name}')

    # The broker

    @property
    def queue(self) -> kombu.Queue:
        """What an emitter declares, so that nothing is lost."""
        return kombu.Queue(
            f'{self.topic}.info',
            self.exchange,
            routing_key=f'{self.topic}.info',
            durable=True,
        )

    def publish(
        self, bodies: Iterable[bytes], pause: float = 0.0, **properties: Any
    ) -> None:
        """Publish bodies; each is confirmed, whatever befalls the broker."""
        given = {
            'content_type': 'application/json',
            'content_encoding': 'utf-8',
            'delivery_mode': 2,
            **properties,
        }
        waiting = list(bodies)
        deadline = time.monotonic() + PATIENCE
        while waiting:
            connection = kombu.Connection(
                self.broker.url,
                transport_options={'confirm_publish': True},
                connect_timeout=2,
            )
            try:
                with connection:
                    self._publish(connection, waiting, given, pause)
            except (
                OSError,
                kombu.exceptions.KombuError,
                *connection.connection_errors,
                *connection.channel_errors,
            ):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _publish(
        self,
        connection: kombu.Connection,
        waiting: list[bytes],
        properties: Mapping,
        pause: float,
    ) -> None:
        connection.ensure_connection(max_retries=1)
        channel = connection.channel()
        self.queue(channel).declare()
        producer = kombu.Producer(channel, self.exchange)
        while waiting:
            producer.publish(
                waiting[0],
                routing_key=f'{self.topic}.info',
                mandatory=True,
                **properties,
            )
            waiting.pop(0)
            time.sleep(pause)

    def waiting_messages(self) -> list[dict[str, Any]]:
        """Take what is left in the queue."""
        left = []
        with kombu.Connection(self.broker.url) as connection:
            queue = self.queue(connection.channel())
            while message := queue.get(no_ack=True):
                body = json.loads(message.body)
                left.append(json.loads(body['oslo.message']))
        return left

    # The store

    def select(self, query: str, **parameters: Any) -> list[tuple]:
        return self.storage._pool.execute(query, parameters)

    def stored(self) -> set[str]:
        """The ids of the messages whose events are stored."""
        return {
            name
            for (name,) in self.select(
                'SELECT DISTINCT message_id FROM $database.events'
            )
        }

    # Waiting

    def wait_until(
        self, ready: Callable[[], bool], what: str, timeout: float = PATIENCE
    ) -> None:
        deadline = time.monotonic() + timeout
        while not ready():
            if time.monotonic() > deadline:
                self.fail(f'waited {timeout:.0f} s in vain until {what}')
            time.sleep(0.1)

    def wait_stored(self, expected: set[str]) -> None:
        """Wait until all is stored; then see that nothing else is."""
        self.wait_until(
            lambda: self.stored() >= expected,
            f'{len(expected)} messages are stored',
        )
        self.assertEqual(expected, self.stored())

    def _attach_log(self, exc_info: Sequence) -> None:
        self.addDetail(
            'collector.log', testtools.content.text_content(self.log())
        )


class OwnServersTestCase(CollectorTestCase):
    """On servers that may be stopped."""

    def clickhouse_address(self) -> addresses.Address:
        return own_clickhouse().address

    def broker_address(self) -> addresses.Address:
        return own_rabbitmq().address


def free_ports(count: int) -> int:
    """The first of some neighbouring ports that are free."""
    while True:
        first = ports.free_port()
        if first + count < 65536 and not any(
            ports.accepts(first + offset) for offset in range(count)
        ):
            return first
