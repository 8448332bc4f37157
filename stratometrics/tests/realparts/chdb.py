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

"""The ClickHouse engine as the npm registry has it: one shared library.

It is used where no ``clickhouse`` program is installed.
"""

import base64
import hashlib
import json
import pathlib
import platform
import shutil
import sys
import tarfile

from stratometrics.tests.realparts import cache
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import process

VERSION = '26.7.3-stable.1'
LIBRARY = 'libchdb.so'

REMEDY = (
    'install ClickHouse 24.3 or newer, or name a server with '
    'STRATO_CLICKHOUSE_URL'
)

# The package for each processor, and the SHA-512 of its archive where known.
PACKAGES = {
    'x86_64': (
        '@chdb/lib-linux-x64-gnu',
        'XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/g'
        'WUNcuFjOMjWoorQICCqBVj5wpw==',
    ),
    'aarch64': ('@chdb/lib-linux-arm64-gnu', None),
}


def library() -> pathlib.Path:
    """Return the engine's library, downloading it the first time.

    :returns: the file, in the cache.
    :raises: PartError if it does not exist for this machine or cannot be
        downloaded.
    """
    machine = platform.machine()
    if sys.platform != 'linux' or machine not in PACKAGES:
        raise errors.PartError(
            f'no ClickHouse engine is packaged for {sys.platform} on '
            f'{machine}: {REMEDY}'
        )
    package, digest = PACKAGES[machine]

    def build(target: pathlib.Path) -> None:
        archive = _download(f'{package}@{VERSION}', target)
        if digest and _sha512(archive) != digest:
            raise errors.PartError(
                f'{package}@{VERSION} is not the archive that was expected: '
                f'its SHA-512 differs'
            )
        _unpack(archive, target)

    return (
        cache.prepared(f'chdb-{VERSION}-{machine}', LIBRARY, build) / LIBRARY
    )


def _download(package: str, target: pathlib.Path) -> pathlib.Path:
    npm = shutil.which('npm')
    if not npm:
        raise errors.MissingTool(
            'npm', 'the ClickHouse engine', f'apt-get install npm; or {REMEDY}'
        )
    process.run(
        [
            npm,
            'pack',
            package,
            '--ignore-scripts',
            '--json',
            '--fetch-retries=1',
            '--fetch-retry-mintimeout=1000',
            '--pack-destination',
            str(target),
        ],
        f'download {package} with npm',
        explain=_npm_reason,
    )
    return next(target.glob('*.tgz'))


def _npm_reason(out: str, err: str) -> str:
    try:
        return f'    {json.loads(out)["error"]["summary"]}'
    except (KeyError, TypeError, ValueError):
        return process.last_words(out, err)


def _sha512(archive: pathlib.Path) -> str:
    with archive.open('rb') as file:
        digest = hashlib.file_digest(file, 'sha512').digest()
    return base64.b64encode(digest).decode()


def _unpack(archive: pathlib.Path, target: pathlib.Path) -> None:
    # Only this one file is wanted, and it is written under a fixed name, so
    # no path inside the archive matters.
    try:
        with tarfile.open(archive) as tar:
            source = tar.extractfile(f'package/{LIBRARY}')
            with source, (target / LIBRARY).open('wb') as file:
                shutil.copyfileobj(source, file, 1 << 20)
    except (KeyError, OSError, tarfile.TarError) as e:
        raise errors.PartError(f'cannot unpack {archive.name}: {e}') from e
    archive.unlink()
