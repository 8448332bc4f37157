#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Python programs from the package index, each in an environment of its own.

A server's dependencies must not be mixed with the project's.
"""

from collections.abc import Sequence
import hashlib
import os
import pathlib
import platform
import sys

from stratometrics.tests.realparts import cache
from stratometrics.tests.realparts import process


def prepared(name: str, requirements: Sequence[str]) -> pathlib.Path:
    """Return a virtual environment, making it the first time.

    Another Python version or other requirements make another environment.

    :param name: what to call it.
    :param requirements: what is installed in it, as pip understands it.
    :returns: its folder.
    :raises: PartError if it cannot be made.
    """
    asked = ' '.join([sys.version, sys.base_prefix, *requirements])
    key = hashlib.sha256(asked.encode()).hexdigest()[:12]

    def build(target: pathlib.Path) -> None:
        process.run(
            [sys.executable, '-m', 'venv', str(target)],
            'make a virtual environment '
            '(on Debian: apt-get install python3-venv)',
            env=environment(),
        )
        process.run(
            [
                str(target / 'bin' / 'python'),
                '-m',
                'pip',
                'install',
                '--quiet',
                '--retries=2',
                '--disable-pip-version-check',
                *requirements,
            ],
            f'install {name} with pip',
            env=environment(),
        )

    version = platform.python_version()
    return cache.prepared(f'{name}-py{version}-{key}', 'bin/python', build)


def command(folder: pathlib.Path, program: str) -> list[str]:
    """Return the command that runs a program of an environment.

    :param folder: the environment.
    :param program: the program's name.
    :returns: the interpreter and the script; the script's own first line
        names the folder in which the environment was built.
    """
    return [str(folder / 'bin' / 'python'), str(folder / 'bin' / program)]


def environment() -> dict[str, str]:
    """Return this process's variables less those that redirect imports."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ('PYTHONPATH', 'PYTHONHOME')
    }
