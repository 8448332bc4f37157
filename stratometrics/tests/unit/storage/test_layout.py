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
"""The statements of a cluster, with replicas and without, as text."""

import unittest

from oslo_config import cfg

from stratometrics import conf as stratometrics_conf
from stratometrics.storage.clickhouse import layout
from stratometrics.storage.clickhouse import migrations

_CREATE = """
CREATE TABLE IF NOT EXISTS $database.things (
    a Int8 COMMENT 'ENGINE of change'
)
ENGINE = {engine}
ORDER BY a
"""


def options(**values):
    """The options of ``[clickhouse]``, some of them with other values."""
    conf = cfg.ConfigOpts()
    stratometrics_conf.register_opts(conf)
    conf([], project='stratometrics', default_config_files=[])
    for name, value in values.items():
        conf.set_override(name, value, group='clickhouse')
    return conf.clickhouse


def layout_of(**values) -> layout.Layout:
    return layout.Layout(options(**values))


class OneServerTest(unittest.TestCase):
    """Without a cluster all tables are in one database."""

    def setUp(self) -> None:
        self.layout = layout_of(database='meter')

    def test_queries(self) -> None:
        self.assertEqual(
            'SELECT a FROM (SELECT a FROM meter.x) JOIN meter.y',
            self.layout.query(
                'SELECT a FROM $shards(SELECT a FROM $local.x$) '
                'JOIN $database.y'
            ),
        )

    def test_steps_are_what_they_say(self) -> None:
        for step in migrations.STEPS:
            for statements in (step.FORWARDS, step.BACKWARDS):
                self.assertEqual(
                    [
                        text.replace('$database', 'meter')
                        for text in statements
                    ],
                    self.layout.step(statements),
                )

    def test_the_server_is_asked_for_nothing_else(self) -> None:
        self.assertEqual({}, self.layout.settings)


class ShardsTest(unittest.TestCase):
    """Shards of one replica each."""

    def setUp(self) -> None:
        self.layout = layout_of(
            database='meter', cluster='wide', replicated=False
        )

    def test_queries(self) -> None:
        self.assertEqual(
            "SELECT a FROM cluster('wide', view(SELECT a FROM meter_local.x)) "
            'JOIN meter.y',
            self.layout.query(
                'SELECT a FROM $shards(SELECT a FROM $local.x$) '
                'JOIN $database.y'
            ),
        )

    def test_a_table_gets_a_front(self) -> None:
        made, front = self.layout.step([_CREATE.format(engine='MergeTree')])
        self.assertIn('EXISTS meter_local.things', made)
        self.assertIn('ENGINE = MergeTree\n', made)
        self.assertEqual(
            [
                'CREATE OR REPLACE TABLE meter.things AS meter_local.things',
                'ENGINE = Distributed(wide, meter_local, things, 0)',
            ],
            front.split('\n')[1:-1],
        )

    def test_events_are_spread_by_resource(self) -> None:
        *_, front = self.layout.step(
            ['ALTER TABLE $database.events ADD COLUMN IF NOT EXISTS a Int8']
        )
        self.assertIn('events, sipHash64(resource_type, resource_id))', front)

    def test_an_altered_table_gets_another_front(self) -> None:
        for change, fronts in (
            ('MODIFY COLUMN a Int16', 1),
            ('DELETE WHERE a = 1', 1),
            ('MODIFY QUERY SELECT 1', 0),
        ):
            statements = [f'ALTER TABLE $database.things {change}']
            self.assertEqual(
                fronts, len(self.layout.step(statements)) - 1, change
            )

    def test_a_dropped_table_loses_its_front(self) -> None:
        self.assertEqual(
            [
                'ALTER TABLE meter_local.things DROP COLUMN a',
                'DROP TABLE IF EXISTS meter_local.things SYNC',
                'DROP TABLE IF EXISTS meter.things SYNC',
            ],
            self.layout.step(
                [
                    'ALTER TABLE $database.things DROP COLUMN a',
                    'DROP TABLE IF EXISTS $database.things SYNC',
                ]
            ),
        )

    def test_views_stay_on_their_node(self) -> None:
        for step in migrations.STEPS:
            for text in self.layout.step(step.FORWARDS):
                if 'MATERIALIZED VIEW' in text:
                    self.assertNotIn('meter.', text)

    def test_what_is_acknowledged_is_stored(self) -> None:
        """R12; and the answer of some shards is none."""
        self.assertEqual(
            {'distributed_foreground_insert': 1, 'skip_unavailable_shards': 0},
            self.layout.settings,
        )


class ReplicasTest(unittest.TestCase):
    """What could not be run: the packaged engine has no replicas."""

    def setUp(self) -> None:
        self.layout = layout_of(database='meter', cluster='wide')

    def engine(self, engine: str) -> str:
        made, _front = self.layout.step([_CREATE.format(engine=engine)])
        [line] = [
            line for line in made.split('\n') if line.startswith('ENGINE')
        ]
        return line

    def test_engines(self) -> None:
        place = "'/clickhouse/tables/{shard}/meter/things', '{replica}'"
        for engine, expected in (
            ('MergeTree', f'ReplicatedMergeTree({place})'),
            (
                'ReplacingMergeTree(earliness)',
                f'ReplicatedReplacingMergeTree({place}, earliness)',
            ),
            (
                'AggregatingMergeTree',
                f'ReplicatedAggregatingMergeTree({place})',
            ),
        ):
            self.assertEqual(f'ENGINE = {expected}', self.engine(engine))

    def test_every_table_is_replicated_by_a_name_of_its_own(self) -> None:
        paths = []
        for step in migrations.STEPS:
            for text in self.layout.step(step.FORWARDS):
                if 'CREATE TABLE IF NOT EXISTS' in text:
                    self.assertRegex(
                        text,
                        r"ENGINE = Replicated\w*MergeTree\('/clickhouse/"
                        r"tables/\{shard\}/meter/(\w+)', '\{replica\}'",
                    )
                    paths.append(text.partition("'/click")[2].split("'")[0])
        self.assertEqual(len(paths), len(set(paths)))
        self.assertGreater(len(paths), 5)

    def test_most_replicas_have_what_is_acknowledged(self) -> None:
        """R12."""
        settings = self.layout.settings
        self.assertEqual('auto', settings['insert_quorum'])
        self.assertEqual(60_000, settings['insert_quorum_timeout'])
        self.assertEqual(1, settings['distributed_foreground_insert'])

    def test_who_lags_behind_is_not_asked(self) -> None:
        settings = self.layout.settings
        self.assertEqual(
            10, settings['max_replica_delay_for_distributed_queries']
        )
        self.assertEqual(
            0, settings['fallback_to_stale_replicas_for_distributed_queries']
        )

    def test_what_is_repeated_reaches_the_views(self) -> None:
        """An insert that failed half-way would not, were it recognized."""
        self.assertEqual(0, self.layout.settings['insert_deduplicate'])

    def test_a_change_is_one_of_all_replicas(self) -> None:
        self.assertEqual(2, self.layout.settings['alter_sync'])

    def test_what_must_be_seen_at_once_is_written_in_sequence(self) -> None:
        self.assertEqual(
            {'insert_quorum_parallel': 0, 'select_sequential_consistency': 1},
            layout.IN_SEQUENCE,
        )
