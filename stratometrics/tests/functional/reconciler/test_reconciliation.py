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
"""The engine of reconciliation on a real ClickHouse.

The services are invented here: functions that list what a test says. What
real services answer is tested elsewhere.
"""

from collections.abc import Callable, Sequence
import dataclasses
import functools
import itertools
import threading
import time

import fixtures

from stratometrics.model import event as event_model
from stratometrics.model import findings
from stratometrics.model import months
from stratometrics.model import observation
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.reconciler import comparison
from stratometrics.reconciler import listing
from stratometrics.reconciler import reconciliation
from stratometrics.reconciler import rounds
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import months as months_module
from stratometrics.tests.functional import base
from stratometrics.tests.functional.storage import steps

SECOND = timestamps.MICROSECONDS
HOUR = 3600 * SECOND
DEFINITIONS = definitions.Definitions.load(None)
REGION = 'RegionOne'


class Invented:
    """A service that has what a test says."""

    def __init__(self, name: str = 'volume') -> None:
        self.name = name
        self.living: list[observation.Observation] = []
        self.ended: list[observation.Observation] = []
        self.past: dict[str, list[observation.Observation]] = {}
        #: Called after each page; may raise.
        self.after_page: Callable[[], None] = lambda: None
        #: Called when it is asked for a single resource.
        self.when_asked: Callable[[str], None] = lambda resource_id: None
        self.pages = 0
        #: What is there although the list lacks it.
        self.hidden: set[str] = set()

    def has(self, resource_id: str, **facts) -> None:
        self.living = [
            seen for seen in self.living if seen.resource_id != resource_id
        ]
        self.living.append(self.seen(resource_id, **facts))

    def lost(self, resource_id: str) -> None:
        self.living = [
            seen for seen in self.living if seen.resource_id != resource_id
        ]

    def seen(self, resource_id: str, **facts) -> observation.Observation:
        return observation.Observation(
            **{
                'resource_type': self.name,
                'resource_id': resource_id,
                'project_id': 'p1',
                'state': 'available',
                'type': 'ssd',
                'measures': {'size_gib': 1},
                **facts,
            }
        )

    @property
    def offered(self) -> listing.Listing:
        return listing.Listing(
            resource_type=self.name,
            service_type='block-storage',
            living=lambda inquiry: self._listed(inquiry, self.living),
            ended=lambda inquiry, since: self._listed(
                inquiry,
                [seen for seen in self.ended if seen.ended_at >= since],
            ),
            exists=self._exists,
            history=lambda inquiry, seen: self.past.get(seen.resource_id, []),
        )

    def _exists(self, inquiry: listing.Inquiry, resource_id: str) -> bool:
        self.when_asked(resource_id)
        return resource_id in self.hidden

    def _listed(
        self,
        inquiry: listing.Inquiry,
        found: Sequence[observation.Observation],
    ):
        for number in range(0, len(found), inquiry.page_size):
            page = found[number : number + inquiry.page_size]
            yield listing.Page(timestamps.now(), page)
            self.pages += 1
            self.after_page()


class ReconciliationTest(base.StorageTestCase):
    """R14: gaps heal, and nothing else changes."""

    def setUp(self) -> None:
        super().setUp()
        self.now = timestamps.now()
        self.then = self.now - 10 * HOUR
        self.service = Invented()
        self.numbers = 0
        self.progress: list[int] = []

    def tell(
        self,
        resource_id: str,
        at: int,
        *,
        received_at: int | None = None,
        **changes,
    ) -> None:
        """Store an event as a notification would have made it."""
        self.numbers += 1
        facts = {
            'resource_type': 'volume',
            'resource_id': resource_id,
            'event_time': at,
            'message_id': f'{self.numbers:08d}',
            'rank': event_model.RANK_EVENT,
            'phase': event_model.Phase.BILLED,
            'state': 'available',
            'project_id': 'p1',
            'event_type': 'volume.test',
            'region': REGION,
            'user_id': 'u1',
            'type': 'ssd',
            'measures': {'size_gib': 1},
        }
        event = event_model.Event(**(facts | changes))
        self.storage.write_events(
            [event, *comparison.births([event])], received_at or at
        )

    def delete(self, resource_id: str, at: int) -> None:
        self.tell(
            resource_id,
            at,
            rank=event_model.RANK_DELETION,
            phase=event_model.Phase.ENDED,
            state='deleted',
        )

    def reconcile(
        self, last: findings.Findings | None = None, **changes
    ) -> findings.Findings:
        terms = dataclasses.replace(
            reconciliation.Terms(
                region=REGION,
                settling_time=300 * SECOND,
                max_gone_percent=20,
                deleted_since=0,
                page_size=2,
            ),
            **changes,
        )
        resource_type = dataclasses.replace(
            DEFINITIONS.resource_types[self.service.name],
            creations=frozenset({'volume.born'}),
        )
        return reconciliation.Reconciliation(
            self.storage,
            resource_type,
            self.service.offered,
            listing.Inquiry(None, terms.page_size),
            terms,
            last,
            self.progress.append,
        ).run()

    def compared(self, began_at: int, ended_at: int) -> findings.Findings:
        """A reconciliation that has been."""
        return findings.Findings(
            resource_type=self.service.name,
            region=REGION,
            source='reconciliation',
            began_at=began_at,
            ended_at=ended_at,
            whole=True,
            outcome=findings.Outcome.DONE,
        )

    def usage(self, *keys: str) -> dict[tuple[str, ...], int]:
        """Microseconds since ten hours ago, by group."""
        rows = self.storage.usage(
            usage.UsageQuery(
                period=usage.Period(self.then, self.now),
                now=self.now,
                resource_types=('volume',),
                group_by=keys or ('resource_id',),
            )
        )
        return {row.group: row.usage for row in rows}

    def counted(self, found: findings.Findings) -> dict[str, int]:
        return {
            name: number for name, number in found.counts.items() if number
        }

    def test_what_agrees_is_left_as_it_is(self) -> None:
        for name in 'abc':
            self.tell(name, self.then)
            self.service.has(name)
        before = self.usage('resource_id', 'state', 'type')
        self.assertEqual({'listed': 3}, self.counted(self.reconcile()))
        self.assertEqual(before, self.usage('resource_id', 'state', 'type'))

    def test_the_unknown_is_billed_from_its_creation(self) -> None:
        self.service.has('a', created_at=self.then + HOUR)
        found = self.reconcile()
        self.assertEqual({'listed': 1, 'unknown': 1}, self.counted(found))
        self.assertEqual({('a',): 9 * HOUR}, self.usage())
        self.assertEqual({'listed': 1}, self.counted(self.reconcile()))

    def test_an_earlier_witness_of_the_birth_counts_more(self) -> None:
        """R8: a message that arrives later tells of an earlier time."""
        self.service.has('a', created_at=self.then + HOUR, type='large')
        self.reconcile()
        self.tell(
            'a', self.then + 2 * HOUR, created_at=self.then + HOUR, type='ssd'
        )
        self.tell('a', self.then + 4 * HOUR, type='large')
        self.assertEqual(
            {('ssd',): 3 * HOUR, ('large',): 6 * HOUR}, self.usage('type')
        )

    def test_a_change_counts_from_the_time_that_the_service_tells(
        self,
    ) -> None:
        self.tell('a', self.then)
        self.service.has(
            'a', measures={'size_gib': 5}, changed_at=self.then + 4 * HOUR
        )
        found = self.reconcile()
        self.assertEqual({'listed': 1, 'changed': 1}, self.counted(found))
        [row] = self.storage.usage(
            usage.UsageQuery(
                period=usage.Period(self.then, self.now),
                now=self.now,
                resource_types=('volume',),
                group_by=('resource_id',),
            )
        )
        self.assertEqual({'size_gib': 4 * HOUR + 5 * 6 * HOUR}, row.measures)
        self.assertEqual({'listed': 1}, self.counted(self.reconcile()))

    def test_facts_that_are_not_told_stay(self) -> None:
        self.tell('a', self.then, attributes={'kept': 'x'}, name='n')
        self.service.has('a', project_id='p2', changed_at=self.then + HOUR)
        self.reconcile()
        latest = self.storage.standings('volume', ['a'])['a'].latest
        self.assertEqual(
            ('p2', 'u1', 'n', {'kept': 'x'}, 'reconciliation'),
            (
                latest.project_id,
                latest.user_id,
                latest.name,
                dict(latest.attributes),
                latest.source,
            ),
        )

    def test_a_state_that_passes_changes_nothing(self) -> None:
        self.tell('a', self.then, state='in-use')
        self.service.has('a', state='detaching', passing=True)
        self.assertEqual({'listed': 1}, self.counted(self.reconcile()))

    def test_deleted_when_the_service_says_so(self) -> None:
        self.tell('a', self.then)
        self.service.ended = [
            self.service.seen(
                'a', state='deleted', ended_at=self.then + 3 * HOUR
            )
        ]
        found = self.reconcile()
        self.assertEqual({'deleted': 1}, self.counted(found))
        self.assertEqual({('a',): 3 * HOUR}, self.usage())
        self.assertEqual({}, self.counted(self.reconcile()))

    def test_a_deletion_keeps_the_facts_of_its_own_resource(self) -> None:
        """Not those of the resource before it on the page."""
        for name, owner in (('a', 'p1'), ('b', 'p2')):
            self.tell(
                name,
                self.then,
                project_id=owner,
                user_id=f'user of {owner}',
                name=f'name of {name}',
                attributes={f'of {name}': 'x'},
            )
            self.service.ended.append(
                self.service.seen(
                    name,
                    project_id=owner,
                    state='deleted',
                    ended_at=self.then + 3 * HOUR,
                )
            )
        self.reconcile()
        latest = self.storage.standings('volume', ['a', 'b'])['b'].latest
        self.assertEqual(
            ('deleted', 'p2', 'user of p2', 'name of b', {'of b': 'x'}),
            (
                latest.state,
                latest.project_id,
                latest.user_id,
                latest.name,
                dict(latest.attributes),
            ),
        )

    def test_made_and_deleted_unheard_of(self) -> None:
        """R8: billed as active from its creation to its deletion."""
        self.service.ended = [
            self.service.seen(
                'a',
                state='deleted',
                created_at=self.then + HOUR,
                ended_at=self.then + 3 * HOUR,
            )
        ]
        self.assertEqual({'deleted': 1}, self.counted(self.reconcile()))
        self.assertEqual(
            {('a', 'active'): 2 * HOUR}, self.usage('resource_id', 'state')
        )

    def test_gone_when_it_was_last_heard_of(self) -> None:
        self.tell('a', self.then)
        self.tell('a', self.then + 2 * HOUR, name='renamed')
        found = self.reconcile()
        self.assertEqual({'estimated': 1}, self.counted(found))
        self.assertEqual({('a',): 2 * HOUR}, self.usage())
        self.assertEqual({}, self.counted(self.reconcile()))

    def test_what_only_the_list_lacks_is_not_gone(self) -> None:
        self.tell('a', self.then)
        self.service.hidden = {'a'}
        self.assertEqual({}, self.counted(self.reconcile()))
        self.assertEqual({('a',): 10 * HOUR}, self.usage())

    def test_gone_when_it_was_last_seen(self) -> None:
        self.tell('a', self.then)
        since = self.then + 5 * HOUR
        self.reconcile(self.compared(since, since + SECOND))
        self.assertEqual({('a',): 5 * HOUR}, self.usage())

    def test_gone_when_it_was_last_heard_of_if_it_was_not_known(self) -> None:
        """Nobody looked for it when all were last compared."""
        since = self.then + 5 * HOUR
        self.tell('a', self.then + HOUR, received_at=self.then + 6 * HOUR)
        self.tell('a', self.then + 2 * HOUR, received_at=self.then + 6 * HOUR)
        self.reconcile(self.compared(since, since + SECOND))
        self.assertEqual({('a',): HOUR}, self.usage())

    def test_gone_before_it_was_heard_of_again(self) -> None:
        """It was missing already when all were last compared."""
        self.tell('a', self.then)
        last = self.reconcile()
        self.tell('a', self.then + 2 * HOUR, received_at=last.ended_at + 1)
        self.assertEqual(
            {'refuted': 1, 'estimated': 1}, self.counted(self.reconcile(last))
        )
        self.assertEqual({('a',): 2 * HOUR}, self.usage())

    def test_heard_of_too_late_for_the_last_reconciliation(self) -> None:
        """It may have been left alone then, and be gone since."""
        self.tell('a', self.then)
        self.tell('a', self.then + 5 * HOUR)
        since = self.then + 5 * HOUR + 299 * SECOND
        self.reconcile(self.compared(since, since + SECOND))
        self.assertEqual({('a',): 5 * HOUR}, self.usage())

    def test_an_estimate_yields_to_the_deletion(self) -> None:
        """R2: whatever arrives when, the end is the one that was told."""
        self.tell('a', self.then, state='in-use')
        self.reconcile()
        self.assertEqual({}, self.usage())
        self.delete('a', self.then + 6 * HOUR)
        self.assertEqual({'refuted': 1}, self.counted(self.reconcile()))
        self.assertEqual({('in-use',): 6 * HOUR}, self.usage('state'))
        self.assertEqual({}, self.counted(self.reconcile()))

    def test_an_estimate_yields_to_the_resource(self) -> None:
        self.tell('a', self.then)
        self.reconcile()
        self.service.has('a')
        found = self.reconcile()
        self.assertEqual({'listed': 1, 'refuted': 1}, self.counted(found))
        self.assertEqual({('a',): 10 * HOUR}, self.usage())
        self.assertEqual({'listed': 1}, self.counted(self.reconcile()))

    def test_an_estimate_of_what_was_purged_yields_to_the_resource(
        self,
    ) -> None:
        """What it was is gone: it is there again from now on."""
        month = months.begin(self.now)
        self.tell('a', month - 2 * HOUR)
        self.reconcile()
        self.storage.open_month(month)
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        months_module.Months(pool).enter(
            month, months_module.Entry.PURGED, self.now
        )
        pool.execute(
            'DELETE FROM $database.events WHERE event_time < '
            "fromUnixTimestamp64Micro({month:Int64}, 'UTC')",
            {'month': month},
        )
        self.assertTrue(self.storage.standings('volume', ['a'])['a'].estimated)
        self.service.has('a')
        self.assertEqual(
            {'listed': 1, 'changed': 1}, self.counted(self.reconcile())
        )
        self.assertEqual({'listed': 1}, self.counted(self.reconcile()))

    def test_a_change_from_before_an_estimate_that_was_taken_back(
        self,
    ) -> None:
        """It arrived last, and is billed as if there had been no estimate."""
        self.tell('a', self.then)
        since = self.then + 5 * HOUR
        self.reconcile(self.compared(since, since + SECOND))
        self.service.has('a')
        self.assertEqual(
            {'listed': 1, 'refuted': 1}, self.counted(self.reconcile())
        )
        self.tell('a', self.then + 2 * HOUR, type='large')
        self.service.has('a', type='large', changed_at=self.then + 2 * HOUR)
        self.assertEqual(
            {'listed': 1, 'changed': 1}, self.counted(self.reconcile())
        )
        # The estimate itself keeps its microsecond.
        self.assertEqual(
            {('ssd',): 2 * HOUR + 1, ('large',): 8 * HOUR - 1},
            self.usage('type'),
        )
        self.assertEqual({'listed': 1}, self.counted(self.reconcile()))

    def test_an_estimate_yields_to_what_the_service_tells(self) -> None:
        self.tell('a', self.then)
        self.reconcile()
        self.service.ended = [
            self.service.seen(
                'a', state='deleted', ended_at=self.then + 3 * HOUR
            )
        ]
        for dry_run in (True, False):
            self.assertEqual(
                {'refuted': 1, 'deleted': 1},
                self.counted(self.reconcile(dry_run=dry_run)),
            )
        self.assertEqual({('a',): 3 * HOUR}, self.usage())

    def test_the_living_are_counted(self) -> None:
        for name in 'abcd':
            self.tell(name, self.then)
        self.tell('e', self.then, region='RegionTwo')
        self.delete('b', self.then + HOUR)
        self.tell('b', self.then + 2 * HOUR)
        for name in 'bcd':
            self.service.has(name)
        self.reconcile()
        for page_size in (1, 2, 10):
            pages = self.storage.living('volume', REGION, page_size)
            self.assertEqual(
                ['c', 'd'],
                sorted(e.latest.resource_id for page in pages for e in page),
            )
        self.assertEqual(2, self.storage.count_living('volume', REGION))
        self.assertEqual(1, self.storage.count_living('volume', 'RegionTwo'))

    def test_gone_twice(self) -> None:
        self.tell('a', self.then)
        self.reconcile()
        self.service.has('a')
        self.reconcile()
        self.service.lost('a')
        self.reconcile(self.compared(self.then + 7 * HOUR, timestamps.now()))
        self.assertEqual({('a',): 7 * HOUR}, self.usage())

    def test_gone_twice_since_it_was_last_heard_of(self) -> None:
        """The second estimate is of the same time; still it counts."""
        self.tell('a', self.then)
        for _ in range(2):
            self.assertEqual({'estimated': 1}, self.counted(self.reconcile()))
            self.assertEqual({}, self.counted(self.reconcile()))
            self.service.has('a')
            self.assertEqual(
                {'listed': 1, 'refuted': 1}, self.counted(self.reconcile())
            )
            self.assertEqual({('a',): 10 * HOUR}, self.usage())
            self.service.lost('a')
        self.reconcile()
        self.assertLess(self.usage()[('a',)], SECOND)

    def test_what_is_under_way_is_left_alone(self) -> None:
        """It never races live notifications."""
        recently = self.now - 60 * SECOND
        self.tell('changed', self.then)
        self.tell('heard', recently)
        self.tell('gone', recently)
        self.service.has('changed', type='large', changed_at=recently)
        self.service.has('heard', type='large')
        self.service.has('new', created_at=recently)
        self.service.ended = [
            self.service.seen('x', state='deleted', ended_at=recently)
        ]
        before = self.usage('resource_id', 'type')
        found = self.reconcile()
        self.assertEqual({'listed': 3, 'unsettled': 5}, self.counted(found))
        self.assertEqual(before, self.usage('resource_id', 'type'))

    def test_what_is_told_while_it_lists_is_left_alone(self) -> None:
        for name in 'abc':
            self.tell(name, self.then)
            self.service.has(name, type='large')

        def told() -> None:
            self.service.after_page = lambda: None
            self.tell('c', timestamps.now(), type='huge')
            self.delete('b', timestamps.now())

        self.service.after_page = told
        found = self.reconcile()
        self.assertEqual(
            {'listed': 3, 'changed': 2, 'unsettled': 1}, self.counted(found)
        )
        standings = self.storage.standings('volume', ['b', 'c'])
        self.assertTrue(standings['b'].ended)
        self.assertEqual('huge', standings['c'].latest.type)

    def test_the_past_of_what_differs_is_asked_for(self) -> None:
        seen = self.service.seen
        for name in 'ab':
            self.service.past[name] = [
                seen(name, changed_at=self.then + HOUR),
                seen(name, state='error', changed_at=self.then + 3 * HOUR),
                seen(name, changed_at=self.then + 4 * HOUR, type='large'),
            ]
            self.service.has(
                name, type='large', changed_at=self.then + 5 * HOUR
            )
        self.tell('a', self.then + 2 * HOUR)
        self.assertEqual(
            {'listed': 2, 'unknown': 1, 'changed': 1},
            self.counted(self.reconcile()),
        )
        self.assertEqual(
            {
                ('a', 'available', 'ssd'): HOUR,
                ('a', 'error', 'ssd'): HOUR,
                ('a', 'available', 'large'): 6 * HOUR,
                ('b', 'available', 'ssd'): 2 * HOUR,
                ('b', 'error', 'ssd'): HOUR,
                ('b', 'available', 'large'): 6 * HOUR,
            },
            self.usage('resource_id', 'state', 'type'),
        )

    def test_a_beginning_that_was_not_heard_of(self) -> None:
        """R8: no message of this type tells when it was created."""
        for name, event_type in (
            ('a', 'volume.test'),
            ('b', 'volume.born'),
            ('c', 'volume.test'),
        ):
            self.tell(name, self.then + 5 * HOUR, event_type=event_type)
            self.tell(name, self.then + 7 * HOUR, type='large')
            self.service.has(
                name, type='large', created_at=self.then + 2 * HOUR
            )
        self.tell('c', self.then + 8 * HOUR, created_at=self.then + 4 * HOUR)
        self.service.has('c', created_at=self.then + 2 * HOUR)
        before = self.usage('resource_id', 'type')
        for dry_run in (True, False):
            self.assertEqual(
                {'listed': 3, 'changed': 1},
                self.counted(self.reconcile(dry_run=dry_run)),
            )
        self.assertEqual(
            {**before, ('a', 'ssd'): 5 * HOUR},
            self.usage('resource_id', 'type'),
        )
        self.assertEqual({'listed': 3}, self.counted(self.reconcile()))

    def test_a_beginning_that_may_be_under_way(self) -> None:
        self.tell('a', self.now - 200 * SECOND)
        self.service.has('a', created_at=self.now - HOUR)
        self.assertEqual(
            {'listed': 1, 'unsettled': 1}, self.counted(self.reconcile())
        )
        self.assertEqual({('a',): 200 * SECOND}, self.usage())

    def test_what_was_before_anything_was_heard(self) -> None:
        """Asked for on the first day, of what is known already as well."""
        seen = self.service.seen
        for name in 'abcd':
            self.service.past[name] = [
                seen(name, type=None, changed_at=self.then + HOUR),
                seen(
                    name,
                    type=None,
                    state='error',
                    changed_at=self.then + 3 * HOUR,
                ),
                seen(name, type='huge', changed_at=self.then + 8 * HOUR),
            ]
            # All that was heard was late.
            self.tell(
                name,
                self.then + 5 * HOUR,
                state='error',
                created_at=self.then + HOUR,
            )
            self.tell(name, self.then + 8 * HOUR, type='huge')
        self.tell('b', self.then + HOUR, event_type='volume.born')
        self.delete('c', self.then + 9 * HOUR)
        self.delete('d', self.then + 9 * HOUR)
        for name in 'abd':
            self.service.has(name, type='huge', created_at=self.then + HOUR)
        self.service.ended = [
            seen(
                'c',
                state='deleted',
                created_at=self.then + HOUR,
                ended_at=self.then + 9 * HOUR,
            )
        ]
        self.assertEqual(
            {'listed': 3, 'contradicted': 1}, self.counted(self.reconcile())
        )
        self.assertEqual(
            {'listed': 3, 'changed': 3, 'contradicted': 1},
            self.counted(self.reconcile(source='import', beginnings=True)),
        )
        expected = {
            ('a', 'available', 'ssd'): 2 * HOUR,
            ('a', 'error', 'ssd'): 5 * HOUR,
            ('a', 'available', 'huge'): 2 * HOUR,
            ('b', 'available', 'ssd'): 4 * HOUR,
            ('b', 'error', 'ssd'): 3 * HOUR,
            ('b', 'available', 'huge'): 2 * HOUR,
        }
        for name in 'cd':
            expected |= {
                (name, 'available', 'ssd'): 2 * HOUR,
                (name, 'error', 'ssd'): 5 * HOUR,
                (name, 'available', 'huge'): HOUR,
            }
        self.assertEqual(expected, self.usage('resource_id', 'state', 'type'))
        self.assertEqual(
            {'listed': 3, 'contradicted': 1},
            self.counted(self.reconcile(source='import', beginnings=True)),
        )

    def test_what_is_there_although_its_deletion_was_told(self) -> None:
        """R7: it is not billed again; and somebody should know."""
        self.tell('a', self.then)
        self.delete('a', self.then + HOUR)
        self.tell('b', self.then)
        self.delete('b', timestamps.now())
        for name in 'ab':
            self.service.has(name)
        found = self.reconcile()
        self.assertEqual({'listed': 2, 'contradicted': 1}, self.counted(found))
        self.assertEqual(0, found.healed)

    def test_births_are_stored_first_and_then_the_oldest(self) -> None:
        """Nobody asks for what was before an event that is known."""
        month = 31 * 24 * HOUR
        seen = self.service.seen
        self.service.past['a'] = [
            seen('a', state='error', changed_at=self.then - 3 * month),
            seen('a', changed_at=self.then - 2 * month),
            seen('a', state='error', changed_at=self.then - month),
        ]
        self.service.has('b', created_at=self.then - 3 * month)
        self.service.has('a', created_at=self.then - 4 * month)
        written = []
        write = self.storage.write_events

        def take(events: Sequence[event_model.Event], at: int) -> None:
            written.append(
                [(self.then - e.event_time) // month for e in events]
            )
            write(events, at)

        self.useFixture(
            fixtures.MockPatchObject(self.storage, 'write_events', take)
        )
        self.reconcile()
        self.assertEqual([[4, 3], [3, 2, 1, -1, -1]], written)

    def test_births_alone_are_no_reason_to_know_a_resource(self) -> None:
        """The store went away between them and what came after."""
        seen = self.service.seen
        for name in 'ab':
            self.service.past[name] = [
                seen(
                    name,
                    state=state,
                    created_at=self.then,
                    changed_at=self.then + hours * HOUR,
                )
                for hours, state in enumerate(
                    ('available', 'error', 'available'), 1
                )
            ]
        self.service.has('a', created_at=self.then)
        self.service.ended = [
            seen(
                'b',
                state='deleted',
                created_at=self.then,
                ended_at=self.then + 4 * HOUR,
            )
        ]
        write = self.storage.write_events

        def write_births(events: Sequence[event_model.Event], at: int) -> None:
            if any(event.rank >= 0 for event in events):
                raise ValueError
            write(events, at)

        with fixtures.MockPatchObject(
            self.storage, 'write_events', write_births
        ):
            found = self.reconcile()
        self.assertEqual(findings.Outcome.FAILED, found.outcome)
        self.assertEqual({'a'}, {name for (name,) in self.usage()})
        self.assertEqual(
            {'listed': 1, 'unknown': 1, 'deleted': 1},
            self.counted(self.reconcile()),
        )
        self.assertEqual(
            {
                ('a', 'available'): 9 * HOUR,
                ('a', 'error'): HOUR,
                ('b', 'available'): 3 * HOUR,
                ('b', 'error'): HOUR,
            },
            self.usage('resource_id', 'state'),
        )
        self.assertEqual({'listed': 1}, self.counted(self.reconcile()))

    def test_an_insert_is_stored_in_the_order_of_its_rows(self) -> None:
        """A month at a time: so what is lost with the store is the latest."""
        month = 31 * 24 * HOUR
        events = [
            dataclasses.replace(
                comparison.Author(
                    DEFINITIONS.resource_types['volume'], REGION, 'import'
                ).found(self.service.seen('a'), self.now),
                event_time=self.now - number * month,
            )
            for number in (3, 1, 4, 2)
        ]
        self.storage.write_events(events, self.now)
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        rows = pool.execute(
            'SELECT partition FROM system.parts '
            'WHERE database = {name:String} AND table = {table:String} '
            'ORDER BY min_block_number',
            {'name': self.conf.clickhouse.database, 'table': 'events'},
        )
        self.assertEqual(
            [
                time.strftime('%Y%m', time.gmtime(event.event_time / SECOND))
                for event in events
            ],
            [partition for (partition,) in rows],
        )

    def test_what_a_killed_one_did_not_carry_on_is_carried(self) -> None:
        """It is stored, and so not found to differ."""
        month = months.begin(self.now)
        last = months.begin(month - 1)
        reconcile = functools.partial(self.reconcile, page_size=1000)
        self.enterContext(steps.patch())
        for survived in itertools.count(1):
            name = f'v{survived}'
            self.tell(name, last + HOUR)
            self.storage.open_month(month)
            self.storage.close_month(last)
            self.service.ended = [
                self.service.seen(
                    name,
                    state='deleted',
                    ended_at=last + 5 * HOUR,
                )
            ]
            cut_off = steps.Actor(reconcile, ('',))
            for _ in range(survived):
                cut_off.step()
            if cut_off.done:
                break
            cut_off.kill()
            reconcile()
            for period, expected in (
                (usage.Period(last, month), 4 * HOUR),
                (usage.Period(month, self.now), None),
            ):
                found = self.storage.usage(
                    usage.UsageQuery(
                        period=period,
                        now=self.now,
                        resource_types=('volume',),
                        group_by=('resource_id',),
                    )
                )
                self.assertEqual(
                    expected,
                    {row.group: row.usage for row in found}.get((name,)),
                    survived,
                )
        self.assertGreater(survived, 12)

    def test_what_was_carried_on_is_not_written_again(self) -> None:
        self.service.has('a', created_at=self.then + HOUR)
        self.reconcile()
        now = timestamps.now()
        with fixtures.MockPatchObject(self.storage, 'write_events') as write:
            self.reconcile(self.compared(now, now))
            self.reconcile(dry_run=True)
            write.mock.assert_not_called()
            self.reconcile(self.compared(self.then, self.then))
            write.mock.assert_called_once()

    def test_a_service_that_lists_too_little_is_not_believed(self) -> None:
        for number in range(60):
            self.tell(f'v{number}', self.then)
        found = self.reconcile()
        self.assertEqual(findings.Outcome.REFUSED, found.outcome)
        self.assertIn('--max-gone-percent', found.reason)
        self.assertEqual(600 * HOUR, self.usage('project_id')[('p1',)])
        found = self.reconcile(max_gone_percent=100)
        self.assertEqual({'estimated': 60}, self.counted(found))
        self.assertEqual({}, self.usage())

    def test_of_some_projects_too_little_is_not_believed(self) -> None:
        """However much there is of others."""
        for number in range(85):
            self.tell(f'theirs-{number}', self.then, project_id='p2')
            self.service.has(f'theirs-{number}', project_id='p2')
        for number in range(15):
            self.tell(f'mine-{number}', self.then)
        found = self.reconcile(projects=frozenset({'p1'}), page_size=100)
        self.assertEqual(findings.Outcome.REFUSED, found.outcome)
        self.assertEqual({}, self.counted(found))

    def test_what_is_told_while_it_is_missed_counts(self) -> None:
        for name in 'abc':
            self.tell(name, self.then)

        def told(resource_id: str) -> None:
            self.service.when_asked = lambda resource_id: None
            self.delete('b', self.then + 6 * HOUR)
            self.tell('c', timestamps.now())

        self.service.when_asked = told
        found = self.reconcile()
        self.assertEqual({'estimated': 1, 'unsettled': 1}, self.counted(found))
        usage = self.usage()
        self.assertEqual(6 * HOUR, usage[('b',)])
        self.assertNotIn(('a',), usage)
        self.assertFalse(
            self.storage.standings('volume', ['c'])['c'].estimated
        )

    def test_progress_is_told_at_each_question(self) -> None:
        """Or else the lease could run out meanwhile."""
        for name in 'abc':
            self.tell(name, self.then)
            self.service.hidden.add(name)
        self.reconcile()
        self.assertGreaterEqual(len(self.progress), 3)

    def test_many_estimates_are_taken_back_at_once(self) -> None:
        """Without a query for each."""
        for name in 'abc':
            self.tell(name, self.then)
        self.reconcile(page_size=100)
        pages = []
        estimates = self.storage.estimates
        self.patch(
            self.storage,
            'estimates',
            lambda name, ids: pages.append(ids) or estimates(name, ids),
        )
        for name in 'abc':
            self.service.has(name)
        found = self.reconcile(page_size=100)
        self.assertEqual({'listed': 3, 'refuted': 3}, self.counted(found))
        self.assertEqual(1, len(pages))

    def test_a_service_that_fails_half_way_loses_nothing(self) -> None:
        for name in 'abc':
            self.tell(name, self.then)
            self.service.has(name, type='large')

        def fail() -> None:
            raise listing.Unavailable('the service is tired')

        self.service.after_page = fail
        found = self.reconcile()
        self.assertEqual(
            (findings.Outcome.FAILED, 'the service is tired'),
            (found.outcome, found.reason),
        )
        self.assertEqual({'listed': 2, 'changed': 2}, self.counted(found))
        self.assertEqual(30 * HOUR, self.usage('project_id')[('p1',)])

    def test_what_nobody_expected_is_a_failure_of_that_type(self) -> None:
        log = self.useFixture(fixtures.FakeLogger())
        self.tell('a', self.then)
        self.service.has('a')
        self.service.after_page = lambda: {}['surprise']
        found = self.reconcile()
        self.assertEqual(findings.Outcome.FAILED, found.outcome)
        self.assertIn('log', found.reason)
        self.assertIn('surprise', log.output)
        self.assertEqual({('a',): 10 * HOUR}, self.usage())

    def test_what_cannot_be_stored_is_a_failure_of_that_type(self) -> None:
        self.useFixture(fixtures.FakeLogger())
        self.service.has('a', measures={'size_gib': 1}, project_id=1)
        self.assertEqual(findings.Outcome.FAILED, self.reconcile().outcome)

    def test_a_service_that_has_no_such_resources_has_lost_them(self) -> None:
        self.tell('a', self.then)

        def refuse() -> None:
            raise listing.NotOffered('no such extension')

        self.service.has('b')
        self.service.after_page = refuse
        found = self.reconcile()
        self.assertEqual(findings.Outcome.DONE, found.outcome)
        self.assertEqual(
            {'listed': 1, 'unknown': 1, 'estimated': 1}, self.counted(found)
        )

    def test_a_dry_run_finds_the_same_and_writes_nothing(self) -> None:
        self.tell('changed', self.then)
        self.tell('gone', self.then)
        self.tell('doubted', self.then)
        self.service.has('changed', type='large')
        self.service.has('new', created_at=self.then)
        before = self.usage('resource_id', 'type')
        dry = self.reconcile(dry_run=True)
        self.assertEqual(before, self.usage('resource_id', 'type'))
        self.assertEqual(self.counted(dry), self.counted(self.reconcile()))
        self.assertNotEqual(before, self.usage('resource_id', 'type'))

    def test_only_some_projects(self) -> None:
        for name, owner in (('mine', 'p1'), ('theirs', 'p2')):
            self.tell(f'{name}-gone', self.then, project_id=owner)
            self.tell(f'{name}-changed', self.then, project_id=owner)
            self.service.has(f'{name}-changed', project_id=owner, type='large')
        self.tell('given', self.then)
        self.service.has('given', project_id='p2')
        found = self.reconcile(projects=frozenset({'p1'}))
        self.assertFalse(found.whole)
        self.assertEqual(
            {'listed': 2, 'changed': 2, 'estimated': 1}, self.counted(found)
        )
        standings = self.storage.standings(
            'volume', ['theirs-gone', 'theirs-changed', 'given']
        )
        self.assertFalse(standings['theirs-gone'].estimated)
        self.assertEqual('ssd', standings['theirs-changed'].latest.type)
        self.assertEqual('p2', standings['given'].latest.project_id)

    def test_an_estimate_of_what_has_another_owner_since(self) -> None:
        """The one that pays is as good a reason to look as the other."""
        self.tell('a', self.then)
        self.reconcile()
        self.tell('a', self.then + 4 * HOUR, project_id='p2')
        found = self.reconcile(projects=frozenset({'p2'}))
        self.assertEqual({'refuted': 1, 'estimated': 1}, self.counted(found))
        self.assertEqual({('p1',): 4 * HOUR}, self.usage('project_id'))

    def test_other_regions_are_not_missed(self) -> None:
        self.tell('a', self.then, region='RegionTwo')
        self.assertEqual({}, self.counted(self.reconcile()))
        self.assertEqual({('a',): 10 * HOUR}, self.usage())


class RoundsTest(base.StorageTestCase):
    """Which types, by whom, and what is remembered of it."""

    def setUp(self) -> None:
        super().setUp()
        self.services = [Invented('volume'), Invented('snapshot')]
        self.rounds = rounds.Rounds(
            self.storage,
            DEFINITIONS,
            self,
            [each.offered for each in self.services],
        )

    def endpoint_for(self, service_type: str) -> str | None:
        """In the place of the cloud's catalog."""
        return 'http://here' if service_type == 'block-storage' else None

    def run_round(
        self, only: Sequence[str] = (), **changes
    ) -> list[findings.Findings]:
        terms = rounds.terms(
            self.conf.reconciler, REGION, timestamps.now(), **changes
        )
        chosen = self.rounds.choose(only)
        return list(self.rounds.run(chosen, terms, rounds.Progress()))

    def test_what_was_found_is_remembered(self) -> None:
        self.services[0].has('a', created_at=1)
        found = {each.resource_type: each for each in self.run_round()}
        self.assertEqual({'volume', 'snapshot'}, set(found))
        kept = self.storage.last_findings(REGION)
        self.assertEqual(found['volume'], kept['volume', REGION])
        self.assertEqual(1, kept['volume', REGION].healed)
        self.assertEqual({}, self.storage.last_findings('RegionTwo'))

    def test_a_dry_run_is_not(self) -> None:
        self.run_round(dry_run=True)
        self.assertEqual({}, self.storage.last_findings())

    def test_only_what_was_whole_says_who_was_alive(self) -> None:
        [first, _] = self.run_round()
        self.run_round(projects=frozenset({'p1'}))
        self.services[0].has('a')
        self.services[0].after_page = self.fail_listing
        self.run_round()
        kept = self.storage.last_findings(REGION)['volume', REGION]
        self.assertEqual(findings.Outcome.FAILED, kept.outcome)
        kept = self.storage.last_findings(REGION, complete=True)
        self.assertEqual(first, kept['volume', REGION])

    def due(self, since: int) -> list[str]:
        chosen = self.rounds.choose()
        return [
            each.resource_type
            for each in self.rounds.due(chosen, REGION, since)
        ]

    def test_each_type_is_due_for_itself(self) -> None:
        """Whatever was stopped, or reconciled by hand, in between."""
        before = timestamps.now()
        self.assertEqual(['volume', 'snapshot'], self.due(before))
        self.run_round()
        self.assertEqual([], self.due(before))
        after = timestamps.now()
        self.assertEqual(['volume', 'snapshot'], self.due(after))
        self.run_round(only=('snapshot',))
        self.assertEqual(['volume'], self.due(after))
        self.run_round(only=('volume',), projects=frozenset({'p1'}))
        self.assertEqual(['volume'], self.due(after))
        self.assertEqual([], self.due(before))

    def test_what_failed_is_due_as_late_as_anything(self) -> None:
        before = timestamps.now()
        self.services[0].has('a')
        self.services[0].after_page = self.fail_listing
        self.run_round()
        self.assertEqual([], self.due(before))

    def fail_listing(self) -> None:
        raise listing.Unavailable('no')

    def test_one_at_a_time(self) -> None:
        self.services[0].has('a')
        refused = []

        def meanwhile() -> None:
            try:
                self.run_round()
            except rounds.UnderWay as error:
                refused.append(str(error))

        self.services[0].after_page = meanwhile
        self.run_round()
        self.services[0].after_page = lambda: None
        self.assertEqual(1, len(refused))
        self.assertIn(REGION, refused[0])
        self.run_round()

    def test_of_many_that_claim_at_most_one_gets_it(self) -> None:
        barrier = threading.Barrier(4)
        results = []

        def claim() -> None:
            lease = self.storage.lease('race', 60 * SECOND)
            barrier.wait()
            results.append(lease.claim())

        threads = [threading.Thread(target=claim) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(sum(results), 1)

    def test_a_lease_runs_out(self) -> None:
        self.assertTrue(self.storage.lease('short', 4 * SECOND).claim())
        following = self.storage.lease('short', 60 * SECOND)
        self.assertFalse(following.claim())
        deadline = time.monotonic() + 30
        while not following.claim():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertFalse(self.storage.lease('short', 60 * SECOND).claim())

    def test_what_cannot_be_reconciled_is_named(self) -> None:
        error = self.assertRaises(ValueError, self.rounds.choose, ['pigeon'])
        self.assertIn("'pigeon'", str(error))
        self.assertIn('volume', str(error))
