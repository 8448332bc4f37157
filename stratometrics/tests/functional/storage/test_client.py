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
"""Connections to a real ClickHouse, and how their failures read."""

import dataclasses
import pathlib
import socket
import threading
import time

import testtools

from stratometrics.model import event as event_model
from stratometrics.model import timeline
from stratometrics.model import usage
from stratometrics.storage import base as storage_base
from stratometrics.storage import budget
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import ports

NAMES = [
    "'; DROP TABLE events; --",
    "')); DROP TABLE events; --",
    'back\\slash',
    "\\'",
    'line\nbreak',
    'nul\0',
    '{begin:Int64}',
    '$database.events',
    '$shards(',
    'ü✓',
    '',
]


def event(**changes) -> event_model.Event:
    """An event that can be stored, but for the changes."""
    facts = {
        'resource_type': 'instance',
        'resource_id': 'r1',
        'event_time': 1_000_000,
        'message_id': 'm1',
        'rank': event_model.RANK_EVENT,
        'phase': event_model.Phase.BILLED,
        'state': 'active',
        'project_id': 'p1',
        'event_type': 'test',
    }
    return event_model.Event(**(facts | changes))


def query(**changes) -> usage.UsageQuery:
    """A question about everything that event() makes."""
    facts = {
        'period': usage.Period(0, 10_000_000),
        'now': 10_000_000,
        'resource_types': ('instance',),
        'group_by': ('resource_id',),
    }
    return usage.UsageQuery(**(facts | changes))


#: What becomes of queries that reach a limit.
_OVERFLOW_MODES = """
SELECT name, value FROM system.settings WHERE name LIKE '%overflow_mode%'
"""


def resources(**changes) -> timeline.ResourceQuery:
    """The same for what was alive."""
    facts = {
        'period': usage.Period(0, 10_000_000),
        'now': 10_000_000,
        'resource_types': ('instance',),
        'project_ids': None,
        'as_of': None,
        'limit': 100,
        'after': None,
    }
    return timeline.ResourceQuery(**(facts | changes))


def sockets() -> int:
    """How many connections this process has."""
    files = pathlib.Path('/proc/self/fd').iterdir()
    return sum(file.is_socket() for file in files)


class HostileValuesTest(base.StorageTestCase):
    """R16: what is asked for is bound, wherever the query runs."""

    def test_they_are_only_values(self) -> None:
        self.storage.write_events(
            [
                event(resource_id=name, project_id=name, region=name)
                for name in NAMES
            ],
            1,
        )
        for name in NAMES:
            for narrowed in (
                {'filters': {'resource_id': (name,)}},
                {'project_ids': (name,)},
                {'filters': {'project_id': (name,)}},
            ):
                [row] = self.storage.usage(query(**narrowed))
                self.assertEqual((name,), row.group)
                self.assertEqual(9_000_000, row.usage)
            [row] = self.storage.usage(
                query(
                    boundaries=(0, 2_000_000, 10_000_000),
                    group_by=('project_name',),
                    project_ids=(name,),
                )
            )
            self.assertEqual(9_000_000, row.usage)
            [life] = self.storage.alive(resources(project_ids=(name,)))
            self.assertEqual(name, life.resource_id)
            [told] = self.storage.recorded(('instance',), name, None)
            self.assertEqual(name, told.event.project_id)
            self.assertEqual(
                [name], list(self.storage.standings('instance', [name]))
            )
            self.assertEqual(1, self.storage.count_living('instance', name))
            [found] = [
                standing.latest.resource_id
                for page in self.storage.living('instance', name, 10)
                for standing in page
            ]
            self.assertEqual(name, found)
            self.assertEqual(
                {name: {0: 1_000_000}},
                self.storage.late([0], 10, 10_000_000, [name]),
            )

    def test_a_page_after_any_of_them(self) -> None:
        self.storage.write_events(
            [event(resource_id=name, project_id=name) for name in NAMES], 1
        )
        found, after = [], None
        while page := self.storage.alive(resources(limit=1, after=after)):
            [life] = page
            found.append(life.resource_id)
            after = (life.resource_type, life.resource_id)
        self.assertEqual(sorted(NAMES), sorted(found))

    def test_so_is_the_name_of_an_attribute(self) -> None:
        name = "x'] = 1 OR 1 = 1 --"
        self.storage.write_events(
            [event(attributes={name: 'yes'}), event(resource_id='r2')], 1
        )
        [row] = self.storage.usage(query(filters={name: ('yes',)}))
        self.assertEqual(('r1',), row.group)
        rows = self.storage.usage(query(group_by=(name,)))
        self.assertEqual([('',), ('yes',)], [row.group for row in rows])


class ClientTest(base.StorageTestCase):
    def test_rows_that_do_not_fit_are_told_from_a_store_that_is_away(
        self,
    ) -> None:
        for wrong in (
            {'event_time': 'yesterday'},
            {'rank': 2**70},
            {'resource_id': None},
            {'name': 5},
            {'name': 'lone \ud800 surrogate'},
            {'attributes': {'a': 1}},
        ):
            self.assertRaises(
                errors.InvalidRows,
                self.storage.write_events,
                [event(**wrong)],
                1,
            )
        self.storage.write_events([event()], 1)
        self.assertEqual(1, len(self.storage.usage(query())))

    def test_rows_as_they_come(self) -> None:
        """One connection is enough, whatever becomes of a stream."""
        self.conf.set_override('pool_size', 1, group='clickhouse')
        self.conf.set_override('pool_timeout', 1, group='clickhouse')
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        numbers = 'SELECT number FROM numbers({count:UInt64})'
        self.assertEqual(
            [(number,) for number in range(100_000)],
            list(pool.stream(numbers, {'count': 100_000})),
        )
        rows = pool.stream(numbers, {'count': 10**12})
        self.assertEqual((0,), next(rows))
        # It is lent for as long as the stream is open.
        self.assertRaises(errors.StorageUnavailable, pool.execute, 'SELECT 1')
        rows.close()
        self.assertEqual([(1,)], pool.execute('SELECT 1'))
        rows = pool.stream(
            numbers, {'count': 10**12}, {'max_rows_to_read': 200_000}
        )
        self.assertRaises(errors.QueryTooExpensive, list, rows)
        rows = pool.stream(
            'SELECT throwIf(number = 500000) FROM numbers(1000000)'
        )
        self.assertEqual((0,), next(rows))
        self.assertRaises(errors.StorageError, list, rows)
        self.assertEqual([(1,)], pool.execute('SELECT 1'))

    def another_storage(self, **options) -> storage_base.Storage:
        """The same database under other options."""
        for name, value in options.items():
            self.conf.set_override(name, value, group='clickhouse')
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        return storage

    def test_a_stream_has_all_rows_however_many(self) -> None:
        self.storage.write_events(
            [event(resource_id=f'r{number}') for number in range(5)], 1
        )
        storage = self.another_storage(query_max_result_rows=2)
        self.assertRaises(errors.QueryTooExpensive, storage.usage, query())
        self.assertEqual(
            self.storage.usage(query()),
            list(storage.stream_usage(query(), limited=False)),
        )

    def test_a_stream_that_is_left_blocks_nobody(self) -> None:
        self.storage.write_events(
            [event(resource_id=f'r{number}') for number in range(5)], 1
        )
        storage = self.another_storage(pool_size=1, pool_timeout=1)
        stream = storage.stream_usage(query())
        next(stream)
        self.assertRaises(errors.StorageUnavailable, storage.usage, query())
        stream.close()
        self.assertEqual(5, len(storage.usage(query())))

    def test_each_user_has_a_connection(self) -> None:
        self.storage.write_events([event()], 1)
        for name, value in (('pool_size', 1), ('pool_timeout', 0.1)):
            self.conf.set_override(name, value, group='clickhouse')
        storage = driver.get_storage(self.conf, users=3)
        self.addCleanup(storage.close)
        streams = [storage.stream_usage(query()) for _ in range(3)]
        for stream in streams:
            next(stream)
        self.assertRaises(errors.StorageUnavailable, storage.usage, query())
        for stream in streams:
            stream.close()

    def test_a_stream_that_is_left_is_cancelled(self) -> None:
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        rows = pool.stream('SELECT number AS left_early FROM numbers(1e15)')
        next(rows)
        rows.close()
        [(running,)] = pool.execute(
            'SELECT count() FROM system.processes '
            "WHERE query LIKE '%left_early%' AND query NOT LIKE '%count()%'"
        )
        self.assertEqual(0, running)

    def test_a_request_pays_for_all_its_queries(self) -> None:
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        endless = 'SELECT count() FROM numbers(1e15) WHERE NOT ignore(number)'
        # Whatever limit a query has of its own, or none.
        for settings in (None, {'max_execution_time': 0}):
            with budget.entered(budget.Budget(0.3)):
                for _ in range(2):
                    self.assertRaises(
                        errors.QueryTooExpensive,
                        pool.execute,
                        endless,
                        settings=settings,
                    )
        with budget.entered(budget.Budget(60)):
            self.assertRaises(
                errors.QueryTooExpensive,
                pool.execute,
                endless,
                settings={'max_execution_time': 0.1},
            )
            self.assertEqual([(1,)], pool.execute('SELECT 1'))

    def test_what_nobody_waits_for_is_given_up(self) -> None:
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        begin = time.monotonic()
        granted = budget.Budget(60, lambda: time.monotonic() > begin + 0.3)
        with budget.entered(granted):
            self.assertRaises(
                errors.Abandoned,
                pool.execute,
                'SELECT count() FROM numbers(1e15) WHERE NOT ignore(number)',
            )
            self.assertRaises(errors.Abandoned, pool.execute, 'SELECT 1')
            # Leases are given back nevertheless.
            lease = self.storage.lease('budget', 60_000_000)
            lease.release()
        self.assertEqual([(1,)], pool.execute('SELECT 1'))

    def test_too_many_queries_of_all_together(self) -> None:
        # The limit of a user is that of the query that allows most, so
        # nobody else may ask this server anything.
        server = clickhouse.ClickHouse()
        self.addCleanup(server.close)
        server.start()
        conf = base.configuration_of(server.address)
        conf.set_override('database', 'default', group='clickhouse')
        pool = client.Pool(conf.clickhouse)
        self.addCleanup(pool.close)
        self.assertRaises(
            errors.StorageUnavailable,
            pool.execute,
            'SELECT length(groupArray(number)) FROM numbers(10000000)',
            settings={'max_memory_usage_for_user': 1_000_000},
        )

    def test_a_stream_that_fails_says_so(self) -> None:
        self.storage.write_events([event()], 1)
        storage = self.another_storage(query_max_memory=1)
        self.assertRaises(
            errors.QueryTooExpensive, list, storage.stream_usage(query())
        )

    def test_every_connection_is_closed(self) -> None:
        self.storage.write_events([event()], 1)
        storage = self.another_storage()
        before = sockets()
        streams = [storage.stream_usage(query()) for _ in range(3)]
        for stream in streams:
            next(stream)
        for stream in streams:
            self.assertEqual([], list(stream))
        self.assertEqual(before + 3, sockets())
        storage.close()
        self.assertEqual(before, sockets())

    def test_births_in_more_months_than_one_insert_may_touch(self) -> None:
        month = 2_700_000_000_000
        self.storage.write_events(
            [event(event_time=month * number) for number in range(150)], 1
        )
        [row] = self.storage.usage(
            query(period=usage.Period(0, month * 150), now=month * 150)
        )
        self.assertEqual(month * 150, row.usage)

    def test_a_project_sees_its_part_of_a_transferred_resource(self) -> None:
        """R6, R16."""
        self.storage.write_events(
            [
                event(),
                event(event_time=4_000_000, message_id='m2', project_id='p2'),
            ],
            1,
        )
        for project, seconds in (('p1', 3), ('p2', 6)):
            [row] = self.storage.usage(query(project_ids=(project,)))
            self.assertEqual(seconds * 1_000_000, row.usage)
        self.assertEqual([], self.storage.usage(query(project_ids=('p3',))))
        self.assertEqual([], self.storage.usage(query(project_ids=())))

    def test_a_region_that_is_renamed_doubles_nothing(self) -> None:
        """R6: the timeline is the resource's, whatever is said of it."""
        self.storage.write_events(
            [
                event(region='one'),
                event(region='two', event_time=3_000_000, message_id='m2'),
            ],
            1,
        )
        rows = self.storage.usage(query(group_by=('region',)))
        self.assertEqual(
            [(('one',), 2_000_000), (('two',), 7_000_000)],
            [(row.group, row.usage) for row in rows],
        )
        [row] = self.storage.usage(query(filters={'region': ('two',)}))
        self.assertEqual(7_000_000, row.usage)

    def test_an_id_belongs_to_a_type(self) -> None:
        self.storage.write_events(
            [
                event(),
                event(resource_type='volume', event_time=2_000_000),
                event(
                    resource_type='volume',
                    event_time=4_000_000,
                    message_id='m2',
                    phase=event_model.Phase.ENDED,
                ),
            ],
            1,
        )
        both = query(
            resource_types=('instance', 'volume'),
            group_by=('resource_type', 'resource_id'),
        )
        for narrowed in (
            {},
            {'project_ids': ('p1',)},
            {'filters': {'resource_id': ('r1', 'r2')}},
        ):
            rows = self.storage.usage(dataclasses.replace(both, **narrowed))
            self.assertEqual(
                {('instance', 'r1'): 9_000_000, ('volume', 'r1'): 2_000_000},
                {row.group: row.usage for row in rows},
            )
        [row] = self.storage.usage(
            dataclasses.replace(both, filters={'resource_type': ('volume',)})
        )
        self.assertEqual(2_000_000, row.usage)

    def test_each_owner_pays_for_its_time(self) -> None:
        self.storage.write_events(
            [
                event(),
                event(event_time=4_000_000, project_id='p2', message_id='m2'),
                event(
                    event_time=9_000_000,
                    project_id='p2',
                    message_id='m3',
                    phase=event_model.Phase.ENDED,
                ),
            ],
            1,
        )
        for owners, expected in (
            (('p1',), 3_000_000),
            (('p2',), 5_000_000),
            (('p1', 'p2'), 8_000_000),
        ):
            [row] = self.storage.usage(query(project_ids=owners))
            self.assertEqual(expected, row.usage)

    def test_resources_of_projects_can_be_found_again(self) -> None:
        self.storage.write_events([event()], 1)
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        pool.execute_on_shards('TRUNCATE TABLE $database.project_timelines')
        narrowed = query(project_ids=('p1',))
        self.assertEqual([], self.storage.usage(narrowed))
        self.storage.rebuild_project_timelines()
        self.assertEqual(1, len(self.storage.usage(narrowed)))

    def test_rejected_messages_come_back_whole(self) -> None:
        messages = [
            storage_base.RejectedMessage(
                id=f'{number:03d}',
                received_at=1000 - number,
                region='one',
                reason='why',
                event_type='even' if number % 2 == 0 else 'odd',
                message_id='m',
                body=f"nul \0 quote ' é {number}",
            )
            for number in range(230)
        ]
        self.storage.write_rejected(messages)
        self.storage.write_rejected(messages[:5])
        self.assertEqual(messages, list(self.storage.rejected()))
        self.assertEqual(messages[1::2], list(self.storage.rejected(['odd'])))
        self.storage.remove_rejected(f'{n:03d}' for n in range(1, 230))
        self.assertEqual(messages[:1], list(self.storage.rejected()))

    def test_a_limit_of_rows_is_told_apart(self) -> None:
        self.conf.set_override('query_max_result_rows', 2, 'clickhouse')
        limited = driver.get_storage(self.conf)
        self.addCleanup(limited.close)
        self.storage.write_events(
            [event(resource_id=str(number)) for number in range(2)], 1
        )
        self.assertEqual(2, len(limited.usage(query())))
        self.storage.write_events(
            [event(resource_id=str(number)) for number in range(2000)], 1
        )
        self.assertRaises(errors.QueryTooExpensive, limited.usage, query())

    def test_a_limit_of_memory_is_told_apart(self) -> None:
        self.conf.set_override('query_max_memory', 100_000, 'clickhouse')
        limited = driver.get_storage(self.conf)
        self.addCleanup(limited.close)
        self.storage.write_events(
            [event(resource_id=str(number)) for number in range(2000)], 1
        )
        self.assertRaises(errors.QueryTooExpensive, limited.usage, query())

    def test_a_limit_of_time_is_told_apart(self) -> None:
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        self.assertRaises(
            errors.QueryTooExpensive,
            pool.execute,
            'SELECT sum(sleepEachRow(0.1)) FROM numbers(100)',
            settings={'max_execution_time': 0.2, 'max_block_size': 1},
        )

    def test_a_server_that_shuts_down_is_away(self) -> None:
        """Or it cancels what runs; the one at hand only in a crash."""
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        for code in (236, 394):
            self.assertRaises(
                errors.StorageUnavailable,
                pool.execute,
                f"SELECT throwIf(1, 'shutting down', {code}::Int16)",
                settings={'allow_custom_error_code_in_throwif': 1},
            )

    def test_a_reader_cannot_write(self) -> None:
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        self.assertRaises(
            errors.StorageError,
            pool.execute,
            'DROP TABLE $database.events',
            settings=driver.query_limits(self.conf.clickhouse),
        )

    def test_a_pool_lends_no_more_than_it_has(self) -> None:
        self.conf.set_override('pool_size', 1, 'clickhouse')
        self.conf.set_override('pool_timeout', 0.1, 'clickhouse')
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        slow = threading.Thread(target=pool.execute, args=('SELECT sleep(2)',))
        slow.start()
        # The thread needs a moment to take the only connection.
        time.sleep(0.5)
        self.assertRaises(errors.StorageUnavailable, pool.execute, 'SELECT 1')
        slow.join()
        self.assertEqual([(1,)], pool.execute('SELECT 1'))

    def test_many_threads_share_a_pool(self) -> None:
        self.conf.set_override('pool_size', 3, 'clickhouse')
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        self.storage.write_events([event()], 1)
        answers = []

        def ask() -> None:
            for _ in range(10):
                answers.append(storage.usage(query())[0].usage)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([9_000_000] * 80, answers)


class OutageTest(testtools.TestCase):
    """A ClickHouse of its own, which goes away."""

    def setUp(self) -> None:
        super().setUp()
        self.server = clickhouse.ClickHouse()
        self.server.start()
        self.addCleanup(self.server.close)
        self.conf = base.configuration_of(self.server.address)

    def test_it_is_away_and_comes_back(self) -> None:
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        storage.schema.migrate(storage.schema.newest)
        storage.write_events([event()], 1)
        self.server.kill()
        self.assertRaises(
            errors.StorageUnavailable, storage.write_events, [event()], 1
        )
        self.assertRaises(errors.StorageUnavailable, storage.usage, query())
        self.assertRaises(errors.StorageUnavailable, storage.check)
        self.server.start()
        storage.check()
        [row] = storage.usage(query())
        self.assertEqual(9_000_000, row.usage)

    def test_the_next_host_answers_for_one_that_does_not(self) -> None:
        # 127.0.0.2 is loopback too, but nobody listens there.
        self.conf.set_override(
            'hosts', ['127.0.0.2', self.server.host], 'clickhouse'
        )
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        self.assertEqual([(1,)], pool.execute('SELECT 1'))

    def test_a_wrong_password_is_not_shown(self) -> None:
        self.conf.set_override('password', 'hunter2', 'clickhouse')
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        refused = self.assertRaises(
            errors.StorageUnavailable, pool.execute, 'SELECT 1'
        )
        self.assertNotIn('hunter2', str(refused))

    def test_nobody_listens(self) -> None:
        self.conf.set_override('port', ports.free_port(), 'clickhouse')
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        self.assertRaises(errors.StorageUnavailable, pool.execute, 'SELECT 1')

    def test_somebody_listens_and_says_nothing(self) -> None:
        silent = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(silent.close)
        for name, value in (
            ('port', silent.getsockname()[1]),
            ('connect_timeout', 1),
            ('send_receive_timeout', 1),
        ):
            self.conf.set_override(name, value, 'clickhouse')
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        late = self.assertRaises(
            errors.StorageUnavailable, pool.execute, 'SELECT 1'
        )
        self.assertIn('no answer from ClickHouse in time', str(late))


class TestProfile(testtools.TestCase):
    """A user whose profile is content with parts of answers."""

    def setUp(self) -> None:
        super().setUp()
        shared = client.Pool(base.configuration().clickhouse)
        self.addCleanup(shared.close)
        self.modes = [name for name, _ in shared.execute(_OVERFLOW_MODES)]
        profile = ''.join(f'<{each}>break</{each}>' for each in self.modes)
        self.patch(
            clickhouse,
            'USERS',
            clickhouse.USERS.replace(
                '<default/>', f'<default>{profile}</default>', 1
            ),
        )
        server = clickhouse.ClickHouse()
        self.addCleanup(server.close)
        server.start()
        conf = base.configuration_of(server.address)
        self.pool = client.Pool(conf.clickhouse)
        self.addCleanup(self.pool.close)

    def test_an_answer_is_whole_or_an_error(self) -> None:
        for statement, limits in (
            (
                'SELECT sum(sleepEachRow(0.1)) FROM numbers(100)',
                {'max_execution_time': 0.2, 'max_block_size': 1},
            ),
            (
                'SELECT sum(number) FROM numbers(1000000)',
                {'max_rows_to_read': 1000, 'max_block_size': 1000},
            ),
            (
                'SELECT number % 1000 AS n, count() FROM numbers(1000000) '
                'GROUP BY n',
                {'max_rows_to_group_by': 10},
            ),
        ):
            for ask in (
                self.pool.execute,
                lambda *query: list(self.pool.stream(*query)),
            ):
                with self.subTest(statement=statement):
                    self.assertRaises(
                        errors.QueryTooExpensive, ask, statement, None, limits
                    )

    def test_so_it_is_whatever_the_limit(self) -> None:
        self.assertEqual(
            dict.fromkeys(self.modes, 'throw'),
            dict(self.pool.execute(_OVERFLOW_MODES)),
        )
