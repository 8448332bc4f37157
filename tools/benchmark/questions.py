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
"""How long a month takes to be answered, in ClickHouse."""

from collections.abc import Callable, Sequence
import dataclasses
import os
import pathlib
import statistics
import time
import zoneinfo

from benchmark import dataset
from benchmark import report as report_module
from benchmark import servers
from stratometrics.model import calendars
from stratometrics.model import event as event_model
from stratometrics.model import usage
from stratometrics.tests import oracle

PART = 'query'

#: Seconds that one project's month and the whole cloud's may take.
AIM_PROJECT = 0.050
AIM_CLOUD = 0.5
#: How many times as long as its sum the cloud's month by hour may take.
AIM_HOURS = 3.0

#: Of how many instances the answer is computed again.
_SAMPLE = 300

_PARTS = """
SELECT count(), sum(rows), sum(bytes_on_disk), uniqExact(partition)
FROM system.parts
WHERE active AND database = '$database' AND table = 'events'
"""

_SOME = """
SELECT DISTINCT resource_id FROM $database.events
ORDER BY cityHash64(resource_id) LIMIT {count:UInt32}
"""

_OBSERVATIONS = """
SELECT
    resource_id,
    toUnixTimestamp64Micro(event_time),
    message_id,
    state,
    project_id,
    type,
    JSONExtractInt(measures, 'vcpus'),
    toUnixTimestamp64Micro(created_at)
FROM $database.events
WHERE resource_type = 'instance' AND resource_id IN {ids:Array(String)}
    AND rank >= {least:Int64}
"""


class WrongAnswer(report_module.Failed):
    """The usage is not what the events say."""


@dataclasses.dataclass(frozen=True)
class Timing:
    """Seconds that repeated questions took, after a warm-up."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        return f'{low * 1000:.0f} to {high * 1000:.0f} ms'


def timed(ask: Callable[..., object], *arguments: object) -> float:
    """Seconds that a call takes."""
    begun = time.perf_counter()
    ask(*arguments)
    return time.perf_counter() - begun


def question(now: int, *project_ids: str) -> usage.UsageQuery:
    """Last month's usage by type, of projects or of the whole cloud."""
    return usage.UsageQuery(
        period=dataset.month(now, 1),
        now=now,
        resource_types=('instance',),
        group_by=('type',),
        project_ids=project_ids or None,
    )


def run(
    report: report_module.Report,
    database: servers.Database,
    store: pathlib.Path | None,
    plan: dataset.Plan,
    now: int,
    repeat: int,
) -> None:
    """Ask while the parts lie as they came, and again when they are merged.

    :param database: holds the data set.
    :param store: the server's files, if they can be reached.
    :param repeat: how often each question is timed.
    :raises WrongAnswer: an answer differs from the oracle's.
    """
    for merged in (False, True):
        if merged:
            merge(database)
        _months(report, database, store, plan, now, repeat, merged)
    checked = check(database, now)
    report.add(
        PART,
        'groups equal to the plain-Python oracle',
        checked,
        '',
        note=f'a sample of {min(_SAMPLE, plan.instances)} instances',
    )


def merge(database: servers.Database) -> None:
    """Merge the parts of each month into one."""
    database.pool.execute('SYSTEM START MERGES $database.events')
    for table in ('events', 'project_resources'):
        database.pool.execute(f'OPTIMIZE TABLE $database.{table} FINAL')


def _months(report, database, store, plan, now, repeat, merged) -> None:
    parts, rows, size, partitions = describe(database)
    label = 'merged' if merged else 'unmerged'
    report.heading(
        f'One month in ClickHouse, {label}: {plan.instances:,} instances, '
        f'{rows:,} rows in {parts} parts of {partitions} monthly partitions, '
        f'{size / 2**20:,.0f} MiB'
    )
    projects = [
        dataset.project_id(database.pool, number % plan.projects)
        for number in range(repeat + 1)
    ]
    ask = database.storage.usage
    cold = ''
    if store:
        chill(database, store)
        seconds = timed(ask, question(now, projects[0]))
        cold = f'; {seconds * 1000:.0f} ms from disk'
    ask(question(now, projects[0]))
    timing = Timing([timed(ask, question(now, name)) for name in projects[1:]])
    report.add(
        PART,
        f"one project's month, {label}",
        timing.median * 1000,
        'ms',
        aim=AIM_PROJECT * 1000,
        note=f'{timing}, {repeat} projects of '
        f'{plan.instances // plan.projects:,} instances{cold}',
    )
    if store:
        chill(database, store)
        seconds = timed(ask, question(now))
        cold = f'; {seconds * 1000:.0f} ms from disk'
    ask(question(now))
    timing = Timing([timed(ask, question(now)) for _ in range(repeat)])
    report.add(
        PART,
        f"the whole cloud's month, {label}",
        timing.median * 1000,
        'ms',
        aim=AIM_CLOUD * 1000,
        note=f'{timing}, {repeat} times{cold}',
    )
    _hours(report, ask, now, repeat, label)


def _hours(report, ask, now, repeat, label) -> None:
    """The month by hour, each time beside its sum."""
    whole = question(now)
    hours = dataclasses.replace(
        whole,
        boundaries=tuple(
            calendars.boundaries(
                whole.period,
                calendars.GRANULARITIES['1h'],
                zoneinfo.ZoneInfo('UTC'),
            )
        ),
    )
    sums = {row.group: row.usage for row in ask(whole)}
    divided = {
        row.group: sum(each.usage for each in row.buckets.values())
        for row in ask(hours)
    }
    if divided != sums:
        raise WrongAnswer('the hours do not sum to the month')
    pairs = [(timed(ask, whole), timed(ask, hours)) for _ in range(repeat)]
    timing = Timing([divided for _whole, divided in pairs])
    report.add(
        PART,
        f'by hour, to the sum, {label}',
        statistics.median(divided / whole for whole, divided in pairs),
        'times',
        aim=AIM_HOURS,
        note=f'{timing.median * 1000:.0f} ms ({timing}), '
        f'{len(hours.boundaries) - 1} hours, {repeat} pairs',
    )


def describe(database: servers.Database) -> tuple[int, int, int, int]:
    """Active parts of the events, their rows, bytes and partitions."""
    [found] = database.pool.execute(_PARTS)
    return found


def chill(database: servers.Database, store: pathlib.Path) -> None:
    """Let the next question read from disk.

    What the server holds in its caches is dropped, and the kernel is told
    that the files are not needed. A hypervisor may still have them.
    """
    for cache in ('MARK', 'UNCOMPRESSED', 'PRIMARY INDEX'):
        database.pool.execute(f'SYSTEM DROP {cache} CACHE')
    for path in store.rglob('*.bin'):
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def check(database: servers.Database, now: int) -> int:
    """Compare the usage of a sample with what its events say.

    :returns: how many groups were compared.
    :raises WrongAnswer: they differ.
    """
    ids = [
        name for (name,) in database.pool.execute(_SOME, {'count': _SAMPLE})
    ]
    rows = database.pool.execute(
        _OBSERVATIONS, {'ids': ids, 'least': event_model.RANK_EVENT}
    )
    period = dataset.month(now, 1)
    expected = oracle.usage(
        (
            oracle.Observation(
                resource_id=name,
                time=moment,
                message_id=message_id,
                facts=oracle.Facts(state, project_id, type_name, vcpus),
                created_at=created_at,
            )
            for (
                name,
                moment,
                message_id,
                state,
                project_id,
                type_name,
                vcpus,
                created_at,
            ) in rows
        ),
        period.begin,
        min(period.end, now),
    )
    answer = database.storage.usage(
        dataclasses.replace(
            question(now),
            group_by=('state', 'project_id', 'type'),
            filters={'resource_id': tuple(ids)},
        )
    )
    got = {row.group: (row.usage, row.measures['vcpus']) for row in answer}
    wanted = {
        (facts.state, facts.project_id, facts.type): (
            length,
            length * facts.size,
        )
        for facts, length in expected.items()
    }
    if not wanted or got != wanted:
        different = sum(
            got.get(key) != wanted.get(key) for key in got.keys() | wanted
        )
        raise WrongAnswer(
            f'{different} of {len(wanted)} groups differ from the oracle'
        )
    return len(wanted)
