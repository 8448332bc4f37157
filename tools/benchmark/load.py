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
"""Many users who ask for their month at the same time.

Each has a token and a project of his own, and asks again as soon as he has
his answer, over one connection.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
import contextlib
import dataclasses
import http.client
import json
import os
import threading
import time
from urllib import parse
import uuid

from benchmark import dataset
from benchmark import processes
from benchmark import questions
from benchmark import report as report_module
from benchmark import servers as servers_module
from benchmark import service
from stratometrics.model import timestamps
from stratometrics.tests.realparts import identity
from stratometrics.tests.realparts import ports

PART = 'load'

#: Seconds before anything is counted: tokens are confirmed meanwhile.
_WARM_UP = 10

#: Seconds that the API gets to start, and a request to be answered.
_PATIENCE = 60


# Keystone chooses the ids of its projects, so what the data set's projects
# have is copied to them.
_COPY = """
INSERT INTO $database.events (project_id, resource_id, {columns})
SELECT
    {{project_id:String}},
    lower(hex(sipHash128(resource_id, {{project_id:String}}))),
    {columns}
FROM $database.events
WHERE timeline IN (
    SELECT timeline FROM $database.events WHERE project_id = {{model:String}}
)
"""

_COLUMNS = """
SELECT name FROM system.columns
WHERE database = '$database' AND table = 'events'
    AND default_kind NOT IN ('MATERIALIZED', 'ALIAS')
    AND name NOT IN ('project_id', 'resource_id')
"""


class Failed(report_module.Failed):
    """The API did not answer as it must."""


@dataclasses.dataclass
class User:
    """One who asks, and what came of it.

    :ivar seconds: how long each answer took that was counted.
    :ivar errors: what else was answered, and how often.
    """

    project_id: str
    token: str
    seconds: list[float] = dataclasses.field(default_factory=list)
    errors: Counter[str] = dataclasses.field(default_factory=Counter)


def run(
    report: report_module.Report,
    database: servers_module.Database,
    servers: servers_module.Servers,
    plan: dataset.Plan,
    now: int,
    count: int,
    seconds: int,
) -> None:
    """Let users ask for last month's usage for a while.

    :param count: how many users there are.
    :param seconds: how long they ask.
    :raises Failed: an answer is not the storage's.
    """
    workers = len(os.sched_getaffinity(0))
    keystone = service.identity_of(servers)
    with (
        _users(keystone, count) as users,
        service.running(servers, 'api-under-load', workers=workers) as port,
    ):
        _give(database, plan, users)
        question = _question(now)
        _check(database, now, port, question, users)
        with _asking(port, question, users) as begin:
            time.sleep(_WARM_UP)
            before = processor_times()
            begin.set()
            started = time.monotonic()
            time.sleep(seconds)
            passed = time.monotonic() - started
            spent = processor_times() - before
    _tell(report, plan, users, workers, passed, spent)


def _tell(
    report: report_module.Report,
    plan: dataset.Plan,
    users: Sequence[User],
    workers: int,
    passed: float,
    spent: Counter[str],
) -> None:
    report.heading(
        f'{len(users)} users, each with a token and a project of '
        f'{plan.instances // plan.projects:,} instances, ask for their month '
        f'for {passed:.0f} s; {workers} processes of the API'
    )
    taken = sorted(each for user in users for each in user.seconds)
    errors = sum((user.errors for user in users), Counter())
    report.add(PART, 'answers', len(taken) / passed, '1/s')
    for share in (50, 95, 99):
        if taken:
            at = taken[(len(taken) - 1) * share // 100]
            report.add(PART, f'p{share}', at * 1000, 'ms')
    least, most = (
        pick(len(user.seconds) for user in users) for pick in (min, max)
    )
    report.add(
        PART,
        'errors',
        errors.total(),
        '',
        aim=0,
        note=', '.join(f'{name}: {n}' for name, n in errors.items())
        or f'each user had {least} to {most} answers',
    )
    for name, used in sorted(spent.items()):
        report.add(PART, f'processor, {name}', used / passed * 100, '%')


@contextlib.contextmanager
def _users(keystone: identity.Identity, count: int) -> Iterator[list[User]]:
    """Users in Keystone; one that is not ours is left as it was."""
    admin = keystone.session('admin', 'admin')
    run_id = uuid.uuid4().hex[:8]

    def make(kind: str, **values: str) -> str:
        answer = admin.post(f'{keystone.url}/{kind}s', json={kind: values})
        made.append(f'{keystone.url}/{kind}s/{answer.json()[kind]["id"]}')
        return answer.json()[kind]['id']

    made: list[str] = []
    answer = admin.get(f'{keystone.url}/roles', params={'name': 'reader'})
    [role] = answer.json()['roles']
    try:
        users = []
        for number in range(count):
            name = f'load-{run_id}-{number}'
            project = make('project', name=name)
            user = make('user', name=name, password=keystone.password)
            admin.put(
                f'{keystone.url}/projects/{project}/users/{user}'
                f'/roles/{role["id"]}'
            )
            users.append(User(project, keystone.token(name, name)))
        yield users
    finally:
        if identity.Identity.from_environment():
            for url in reversed(made):
                admin.delete(url)


def _give(
    database: servers_module.Database,
    plan: dataset.Plan,
    users: Sequence[User],
) -> None:
    """Let each user's project have what one of the data set has."""
    columns = ', '.join(name for (name,) in database.pool.execute(_COLUMNS))
    for number, user in enumerate(users):
        database.pool.execute(
            _COPY.format(columns=columns),
            {
                'project_id': user.project_id,
                'model': dataset.project_id(
                    database.pool, number % plan.projects
                ),
            },
            {'max_partitions_per_insert_block': 0},
        )


def _question(now: int) -> str:
    period = dataset.month(now, 1)
    return '/v1/instances?' + parse.urlencode(
        {
            'from': timestamps.isoformat(period.begin),
            'to': timestamps.isoformat(period.end),
        }
    )


def _check(
    database: servers_module.Database,
    now: int,
    port: int,
    question: str,
    users: Sequence[User],
) -> None:
    """See that each user is told what is his."""
    for user in users:
        asked = questions.question(now, user.project_id)
        wanted = [
            timestamps.decimal_seconds(row.usage)
            for row in database.storage.usage(asked)
        ]
        connection = _connection(port)
        status, text = _ask(connection, question, user)
        connection.close()
        if status != http.client.OK:
            raise Failed(f'the API answered {text.decode()}')
        got = [each['usage'] for each in json.loads(text)['results']]
        if not wanted or got != wanted:
            raise Failed('the API does not answer what the storage does')


@contextlib.contextmanager
def _asking(
    port: int, question: str, users: Sequence[User]
) -> Iterator[threading.Event]:
    """Users who ask until the end; what is set lets answers be counted."""
    begin, end = threading.Event(), threading.Event()
    threads = [
        threading.Thread(
            target=_keep_asking, args=(port, question, user, begin, end)
        )
        for user in users
    ]
    for each in threads:
        each.start()
    try:
        yield begin
    finally:
        end.set()
        for each in threads:
            each.join()


def _keep_asking(
    port: int,
    question: str,
    user: User,
    begin: threading.Event,
    end: threading.Event,
) -> None:
    connection = _connection(port)
    while not end.is_set():
        counted = begin.is_set()
        asked = time.perf_counter()
        try:
            status, _ = _ask(connection, question, user)
            fault = '' if status == http.client.OK else str(status)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            fault = type(error).__name__
        if fault:
            user.errors[fault] += 1
        elif counted:
            user.seconds.append(time.perf_counter() - asked)
    connection.close()


def _connection(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(ports.HOST, port, timeout=_PATIENCE)


def _ask(
    connection: http.client.HTTPConnection, question: str, user: User
) -> tuple[int, bytes]:
    connection.request('GET', question, headers={'X-Auth-Token': user.token})
    answer = connection.getresponse()
    return answer.status, answer.read()


def processor_times() -> Counter[str]:
    """Seconds of a processor that this process and those below it had."""
    found: Counter[str] = Counter()
    for pid in processes.family([os.getpid()]):
        found[_called(pid)] += processes.cpu_seconds([pid])
    return found


def _called(pid: int) -> str:
    if pid == os.getpid():
        return 'the users'
    line = processes.command(pid)
    for part, name in (
        ('stratometrics.cmd.api', 'the API'),
        ('stratometrics-api', 'the API'),
        ('keystone', 'Keystone'),
        ('clickhouse', 'ClickHouse'),
    ):
        if part in line:
            return name
    return 'others'
