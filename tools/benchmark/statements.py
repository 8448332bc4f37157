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
"""How long statements take, one at a time and all of a month."""

from collections.abc import Callable, Iterable, Sequence
import decimal
import functools
import time
import zoneinfo

from benchmark import dataset
from benchmark import report as report_module
from benchmark import servers
from benchmark import timing
from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import issuing
from stratometrics.rating import runs

PART = 'statements'

#: Seconds that one statement may take.
AIM = 0.2


def run(
    report: report_module.Report,
    database: servers.Database,
    plan: dataset.Plan,
    now: int,
    repeat: int,
) -> None:
    """Preview last month's statements, then issue and verify them.

    :param database: holds the data set.
    :param repeat: how many previews are timed.
    """
    month = dataset.month(now, 1)
    database.storage.record_prices(
        [
            prices.Entry(
                change=prices.Change.CREATED,
                at=month.begin,
                by='benchmark',
                price=price,
            )
            for price in _prices(plan, month)
        ]
    )
    issuer = issuing.Issuer(
        database.storage,
        definitions.Definitions.load(None),
        issuing.Terms(
            zone=zoneinfo.ZoneInfo('UTC'),
            rounding='half_up',
            settling_time=0,
        ),
        lambda: now,
    )
    report.heading(
        f'Statements of a month: {plan.projects:,} projects, '
        f'{plan.flavors + 2} prices, one of which changes in mid-month'
    )
    project_ids = [
        dataset.project_id(database.pool, number % plan.projects)
        for number in range(repeat + 1)
    ]
    for name, options in (
        ('a statement', {}),
        ('the same with costs by day', {'daily': True}),
        ('the same by resource', {'detailed': True}),
    ):
        ask = functools.partial(
            issuer.preview, month=month, as_of=now - 1, **options
        )
        _add(report, name, ask, project_ids)
    begun = time.perf_counter()
    done = runs.Runs(issuer).issue(month, 'benchmark', now - 1)
    seconds = time.perf_counter() - begun
    report.add(
        PART,
        'all issued',
        done.issued / seconds,
        '1/s',
        note=f'{done.issued:,} in {seconds:.1f} s, checked for prices first',
    )
    ask = functools.partial(
        issuer.preview, month=dataset.month(now, 0), as_of=now
    )
    _add(report, 'the next one, nothing to adjust', ask, project_ids)


def _add(
    report: report_module.Report,
    name: str,
    ask: Callable[[str], statements.Statement],
    project_ids: Sequence[str],
) -> None:
    """Time a statement of one project after another, after a warm-up."""
    first, *others = project_ids
    found = ask(first)
    seconds = timing.Timing([timing.timed(ask, each) for each in others])
    report.add(
        PART,
        name,
        seconds.median * 1000,
        'ms',
        aim=AIM * 1000,
        note=f'{seconds}, {len(others)} projects; {len(found.lines)} lines',
    )


def _prices(plan: dataset.Plan, month: usage.Period) -> Iterable[prices.Price]:
    """A price for each flavor, and one for vCPUs that changes."""
    for number in range(plan.flavors):
        yield _price(
            f'flavor {number}',
            f'0.0{number + 1:03d}',
            match={'type': (f'flavor-{number:03d}',)},
            valid_from=month.begin,
        )
    middle = (month.begin + month.end) // 2
    yield _price(
        'vcpus', '0.01', measure='vcpus', valid_from=0, valid_to=middle
    )
    yield _price('vcpus later', '0.0125', measure='vcpus', valid_from=middle)


def _price(name: str, cost: str, **facts) -> prices.Price:
    return prices.Price(
        id=name,
        resource_type='instance',
        currency='EUR',
        per=prices.Per.HOUR,
        tiers=(prices.Tier(decimal.Decimal(cost)),),
        **facts,
    )
