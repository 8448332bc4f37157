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
"""The journal of months: where questions begin, and where nothing is left."""

import testtools

from stratometrics.storage import errors
from stratometrics.storage.clickhouse import months


class _Pool:
    """Answers with the rows of a journal."""

    def __init__(self, *rows: tuple) -> None:
        #: Those that say nothing of times have none.
        self.rows = [(*(*row, 0, 0)[:5], -1) for row in rows]
        self.entered: list[dict] = []

    def execute(
        self,
        statement: str,
        parameters: dict | None = None,
        settings: dict | None = None,
    ) -> list:
        if parameters is not None:
            self.entered.append(parameters)
            return []
        return [(1_000,)] if 'now64' in statement else self.rows


class StartTest(testtools.TestCase):
    journal = months.Journal(
        announced=[100, 200, 300], opened=[(100, 350), (200, 250), (200, 400)]
    )

    def test_at_the_latest_month_that_was_opened_by_then(self) -> None:
        for begin, as_of, start in (
            (99, None, None),
            (100, None, 100),
            (199, None, 100),
            (200, None, 200),
            (999, None, 200),
            (999, 400, 200),
            (999, 250, 200),
            (999, 249, None),
            (150, 349, None),
            (150, 350, 100),
        ):
            self.assertEqual(
                start, self.journal.start(begin, as_of), (begin, as_of)
            )

    def test_from_when_on_it_is_begun_with(self) -> None:
        self.assertEqual(
            [350, 250, months.EARLIEST],
            [self.journal.merged_at(start) for start in (100, 200, None)],
        )

    def test_a_month_that_is_only_announced_is_none_to_begin_with(
        self,
    ) -> None:
        self.assertIsNone(months.Journal(announced=[100]).start(500, None))


class PurgedTest(testtools.TestCase):
    journal = months.Journal(
        announced=[200, 300], opened=[(100, 210), (200, 210)], purged=200
    )

    def test_what_needs_what_is_gone_is_refused(self) -> None:
        self.assertEqual(200, self.journal.start(200, 210))
        for begin, as_of in ((199, None), (150, 900), (500, 209)):
            error = self.assertRaises(
                errors.Purged, self.journal.start, begin, as_of
            )
            self.assertEqual(200, error.since)

    def test_what_happened_since_is_there(self) -> None:
        self.journal.require(200)
        self.assertRaises(errors.Purged, self.journal.require, 199)
        months.Journal().require(0)

    def test_the_first_month_that_is_kept(self) -> None:
        self.assertEqual(200, self.journal.first_kept)
        self.assertEqual(months.EARLIEST, months.Journal().first_kept)


class MonthsTest(testtools.TestCase):
    def test_entries_come_in_any_order(self) -> None:
        journal = months.Months(
            _Pool(
                (300, 'announced', 7),
                (200, 'opened', 6),
                (200, 'announced', 6),
                (200, 'announced', 5),
                (200, 'opened', 6),
            )
        ).journal()
        self.assertEqual([200, 300], journal.announced)
        self.assertEqual([(200, 6)], journal.opened)
        self.assertIsNone(journal.purged)

    def test_nothing_is_carried_to_before_the_last_purge(self) -> None:
        journal = months.Months(
            _Pool(
                (100, 'announced', 7),
                (200, 'announced', 7),
                (300, 'announced', 7),
                (200, 'purged', 7),
                (100, 'purged', 7),
            )
        ).journal()
        self.assertEqual([200, 300], journal.announced)
        self.assertEqual(200, journal.purged)

    def test_what_was_purged_is_dropped_from_then_on(self) -> None:
        found = months.Months(
            _Pool(
                (100, 'closing', 7),
                (200, 'closing', 7),
                (200, 'closing', 8),
                (300, 'closing', 7),
                (300, 'purged', 300, 0, 60),
                (200, 'purged', 200, 0, 50),
                (200, 'dropped', 8, 0, 40),
            )
        ).journal()
        self.assertEqual(
            [50, 60, 40, None],
            [each.dropped_at for each in found.generations],
        )

    def test_a_run_is_named_by_the_time_of_the_server(self) -> None:
        pool = _Pool()
        self.assertEqual(1_000, months.Months(pool).announce(1_000))
        [entered] = pool.entered
        self.assertEqual(
            (1_000, 'announced', 1_000),
            (entered['month'], entered['entry'], entered['run']),
        )

    def test_a_month_that_has_not_begun_is_not_announced(self) -> None:
        pool = _Pool()
        self.assertRaises(ValueError, months.Months(pool).announce, 1_001)
        self.assertEqual([], pool.entered)
