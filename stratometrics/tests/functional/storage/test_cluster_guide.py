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

import pathlib
import re
import textwrap

import testtools

from stratometrics.model import names
from stratometrics.storage import base as storage_base
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import test_cluster
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import shards

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

    def test_from_one_server_to_two_shards(self) -> None:
        one = self.storage(self.before)
        self.fill(one)
        two = self.storage(self.after)
        # Twice: it may have been interrupted.
        self.run_guide('copy')
        self.run_guide('copy')
        [then, now] = self.run_guide('verify')
        self.assertEqual(200, then[0][1])
        self.assertEqual(then, now)
        self.assertEqual([[(0,)]], self.run_guide('whole'))
        for ask in (
            lambda storage: storage.usage(test_cluster.query()),
            lambda storage: storage.usage(
                test_cluster.query(
                    group_by=('project_name', 'type'), project_ids=('p1', 'p2')
                )
            ),
            lambda storage: storage.alive(test_cluster.alive()),
            lambda storage: storage.names('project'),
            lambda storage: storage.count_living('thing', ''),
            lambda storage: list(storage.rejected()),
        ):
            self.assertEqual(self.ordered(ask(one)), self.ordered(ask(two)))

    @staticmethod
    def ordered(answer):
        if isinstance(answer, list):
            return sorted(answer, key=repr)
        return answer

    @staticmethod
    def fill(storage: driver.ClickHouseStorage) -> None:
        storage.write_events(test_cluster.events(), 1)
        storage.write_names(
            [names.Name(kind='project', id='p1', name='Acme')], 1
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

    def test_nothing_that_cannot_be_derived_is_forgotten(self) -> None:
        """Every table is copied, or said to be derived, or kept by nobody."""
        derived = {'arrivals', 'intervals', 'project_resources', 'timelines'}
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
