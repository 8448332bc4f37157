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
"""What the page of retention tells to run, on a real ClickHouse."""

import pathlib
import re
import tempfile

from stratometrics.model import names
from stratometrics.model import timestamps
from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.storage import base as storage_base
from stratometrics.tests.functional import base
from stratometrics.tests.unit.documentation import pages
from stratometrics.tests.unit.notifications import base as messages

_NAME = re.compile('``([^`]+)``')

_DAY = 86_400 * timestamps.MICROSECONDS


class RetentionGuideTest(base.StorageTestCase):
    def setUp(self) -> None:
        self.page = pages.page('admin/retention')
        super().setUp()

    def run_told(self, word: str) -> None:
        """Run the statement of the page that has a word in it."""
        [statement] = (
            text
            for _caption, text in pages.blocks(self.page, 'sql')
            if word in text
        )
        self.assertIn(' stratometrics.', statement)
        self.storage._pool.execute(
            statement.replace(' stratometrics.', ' $database.')
        )

    def select(self, query: str) -> list[tuple]:
        return self.storage._pool.execute(query)

    def test_it_names_all_tables(self) -> None:
        tables = self.select(
            'SELECT name FROM system.tables '
            "WHERE database = '$database' AND engine != 'MaterializedView'"
        )
        [_head, *told] = [
            row for row in pages.rows(self.page) if len(row) == 3
        ]
        self.assertEqual(
            # The last one is that of a cluster.
            sorted([*(name for (name,) in tables), 'schema_places']),
            sorted(name for row in told for name in _NAME.findall(row[0])),
        )

    def test_rejected_messages_go_after_their_time(self) -> None:
        now = timestamps.now()
        self.storage.write_rejected(
            [
                storage_base.RejectedMessage(
                    id=f'{age} days',
                    received_at=now - age * _DAY,
                    reason='',
                    event_type='',
                    message_id='',
                    body='',
                )
                for age in (0, 89, 91)
            ]
        )
        self.run_told('MODIFY TTL')
        self.select('OPTIMIZE TABLE $database.rejected FINAL')
        self.assertEqual(
            [('0 days',), ('89 days',)],
            self.select('SELECT id FROM $database.rejected ORDER BY id'),
        )
        # The schema is still what the release expects.
        self.storage.check()

    def test_the_name_of_a_user_is_forgotten(self) -> None:
        users = [
            names.Name(kind=names.USER, id=each, name=each.lower())
            for each in ('USER_ID', 'OTHER')
        ]
        self.storage.write_names(users, 1)
        self.run_told("kind = 'user'")
        self.assertEqual({'OTHER'}, set(self.storage.names(names.USER)))

    def test_names_of_resources_are_not_stored(self) -> None:
        [definition] = (
            text for _caption, text in pages.blocks(self.page, 'yaml')
        )
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / 'names.yaml').write_text(definition)
            decode = decoder.Decoder(
                definitions.Definitions.load(folder), messages.REGION
            ).decode
        message = messages.message('compute.instance.create.end')
        [event] = decode(message)
        [named] = messages.shipped().decode(message)
        self.assertTrue(named.name)
        self.assertEqual('', event.name)
