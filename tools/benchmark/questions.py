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

from collections.abc import Sequence
import dataclasses
import os
import pathlib
import statistics
import zoneinfo

from benchmark import cloud as cloud_module
from benchmark import dataset
from benchmark import report as report_module
from benchmark import servers
from benchmark import timing
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


def question(now: int, *project_ids: str, months: int = 1) -> usage.UsageQuery:
    """Usage by type in the last months, of projects or of the whole cloud."""
    period = usage.Period(
        dataset.month(now, months).begin, dataset.month(now, 1).end
    )
    return usage.UsageQuery(
        period=period,
        now=now,
        resource_types=('instance',),
        group_by=('type',),
        project_ids=project_ids or None,
    )


def run(
    report: report_module.Report,
    cloud: cloud_module.Cloud,
    store: pathlib.Path | None,
    repeat: int,
) -> None:
    """Ask before and after months are opened, and again when it is merged.

    :param store: the server's files, if they can be reached.
    :param repeat: how often each question is timed.
    :raises WrongAnswer: an answer differs from the oracle's, or from that
        over all history.
    """
    asked = Asked(report, PART, cloud, store, min(repeat, 3))
    asked.heading('over all history, unmerged')
    asked.project('over all history')
    asked.whole('over all history')
    cloud.open()
    asked = Asked(report, PART, cloud, store, repeat)
    for label in ('unmerged', 'merged'):
        if label == 'merged':
            cloud.merge()
        asked.heading(f'opened, {label}')
        asked.checked(label)
        asked.project(label, aim=AIM_PROJECT)
        asked.whole(label, aim=AIM_CLOUD)
        asked.hours(label, aim=AIM_HOURS)


class Asked:
    """Asks for the last month, and reports how long that takes.

    :param part: what the figures belong to.
    :param store: the server's files, if they can be reached.
    :param repeat: how often each question is timed.
    """

    def __init__(
        self,
        report: report_module.Report,
        part: str,
        cloud: cloud_module.Cloud,
        store: pathlib.Path | None,
        repeat: int,
    ) -> None:
        self._report = report
        self._part = part
        self._cloud = cloud
        self._store = store
        self._repeat = repeat
        self._ask = cloud.database.storage.usage
        self._projects = projects(cloud, repeat + 1)

    def heading(self, state: str) -> None:
        """Say what is asked, and in which state."""
        parts = self._cloud.parts()
        self._report.heading(
            f'One month in ClickHouse, {state}: '
            f'{self._cloud.plan.instances:,} instances, {parts.rows:,} rows '
            f'in {parts.count} parts of {parts.partitions} monthly '
            f'partitions, {parts.bytes / 2**20:,.0f} MiB'
        )

    def checked(self, label: str) -> None:
        """See that the answers are right, before their times count."""
        unlike_all_history(self._cloud, self._projects[:3])
        self._report.add(
            self._part,
            f'groups equal to the oracle, {label}',
            check(self._cloud),
            '',
            note=f'a sample of {min(_SAMPLE, self._cloud.plan.instances)} '
            'instances; all answers equal those over all history',
        )

    def project(self, label: str, aim: float | None = None) -> None:
        """One project after another, each of which was asked about before."""
        first, *others = [
            question(self._cloud.now, each) for each in self._projects
        ]
        for each in others:
            self._ask(each)
        seconds = [timing.timed(self._ask, each) for each in others]
        cold = self._cold(first)
        self._add(
            f"one project's month, {label}",
            seconds,
            aim,
            f'{len(others)} projects of '
            f'{self._cloud.plan.instances // self._cloud.plan.projects:,} '
            f'instances{cold}',
        )

    def whole(self, label: str, aim: float | None = None) -> None:
        """The whole cloud."""
        asked = question(self._cloud.now)
        self._ask(asked)
        seconds = [timing.timed(self._ask, asked) for _ in range(self._repeat)]
        cold = self._cold(asked)
        self._add(
            f"the whole cloud's month, {label}",
            seconds,
            aim,
            f'{self._repeat} times{cold}',
        )

    def hours(self, label: str, aim: float | None = None) -> None:
        """The month by hour, each time beside its sum."""
        whole = question(self._cloud.now)
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
        sums = {row.group: row.usage for row in self._ask(whole)}
        divided = {
            row.group: sum(each.usage for each in row.buckets.values())
            for row in self._ask(hours)
        }
        if divided != sums:
            raise WrongAnswer('the hours do not sum to the month')
        pairs = [
            (timing.timed(self._ask, whole), timing.timed(self._ask, hours))
            for _ in range(self._repeat)
        ]
        seconds = timing.Timing([divided for _whole, divided in pairs])
        self._report.add(
            self._part,
            f'by hour, to the sum, {label}',
            statistics.median(divided / whole for whole, divided in pairs),
            'times',
            aim=aim,
            note=f'{seconds.median * 1000:.0f} ms ({seconds}), '
            f'{len(hours.boundaries) - 1} hours, {self._repeat} pairs',
        )

    def _cold(self, asked: usage.UsageQuery) -> str:
        if not self._store:
            return ''
        chill(self._cloud.database, self._store)
        seconds = timing.timed(self._ask, asked)
        return f'; {seconds * 1000:.0f} ms from disk'

    def _add(
        self,
        name: str,
        seconds: Sequence[float],
        aim: float | None,
        note: str,
    ) -> None:
        found = timing.Timing(seconds)
        self._report.add(
            self._part,
            name,
            found.median * 1000,
            'ms',
            aim=aim and aim * 1000,
            note=f'{found}, {note}',
        )


def projects(cloud: cloud_module.Cloud, count: int) -> Sequence[str]:
    """The ids of some projects; the same ones again if there are fewer."""
    return [
        dataset.project_id(cloud.database.pool, number % cloud.plan.projects)
        for number in range(count)
    ]


def unlike_all_history(
    cloud: cloud_module.Cloud, project_ids: Sequence[str]
) -> None:
    """Compare answers with those that read all events there ever were.

    :raises WrongAnswer: they differ.
    """
    asked = [
        question(cloud.now),
        *(question(cloud.now, each) for each in project_ids),
    ]
    got = [cloud.database.storage.usage(each) for each in asked]
    wanted = [cloud.recomputed(each) for each in asked]
    if not all(wanted) or got != wanted:
        raise WrongAnswer('an answer is not that over all history')


def chill(database: servers.Database, store: pathlib.Path) -> None:
    """Let the next question read from disk.

    What the server holds in its caches is dropped, and the kernel is told
    that the files are not needed. A hypervisor may still have them.
    """
    for cache in (
        'MARK',
        'UNCOMPRESSED',
        'PRIMARY INDEX',
        'QUERY CONDITION',
    ):
        database.pool.execute(f'SYSTEM DROP {cache} CACHE')
    # Parts may disappear meanwhile, which os.walk() does not mind.
    for folder, _, names in os.walk(store):
        for name in names:
            if name.endswith('.bin'):
                _forget(pathlib.Path(folder, name))


def _forget(path: pathlib.Path) -> None:
    """Have the kernel drop a file from its cache."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def check(cloud: cloud_module.Cloud) -> int:
    """Compare the usage of a sample with what its events say.

    :returns: how many groups were compared.
    :raises WrongAnswer: they differ.
    """
    database, now = cloud.database, cloud.now
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
