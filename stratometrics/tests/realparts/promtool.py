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
"""promtool, which checks rules of Prometheus and tests them."""

import os
import pathlib
import shutil
import tempfile

from stratometrics.tests.realparts import cache
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import process

#: The variable that names another one.
VARIABLE = 'STRATO_PROMTOOL'

_PROGRAM = 'promtool'


def program() -> str:
    """Find promtool, or take it out of the package that Debian has it in.

    That package would start a Prometheus if it were installed.

    :returns: its path.
    :raises: PartError if it cannot be had.
    """
    for name in (os.environ.get(VARIABLE, ''), _PROGRAM):
        found = name and shutil.which(name)
        if found:
            return found
    if not shutil.which('apt-get'):
        raise errors.MissingTool(
            _PROGRAM,
            'a test of alerts',
            f'install Prometheus, or name it with {VARIABLE}',
        )
    return str(cache.prepared('promtool', _PROGRAM, _unpack) / _PROGRAM)


def _unpack(target: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        work = pathlib.Path(folder)
        try:
            _download(work)
        except errors.PartError:
            # Where nothing was installed yet there is no list of packages.
            if os.geteuid():
                raise
            process.run(
                ['apt-get', '--quiet', 'update'], 'update the packages of apt'
            )
            _download(work)
        [package] = work.glob('*.deb')
        process.run(
            ['dpkg-deb', '--extract', str(package), str(work)],
            f'unpack {package.name}',
        )
        shutil.move(work / 'usr' / 'bin' / _PROGRAM, target / _PROGRAM)


def _download(folder: pathlib.Path) -> None:
    # apt-get downloads into the folder that it is started in.
    process.run(
        [
            'sh',
            '-c',
            'cd "$1" && apt-get download prometheus',
            'sh',
            str(folder),
        ],
        'download promtool with apt-get',
    )
