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
"""How long the command line takes before it asks anybody anything.

Processor time counts: a start waits for nobody, and so this is how long it
takes on a machine that does nothing else.
"""

from collections.abc import Mapping, Sequence
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

from benchmark import report as report_module

PART = 'start'

#: Seconds that one of its commands may take longer than ``openstack`` itself.
AIM = 0.1

#: The program, beside the interpreter.
_OPENSTACK = pathlib.Path(sys.executable).parent / 'openstack'

#: Of the distribution, without entry points: whose metadata is found first
#: counts, so that nothing of the plugin is installed any more.
_HIDING = 'stratometrics-0.dist-info'
_METADATA = 'Metadata-Version: 2.1\nName: stratometrics\nVersion: 0\n'

#: What follows ``openstack``.
WITHOUT = '--help, without the plugin'
HELP = '--help'
COMMAND = 'billing usage show --help'


class Failed(report_module.Failed):
    """A command did not end well."""


def run(report: report_module.Report, count: int) -> None:
    """Start the commands, one beside the other.

    :param count: how often.
    :raises Failed: one of them does not end well.
    """
    seconds = measure(count)
    report.heading(f'openstack: {count} starts of each, in turns')
    for name, taken in seconds.items():
        report.add(
            PART, name, statistics.median(taken) * 1000, 'ms', note='median'
        )
    for name, less, more in (
        ('what the command adds', HELP, COMMAND),
        ('what the plugin adds to others', WITHOUT, HELP),
    ):
        report.add(
            PART,
            name,
            added(seconds[less], seconds[more]) * 1000,
            'ms',
            aim=AIM * 1000,
            note='median of the differences',
        )


def measure(count: int) -> Mapping[str, Sequence[float]]:
    """Start the commands in turns.

    :param count: how often each.
    :returns: the processor seconds that they took, in the same order; by
        command.
    :raises Failed: one of them does not end well.
    """
    with tempfile.TemporaryDirectory() as folder:
        hiding = pathlib.Path(folder, 'hiding')
        (hiding / _HIDING).mkdir(parents=True)
        (hiding / _HIDING / 'METADATA').write_text(_METADATA)
        # Where names of plugins are remembered from one start to the next.
        cache = pathlib.Path(folder, 'cache')
        kinds: dict[str, tuple[list[str], list[str]]] = {
            WITHOUT: (['--help'], [str(hiding)]),
            HELP: (['--help'], []),
            COMMAND: (['billing', 'usage', 'show', '--help'], []),
        }
        seconds: dict[str, list[float]] = {name: [] for name in kinds}
        for number in range(-1, count):
            # Whatever changes in the course of it then counts for all.
            order = list(kinds) if number % 2 else list(reversed(kinds))
            for name in order:
                arguments, before = kinds[name]
                begun = _used()
                _start(arguments, [*before, *sys.path], cache)
                taken = _used() - begun
                # The first start finds the plugins, and compiles them.
                if number >= 0:
                    seconds[name].append(taken)
    return seconds


def added(less: Sequence[float], more: Sequence[float]) -> float:
    """By how many seconds one takes longer, at the median of the pairs."""
    return statistics.median(b - a for a, b in zip(less, more, strict=True))


def _used() -> float:
    """Processor seconds of all processes that were started and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _start(
    arguments: Sequence[str], path: Sequence[str], cache: pathlib.Path
) -> None:
    done = subprocess.run(
        [_OPENSTACK, *arguments],
        env={
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith('OS_')
            },
            'PYTHONPATH': os.pathsep.join(filter(None, path)),
            'XDG_CACHE_HOME': str(cache),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Failed(f'openstack {" ".join(arguments)}: {done.stderr}')
    knows = 'billing usage show' in done.stdout
    if knows == pathlib.Path(path[0], _HIDING).exists():
        raise Failed('openstack does not have the plugins that it is to have')
