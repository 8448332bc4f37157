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
"""Messages a second, from a real RabbitMQ into a real ClickHouse."""

from collections.abc import Sequence
import dataclasses
import pathlib
import statistics
import sys
import time

from benchmark import broker
from benchmark import processes
from benchmark import report as report_module
from benchmark import servers as servers_module
from benchmark import traffic as traffic_module
from stratometrics.collector import transport
from stratometrics.tests.realparts import process

PART = 'collect'

#: Of the listener that does nothing, by one worker.
AIM_OF_NOTHING = 0.8
#: Two workers to one.
AIM_OF_TWO = 1.6

#: Batches behind the timed ones for each consumer: a last batch that is not
#: full would wait for its timeout.
_SURPLUS = 3

_STORED = 'SELECT uniqExact(message_id) FROM $database.events'

_COLLECTOR = 'stratometrics.cmd.collector'
_LISTENER = 'benchmark.listener'


class Failed(report_module.Failed):
    """A run did not end as it must."""


@dataclasses.dataclass(frozen=True)
class Run:
    """What is compared.

    :param collector: the collector, or else listeners that do nothing.
    :param consumers: workers, or listeners.
    """

    collector: bool
    consumers: int

    def __str__(self) -> str:
        kind = 'collector' if self.collector else 'do-nothing listener'
        plural = 's' if self.consumers > 1 else ''
        if self.collector:
            return f'{kind}, {self.consumers} worker{plural}'
        return f'{self.consumers} {kind}{plural}'


@dataclasses.dataclass(frozen=True)
class Result:
    """How a run went.

    :param rate: messages a second from the first delivery on.
    :param computed: microseconds of processors for each message: of the
        consumers, of RabbitMQ and of ClickHouse.
    """

    rate: float
    computed: tuple[float, float, float]


RUNS = (Run(True, 1), Run(False, 1), Run(True, 2), Run(False, 2))


class Contest:
    """Runs consumers over the same messages.

    :param messages: how many are timed for each consumer.
    """

    def __init__(
        self,
        servers: servers_module.Servers,
        traffic: traffic_module.Traffic,
        messages: int,
        batch_size: int,
    ) -> None:
        self._servers = servers
        self._traffic = traffic
        self._messages = messages
        self._batch_size = batch_size
        self._queues = broker.Queues(servers.rabbitmq, traffic.routes)

    def result(self, run: Run) -> Result:
        """Let consumers take all messages.

        :raises Failed: not everything was acknowledged and stored.
        """
        config = self._configure(run)
        with servers_module.database(config) as database:
            surplus = _SURPLUS * self._batch_size * run.consumers
            total = self._messages * run.consumers + surplus
            messages = list(self._traffic.messages(total))
            self._queues.fill(messages)
            watch = self._queues.watching(total, surplus)
            children = self._children(run, config)
            try:
                for child in children:
                    child.start()
                before = None
                while not watch.done():
                    for child in children:
                        child.check()
                    # What came before the first message is not of interest.
                    if before is None and self._queues.ready() < total:
                        before = self._computed(children)
                    time.sleep(0.05)
                # Only when the surplus is taken as well.
                course = watch.result()
                after = self._computed(children)
            finally:
                for child in children:
                    child.stop()
            [(stored,)] = database.pool.execute(_STORED)
        expected = sum(message.stored for message in messages)
        if course.left:
            raise Failed(
                f'{run}: after {broker.PATIENCE} s {course.left} of {total} '
                'messages are not acknowledged'
            )
        if run.collector and stored != expected:
            raise Failed(
                f'{run}: {stored} of {expected} messages are in ClickHouse'
            )
        return Result(
            course.acknowledged / course.seconds,
            tuple(
                (end - begin) * 1_000_000 / total
                for begin, end in zip(before or after, after, strict=True)
            ),
        )

    def _computed(
        self, children: Sequence[process.Child]
    ) -> tuple[float, float, float]:
        """Seconds of the consumers, of RabbitMQ and of ClickHouse."""
        consumers, rabbitmq, clickhouse = (
            processes.cpu_seconds(processes.family(pids))
            for pids in (
                [child.pid for child in children if child.pid],
                self._servers.rabbitmq.pids,
                self._servers.clickhouse_pids,
            )
        )
        return consumers, rabbitmq, clickhouse

    def close(self) -> None:
        self._queues.close()

    def _configure(self, run: Run) -> pathlib.Path:
        prefetch = transport.BATCHES_AHEAD * self._batch_size
        return self._servers.configure(
            'collector',
            DEFAULT={'log_options': False},
            oslo_messaging_notifications={
                'transport_url': self._servers.rabbitmq.transport_url
            },
            oslo_messaging_rabbit={'rabbit_qos_prefetch_count': prefetch},
            collector={
                'workers': run.consumers,
                'batch_size': self._batch_size,
                'region_name': traffic_module.REGION,
            },
        )

    def _children(
        self, run: Run, config: pathlib.Path
    ) -> Sequence[process.Child]:
        module = _COLLECTOR if run.collector else _LISTENER
        return [
            process.Child(
                str(run),
                [sys.executable, '-m', module, '--config-file', str(config)],
                self._servers.folder / f'consumer-{number}.log',
            )
            for number in range(1 if run.collector else run.consumers)
        ]


def run(
    report: report_module.Report,
    servers: servers_module.Servers,
    traffic: traffic_module.Traffic,
    messages: int,
    batch_size: int,
    pairs: int,
) -> None:
    """Let collector and listener take turns, and compare them.

    :raises Failed: a run lost messages.
    """
    version = servers.rabbitmq.rabbitmqctl('version').strip()
    report.facts('Broker', {'rabbitmq': version})
    prefetch = transport.BATCHES_AHEAD * batch_size
    report.heading(
        f'Messages a second, {messages:,} timed for each consumer, batches of '
        f'{batch_size}, {prefetch} prefetched, {pairs} rounds, median'
    )
    contest = Contest(servers, traffic, messages, batch_size)
    results: dict[Run, list[Result]] = {each: [] for each in RUNS}
    try:
        for number in range(pairs):
            # Whatever else the machine does hits now one first, now another.
            for each in RUNS if number % 2 == 0 else reversed(RUNS):
                results[each].append(contest.result(each))
    finally:
        contest.close()
    rates = {
        each: [result.rate for result in found]
        for each, found in results.items()
    }
    for each, found in rates.items():
        report.add(
            PART,
            str(each),
            statistics.median(found),
            'msg/s',
            note=', '.join(f'{rate:,.0f}' for rate in found),
        )
    for each, found in results.items():
        parts = [
            statistics.median(column)
            for column in zip(
                *(result.computed for result in found), strict=True
            )
        ]
        report.add(
            PART,
            f'processor time, {each}',
            parts[0],
            'us/msg',
            note='RabbitMQ {1:.0f}, ClickHouse {2:.0f}'.format(*parts),
        )
    one, nothing, two, nothing_twice = (rates[each] for each in RUNS)
    for name, above, below, aim in (
        ('one worker to a listener', one, nothing, AIM_OF_NOTHING),
        ('two workers to one', two, one, AIM_OF_TWO),
        ('two listeners to one: the machine', nothing_twice, nothing, None),
        ('two workers to two listeners', two, nothing_twice, None),
    ):
        ratios = [a / b for a, b in zip(above, below, strict=True)]
        report.add(
            PART,
            name,
            statistics.median(ratios),
            '',
            aim=aim,
            more=True,
            note=', '.join(f'{ratio:.2f}' for ratio in ratios),
        )
