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
"""A request is followed from its answer through the log to ClickHouse."""

import pathlib
import re
import threading
import time
import uuid

from stratometrics.model import timestamps
from stratometrics.storage import base as storage_base
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base as functional_base
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.realparts import clickhouse

#: As servers are configured by default, but for the pace.
QUERY_LOG = """
<query_log>
  <database>system</database>
  <table>query_log</table>
  <flush_interval_milliseconds>300</flush_interval_milliseconds>
</query_log>
"""

_GUIDE = (
    pathlib.Path(__file__).parents[4]
    / 'doc'
    / 'source'
    / 'admin'
    / 'monitoring.rst'
)
_BLOCK = r'(?m)^ +:class: %s\n\n((?: {3}.*\n|\n)+)'


def statements(kind: str, name: str) -> list[str]:
    """The SQL of the guide's block with a class.

    :param name: stands in it for the id that the guide has.
    """
    [found] = re.findall(_BLOCK % kind, _GUIDE.read_text())
    found = re.sub(r"'(req-)?[0-9a-f]{8}-[0-9a-f-]{27}'", f"'{name}'", found)
    return found.split(';')


class TestFollowing(base.Asking, functional_base.StorageTestCase):
    def setUp(self) -> None:
        self.own = clickhouse.ClickHouse(extra_config=QUERY_LOG)
        self.addCleanup(self.own.close)
        self.own.start()
        super().setUp()
        self.server = base.Server(self.conf)
        self.addCleanup(self.server.close)
        self.server.start()

    def clickhouse_address(self):
        return self.own.address

    def ask(self) -> tuple[int, str, str]:
        """Ask for usage.

        :returns: the status, the id that the answer names, and the one that
            the caller gave.
        """
        given = f'req-{uuid.uuid4()}'
        response = self.get(
            '/v1/usage',
            base.alice(),
            headers={'X-OpenStack-Request-ID': given},
        )
        return (
            response.status_code,
            response.headers['X-OpenStack-Request-ID'],
            given,
        )

    def lines(self, *words: str) -> list[str]:
        return [
            line
            for line in self.server.log.read_text().splitlines()
            if all(word in line for word in words)
        ]

    def queries(self, request_id: str) -> list[str]:
        with self.own.client() as there:
            there.execute('SYSTEM FLUSH LOGS')
            [statement] = statements('request', request_id)
            rows = there.execute(statement)
        return [query for *_, query in rows]

    def test_from_the_answer_to_the_query(self) -> None:
        status, request_id, given = self.ask()
        self.assertEqual(200, status)
        self.assertNotEqual(given, request_id)
        [line] = self.lines(f'[{given} {request_id} ', 'GET /v1/usage')
        project_id = base.project_id('alice', 'acme')
        self.assertIn(f'project: {project_id}', line)
        queries = self.queries(request_id)
        self.assertTrue(
            any(f'{self.conf.clickhouse.database}.' in q for q in queries),
            queries,
        )
        _, another, _ = self.ask()
        self.assertNotEqual(another, request_id)
        self.assertEqual(queries, self.queries(request_id))

    def test_what_fails_far_below_names_request_user_and_project(self) -> None:
        # So that the next one fails on the way.
        self.ask()
        self.own.stop()
        status, request_id, given = self.ask()
        self.own.start()
        self.assertEqual(503, status)
        [line] = self.lines(
            f'[{given} {request_id} ', 'The storage is not available'
        )
        session = base.keystone().session('alice', 'acme')
        self.assertIn(
            f' {session.get_user_id()} {session.get_project_id()} ', line
        )

    def test_from_a_message_to_what_is_kept_of_it(self) -> None:
        received_at = timestamps.now()
        event = test_usage.event('r', 1, 1, message_id='m-1')
        self.storage.write_events([event], received_at)
        self.storage.write_rejected(
            [
                storage_base.RejectedMessage(
                    id='1',
                    received_at=received_at,
                    region='RegionOne',
                    reason='why',
                    event_type='some.thing',
                    message_id='m-1',
                    body='{}',
                )
            ]
        )
        with self.own.client() as there:
            rejected, events = (
                there.execute(
                    statement.replace(
                        'stratometrics.', f'{self.conf.clickhouse.database}.'
                    )
                )
                for statement in statements('message', 'm-1')
            )
        self.assertEqual([('why', '{}')], [row[1:] for row in rejected])
        self.assertEqual(
            [(event.resource_type, event.resource_id)],
            [row[:2] for row in events],
        )

    def test_what_no_request_asks_for_has_no_comment(self) -> None:
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        # Another test may have left the context of a request in this thread.
        outside = threading.Thread(target=storage.check)
        outside.start()
        outside.join()
        deadline = time.monotonic() + 20
        while not (found := self.queries('')):
            self.assertLess(time.monotonic(), deadline)
        self.assertTrue(any('schema_journal' in query for query in found))
