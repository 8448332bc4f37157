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

from clickhouse_driver import errors as driver_errors

from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import closing
from stratometrics.storage.clickhouse import coverage
from stratometrics.storage.clickhouse import openings
from stratometrics.tests.unit.storage import test_layout

_NODES = [
    (1, 1, 'ch-1a', 9000, 1),
    (1, 2, 'ch-1b', 9000, 1),
    (2, 1, 'ch-2a', 9000, 1),
    (2, 2, 'ch-2b', 9000, 1),
]

_COPY = """
INSERT INTO $database.y SELECT a FROM $database.x
WHERE a IN (SELECT a FROM $database.z) OR b IN (SELECT b FROM $database.x)
"""


class OnShardsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.away: set[str] = set()
        self.behind: set[str] = set()
        patched = mock.patch.object(client, '_Client')
        patched.start().side_effect = self.connect
        self.addCleanup(patched.stop)

    def connect(self, host: str, **_options):
        def execute(query: str, _values=None, settings=None) -> list[tuple]:
            if host in self.away:
                raise ConnectionRefusedError
            if 'SYNC' in query:
                self.assertEqual(10, settings['receive_timeout'])
                if host in self.behind:
                    raise driver_errors.ServerException('late', 159)
            if 'system.clusters' in query:
                return _NODES
            if query != 'SELECT 1':
                self.told.append((host, query))
            return []

        return mock.Mock(execute=execute)

    def run_on_shards(
        self,
        statement: str = 'DELETE FROM $database.x WHERE a = 1',
        **options,
    ) -> None:
        pool = client.Pool(
            test_layout.options(database='meter', cluster='wide', **options)
        )
        pool.execute_on_shards(statement)

    def test_one_replica_of_each_shard_does_it(self) -> None:
        self.run_on_shards(replicated=False)
        self.assertEqual(
            [
                ('ch-1a', 'DELETE FROM meter_local.x WHERE a = 1'),
                ('ch-2a', 'DELETE FROM meter_local.x WHERE a = 1'),
            ],
            sorted(self.told),
        )

    def told_of(self, shard: str) -> list[tuple[str, str]]:
        return [
            (host, query.replace('meter_local.', ''))
            for host, query in self.told
            if host.startswith(shard)
        ]

    def test_replicas_have_what_is_read_before_and_what_is_filled_after(
        self,
    ) -> None:
        self.run_on_shards(_COPY)
        for shard in ('ch-1', 'ch-2'):
            self.assertEqual(
                [
                    (f'{shard}a', 'SYSTEM SYNC REPLICA x LIGHTWEIGHT'),
                    (f'{shard}a', 'SYSTEM SYNC REPLICA z LIGHTWEIGHT'),
                    (f'{shard}a', _COPY.replace('$database.', '')),
                    (f'{shard}b', 'SYSTEM SYNC REPLICA y LIGHTWEIGHT'),
                ],
                self.told_of(shard),
            )

    def test_what_is_derived_is_derived_from_all_events(self) -> None:
        for statement, read, filled in (
            (openings._DERIVE.format(**openings._PARTS), 'events', 'events'),
            (
                openings._DERIVE_RECENT.format(**openings._PARTS),
                'events',
                'events',
            ),
            (openings._BURY.format(**openings._PARTS), 'deaths', 'events'),
            (closing._DERIVE, 'events', 'intervals'),
            (coverage.REBUILD_TIMELINES, 'events', 'timelines'),
        ):
            self.told.clear()
            self.run_on_shards(statement)
            before, _derived, after = self.told_of('ch-1')
            self.assertIn(f' {read} LIGHT', before[1])
            self.assertIn(f' {filled} LIGHT', after[1])

    def test_replicas_share_a_change_without_that(self) -> None:
        self.run_on_shards('ALTER TABLE $database.x DROP PARTITION 1')
        self.assertEqual({'ch-1a', 'ch-2a'}, {host for host, _ in self.told})

    def test_another_one_does_it_for_one_that_lags_behind(self) -> None:
        self.behind = {'ch-2a'}
        self.run_on_shards(_COPY)
        self.assertEqual(
            ['ch-2b'] * 3, [host for host, _ in self.told_of('ch-2')]
        )

    def test_one_that_lags_behind_is_not_waited_for(self) -> None:
        self.behind = {'ch-2b'}
        self.run_on_shards(_COPY)
        self.assertEqual(
            ['ch-2a'] * 3, [host for host, _ in self.told_of('ch-2')]
        )

    def test_a_shard_that_lags_behind_is_an_error(self) -> None:
        self.behind = {'ch-2a', 'ch-2b'}
        self.assertRaises(errors.StorageUnavailable, self.run_on_shards, _COPY)

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
            pool.catch_up('x')
            self.assertEqual(
                [
                    (host, 'SYSTEM SYNC REPLICA meter_local.x LIGHTWEIGHT')
                    for host in expected
                ],
                self.told,
            )

    def test_another_one_does_it_for_one_that_is_away(self) -> None:
        self.away = {'ch-2a'}
        self.run_on_shards(replicated=False)
        self.assertEqual({'ch-1a', 'ch-2b'}, {host for host, _ in self.told})

    def test_a_shard_that_is_away_is_an_error(self) -> None:
        self.away = {'ch-2a', 'ch-2b'}
        self.assertRaises(errors.StorageUnavailable, self.run_on_shards)
