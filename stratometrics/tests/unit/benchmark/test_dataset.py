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
import datetime
from itertools import pairwise

from benchmark import dataset
import testtools

from stratometrics.model import timestamps


def _at(*date: int) -> int:
    return timestamps.from_datetime(
        datetime.datetime(*date, tzinfo=datetime.UTC)
    )


def _plan(months: int, parts: int) -> dataset.Plan:
    return dataset.Plan(
        instances=10,
        events=90,
        months=months,
        projects=2,
        flavors=3,
        parts=parts,
    )


class MonthsTest(testtools.TestCase):
    def test_the_month_before_may_be_in_another_year(self) -> None:
        period = dataset.month(_at(2027, 1, 15), 1)
        self.assertEqual(_at(2026, 12, 1), period.begin)
        self.assertEqual(_at(2027, 1, 1), period.end)

    def test_slices_follow_one_another_without_a_gap(self) -> None:
        found = dataset.slices(_plan(months=2, parts=3), _at(2026, 11, 23))
        self.assertEqual(6, len(found))
        self.assertEqual(_at(2026, 9, 1), found[0].begin)
        self.assertEqual(_at(2026, 10, 1), found[3].begin)
        self.assertGreater(found[-1].end, _at(2026, 11, 1))
        for earlier, later in pairwise(found):
            self.assertEqual(earlier.end, later.begin)

    def test_every_event_and_birth_is_a_row(self) -> None:
        self.assertEqual(100, _plan(months=1, parts=1).rows)
