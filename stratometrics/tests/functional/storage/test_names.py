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
"""Names in a real ClickHouse: what counts, and what is kept."""

import itertools

from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.tests.functional import base

ACME = names.Name(
    kind=names.PROJECT, id='p1', name='acme', parent_id='default'
)
RENAMED = names.Name(
    kind=names.PROJECT, id='p1', name='umbrella', parent_id='default'
)
GONE = names.Name(kind=names.PROJECT, id='p1', found=False)
GONE_WITH_ITS_NAME = names.Name(
    kind=names.PROJECT,
    id='p1',
    name='umbrella',
    parent_id='default',
    found=False,
)


def event(number: int, **facts) -> event_model.Event:
    return event_model.Event(
        **{
            'resource_type': 'volume',
            'resource_id': f'r{number}',
            'event_time': number,
            'message_id': f'm{number}',
            'rank': event_model.RANK_EVENT,
            'phase': event_model.Phase.BILLED,
            'state': 'active',
            'project_id': 'p1',
            'event_type': 'test',
            **facts,
        }
    )


class TestNames(base.StorageTestCase):
    def test_the_newest_counts_in_whatever_order_it_came(self) -> None:
        written = [(ACME, 1), (RENAMED, 2), (GONE, 3)]
        for order in itertools.permutations(written):
            self.storage._pool.execute_on_shards(
                'TRUNCATE TABLE $database.names'
            )
            for name, known_at in (*order, *order):
                self.storage.write_names([name], known_at)
            self.assertEqual(
                {'p1': GONE_WITH_ITS_NAME}, self.storage.names(names.PROJECT)
            )

    def test_a_merge_forgets_no_name(self) -> None:
        for known_at, name in enumerate((ACME, RENAMED, GONE), 1):
            self.storage.write_names([name], known_at)
        self.storage._pool.execute_on_shards(
            'OPTIMIZE TABLE $database.names FINAL'
        )
        self.assertEqual(
            {'p1': GONE_WITH_ITS_NAME}, self.storage.names(names.PROJECT)
        )

    def test_what_comes_back_is_found_again(self) -> None:
        for known_at, name in enumerate((ACME, GONE, RENAMED), 1):
            self.storage.write_names([name], known_at)
        self.assertEqual({'p1': RENAMED}, self.storage.names(names.PROJECT))

    def test_what_never_was_found_has_no_name(self) -> None:
        self.storage.write_names([GONE], 1)
        self.assertEqual({'p1': GONE}, self.storage.names(names.PROJECT))

    def test_kinds_do_not_mix(self) -> None:
        self.storage.write_names([ACME], 1)
        self.assertEqual({}, self.storage.names(names.USER))

    def test_odd_names_arrive_as_they_are(self) -> None:
        odd = names.Name(
            kind=names.USER, id="it's", name='\\ "\'\n\u00fc', parent_id='d'
        )
        self.storage.write_names([odd], 1)
        self.assertEqual({odd.id: odd}, self.storage.names(names.USER))

    def test_nothing_to_write_is_no_insert(self) -> None:
        self.storage.write_names([], 1)
        self.assertEqual({}, self.storage.names(names.PROJECT))


class TestUsedIds(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.storage.write_events(
            [
                event(1, type='t1', user_id='u1', project_id='p2'),
                event(
                    2,
                    type='t2',
                    availability_zone='z1',
                    attributes={'pool': 'fast'},
                ),
                event(3, resource_type='share', type='t3', user_id='u2'),
            ],
            received_at=1,
        )

    def test_of_all_types(self) -> None:
        self.assertEqual({'p1', 'p2'}, self.storage.used_ids('project_id'))
        self.assertEqual({'u1', 'u2'}, self.storage.used_ids('user_id'))

    def test_of_some_types(self) -> None:
        for types, expected in (
            (['volume'], {'t1', 't2'}),
            (['volume', 'share'], {'t1', 't2', 't3'}),
            ([], set()),
        ):
            self.assertEqual(expected, self.storage.used_ids('type', types))
        self.assertEqual(
            {'p1'}, self.storage.used_ids('project_id', ['share'])
        )

    def test_of_an_attribute(self) -> None:
        for key, expected in (
            ('pool', {'fast'}),
            ('availability_zone', {'z1'}),
            ('image', set()),
        ):
            self.assertEqual(expected, self.storage.used_ids(key, ['volume']))
