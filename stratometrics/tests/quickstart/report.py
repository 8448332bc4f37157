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

"""What the user reads."""

from collections.abc import Mapping, Sequence
import shlex
from urllib import parse

from stratometrics.tests.quickstart import commandline
from stratometrics.tests.quickstart import expectation
from stratometrics.tests.quickstart import questions
from stratometrics.tests.quickstart import services

_HEADERS = ('project', 'resource', 'type', 'state', 'h:mm:ss', 'measured')
_NUMBERS = _HEADERS.index('h:mm:ss')
#: What seconds of a measure are called, where its name is no good unit.
_UNITS = {
    'vcpus': 'vcpu-seconds',
    'size_gib': 'GiB-seconds',
    'size_bytes': 'byte-seconds',
}


def clock(seconds: str) -> str:
    """Decimal seconds in hours, minutes and seconds, none of them rounded.

    :param seconds: such as ``5400.000001``.
    :returns: such as ``1:30:00.000001``.
    """
    whole, _, fraction = seconds.partition('.')
    minutes, rest = divmod(int(whole), 60)
    return f'{minutes // 60}:{minutes % 60:02}:{rest:02}.{fraction}'


def table(
    answer: Mapping[expectation.Group, expectation.Amount],
    project_names: Mapping[str, str],
) -> str:
    """An answer, a line for each group.

    :param project_names: by their ids.
    """
    rows = sorted(
        (
            project_names.get(group.project_id, group.project_id),
            group.resource_type,
            group.type,
            group.state,
            clock(amount.usage),
            _measured(group.resource_type, amount),
        )
        for group, amount in answer.items()
    )
    columns = list(zip(_HEADERS, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    rule = ['-' * width for width in widths]
    return '\n'.join(_line(cells, widths) for cells in (_HEADERS, rule, *rows))


def _measured(resource_type: str, amount: expectation.Amount) -> str:
    name = expectation.MEASURES.get(resource_type)
    if name is None:
        return ''
    return f'{amount.measured} {_UNITS.get(name, f"{name}-seconds"):12}'


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return '  '.join(
        cell.rjust(width) if number >= _NUMBERS else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()


def places(running: services.Services) -> str:
    """What runs where."""
    lines = [
        ('stratometrics-api', running.url),
        (
            'stratometrics-collector',
            f'logs to {running.log("stratometrics-collector")}',
        ),
        *(
            (name, each.address.url)
            for name, each in sorted(running.parts.items())
        ),
        ('openstack', str(commandline.FOLDER / 'openstack')),
        ('configuration', str(running.config_file)),
        ('data and logs', str(running.folder)),
    ]
    return '\n'.join(f'  {name:24} {place}' for name, place in lines)


def lines(
    running: services.Services,
    question: questions.Question,
    shell: commandline.CommandLine,
) -> str:
    """Lines for a shell that ask a question, by command and by HTTP."""
    variables = shell.variables(question.caller.user).items()
    query = parse.urlencode(
        {
            'from': question.begin,
            'to': question.end,
            'group_by': 'type,state',
        },
        safe=':,',
    )
    instances = f'{running.url}/v1/instances?{query}'
    return '\n'.join(
        (
            f'export PATH={shlex.quote(str(commandline.FOLDER))}:$PATH',
            *(
                f'export {name}={shlex.quote(value)}'
                for name, value in variables
            ),
            'openstack help billing',
            '',
            'TOKEN=$(openstack token issue -f value -c id)',
            'curl -s -H "X-Auth-Token: $TOKEN" \\',
            f'    {shlex.quote(instances)}',
        )
    )
