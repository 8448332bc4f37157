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
"""The files that are shipped for an installation without other tools."""

import pathlib
import shlex

ROOT = pathlib.Path(__file__).parents[2]
CONTRIB = ROOT / 'contrib'

#: Where the files expect the programs, and the configuration.
PROGRAMS = '/opt/stratometrics/bin/'
CONFIG_FILE = '/etc/stratometrics/stratometrics.conf'


def adapted(text: str, *changes: tuple[str, str]) -> str:
    """A shipped file, as an operator adapts it.

    :param changes: what is there once, and what it becomes.
    :raises AssertionError: something is not there once.
    """
    for shipped, here in changes:
        if text.count(shipped) != 1:
            raise AssertionError(f'not once in the file: {shipped!r}')
        text = text.replace(shipped, here)
    return text


def directives(unit: str) -> list[tuple[str, str]]:
    """The lines of a unit of systemd, as names and values."""
    return [
        (name, value)
        for name, equals, value in (
            line.partition('=') for line in unit.splitlines()
        )
        if equals and not name.startswith('#')
    ]


def command(unit: str) -> list[str]:
    """The command that a unit starts."""
    *_, last = (
        value for name, value in directives(unit) if name == 'ExecStart'
    )
    return shlex.split(last)
