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
"""A cluster of two shards: where rows are, what travels, and what is away."""

import contextlib
import dataclasses
import itertools
from unittest import mock

from oslo_context import context as oslo_context
from oslo_context import fixture
import testtools

from stratometrics import verification
from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.model import timeline
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import driver
from stratometrics.storage.clickhouse import layout
from stratometrics.storage.clickhouse import migrations
from stratometrics.storage.clickhouse import schema
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import test_schema
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import shards

PERIOD = usage.Period(0, 10_000_000)


def events(count: int = 100) -> list[event_model.Event]:
    """Two events of each resource, of which every other one is large."""
    return [
        event_model.Event(
            resource_type='thing',
            resource_id=f'r{number}',
            event_time=time,
            message_id=f'{number} {time}',
            rank=event_model.RANK_EVENT,
            phase=event_model.Phase.BILLED,
            state='active',
            project_id=f'p{number}',
            event_type='test',
            type=('small', 'large')[number % 2],
        )
        for number in range(count)
        for time in (1_000_000, 2_000_000)
    ]


def query(**parameters) -> usage.UsageQuery:
    defaults = {
        'period': PERIOD,
        'now': PERIOD.end,
        'resource_types': ('thing',),
        'group_by': ('type',),
    }
    return usage.UsageQuery(**(defaults | parameters))


def alive() -> timeline.ResourceQuery:
    return timeline.ResourceQuery(
        period=PERIOD,
        now=PERIOD.end,
        resource_types=('thing',),
        project_ids=None,
        as_of=None,
        limit=10,
        after=None,
    )


class ClusterTestCase(base.OnShards, base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)

    def on_nodes(self, statement: str, **parameters) -> list[list[tuple]]:
        """What each node answers, where ``$database`` is its own."""
        answers = []
        for node in self.pool.nodes():
            with contextlib.closing(self.pool.at(node)) as pool:
                answers.append(pool.execute(statement, parameters))
        return answers


class PlaceTest(ClusterTestCase):
    """Where rows are."""

    def test_every_shard_has_whole_timelines(self) -> None:
        self.storage.write_events(events(), 1)
        counts = self.on_nodes('SELECT count() FROM $database.events')
        self.assertEqual(200, sum(count for [(count,)] in counts))
        for [(count,)] in counts:
            self.assertGreater(count, 0)
        self.assertEqual(
            [(0,)],
            self.pool.execute(
                'SELECT countIf(parts > 1) FROM (SELECT '
                'uniqExact(_shard_num) AS parts FROM $database.events '
                'GROUP BY timeline)'
            ),
        )

    def test_what_follows_from_events_is_beside_them(self) -> None:
        self.storage.write_events(events(), 1)
        for table in ('project_timelines', 'timelines'):
            self.assertEqual(
                self.on_nodes(
                    'SELECT uniqExact(resource_id) FROM $database.events'
                ),
                self.on_nodes(f'SELECT count() FROM $database.{table} FINAL'),
            )

    def test_what_was_received_last_is_on_all_of_them(self) -> None:
        early, late = events(100), events(60)
        self.storage.write_events(early, 1)
        for _ in range(2):
            self.storage.write_events(
                [dataclasses.replace(e, source='import') for e in late], 2
            )
        last = self.storage.last_received('thing', '', ['import'], after=1)
        self.assertEqual({2}, {each.received_at for each in last})
        self.assertEqual(
            sorted(e.message_id for e in late),
            sorted(each.event.message_id for each in last),
        )

    def test_small_tables_are_on_the_first_shard(self) -> None:
        for number in range(5):
            self.storage.write_names(
                [names.Name(kind='project', id=f'p{number}', name='P')],
                number,
            )
        self.assertEqual(
            [[(5,)], [(0,)]],
            self.on_nodes('SELECT count() FROM $database.names'),
        )

    def test_nothing_waits_to_be_stored(self) -> None:
        self.storage.write_events(events(), 1)
        for [(waiting,)] in self.on_nodes(
            'SELECT sum(data_files) FROM system.distribution_queue'
        ):
            self.assertEqual(0, waiting)


class TravelTest(ClusterTestCase):
    """Windows are computed on the shards, and only sums leave them."""

    def travelled(self, ask) -> tuple[int, int]:
        """Rows that the second shard read, and rows that it gave."""
        self.useFixture(fixture.ClearRequestContext())
        request = oslo_context.RequestContext()
        ask()
        pool = self.pool.at(self.pool.nodes()[1])
        self.addCleanup(pool.close)
        pool.execute('SYSTEM FLUSH LOGS')
        [(queries, read, given)] = pool.execute(
            'SELECT count(), sum(read_rows), sum(result_rows) '
            "FROM system.query_log WHERE type = 'QueryFinish' "
            'AND NOT is_initial_query AND log_comment = {mark:String}',
            {'mark': request.request_id},
        )
        self.assertGreater(queries, 0)
        return read, given

    def test_usage(self) -> None:
        self.storage.write_events(events(2000), 1)
        read, given = self.travelled(lambda: self.storage.usage(query()))
        self.assertGreater(read, 1000)
        self.assertEqual(2, given)

    def test_buckets(self) -> None:
        self.storage.write_events(events(2000), 1)
        boundaries = tuple(range(0, 10_000_001, 2_500_000))
        read, given = self.travelled(
            lambda: self.storage.usage(query(boundaries=boundaries))
        )
        self.assertGreater(read, 1000)
        self.assertEqual(2, given)

    def test_what_is_alive(self) -> None:
        self.storage.write_events(events(2000), 1)
        read, given = self.travelled(lambda: self.storage.alive(alive()))
        self.assertGreater(read, 1000)
        self.assertEqual(10, given)

    def test_what_lives(self) -> None:
        self.storage.write_events(events(2000), 1)
        read, given = self.travelled(
            lambda: self.assertEqual(
                2000, self.storage.count_living('thing', '')
            )
        )
        self.assertGreater(read, 500)
        self.assertEqual(1, given)

    def test_a_sample(self) -> None:
        """Of all shards, and other ones each time."""
        self.storage.write_events(events(2000), 1)
        samples = []
        _read, given = self.travelled(
            lambda: samples.append(self.storage.sample(('thing',), 20))
        )
        self.assertEqual(20, given)
        samples += [self.storage.sample(('thing',), 20) for _ in range(2)]
        for sample in samples:
            self.assertEqual(20, len(set(sample)))
            self.assertEqual(20, len(sample))
        self.assertGreater(len(set().union(*samples)), 40)
        shards_of = dict(
            self.pool.execute(
                'SELECT resource_id, any(_shard_num) FROM $database.events '
                'GROUP BY resource_id'
            )
        )
        self.assertEqual(
            {1, 2}, {shards_of[id_] for sample in samples for id_ in sample}
        )
        self.assertEqual(
            set(shards_of), set(self.storage.sample(('thing',), 3000))
        )

    def test_very_many_projects(self) -> None:
        """What is bound becomes a part of the text that shards are given."""
        self.storage.write_events(events(), 1)
        owners = tuple(f'p{number:040d}' for number in range(20_000))
        self.assertEqual(
            [9_000_000],
            [
                row.usage
                for row in self.storage.usage(
                    query(project_ids=('p7', *owners))
                )
            ],
        )


class VerifyTest(ClusterTestCase):
    def test_a_sample_is_what_follows_from_events(self) -> None:
        self.storage.write_events(
            [
                dataclasses.replace(event, resource_type='instance')
                for event in events()
            ],
            1,
        )
        sample = self.storage.sample(('instance',), 10)
        self.assertEqual(
            verification.Result(groups=10, differing=0, difference=0),
            verification.verify(
                self.storage,
                definitions.Definitions.load(None),
                PERIOD,
                PERIOD.end,
                sample,
            ),
        )


class VersionsTest(ClusterTestCase):
    def test_every_node_is_asked(self) -> None:
        [[(version,)], _] = self.on_nodes('SELECT version()')
        self.assertEqual(
            {str(node): version for node in self.pool.nodes()},
            self.storage.versions(),
        )


class AwayTest(testtools.TestCase):
    """A shard goes away and comes back."""

    def setUp(self) -> None:
        super().setUp()
        self.cluster = shards.Shards()
        self.addCleanup(self.cluster.close)
        self.cluster.start()
        self.conf = base.configuration_of_cluster(self.cluster)
        self.storage = driver.get_storage(self.conf)
        self.addCleanup(self.storage.close)

    def test_no_part_of_an_answer_is_given(self) -> None:
        self.storage.schema.migrate(self.storage.schema.newest)
        self.storage.write_events(events(), 1)
        expected = self.storage.usage(query())
        self.cluster.nodes[1].kill()
        for ask in (
            self.storage.check,
            lambda: self.storage.usage(query()),
            lambda: self.storage.usage(query(group_by=('project_name',))),
            lambda: self.storage.alive(alive()),
            lambda: self.storage.recorded(['thing'], 'r1', None),
            lambda: self.storage.standings('thing', ['r1']),
            lambda: self.storage.last_received('thing', '', ['x'], after=0),
            lambda: self.storage.late([0], 10, 10_000_000),
            lambda: self.storage.observed((), 1),
            lambda: self.storage.used_ids('type'),
            lambda: self.storage.write_events(events(), 2),
            self.storage.rebuild_coverage,
            lambda: self.storage.schema.plan(1),
        ):
            self.assertRaises(errors.StorageUnavailable, ask)
        self.cluster.nodes[1].start()
        self.storage.check()
        self.assertEqual(expected, self.storage.usage(query()))
        self.storage.write_events(events(), 2)
        self.assertEqual(expected, self.storage.usage(query()))

    def test_any_node_can_be_asked(self) -> None:
        self.storage.schema.migrate(self.storage.schema.newest)
        self.storage.write_events(events(), 1)
        self.conf.set_override(
            'port', self.cluster.nodes[1].port, group='clickhouse'
        )
        other = driver.get_storage(self.conf)
        self.addCleanup(other.close)
        other.check()
        self.assertEqual(
            sorted(map(repr, self.storage.usage(query()))),
            sorted(map(repr, other.usage(query()))),
        )


_TABLES = """
SELECT name FROM system.tables
WHERE database = {database:String}
    AND name NOT IN ('schema_journal', 'schema_places')
"""


class SchemaTest(testtools.TestCase):
    """Steps of the schema, on nodes of which some come later.

    The replicas are told to replicate, and do not: the packaged engine cannot.
    """

    def setUp(self) -> None:
        super().setUp()
        alone = mock.patch.object(
            layout.Layout, '_replicated', lambda self, statement: statement
        )
        alone.start()
        self.addCleanup(alone.stop)
        self.cluster = shards.Shards((2, 1))
        self.addCleanup(self.cluster.close)
        self.cluster.start()
        self.conf = base.configuration_of_cluster(self.cluster)
        self.conf.set_override('replicated', True, group='clickhouse')
        self.storage = driver.get_storage(self.conf)
        self.addCleanup(self.storage.close)
        self.schema = self.storage.schema

    def know(self, *known: list[clickhouse.ClickHouse]) -> None:
        """Restart the nodes with some of them as the cluster."""
        self.cluster.know(known)
        for node in self.cluster.nodes:
            node.restart()

    def tables(self) -> list[tuple[set[str], set[str]]]:
        """The tables of each node: its own, and those of all shards."""
        found = []
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        for node in pool.nodes():
            with contextlib.closing(pool.at(node)) as there:
                local, fronts = (
                    {
                        name
                        for (name,) in there.execute(
                            _TABLES, {'database': database}
                        )
                    }
                    for database in (pool.layout.local, pool.layout.database)
                )
            found.append((local, fronts))
        return found

    def steps(self, *more: type) -> None:
        steps = mock.patch.object(
            migrations, 'STEPS', (*test_schema.SchemaTest.real_steps(), *more)
        )
        steps.start()
        self.addCleanup(steps.stop)

    def test_there_and_back(self) -> None:
        self.schema.migrate(self.schema.newest)
        self.storage.check()
        for local, fronts in self.tables():
            self.assertIn('events', fronts)
            self.assertEqual(
                fronts, {name for name in local if not name.endswith('_feed')}
            )
            self.assertNotEqual(fronts, local)
        self.schema.migrate(0)
        self.assertEqual([(set(), set())] * 3, self.tables())
        self.assertEqual(schema.Version(0, 0), self.schema.version())

    def test_an_altered_table_is_altered_for_all_shards(self) -> None:
        self.schema.migrate(self.schema.newest)
        consumed = dataclasses.replace(
            events()[0], phase=event_model.Phase.CONSUMED
        )
        self.storage.write_events([consumed], 1)
        self.assertEqual(
            [('consumed',)],
            self.storage._pool.execute('SELECT phase FROM $database.events'),
        )

    def test_an_interrupted_step_is_noticed_and_repeated(self) -> None:
        newest = self.schema.newest
        self.schema.migrate(newest)
        self.steps(test_schema.BrokenStep)
        self.assertRaises(errors.StorageError, self.schema.migrate, newest + 1)
        self.assertTrue(self.schema.version().changing)
        refused = self.assertRaises(
            errors.StorageUnavailable, self.storage.check
        )
        self.assertIn('interrupted', str(refused))
        self.steps(test_schema.Step)
        self.schema.migrate(newest + 1)
        self.storage.check()
        for local, fronts in self.tables():
            self.assertIn('extra', local)
            self.assertIn('extra', fronts)

    def test_a_replica_that_comes_later_gets_what_it_lacks(self) -> None:
        [first, replica], [second] = self.cluster.shards
        self.know([first], [second])
        self.schema.migrate(self.schema.newest)
        self.know([first, replica], [second])
        [joining] = self.schema.plan(self.schema.newest)
        self.assertEqual([replica.port], [node.port for node in joining.nodes])
        self.assertEqual(
            (0, self.schema.newest), (joining.old_version, joining.new_version)
        )
        self.schema.migrate(self.schema.newest)
        self.storage.check()
        self.assertEqual([], self.schema.plan(self.schema.newest))
        for tables in self.tables():
            self.assertEqual(self.tables()[0], tables)
        there = replica.client()
        self.addCleanup(there.disconnect)
        [[phase]] = there.execute(
            'SELECT type FROM system.columns WHERE database = '
            f"'{self.conf.clickhouse.database}_local' "
            "AND table = 'events' AND name = 'phase'"
        )
        self.assertIn('consumed', phase)

    def test_a_replica_does_not_come_in_the_middle_of_a_step(self) -> None:
        """A table may be altered already, and none may be whole."""
        [first, replica], [second] = self.cluster.shards
        self.know([first], [second])
        newest = self.schema.newest
        self.schema.migrate(newest)
        self.steps(test_schema.BrokenStep)
        self.assertRaises(errors.StorageError, self.schema.migrate, newest + 1)
        self.know([first, replica], [second])
        refused = self.assertRaises(
            errors.StorageUnavailable, self.schema.plan, newest + 1
        )
        self.assertIn(f':{replica.port} is new', str(refused))
        self.know([first], [second])
        self.steps(test_schema.Step)
        self.schema.migrate(newest + 1)
        self.know([first, replica], [second])
        self.schema.migrate(newest + 1)
        self.storage.check()

    def test_replicas_that_do_not_replicate_are_refused(self) -> None:
        self.schema.migrate(self.schema.newest)
        self.conf.set_override('replicated', False, group='clickhouse')
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        _first, replica, _second = self.cluster.nodes
        for ask in (
            storage.check,
            lambda: storage.schema.plan(self.schema.newest),
            lambda: storage.schema.migrate(self.schema.newest),
        ):
            refused = self.assertRaises(errors.StorageUnavailable, ask)
            self.assertIn('shard 1 has more than one replica', str(refused))
            self.assertIn(f':{replica.port} out of', str(refused))
        self.storage.check()

    def test_a_plan_says_what_runs_where(self) -> None:
        step, *_ = self.schema.plan(self.schema.newest)
        self.assertEqual(
            [node.port for node in self.cluster.nodes],
            [node.port for node in step.nodes],
        )
        database = self.conf.clickhouse.database
        text = '\n'.join(step.statements)
        self.assertNotIn('$', text)
        self.assertIn(f'CREATE TABLE IF NOT EXISTS {database}_local.e', text)
        self.assertIn(f'CREATE OR REPLACE TABLE {database}.events', text)
        self.assertEqual([(set(), set())] * 3, self.tables())


class PlacesTest(testtools.TestCase):
    """Shards that are in use are no others, nor more, nor fewer."""

    def setUp(self) -> None:
        super().setUp()
        self.cluster = shards.Shards((1, 1, 1))
        self.addCleanup(self.cluster.close)
        self.cluster.start()
        self.conf = base.configuration_of_cluster(self.cluster)
        self.storage = driver.get_storage(self.conf)
        self.addCleanup(self.storage.close)
        self.schema = self.storage.schema

    def know(self, *known: int, weights: dict[int, int] | None = None) -> None:
        """Restart the servers with some of them as the shards."""
        self.cluster.know(
            [self.cluster.shards[number] for number in known], weights
        )
        for node in self.cluster.nodes:
            node.restart()

    def ends(self) -> list[event_model.Event]:
        return [
            dataclasses.replace(
                event,
                event_time=4_000_000,
                message_id=f'{event.resource_id} ends',
                rank=event_model.RANK_DELETION,
                phase=event_model.Phase.ENDED,
            )
            for event in events()[::2]
        ]

    def used(self) -> int:
        return sum(row.usage for row in self.storage.usage(query()))

    def refused(self, ask, *arguments) -> str:
        text = str(
            self.assertRaises(errors.StorageUnavailable, ask, *arguments)
        )
        self.assertIn('From one server to a cluster', text)
        return text

    def test_others_than_those_that_are_used(self) -> None:
        """Else ends would not be seen, and what lives be counted twice."""
        self.know(0, 1)
        self.schema.migrate(self.schema.newest)
        self.storage.write_events(events(), 1)
        newest = self.schema.newest
        for known, weights, said in (
            ((0, 1, 2), None, 'is shard 1 of 3 now, and was shard 1 of 2,'),
            ((1, 0), None, 'is shard 1 of 2 now, and was shard 2 of 2,'),
            ((0,), None, 'is shard 1 of 1 now, and was shard 1 of 2,'),
            ((0, 1), {1: 2}, 'shard 1 of 2 with the weights 1, 2 now'),
            ((0, 2), None, 'shard 2 of 2 is empty'),
        ):
            self.know(*known, weights=weights)
            for ask in (self.schema.plan, self.schema.migrate):
                self.assertIn(said, self.refused(ask, newest))
            if 2 in known:
                # It cannot tell more, and what it tells to do is refused.
                self.assertRaises(
                    errors.StorageUnavailable, self.storage.check
                )
            else:
                self.refused(self.storage.check)
        self.know(0, 1)
        self.storage.check()
        self.storage.write_events(self.ends(), 2)
        self.assertEqual(100 * 3_000_000, self.used())

    def test_nothing_is_kept_of_what_was_taken_back(self) -> None:
        self.know(0, 1)
        self.schema.migrate(self.schema.newest)
        self.schema.migrate(0)
        self.know(2, 1, 0)
        self.schema.migrate(self.schema.newest)
        self.storage.check()
        self.storage.write_events(events(), 1)
        self.storage.write_events(self.ends(), 2)
        self.assertEqual(100 * 3_000_000, self.used())

    def test_one_that_has_only_begun_is_not_empty(self) -> None:
        """What was interrupted at its first step can be repeated."""
        enter = schema._enter
        # Three nodes begin, and three are done.
        for allowed in range(6):
            entries = itertools.count()

            def cut_off(*entry, entries=entries, allowed=allowed) -> None:
                if next(entries) == allowed:
                    raise errors.StorageError
                enter(*entry)

            with mock.patch.object(schema, '_enter', cut_off):
                self.assertRaises(errors.StorageError, self.schema.migrate, 1)
            self.schema.migrate(1)
            self.schema.migrate(0)


class UnknownTest(testtools.TestCase):
    def test_a_cluster_that_no_server_knows_is_named(self) -> None:
        conf = base.configuration()
        self.addCleanup(base.drop, conf)
        with contextlib.closing(driver.get_storage(conf)) as alone:
            alone.schema.migrate(alone.schema.newest)
        self.addCleanup(conf.clear_override, 'cluster', group='clickhouse')
        conf.set_override('cluster', 'nowhere', group='clickhouse')
        storage = driver.get_storage(conf)
        self.addCleanup(storage.close)
        for ask in (
            storage.check,
            lambda: storage.schema.migrate(1),
            lambda: storage.usage(query()),
            storage.rebuild_coverage,
        ):
            refused = self.assertRaises(errors.StorageUnavailable, ask)
            self.assertIn('nowhere', str(refused))
            self.assertIn('remote_servers', str(refused))
