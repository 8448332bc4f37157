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
"""ClickHouse answers, is new enough, and has the schema of this release."""

import contextlib

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from stratometrics.storage import errors
from stratometrics.storage.clickhouse import driver

#: The oldest release of ClickHouse whose SQL is enough.
OLDEST = (24, 3)
#: The one that the tests run on.
TRIED = (26, 7)


def server(conf: cfg.ConfigOpts) -> upgradecheck.Result:
    """Every server that is asked for answers, and is not too old."""
    try:
        with contextlib.closing(driver.get_storage(conf)) as storage:
            versions = storage.versions()
    except errors.StorageError as error:
        return upgradecheck.Result(
            upgradecheck.Code.FAILURE,
            f'{error}. See the options of [clickhouse].',
        )
    old = [
        f'{version} at {place}'
        for place, version in versions.items()
        if _release(version) < OLDEST
    ]
    if old:
        return upgradecheck.Result(
            upgradecheck.Code.FAILURE,
            f'ClickHouse is too old: {", ".join(old)}. Upgrade it to '
            f'{_spelled(OLDEST)} or newer.',
        )
    found = ', '.join(sorted(set(versions.values())))
    return upgradecheck.Result(
        upgradecheck.Code.SUCCESS,
        f'ClickHouse {found}; {_spelled(TRIED)} is what this release was '
        'tested with.',
    )


def schema(conf: cfg.ConfigOpts) -> upgradecheck.Result:
    """The schema is the one that this release works with."""
    try:
        with contextlib.closing(driver.get_storage(conf)) as storage:
            storage.check()
    except errors.StorageError as error:
        return upgradecheck.Result(upgradecheck.Code.FAILURE, str(error))
    return upgradecheck.Result(upgradecheck.Code.SUCCESS)


def _release(version: str) -> tuple[int, int]:
    year, month, *_ = version.split('.')
    return int(year), int(month)


def _spelled(release: tuple[int, int]) -> str:
    return '.'.join(map(str, release))
