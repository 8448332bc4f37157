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
from unittest import mock

import testtools

from stratometrics import upkeep
from stratometrics.model import kept
from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.storage import errors

_HOUR = 3600 * timestamps.MICROSECONDS
_DAY = 24 * _HOUR


def begin(year: int, number: int) -> int:
    return months.begin_of(year, number)


def plan(**changes) -> upkeep.Plan:
    return upkeep.Plan(
        **{
            'opening_delay': _HOUR,
            'closing_delay': 3 * _DAY,
            'renewal_delay': _HOUR,
            'closed_months': 3,
            **changes,
        }
    )


def seen(now: int, *found: kept.Month) -> kept.Overview:
    return kept.Overview(months=found, purged=None, now=now)


class OpeningTest(testtools.TestCase):
    def test_the_present_month_after_a_while(self):
        month = begin(2026, 3)
        self.assertEqual(
            [begin(2026, 2)], plan().to_open(seen(month + _HOUR - 1))
        )
        self.assertEqual([month], plan().to_open(seen(month + _HOUR)))
        opened = kept.Month(month=month, opened=True)
        self.assertEqual([], plan().to_open(seen(month + _DAY, opened)))

    def test_those_that_were_missed(self):
        opened = kept.Month(month=begin(2025, 11), opened=True)
        self.assertEqual(
            [begin(2025, 12), begin(2026, 1), begin(2026, 2)],
            plan().to_open(seen(begin(2026, 2) + _DAY, opened)),
        )

    def test_never(self):
        self.assertEqual(
            [], plan(opening_delay=None).to_open(seen(begin(2026, 3) + _DAY))
        )


class ClosingTest(testtools.TestCase):
    def due(self, now: int, *found: kept.Month, **changes) -> list[str]:
        chosen = plan(**changes).to_close(seen(now, *found))
        return [months.of(month) for month in chosen]

    def month(self, number: int, **state) -> kept.Month:
        return kept.Month(month=begin(2026, number), **state)

    def test_past_months_after_a_while(self):
        some = [self.month(number) for number in (1, 2, 3, 4, 5, 6)]
        now = begin(2026, 6) + 3 * _DAY
        self.assertEqual(
            ['2026-05', '2026-04', '2026-03'], self.due(now, *some)
        )
        self.assertEqual(
            ['2026-04', '2026-03', '2026-02'], self.due(now - 1, *some)
        )
        self.assertEqual([], self.due(now, *some, closing_delay=None))

    def test_those_that_hold_something_and_are_not_closed(self):
        now = begin(2026, 6) + 3 * _DAY
        self.assertEqual(
            ['2026-03'],
            self.due(now, self.month(5, closed=True), self.month(3)),
        )

    def test_what_is_late_waits_for_more(self):
        now = begin(2026, 6) + 3 * _DAY
        late = self.month(5, late_at=now - _HOUR + 1)
        self.assertEqual([], self.due(now, late))
        self.assertEqual(['2026-05'], self.due(now + 1, late))

    def test_what_failed_is_tried_later(self):
        now = begin(2026, 6) + 3 * _DAY
        failed = self.month(5, failed_at=now - _HOUR + 1)
        some = failed, self.month(4)
        self.assertEqual(['2026-04'], self.due(now, *some))
        self.assertEqual(['2026-05', '2026-04'], self.due(now + 1, *some))


class _Store:
    """Has some months to open and to close, and one thing that fails.

    :param fails: what is done to which month.
    """

    def __init__(self, *fails: tuple[str, str]) -> None:
        self.done: list[tuple[str, str]] = []
        self.fails = fails

    def overview(self) -> kept.Overview:
        found = [
            kept.Month(month=begin(2026, number), opened=number == 3)
            for number in (1, 2, 3, 4)
        ]
        return seen(begin(2026, 5) + 3 * _DAY, *found)

    def lease(self, name: str, length: int) -> mock.Mock:
        return mock.Mock()

    def _do(self, what: str, month: int) -> bool:
        if (what, months.of(month)) in self.fails:
            raise errors.StorageError('no')
        self.done.append((what, months.of(month)))
        return True

    def open_month(self, month: int) -> None:
        self._do('open', month)

    def close_month(self, month: int) -> bool:
        return self._do('close', month)

    def tidy_months(self) -> None:
        self.done.append(('tidy', ''))


class LookTest(testtools.TestCase):
    def done(self, *fails: tuple[str, str]) -> list[tuple[str, str]]:
        store = _Store(*fails)
        for _ in upkeep.Keeper(store, 0).look(plan()):
            pass
        return store.done

    closed = ('close', '2026-04'), ('close', '2026-03'), ('close', '2026-02')

    def test_all_that_is_due_and_then_it_is_tidied(self):
        self.assertEqual(
            [
                ('open', '2026-04'),
                ('open', '2026-05'),
                *self.closed,
                ('tidy', ''),
            ],
            self.done(),
        )

    def test_the_other_months_when_one_cannot_be_closed(self):
        self.assertEqual(
            [
                ('open', '2026-04'),
                ('open', '2026-05'),
                *self.closed[1:],
                ('tidy', ''),
            ],
            self.done(('close', '2026-04')),
        )

    def test_months_are_closed_when_none_can_be_opened(self):
        """And none is left out: later ones are opened later."""
        self.assertEqual(
            [*self.closed, ('tidy', '')], self.done(('open', '2026-04'))
        )
