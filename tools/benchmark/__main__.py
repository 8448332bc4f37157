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
"""Command line of the benchmark; tools/benchmark.sh calls it."""

import argparse
from collections.abc import Callable, Sequence
import pathlib
import signal
import sys

from benchmark import closed
from benchmark import collecting
from benchmark import dataset
from benchmark import growth
from benchmark import inserts
from benchmark import load
from benchmark import machine
from benchmark import memory
from benchmark import overhead
from benchmark import questions
from benchmark import report as report_module
from benchmark import servers as servers_module
from benchmark import session
from benchmark import starting
from benchmark import statements
from stratometrics.model import timestamps
from stratometrics.notifications import errors as notification_errors
from stratometrics.storage import errors as storage_errors
from stratometrics.tests.realparts import errors as part_errors


def _collect(run: session.Session) -> None:
    args = run.args
    collecting.run(
        run.report,
        run.servers,
        run.traffic,
        args.messages,
        args.batch_size,
        args.pairs,
    )


def _memory(run: session.Session) -> None:
    args = run.args
    memory.run(
        run.report,
        run.servers,
        run.traffic,
        args.memory_messages,
        args.batch_size,
    )


def _query(run: session.Session) -> None:
    questions.run(run.report, run.cloud, run.servers.store, run.args.repeat)


def _growth(run: session.Session) -> None:
    growth.run(run.report, run.cloud, run.args.repeat)


def _closed(run: session.Session) -> None:
    closed.run(run.report, run.cloud, run.servers.store, run.args.repeat)


def _statements(run: session.Session) -> None:
    cloud = run.cloud
    cloud.open()
    cloud.merge()
    # As of the time at which its months were opened, or later.
    statements.run(
        run.report,
        cloud.database,
        cloud.plan,
        timestamps.now(),
        run.args.repeat,
    )


def _overhead(run: session.Session) -> None:
    cloud = run.cloud
    overhead.run(
        run.report,
        cloud.database,
        run.servers,
        cloud.plan,
        cloud.now,
        run.args.requests,
    )


def _load(run: session.Session) -> None:
    cloud = run.cloud
    cloud.open()
    cloud.merge()
    load.run(
        run.report,
        cloud.database,
        run.servers,
        cloud.plan,
        cloud.now,
        run.args.users,
        run.args.load_seconds,
    )


def _inserts(run: session.Session) -> None:
    config = run.servers.configure('inserts')
    with servers_module.database(config) as database:
        inserts.run(run.report, database, run.traffic, run.args.repeat)


def _start(run: session.Session) -> None:
    starting.run(run.report, run.args.starts)


#: What can be measured, in this order; the first that asks for the data set
#: has it made.
PARTS: dict[str, Callable[[session.Session], None]] = {
    collecting.PART: _collect,
    memory.PART: _memory,
    questions.PART: _query,
    growth.PART: _growth,
    statements.PART: _statements,
    overhead.PART: _overhead,
    load.PART: _load,
    closed.PART: _closed,
    inserts.PART: _inserts,
    starting.PART: _start,
}

#: Sizes of --quick: enough to see that everything runs, and no more.
QUICK = {
    'messages': 3000,
    'memory_messages': 20_000,
    'batch_size': 250,
    'pairs': 1,
    'instances': 20_000,
    'events': 400_000,
    'months': 3,
    'projects': 100,
    'repeat': 3,
    'requests': 50,
    'users': 5,
    'load_seconds': 3,
    'starts': 3,
}

_GIB = 1 << 30


class Stopped(BaseException):
    """A signal says to stop; whatever was started is to be cleaned up."""


def _on_signal(number: int, frame: object) -> None:
    # Cleaning up is not to be cut short by a second signal.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'{number} is less than 1')
    return number


def _names(text: str) -> list[str]:
    names = text.split(',')
    for name in names:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(
                f'{name!r} is none of {", ".join(PARTS)}'
            )
    return names


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    top = argparse.ArgumentParser(
        prog='tools/benchmark.sh',
        description='Measure Stratometrics between real servers, which it '
        'starts. How to read what it prints: '
        'doc/source/contributor/benchmark.rst',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    top.add_argument(
        '--only',
        type=_names,
        default=list(PARTS),
        metavar='PARTS',
        help=f'some of {", ".join(PARTS)}, with commas between them',
    )
    top.add_argument(
        '--quick',
        action='store_true',
        help='small sizes: shows that everything runs, not how fast it is',
    )
    top.add_argument(
        '--json',
        type=pathlib.Path,
        metavar='FILE',
        help='write all facts and figures to this file, too',
    )
    top.add_argument(
        '--plot',
        type=pathlib.Path,
        metavar='FILE',
        help='draw the growth curves, as SVG, to this file',
    )
    top.add_argument(
        '--data',
        type=pathlib.Path,
        metavar='DIR',
        help='keep data in this folder instead of a temporary one',
    )
    top.add_argument(
        '--memory',
        type=_positive,
        default=8,
        metavar='GIB',
        help='memory for ClickHouse',
    )
    collect = top.add_argument_group('the collector')
    for name, default, text in (
        ('messages', 60_000, 'messages that are timed for each consumer'),
        (
            'memory-messages',
            1_000_000,
            'messages over which the memory of a worker is watched',
        ),
        ('batch-size', 4000, 'messages of a batch'),
        ('pairs', 3, 'how often collector and listener are compared'),
    ):
        _add_number(collect, name, default, text)
    query = top.add_argument_group('the data set')
    for name, default, text in (
        ('instances', 1_000_000, 'instances that there ever were'),
        ('events', 20_000_000, 'events of all of them, about'),
        (
            'months',
            10,
            'whole months that they spread over; the last one is asked about',
        ),
        ('projects', 1000, 'their owners'),
        ('flavors', 20, 'their types'),
        ('parts', 8, 'inserts that each month comes in, by time of arrival'),
    ):
        _add_number(query, name, default, text)
    repeat = top.add_argument_group('how often')
    _add_number(repeat, 'repeat', 15, 'times that a question is timed')
    _add_number(repeat, 'requests', 500, 'HTTP requests that are timed')
    _add_number(repeat, 'starts', 20, 'starts of a command that are timed')
    crowd = top.add_argument_group('the load')
    _add_number(crowd, 'users', 50, 'users that ask at the same time')
    _add_number(crowd, 'load-seconds', 30, 'how long they ask')
    return top


def _add_number(group, name: str, default: int, text: str) -> None:
    group.add_argument(
        f'--{name}', type=_positive, default=default, metavar='N', help=text
    )


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options; --quick changes the defaults of the others."""
    top = parser()
    if '--quick' in argv:
        top.set_defaults(**QUICK)
    args = top.parse_args(argv)
    least = dataset.LEAST_EVENTS * args.instances
    if args.events < least:
        top.error(f'--events: at least {least} for so many instances')
    for name in ('json', 'plot'):
        path = getattr(args, name)
        if path and not path.absolute().parent.is_dir():
            top.error(f'--{name}: {path.parent} is not a folder')
    return args


def measure(run: session.Session) -> None:
    """Run the parts that were asked for."""
    run.report.facts('Machine', machine.facts())
    run.report.facts('ClickHouse', run.servers.settings())
    for name, part in PARTS.items():
        if name in run.args.only:
            part(run)
    if run.report.curves:
        run.report.plot()
    run.report.facts('At the end', {'load average': machine.load()})


def main(argv: Sequence[str]) -> int:
    """Run the benchmark.

    :returns: the exit status: 0 if everything could be measured, whether or
        not the aims were met.
    """
    args = parse(argv)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _on_signal)
    report = report_module.Report()
    servers = None
    try:
        servers = servers_module.Servers(args.data, args.memory * _GIB)
        with session.Session(args, report, servers) as run:
            measure(run)
        if args.json:
            report.write(args.json)
        if args.plot and report.curves:
            report.draw(args.plot)
    except (
        part_errors.PartError,
        notification_errors.DefinitionError,
        storage_errors.StorageError,
        report_module.Failed,
        OSError,
    ) as error:
        print(f'benchmark: {error}', file=sys.stderr)
        return 1
    except Stopped:
        print('benchmark: stopped', file=sys.stderr)
        return 130
    finally:
        if servers:
            servers.close()
    if report.missed:
        print(f'\nAims missed: {"; ".join(report.missed)}')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
