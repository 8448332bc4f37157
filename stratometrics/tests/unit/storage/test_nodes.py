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
"""Which nodes of a cluster are told what; the servers are not there."""

import unittest
from unittest import mock

from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client
from stratometrics.tests.unit.storage import test_layout

_NODES = [
    (1, 1, 'ch-1a', 9000),
    (1, 2, 'ch-1b', 9000),
    (2, 1, 'ch-2a', 9000),
    (2, 2, 'ch-2b', 9000),
]


class OnShardsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.away: set[str] = set()
        patched = mock.patch.object(client, '_Client')
        patched.start().side_effect = self.connect
        self.addCleanup(patched.stop)

    def connect(self, host: str, **_options):
        def execute(query: str, *_arguments, **_settings) -> list[tuple]:
            if host in self.away:
                raise ConnectionRefusedError
            if 'system.clusters' in query:
                return _NODES
            if query != 'SELECT 1':
                self.told.append((host, query))
            return []

        return mock.Mock(execute=execute)

    def run_on_shards(self, **options) -> None:
        pool = client.Pool(
            test_layout.options(database='meter', cluster='wide', **options)
        )
        pool.execute_on_shards('DELETE FROM $database.x WHERE a = 1')

    def test_one_replica_of_each_shard_does_it(self) -> None:
        self.run_on_shards(replicated=False)
        self.assertEqual(
            [
                ('ch-1a', 'DELETE FROM meter_local.x WHERE a = 1'),
                ('ch-2a', 'DELETE FROM meter_local.x WHERE a = 1'),
            ],
            sorted(self.told),
        )

    def test_replicas_have_all_events_before_and_after(self) -> None:
        self.run_on_shards()
        catch_up = [
            f'SYSTEM SYNC REPLICA meter_local.{table} LIGHTWEIGHT'
            for table in ('events', 'deaths', 'intervals')
        ]
        for shard in ('ch-1', 'ch-2'):
            self.assertEqual(
                [
                    *((f'{shard}a', each) for each in catch_up),
                    (f'{shard}a', 'DELETE FROM meter_local.x WHERE a = 1'),
                    *((f'{shard}a', each) for each in catch_up),
                    *((f'{shard}b', each) for each in catch_up),
                ],
                [told for told in self.told if told[0].startswith(shard)],
            )

    def test_all_replicas_that_are_there_catch_up(self) -> None:
        self.away = {'ch-2a'}
        for replicated, expected in (
            (False, []),
            (True, ['ch-1a', 'ch-1b', 'ch-2b']),
        ):
            pool = client.Pool(
                test_layout.options(
                    database='meter', cluster='wide', replicated=replicated
                )
            )
            pool.catch_up()
            self.assertEqual(
                [
                    (host, f'SYSTEM SYNC REPLICA meter_local.{table}')
                    for host in expected
                    for table in ('events', 'deaths', 'intervals')
                ],
                [
                    (host, told.removesuffix(' LIGHTWEIGHT'))
                    for host, told in self.told
                ],
            )

    def test_another_one_does_it_for_one_that_is_away(self) -> None:
        self.away = {'ch-2a'}
        self.run_on_shards(replicated=False)
        self.assertEqual({'ch-1a', 'ch-2b'}, {host for host, _ in self.told})

    def test_a_shard_that_is_away_is_an_error(self) -> None:
        self.away = {'ch-2a', 'ch-2b'}
        self.assertRaises(errors.StorageUnavailable, self.run_on_shards)
