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
"""Backups are made and restored by the commands of the guide."""

from collections.abc import Iterator, Mapping
import contextlib
import itertools
import pathlib
import re
import shlex
import textwrap
import threading
from unittest import mock

from clickhouse_driver import errors as driver_errors
import fixtures
import testtools
import webob

from stratometrics.api import app
from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.model import timestamps
from stratometrics.notifications import definitions
from stratometrics.notifications import timestamps as parsing
from stratometrics.storage.clickhouse import driver
from stratometrics.storage.clickhouse import openings
from stratometrics.tests.functional import base
from stratometrics.tests.functional import programs
from stratometrics.tests.functional.cmd import test_manage
from stratometrics.tests.functional.storage import test_cluster_guide
from stratometrics.tests.realparts import clickhouse

_BLOCK = r"""(?mx)
    ^[.][.][ ]code-block::[ ]%s\n
    %s
    \n
    ((?:[ ]{3}.*\n|\n)+)
"""

_FOLDER = '/var/backups/clickhouse/'
_ACCESS_DENIED = 497

_AUGUST, _SEPTEMBER, _OCTOBER, _NOVEMBER = (
    parsing.parse(f'2026-{month:02}-01 00:00:00') for month in range(8, 12)
)
_HOUR = 3600 * timestamps.MICROSECONDS

_PERIOD = 'from=2026-08-01T00:00:00Z&to=2026-11-01T00:00:00Z'
_PATHS = (
    f'/v1/instances?{_PERIOD}&all_projects=true&group_by=resource_id',
    f'/v1/instances?{_PERIOD}&all_projects=true&granularity=1mo',
    f'/v1/usage?{_PERIOD}&project_id=p1&project_id=p2&group_by=project_id',
    f'/v1/resources?{_PERIOD}&project_id=p1',
)
#: What has no as_of.
_OTHER_PATHS = ('/v1/prices', '/v1/statements?all_projects=true')


def block(language: str, kind: str = '') -> str:
    """The one block of the guide with a language and a class."""
    text = test_cluster_guide.guide('backup')
    option = rf'[ ]*:class:[ ]{kind}\n' if kind else ''
    [found] = re.findall(_BLOCK % (language, option), text)
    return textwrap.dedent(found).strip()


def statements(kind: str) -> list[str]:
    return [each for each in block('sql', kind).split(';') if each.strip()]


def instance(number: int, time: int, **facts: object) -> event_model.Event:
    given = {
        'resource_type': 'instance',
        'resource_id': f'server-{number}',
        'event_time': time,
        'message_id': f'{number} at {time}',
        'rank': event_model.RANK_EVENT,
        'phase': event_model.Phase.BILLED,
        'state': 'active',
        'project_id': f'p{number % 5}',
        'type': ('small', 'large')[number % 2],
        'measures': {'vcpus': number % 7 + 1},
        'event_type': 'compute.instance.update',
        'region': 'RegionOne',
    }
    return event_model.Event(**{**given, **facts})


def deletion(number: int, time: int) -> event_model.Event:
    return instance(
        number,
        time,
        state='deleted',
        rank=event_model.RANK_DELETION,
        phase=event_model.Phase.ENDED,
    )


class BackupTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.useFixture(fixtures.FakeLogger())
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.backups = self.folder / 'backups'
        self.backups.mkdir()
        self.server = self.start()
        self.conf = base.configuration_of(self.server.address)
        for name, value, group in (
            ('database', 'stratometrics', 'clickhouse'),
            ('auth_strategy', 'noauth', 'api'),
            ('settling_time', 0, 'api'),
        ):
            self.conf.set_override(name, value, group=group)
        self.storage = self.connect()
        self.storage.schema.migrate(self.storage.schema.newest)

    def start(self) -> clickhouse.ClickHouse:
        """A server that is configured as the guide says, and empty."""
        configuration = re.sub('</?clickhouse>', '', block('xml'))
        self.assertIn(_FOLDER, configuration)
        server = clickhouse.ClickHouse(
            extra_config=configuration.replace(_FOLDER, f'{self.backups}/'),
            users=[
                clickhouse.User(
                    'keeper',
                    'secret',
                    tuple(
                        ' '.join(grant.split()).removesuffix(' TO keeper')
                        for grant in re.findall(
                            r'GRANT [^;`]*? TO keeper',
                            test_cluster_guide.guide('backup'),
                        )
                    ),
                )
            ],
        )
        self.addCleanup(server.close)
        server.start()
        return server

    def connect(self) -> driver.ClickHouseStorage:
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        return storage

    def lose_everything(self) -> None:
        """Another server takes its place, with the backups alone."""
        self.storage.close()
        self.server.close()
        self.server = self.start()
        self.conf.set_override('port', self.server.port, group='clickhouse')
        self.storage = self.connect()

    def run_guide(
        self, kind: str, user: str = 'strato', ending: str = ''
    ) -> None:
        with self.server.client(user=user) as there:
            for statement in statements(kind):
                there.execute(f'{statement} {ending}')

    def derive(self) -> str:
        """Run the guide's commands.

        :returns: what the last one printed.
        """
        file = self.folder / 'stratometrics.conf'
        test_manage.write_configuration(self.conf, file)
        with file.open('a') as more:
            more.write('[api]\nsettling_time = 0\n')
        printed = ''
        for line in block('console', 'derive').splitlines():
            command, *arguments = shlex.split(line.removeprefix('# '))
            self.assertEqual('stratometrics-manage', command)
            done = programs.manage(file, *arguments)
            self.assertEqual(0, done.returncode, (line, done.stderr))
            printed = done.stdout
        return printed

    def fill(self) -> None:
        """A bit of all that is kept, and months that are closed."""
        test_cluster_guide.GrowthTest.fill(self.storage)
        for begin in (_AUGUST, _SEPTEMBER):
            self.storage.write_events(
                [
                    instance(number, begin + number * _HOUR)
                    for number in range(40)
                ],
                begin + 100 * _HOUR,
            )
        self.storage.write_events(
            [
                deletion(number, _SEPTEMBER + (300 + number) * _HOUR)
                for number in range(0, 40, 3)
            ],
            _SEPTEMBER + 400 * _HOUR,
        )
        for month in (_SEPTEMBER, _OCTOBER, _NOVEMBER):
            self.storage.open_month(month)
        for month in (_AUGUST, _SEPTEMBER):
            self.assertTrue(self.storage.close_month(month))

    def answers(self, as_of: int, begin: str = '08') -> Mapping[str, bytes]:
        """What the API says, byte for byte.

        :param begin: the month from which on it is asked.
        """
        application = app.make_application(
            self.conf, self.storage, definitions.Definitions.load(None)
        )
        asked = [
            f'{path}&as_of={timestamps.isoformat(as_of)}'.replace(
                'from=2026-08', f'from=2026-{begin}'
            )
            for path in _PATHS
        ]
        found = {}
        for path in (*asked, *_OTHER_PATHS):
            response = webob.Request.blank(path).get_response(application)
            self.assertEqual(200, response.status_int, response.text)
            self.assertGreater(len(response.body), 100, path)
            found[path] = response.body
        return found

    @contextlib.contextmanager
    def arriving(self) -> Iterator[None]:
        """Events arrive meanwhile, some of them of closed months."""
        ending = threading.Event()
        begun = threading.Event()
        storage = self.connect()

        def write() -> None:
            for number in itertools.count(1000):
                if ending.is_set():
                    break
                now = timestamps.now()
                storage.write_events(
                    [
                        instance(number, _SEPTEMBER + number),
                        instance(number, now),
                        deletion(number % 40, now),
                    ],
                    now,
                )
                begun.set()

        thread = threading.Thread(target=write)
        thread.start()
        try:
            self.assertTrue(begun.wait(20))
            yield
        finally:
            ending.set()
            thread.join()
            storage.close()

    def assert_whole(self, before: Mapping[str, bytes], as_of: int) -> None:
        """All is told as it was, and all that is stored fits together."""
        printed = self.derive()
        self.assertIn('2026-09', printed)
        for line in printed.splitlines():
            if re.match(r'\d{4}-\d\d ', line):
                self.assertEqual(['0', '0'], line.split()[-2:], printed)
        self.assertEqual(before, self.answers(as_of))
        events, living = self.counts()
        self.assertGreater(events, 0)
        self.assertEqual(
            living, self.storage.count_living('instance', 'RegionOne')
        )

    def counts(self) -> tuple[int, int]:
        """Distinct events, and instances that no event ends."""
        with self.server.client() as there:
            [(events,)] = there.execute(
                'SELECT uniqExact(resource_id, message_id) '
                'FROM stratometrics.events'
            )
            [(living,)] = there.execute(
                "SELECT countIf(not ended) FROM (SELECT max(phase = 'ended') "
                'AS ended FROM stratometrics.events '
                "WHERE resource_type = 'instance' GROUP BY resource_id)"
            )
        return events, living

    def test_all_is_lost_and_restored_again_and_again(self) -> None:
        self.fill()
        self.run_guide('backup', 'keeper')
        self.storage.write_events(
            [instance(50, _SEPTEMBER + _HOUR)], timestamps.now()
        )
        as_of = timestamps.now()
        before = self.answers(as_of)
        with self.arriving():
            self.run_guide('increment', 'keeper')
        self.lose_everything()
        self.run_guide('restore')
        self.run_guide('forget')
        self.assert_whole(before, as_of)
        for _ in range(2):
            self.run_guide(
                'restore', ending='SETTINGS allow_non_empty_tables = true'
            )
        self.run_guide('forget')
        self.assert_whole(before, as_of)
        # It is a database like any other.
        self.storage.write_events(
            [instance(60, _OCTOBER + _HOUR)], timestamps.now()
        )
        self.assertNotEqual(before, self.answers(timestamps.now()))

    def test_a_backup_between_an_event_and_what_follows_from_it(self) -> None:
        self.fill()
        self.run_guide('backup', 'keeper')
        # The tables are noted one after the other: the end is in one alone.
        lost = deletion(11, _SEPTEMBER + 200 * _HOUR)
        self.storage.write_events([lost], timestamps.now())
        with self.server.client() as there:
            there.execute(
                'DELETE FROM stratometrics.events '
                'WHERE message_id = %(message_id)s',
                {'message_id': lost.message_id},
            )
        # No backup can be made to hit this instant.
        with mock.patch.object(openings.Openings, 'follow'):
            self.storage.write_events(
                [instance(71, _SEPTEMBER + _HOUR)], timestamps.now()
            )
        self.run_guide('increment', 'keeper')
        as_of = timestamps.now()
        self.storage.write_events(
            [instance(71, _SEPTEMBER + _HOUR)], timestamps.now()
        )
        before = self.answers(as_of)
        self.lose_everything()
        self.run_guide('restore')
        self.run_guide('forget')
        self.assert_whole(before, as_of)

    def test_old_events_were_purged(self) -> None:
        ended = [
            instance(91, _AUGUST + _HOUR),
            deletion(91, _AUGUST + 2 * _HOUR),
        ]
        self.storage.write_events(ended, timestamps.now())
        self.fill()
        self.storage.purge(_SEPTEMBER)
        as_of = timestamps.now()
        before = self.answers(as_of, begin='09')
        living = self.storage.count_living('instance', 'RegionOne')
        self.assertGreater(living, 0)
        self.run_guide('backup', 'keeper')
        self.lose_everything()
        with self.server.client() as there:
            [restore] = statements('restore')
            there.execute(restore.replace('2026-11-29', '2026-11-28'))
        self.run_guide('forget')
        self.derive()
        self.assertEqual(before, self.answers(as_of, begin='09'))
        self.assertEqual(
            living, self.storage.count_living('instance', 'RegionOne')
        )
        # The end whose event is purged is known nevertheless.
        straggler = instance(91, _OCTOBER + _HOUR)
        self.storage.write_events([straggler], timestamps.now())
        after = self.answers(timestamps.now(), begin='09')
        path, *_ = after
        self.assertIn(b'"server-11"', after[path])
        self.assertNotIn(b'"server-91"', after[path])

    def test_one_table(self) -> None:
        self.storage.write_names(
            [names.Name(kind='project', id='p1', name='Acme')], 1
        )
        before = self.storage.names('project')
        self.run_guide('backup')
        with self.server.client() as there:
            there.execute('DROP TABLE stratometrics.names SYNC')
            there.execute(
                'RESTORE TABLE stratometrics.names '
                "FROM Disk('backups', '2026-11-28')"
            )
        self.assertEqual(before, self.storage.names('project'))
        with self.server.client(user='keeper') as there:
            refused = self.assertRaises(
                driver_errors.ServerException,
                there.execute,
                'SELECT * FROM stratometrics.names',
            )
        self.assertEqual(_ACCESS_DENIED, refused.code)
