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
"""How much memory a worker of the collector has, message after message."""

from collections.abc import Iterator, Sequence
import contextlib
import itertools
import os
import pathlib
import signal
import statistics
import sys
import time
from typing import NamedTuple

from benchmark import broker
from benchmark import processes
from benchmark import report as report_module
from benchmark import servers as servers_module
from benchmark import traffic as traffic_module
from stratometrics.collector import transport
from stratometrics.tests.realparts import process

PART = 'memory'

#: MiB that a worker may grow by over a million messages, once it is warm.
AIM = 5.0

#: Births that are remembered: few, so that this memory is full soon and what
#: grows later is not meant to.
_BIRTHS = 10_000

#: How often the memory is looked at in a run.
_SAMPLES = 50
#: How many of the samples are printed.
_PRINTED = 10
#: Seconds in which a worker must have taken something.
_PATIENCE = 120

_STORED = 'SELECT uniqExact(message_id) FROM $database.events'
_MIB = 1 << 20


class Failed(report_module.Failed):
    """Messages were lost, or not taken."""


class Sample(NamedTuple):
    """Memory at one time.

    :param messages: how many were taken before.
    :param resident: bytes.
    :param most: bytes that it has had at most.
    """

    messages: int
    resident: int
    most: int


def slope(samples: Sequence[Sample]) -> float:
    """Bytes that each message adds, by the line nearest to the samples."""
    return statistics.linear_regression(
        [sample.messages for sample in samples],
        [sample.resident for sample in samples],
    ).slope


def run(
    report: report_module.Report,
    servers: servers_module.Servers,
    traffic: traffic_module.Traffic,
    messages: int,
    batch_size: int,
) -> None:
    """Let one worker take many messages, with as many ahead as it may have.

    :raises Failed: not everything was taken and stored.
    """
    prefetch = transport.BATCHES_AHEAD * batch_size
    report.heading(
        f'Resident memory of one worker over {messages:,} messages, batches '
        f'of {batch_size}, {prefetch} prefetched from each of two queues, '
        f'{_BIRTHS:,} births remembered'
    )
    config = servers.configure(
        'memory',
        DEFAULT={'log_options': False},
        oslo_messaging_notifications={
            'transport_url': servers.rabbitmq.transport_url
        },
        collector={
            'batch_size': batch_size,
            'region_name': traffic_module.REGION,
            'birth_cache_size': _BIRTHS,
        },
    )
    queues = broker.Queues(servers.rabbitmq, traffic.routes)
    child = _collector(servers, config)
    try:
        with servers_module.database(config) as database:
            queues.fill([])
            child.start()
            samples, expected = _feed(
                queues, child, traffic, messages, 2 * prefetch
            )
            _wait_until_stored(database, expected)
    finally:
        child.stop()
        queues.close()
    _tell(report, samples)


def _collector(
    servers: servers_module.Servers, config: pathlib.Path
) -> process.Child:
    return process.Child(
        'collector',
        [
            sys.executable,
            '-m',
            'stratometrics.cmd.collector',
            '--config-file',
            str(config),
        ],
        servers.folder / 'memory.log',
    )


def _feed(
    queues: broker.Queues,
    child: process.Child,
    traffic: traffic_module.Traffic,
    total: int,
    waiting: int,
) -> tuple[list[Sample], int]:
    """Keep the queues filled until all messages were taken.

    :param waiting: messages that shall wait beside those that are taken.
    :returns: the samples, and how many messages tell of an event.
    """
    source = traffic.messages(total)
    published = expected = 0
    samples: list[Sample] = []
    last = time.monotonic()
    while True:
        child.check()
        ready = queues.ready()
        if published < total and ready < waiting:
            chunk = list(itertools.islice(source, waiting))
            with _paused(child):
                queues.publish(chunk)
            published += len(chunk)
            expected += sum(message.stored for message in chunk)
            last = time.monotonic()
            ready += len(chunk)
        taken = published - ready
        if taken * _SAMPLES >= (len(samples) + 1) * total:
            worker = _worker(child)
            samples.append(
                Sample(
                    taken,
                    processes.resident(worker),
                    processes.most_resident(worker),
                )
            )
        if published == total and ready == 0:
            return samples, expected
        if time.monotonic() - last > _PATIENCE:
            raise Failed(f'{ready} messages are not taken')
        time.sleep(0.02)


@contextlib.contextmanager
def _paused(child: process.Child) -> Iterator[None]:
    """Have the worker wait: it takes messages faster than they are made."""
    pids = processes.family([child.pid] if child.pid else [])
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _wait_until_stored(
    database: servers_module.Database, expected: int
) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        [(stored,)] = database.pool.execute(_STORED)
        if stored == expected:
            return
        if time.monotonic() > deadline:
            raise Failed(f'{stored} of {expected} messages are in ClickHouse')
        time.sleep(0.5)


def _worker(child: process.Child) -> int:
    """The process that works: the one that has computed most."""
    return max(
        processes.family([child.pid] if child.pid else []),
        key=lambda pid: processes.cpu_seconds([pid]),
    )


def _tell(report: report_module.Report, samples: list[Sample]) -> None:
    total = samples[-1].messages
    for tenth in range(1, _PRINTED + 1):
        wanted = total * tenth / _PRINTED
        sample = min(samples, key=lambda each: abs(each.messages - wanted))
        report.add(
            PART,
            f'after {tenth / _PRINTED:.0%} of the messages',
            sample.resident / _MIB,
            'MiB',
        )
    report.add(PART, 'at most', samples[-1].most / _MIB, 'MiB')
    warm = samples[len(samples) // 2 :]
    report.add(
        PART,
        'growth over a million messages',
        slope(warm) * 1_000_000 / _MIB,
        'MiB',
        aim=AIM,
        note='line through the second half',
    )
