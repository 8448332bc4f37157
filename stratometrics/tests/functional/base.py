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
"""What functional tests share: running parts and a database of their own."""

import atexit
import contextlib
import functools
import itertools
import os

from oslo_config import cfg
import testtools

from stratometrics import conf as stratometrics_conf
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import choice
from stratometrics.tests.realparts import shards

_NUMBERS = itertools.count(1)


@functools.cache
def address(name: str) -> addresses.Address:
    """Where a part is that all tests of this process share.

    It is the one that the environment names, or one that is started at the
    first call and stopped when the process ends.

    :param name: ``clickhouse``, ``rabbitmq`` or ``keystone``.
    """
    part = choice.choose(name, None, os.environ)
    part.launch()
    atexit.register(part.close)
    part.wait()
    return part.address


@functools.cache
def cluster() -> shards.Shards:
    """Two shards that all tests of this process share."""
    servers = shards.Shards()
    atexit.register(servers.close)
    servers.start()
    return servers


def configuration() -> cfg.ConfigOpts:
    """The service's options, with ClickHouse and a database of its own."""
    return configuration_of(address('clickhouse'))


def configuration_of(where: addresses.Address) -> cfg.ConfigOpts:
    """The same, for a ClickHouse that the test runs by itself."""
    conf = cfg.ConfigOpts()
    stratometrics_conf.register_opts(conf)
    conf([], project='stratometrics', default_config_files=[])
    for name, value in (
        ('hosts', [where.host]),
        ('port', where.port),
        ('user', where.user),
        ('password', where.password),
        ('database', f'test_{os.getpid()}_{next(_NUMBERS)}'),
    ):
        conf.set_override(name, value, group='clickhouse')
    return conf


def configuration_of_cluster(servers: shards.Shards) -> cfg.ConfigOpts:
    """The same, for a cluster."""
    conf = configuration_of(servers.nodes[0].address)
    conf.set_override('cluster', shards.NAME, group='clickhouse')
    conf.set_override('replicated', False, group='clickhouse')
    return conf


def drop(conf: cfg.ConfigOpts) -> None:
    """Take the test's database away again."""
    with contextlib.closing(client.Pool(conf.clickhouse)) as pool:
        for node in pool.nodes():
            with contextlib.closing(pool.at(node)) as there:
                there.execute(
                    f'DROP DATABASE IF EXISTS {conf.clickhouse.database} SYNC'
                )
        pool.execute_on_shards('DROP DATABASE IF EXISTS $database SYNC')


class StorageTestCase(testtools.TestCase):
    """A test with the schema in a fresh database of a real ClickHouse."""

    def setUp(self) -> None:
        super().setUp()
        self.conf = self.configuration()
        self.storage = driver.get_storage(self.conf)
        self.addCleanup(drop, self.conf)
        self.addCleanup(self.storage.close)
        self.storage.schema.migrate(self.storage.schema.newest)

    def configuration(self) -> cfg.ConfigOpts:
        return configuration_of(self.clickhouse_address())

    def clickhouse_address(self) -> addresses.Address:
        return address('clickhouse')


class OnShards:
    """Has a storage test run on a cluster of two shards."""

    def configuration(self) -> cfg.ConfigOpts:
        return configuration_of_cluster(cluster())
