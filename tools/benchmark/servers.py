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
"""The real parts, and services that are configured to use them."""

from collections.abc import Iterator
import contextlib
import dataclasses
import os
import pathlib
import tempfile
from typing import Any

from oslo_config import cfg

from stratometrics import conf as stratometrics_conf
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import choice
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import given
from stratometrics.tests.realparts import keystone
from stratometrics.tests.realparts import rabbitmq

# The real parts come with small caches for tests; these are a server's own
# defaults. It reads this folder beside its configuration file.
_CACHES = """\
<clickhouse>
  <mark_cache_size replace="1">5368709120</mark_cache_size>
  <background_pool_size replace="1">16</background_pool_size>
</clickhouse>
"""

_SETTINGS = """
SELECT name, value FROM system.server_settings
WHERE name IN (
    'background_pool_size', 'mark_cache_size', 'max_server_memory_usage',
    'uncompressed_cache_size'
)
UNION ALL
SELECT name, value FROM system.settings
WHERE name IN ('max_threads', 'max_memory_usage')
ORDER BY name
"""


class Servers:
    """Starts each part when it is first asked for; close() ends them all.

    :param data_dir: the folder for the parts' data, or None for temporary
        ones.
    :param memory: bytes for a ClickHouse of our own.
    """

    def __init__(self, data_dir: pathlib.Path | None, memory: int) -> None:
        self._data_dir = data_dir
        self._memory = memory
        self._cleanup = contextlib.ExitStack()
        self._clickhouse: clickhouse.ClickHouse | given.Given | None = None
        self._rabbitmq: rabbitmq.RabbitMQ | None = None
        self._keystone: keystone.Keystone | given.Given | None = None
        self.folder = pathlib.Path(
            self._cleanup.enter_context(
                tempfile.TemporaryDirectory(prefix='stratometrics-benchmark-')
            )
        )

    @property
    def clickhouse(self) -> addresses.Address:
        """The given ClickHouse, or one of our own."""
        if self._clickhouse is None:
            part = choice.choose(
                'clickhouse', self._data_dir, os.environ, memory=self._memory
            )
            if isinstance(part, clickhouse.ClickHouse):
                more = part.data_dir / 'config.d'
                more.mkdir(exist_ok=True)
                (more / 'benchmark.xml').write_text(_CACHES)
            self._clickhouse = self._up(part)
        return self._clickhouse.address

    @property
    def store(self) -> pathlib.Path | None:
        """Where a ClickHouse of our own keeps its data, else None."""
        if isinstance(self._clickhouse, clickhouse.ClickHouse):
            return self._clickhouse.data_dir / 'store'
        return None

    @property
    def clickhouse_pids(self) -> list[int]:
        """The processes of a ClickHouse of our own, else none."""
        if isinstance(self._clickhouse, clickhouse.ClickHouse):
            return self._clickhouse.pids
        return []

    @property
    def rabbitmq(self) -> rabbitmq.RabbitMQ:
        """A RabbitMQ of our own: the clock runs inside it."""
        if self._rabbitmq is None:
            folder = self._data_dir / 'rabbitmq' if self._data_dir else None
            self._rabbitmq = self._up(rabbitmq.RabbitMQ(folder))
        return self._rabbitmq

    @property
    def keystone(self) -> addresses.Address:
        """The given Keystone, or one of our own."""
        if self._keystone is None:
            part = choice.choose('keystone', self._data_dir, os.environ)
            self._keystone = self._up(part)
        return self._keystone.address

    def configure(self, name: str, **groups: dict[str, Any]) -> pathlib.Path:
        """Write a configuration file for a service.

        :param name: what to call it.
        :param groups: options by group.
        """
        where = self.clickhouse
        groups['clickhouse'] = {
            'hosts': where.host,
            'port': where.port,
            'user': where.user or 'default',
            'password': where.password,
            'database': f'benchmark_{os.getpid()}',
            # Merging a large data set takes a while without a word.
            'send_receive_timeout': 3600,
        }
        lines = []
        for group, options in groups.items():
            lines.append(f'[{group}]')
            lines += [f'{key} = {value}' for key, value in options.items()]
        path = self.folder / f'{name}.conf'
        path.write_text('\n'.join(lines) + '\n')
        return path

    def settings(self) -> dict[str, str]:
        """The version of ClickHouse and the settings that matter."""
        config = self.configure('settings')
        pool = clickhouse_client.Pool(read(config).clickhouse)
        [(version,)] = pool.execute('SELECT version()')
        settings = dict(pool.execute(_SETTINGS))
        pool.close()
        return {'clickhouse': version, **settings}

    def close(self) -> None:
        """Stop what was started."""
        self._cleanup.close()

    def _up(self, part: Any) -> Any:
        self._cleanup.callback(part.close)
        part.launch()
        part.wait()
        return part


@dataclasses.dataclass(frozen=True)
class Database:
    """A database with the schema, as the service and as we see it.

    :param storage: what the service uses.
    :param pool: for what the service never does.
    """

    storage: driver.ClickHouseStorage
    pool: clickhouse_client.Pool


def read(config: pathlib.Path) -> cfg.ConfigOpts:
    """The service's options, with what a file says."""
    conf = cfg.ConfigOpts()
    stratometrics_conf.register_opts(conf)
    conf(['--config-file', str(config)], project='stratometrics')
    return conf


@contextlib.contextmanager
def database(config: pathlib.Path) -> Iterator[Database]:
    """The database that a file names, new, and dropped at the end."""
    conf = read(config)
    found = Database(
        driver.get_storage(conf), clickhouse_client.Pool(conf.clickhouse)
    )
    drop = 'DROP DATABASE IF EXISTS $database SYNC'
    try:
        found.pool.execute(drop)
        found.storage.schema.migrate(found.storage.schema.newest)
        yield found
    finally:
        found.pool.execute(drop)
        found.storage.close()
        found.pool.close()
