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
"""What HTTP, token and policy add to the time of a query."""

import statistics

import requests

from benchmark import dataset
from benchmark import questions
from benchmark import report as report_module
from benchmark import servers as servers_module
from benchmark import service
from benchmark import timing
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.tests.realparts import ports

PART = 'api'

#: Seconds at the median.
AIM = 0.015

_WARM_UP = 20


class Failed(report_module.Failed):
    """The API did not answer as it must."""


def run(
    report: report_module.Report,
    database: servers_module.Database,
    servers: servers_module.Servers,
    plan: dataset.Plan,
    now: int,
    count: int,
) -> None:
    """Ask for one project's month over HTTP and of the storage, in turns.

    :param count: how often.
    :raises Failed: an answer is not the storage's.
    """
    with (
        service.running(servers, 'api') as port,
        requests.Session() as session,
    ):
        url = f'http://{ports.HOST}:{port}'
        token = service.identity_of(servers).token('admin', 'admin')
        session.headers['X-Auth-Token'] = token
        project_id = dataset.project_id(database.pool, 0)
        asked = questions.question(now, project_id)
        parameters = {
            'from': timestamps.isoformat(asked.period.begin),
            'to': timestamps.isoformat(asked.period.end),
            'project_id': project_id,
        }

        def over_http() -> list:
            answer = session.get(
                f'{url}/v1/instances', params=parameters, timeout=60
            )
            if answer.status_code != 200:
                raise Failed(f'the API answered {answer.text}')
            return answer.json()['results']

        _compare(over_http(), database.storage.usage(asked))
        for _ in range(_WARM_UP):
            over_http()
        direct, total = [], []
        for _ in range(count):
            direct.append(timing.timed(database.storage.usage, asked))
            total.append(timing.timed(over_http))
    more = sorted((b - a) * 1000 for a, b in zip(direct, total, strict=True))
    report.heading(
        f"HTTP with a cached token on one project's month of "
        f'{plan.instances // plan.projects:,} instances: {count} requests '
        'over one connection, each beside the same query without HTTP'
    )
    report.add(
        PART, 'request', statistics.median(total) * 1000, 'ms', note='median'
    )
    report.add(
        PART,
        'query alone',
        statistics.median(direct) * 1000,
        'ms',
        note='median',
    )
    report.add(
        PART,
        'what the API adds, median',
        statistics.median(more),
        'ms',
        aim=AIM * 1000,
        note='median of the differences',
    )
    report.add(
        PART, 'what the API adds, p99', more[len(more) * 99 // 100], 'ms'
    )


def _compare(results: list, rows: list[usage.UsageRow]) -> None:
    got = [each['usage'] for each in results]
    wanted = [timestamps.decimal_seconds(row.usage) for row in rows]
    if not wanted or got != wanted:
        raise Failed('the API does not answer what the storage does')
