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
"""The commands by which a cluster takes over, as the guide prints them."""

import dataclasses
import pathlib
import re
import textwrap
from unittest import mock

import testtools

from stratometrics.cmd import manage
from stratometrics.model import event as event_model
from stratometrics.model import findings
from stratometrics.model import names
from stratometrics.model import prices
from stratometrics.model import statements as statements_model
from stratometrics.model import usage
from stratometrics.storage import base as storage_base
from stratometrics.storage import errors as storage_errors
from stratometrics.storage.clickhouse import driver
from stratometrics.storage.clickhouse import layout
from stratometrics.storage.clickhouse import retention
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import test_cluster
from stratometrics.tests.functional.storage import test_prices
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import shards

#: The first microseconds of months of 1970.
FEBRUARY, MARCH, APRIL = (days * 86_400_000_000 for days in (31, 59, 90))

_ADMIN = pathlib.Path(__file__).parents[4] / 'doc' / 'source' / 'admin'

_BLOCK = r"""(?mx)
    ^([ ]*)[.][.][ ]code-block::[ ]sql\n
    [ ]*:class:[ ]%s\n
    \n
    ((?:\1[ ]{3}.*\n|\n)+)
"""

_GRANT = re.compile(r'GRANT (.*?) TO (.*?);', re.DOTALL)


def guide(name: str = 'cluster') -> str:
    return (_ADMIN / f'{name}.rst').read_text()


def statements(kind: str) -> list[str]:
    """The SQL of the guide's block with a class."""
    [(_indent, block)] = re.findall(_BLOCK % kind, guide())
    found = textwrap.dedent(block).split(';')
    return [statement for statement in found if statement.strip()]


class GrowthTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.servers = base.cluster()
        self.before = base.configuration_of(self.servers.nodes[0].address)
        self.after = base.configuration_of_cluster(self.servers)

    def storage(self, conf) -> driver.ClickHouseStorage:
        storage = driver.get_storage(conf)
        self.addCleanup(base.drop, conf)
        self.addCleanup(storage.close)
        storage.schema.migrate(storage.schema.newest)
        return storage

    def run_guide(self, kind: str) -> list[list[tuple]]:
        """Run the guide's statements for the databases of this test."""
        answers = []
        with self.servers.nodes[0].client() as there:
            for statement in statements(kind):
                answers.append(
                    there.execute(
                        re.sub(
                            r'\bmetering\.',
                            f'{self.after.clickhouse.database}.',
                            statement,
                        ).replace(
                            'stratometrics.',
                            f'{self.before.clickhouse.database}.',
                        )
                    )
                )
        return answers

    def follow(
        self, one: driver.ClickHouseStorage
    ) -> driver.ClickHouseStorage:
        """Have the cluster take over, and see that all is there."""
        two = self.storage(self.after)
        # Twice: it may have been interrupted, before the views had anything.
        self.run_guide('copy')
        for table in ('project_timelines', 'timelines', 'arrivals'):
            two._pool.execute_on_shards(f'TRUNCATE TABLE $database.{table}')
        self.run_guide('copy')
        self.assertIn('cluster.conf db rebuild', guide())
        manage.db_rebuild(self.after, two)
        [then, now] = self.run_guide('verify')
        self.assertGreater(then[0][1], 100)
        self.assertEqual(then, now)
        self.assertEqual([[(0,)]], self.run_guide('whole'))
        return two

    def assert_same(
        self, one: driver.ClickHouseStorage, two: driver.ClickHouseStorage
    ) -> None:
        """All that is kept is told by both, and there is some of it."""
        for ask in (
            lambda storage: storage.names('project'),
            lambda storage: storage.rejected(),
            lambda storage: storage.price_entries(),
            lambda storage: storage.receipts(),
            lambda storage: [storage.issued('1970-01-1')],
            lambda storage: storage.last_findings().items(),
            lambda storage: storage.overview().months,
            lambda storage: [storage.overview().purged],
            lambda storage: [storage.count_living('thing', '')],
            lambda storage: storage.observed((), 1).living.values(),
            lambda storage: storage.standings(
                'thing', [event.resource_id for event in test_cluster.events()]
            ).items(),
        ):
            expected = sorted(ask(one), key=repr)
            self.assertTrue(expected)
            self.assertEqual(expected, sorted(ask(two), key=repr))

    def assert_same_usage(
        self,
        one: driver.ClickHouseStorage,
        two: driver.ClickHouseStorage,
        begin: int,
        end: int,
    ) -> None:
        period = usage.Period(begin, end)
        for narrowed in (
            {},
            {'group_by': ('resource_id',)},
            {
                'group_by': ('project_name', 'type'),
                'project_ids': ('p0', 'p1', 'p2'),
            },
        ):
            asked = test_cluster.query(period=period, now=end, **narrowed)
            expected = sorted(one.usage(asked), key=repr)
            self.assertGreater(sum(row.usage for row in expected), 0)
            self.assertEqual(expected, sorted(two.usage(asked), key=repr))

    def test_from_one_server_to_two_shards(self) -> None:
        one = self.storage(self.before)
        self.fill(one)
        two = self.follow(one)
        self.assert_same(one, two)
        self.assert_same_usage(one, two, 0, 10_000_000)
        self.assert_same_usage(one, two, FEBRUARY, APRIL)
        alive = [
            sorted(storage.alive(test_cluster.alive()), key=repr)
            for storage in (one, two)
        ]
        self.assertEqual(*alive)

    def test_what_a_purge_left(self) -> None:
        one = self.storage(self.before)
        self.fill(one)
        with mock.patch.object(retention.time, 'sleep'):
            one.purge(FEBRUARY)
        two = self.follow(one)
        self.assert_same(one, two)
        self.assert_same_usage(one, two, FEBRUARY, APRIL)
        for storage in (one, two):
            self.assertRaises(
                storage_errors.Purged, storage.usage, test_cluster.query()
            )
            # What ended in January stays dead, and what lived lives.
            storage.write_events(
                [
                    dataclasses.replace(
                        event, event_time=APRIL + 1, message_id='late'
                    )
                    for event in test_cluster.events(4)[::2]
                ],
                3,
            )
        for begin in (FEBRUARY, MARCH):
            self.assert_same_usage(one, two, begin, APRIL + 1_000_000)

    @staticmethod
    def fill(storage: driver.ClickHouseStorage) -> None:
        """A bit of all that is kept."""
        events = test_cluster.events()
        storage.write_events(events, 1)
        storage.write_events(
            [
                dataclasses.replace(
                    event,
                    event_time=3_000_000,
                    message_id=f'{event.resource_id} ends',
                    rank=event_model.RANK_DELETION,
                    phase=event_model.Phase.ENDED,
                )
                for event in events[::4]
            ],
            2,
        )
        for month in (FEBRUARY, MARCH):
            storage.open_month(month)
        storage.write_names(
            [names.Name(kind='project', id='p1', name='Acme')], 1
        )
        storage.record_prices(
            [
                prices.Entry(
                    change=prices.Change.CREATED, at=at, by='me', price=price
                )
                for at, price in enumerate(
                    (test_prices.PLAIN, test_prices.RICH)
                )
            ]
        )
        storage.record_statements(
            [
                statements_model.Issued(
                    number='1970-01-1',
                    project_id='p1',
                    period=test_cluster.PERIOD,
                    as_of=5,
                    issued_at=6,
                    issued_by='me',
                    sha256='0' * 64,
                    content='{"total": "1.00"}',
                )
            ]
        )
        storage.record_findings(
            findings.Findings(
                resource_type='thing',
                region='RegionOne',
                source='reconciliation',
                began_at=7,
                ended_at=8,
                whole=True,
                outcome=findings.Outcome.DONE,
                counts={'compared': 3},
            )
        )
        storage.write_rejected(
            [
                storage_base.RejectedMessage(
                    id='1',
                    received_at=1,
                    region='RegionOne',
                    reason='no',
                    event_type='test',
                    message_id='m',
                    body='{}',
                )
            ]
        )

    def test_copies_are_stored_as_what_is_written(self) -> None:
        """With replicas: by most of them, and never taken for known (R12)."""
        self.after.set_override('replicated', True, group='clickhouse')
        settings = layout.Layout(self.after.clickhouse).settings
        for statement in statements('copy'):
            for name in (
                'distributed_foreground_insert',
                'insert_deduplicate',
                'insert_quorum',
            ):
                self.assertIn(f'{name} = {settings[name]!r}', statement)

    def test_nothing_that_cannot_be_derived_is_forgotten(self) -> None:
        """Every table is copied, or said to be derived, or kept by nobody."""
        derived = {'arrivals', 'intervals', 'project_timelines', 'timelines'}
        passing = {'leases', 'schema_journal'}
        self.storage(self.before)
        with self.servers.nodes[0].client() as there:
            tables = there.execute(
                'SELECT name FROM system.tables WHERE database = %(name)s '
                "AND engine != 'MaterializedView'",
                {'name': self.before.clickhouse.database},
            )
        copied = set(re.findall(r'FROM stratometrics\.(\w+)', guide()))
        for table in derived:
            self.assertIn(f'``{table}``', guide())
        self.assertEqual(
            {name for (name,) in tables}, copied | derived | passing
        )


class RightsTest(testtools.TestCase):
    """The rights that the guides list are enough, and needed."""

    def granted(self, name: str) -> tuple[str, ...]:
        """What the guides grant a user, for the databases of a cluster."""
        grants = []
        for text in (guide('operating'), guide()):
            for rights, users in _GRANT.findall(text):
                if name in users.split(', '):
                    rights = ' '.join(rights.split())
                    grants += [
                        f'GRANT {rights}'.replace('stratometrics', database)
                        for database in ('metering', 'metering_local')
                    ]
        return tuple(grants)

    def test_each_is_enough_for_its_purpose(self) -> None:
        users = [
            clickhouse.User(name, 'secret', self.granted(name))
            for name in ('maker', 'collector', 'api')
        ]
        with shards.Shards(users=users) as servers:
            made, written, read = (
                self.storage(servers, user) for user in users
            )
            made.schema.migrate(made.schema.newest)
            made.rebuild_coverage()
            written.check()
            written.write_events(test_cluster.events(), 1)
            # The first microsecond of January and February of 1970.
            written.open_month(2_678_400_000_000)
            written.close_month(0)
            written.tidy_months()
            read.check()
            self.assertEqual(2, len(read.usage(test_cluster.query())))
            self.assertEqual(10, len(read.alive(test_cluster.alive())))
            made.schema.migrate(0)

    def storage(
        self, servers: shards.Shards, user: clickhouse.User
    ) -> driver.ClickHouseStorage:
        conf = base.configuration_of_cluster(servers)
        conf.set_override('database', 'metering', group='clickhouse')
        conf.set_override('user', user.name, group='clickhouse')
        conf.set_override('password', user.password, group='clickhouse')
        storage = driver.get_storage(conf)
        self.addCleanup(storage.close)
        return storage
