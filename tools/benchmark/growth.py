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
"""What grows with history, which must be nothing, and with the period."""

from collections.abc import Callable, Sequence
import statistics

from benchmark import cloud as cloud_module
from benchmark import curves
from benchmark import questions
from benchmark import report as report_module
from benchmark import timing
from stratometrics.model import usage

PART = 'growth'

#: How many times as long the same month may take after ten times the history.
AIM = 1.2

#: Months of history, and months that are asked for.
_STEPS = (1, 2, 5, 10)

#: How often histories take turns.
_ROUNDS = 3


def run(
    report: report_module.Report, cloud: cloud_module.Cloud, repeat: int
) -> None:
    """Ask for one month after more and more history, then for more months.

    :param repeat: how often each question is timed.
    :raises WrongAnswer: a month's answer depends on earlier ones.
    """
    cloud.open()
    cloud.merge()
    _of_history(report, cloud, repeat)
    of_period(report, PART, cloud, 'events', repeat)


def of_period(
    report: report_module.Report,
    part: str,
    cloud: cloud_module.Cloud,
    label: str,
    repeat: int,
) -> None:
    """Ask for the last month, the last two, and so on.

    :param part: what the curves belong to.
    :param label: where the answers come from.
    """
    steps = _steps(cloud)
    report.heading(f'Longer periods, {label}: the last months up to')
    ask = cloud.database.storage.usage
    for who, project_ids in _askers(cloud):
        curve = curves.Curve(f'{who}, period, {label}')
        for months in steps:
            asked = questions.question(cloud.now, *project_ids, months=months)
            ask(asked)
            curve.points[months] = statistics.median(
                timing.timed(ask, asked) for _ in range(repeat)
            )
        report.curve(part, curve)


def _of_history(
    report: report_module.Report, cloud: cloud_module.Cloud, repeat: int
) -> None:
    """The same month; earlier ones are taken away and put back."""
    report.heading(
        'One month after more and more history: months up to and with it'
    )
    ask = cloud.database.storage.usage
    for who, project_ids in _askers(cloud):
        asked = questions.question(cloud.now, *project_ids)
        answer = ask(asked)
        for months in _steps(cloud):
            with cloud.shortened(months):
                if ask(asked) != answer:
                    raise questions.WrongAnswer(
                        f'{months} months answer otherwise than all of them'
                    )
        rounds = [_history(cloud, ask, asked, repeat) for _ in range(_ROUNDS)]
        _add(report, f'{who}, history, opened', rounds, AIM)
        rounds = [_history(cloud, cloud.recomputed, asked, min(repeat, 3))]
        _add(report, f'{who}, history, unopened', rounds)


def _history(
    cloud: cloud_module.Cloud,
    ask: Callable[[usage.UsageQuery], list[usage.UsageRow]],
    asked: usage.UsageQuery,
    repeat: int,
) -> dict[int, float]:
    """The median of each length of history, in seconds."""
    medians = {}
    for months in _steps(cloud):
        with cloud.shortened(months):
            ask(asked)
            medians[months] = statistics.median(
                timing.timed(ask, asked) for _ in range(repeat)
            )
    return medians


def _add(
    report: report_module.Report,
    name: str,
    rounds: Sequence[dict[int, float]],
    aim: float | None = None,
) -> None:
    first, last = min(rounds[0]), max(rounds[0])
    curve = curves.Curve(
        name,
        {
            months: statistics.median(each[months] for each in rounds)
            for months in rounds[0]
        },
    )
    report.curve(PART, curve)
    ratios = [each[last] / each[first] for each in rounds]
    report.add(
        PART,
        f'{name}, {last} to {first}',
        statistics.median(ratios),
        'times',
        aim=aim,
        note=', '.join(f'{ratio:.2f}' for ratio in ratios),
    )


def _askers(
    cloud: cloud_module.Cloud,
) -> Sequence[tuple[str, Sequence[str]]]:
    return (
        ('cloud', ()),
        ('project', questions.projects(cloud, 1)),
    )


def _steps(cloud: cloud_module.Cloud) -> Sequence[int]:
    """Up to the length of the data set, which is the last one."""
    longest = cloud.plan.months
    return sorted({longest, *(step for step in _STEPS if step < longest)})
