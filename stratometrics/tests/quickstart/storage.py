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

"""A look into ClickHouse: has everything arrived?"""

from collections.abc import Iterator
import contextlib
import pathlib
import time

from oslo_config import cfg

from stratometrics import conf as stratometrics_conf
from stratometrics.storage import errors as storage_errors
from stratometrics.storage.clickhouse import client
from stratometrics.tests.realparts import errors

#: Seconds that the collector may take to store everything.
PATIENCE = 120

_STORED = 'SELECT uniqExact(message_id) FROM $database.events'
_REJECTED = 'SELECT uniqExact(id) FROM $database.rejected'
_DROP = 'DROP DATABASE IF EXISTS $database SYNC'


@contextlib.contextmanager
def _pool(config_file: pathlib.Path) -> Iterator[client.Pool]:
    conf = cfg.ConfigOpts()
    stratometrics_conf.register_opts(conf)
    conf([], default_config_files=[str(config_file)])
    pool = client.Pool(conf.clickhouse)
    try:
        yield pool
    finally:
        pool.close()


def await_messages(config_file: pathlib.Path, count: int) -> None:
    """Wait until as many messages are stored as are expected.

    A message that comes twice counts once.

    :param config_file: what the collector is configured with.
    :raises: PartError if it takes too long.
    """
    deadline = time.monotonic() + PATIENCE
    with _pool(config_file) as pool:
        while True:
            [(stored,)] = pool.execute(_STORED)
            if stored >= count:
                return
            if time.monotonic() > deadline:
                [(rejected,)] = pool.execute(_REJECTED)
                raise errors.PartError(
                    f'after {PATIENCE} s, {stored} of {count} messages are '
                    f'stored and {rejected} are rejected'
                )
            time.sleep(0.1)


def drop(config_file: pathlib.Path) -> None:
    """Remove the database, unless ClickHouse is gone."""
    with (
        contextlib.suppress(storage_errors.StorageError),
        _pool(config_file) as pool,
    ):
        pool.execute(_DROP)
