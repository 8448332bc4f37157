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
import unittest

from stratometrics.model import usage
from stratometrics.storage.clickhouse import courses

FIRST, SECOND, THIRD = (
    usage.Period(5, 10),
    usage.Period(10, 20),
    usage.Period(20, 25),
)


def buckets(kind: usage.Kind, course) -> dict[usage.Period, usage.Amounts]:
    query = usage.UsageQuery(
        period=usage.Period(5, 25),
        boundaries=(0, 10, 20, 30),
        now=25,
        resource_types=('any',),
        group_by=('type',),
        kind=kind,
    )
    return courses.Courses(query).buckets(course)


class CoursesTest(unittest.TestCase):
    def test_levels_run_on_and_parts_do_not(self) -> None:
        # Two resources from 7 until 23, and one with other measures in 12 to
        # 14: its two changes are in one bucket.
        course = [
            ({'size': 3}, [(0, 2, -14), (20, -2, 6)]),
            ({'size': 1, 'more': 5}, [(10, 0, 2)]),
        ]
        self.assertEqual(
            {
                FIRST: usage.Amounts(6, {'size': 18, 'more': 0}),
                SECOND: usage.Amounts(22, {'size': 62, 'more': 10}),
                THIRD: usage.Amounts(6, {'size': 18, 'more': 0}),
            },
            buckets(usage.Kind.STATE, course),
        )

    def test_what_is_not_in_use_is_left_out(self) -> None:
        course = [({'size': 3}, [(10, 1, 0), (20, -1, 0)])]
        self.assertEqual(
            {SECOND: usage.Amounts(10, {'size': 30})},
            buckets(usage.Kind.STATE, course),
        )

    def test_two_ids_of_one_name_are_added(self) -> None:
        course = [(20, 1, {'size': 2}), (0, 1, {}), (20, 2, {'size': 3})]
        self.assertEqual(
            {
                FIRST: usage.Amounts(1, {}),
                THIRD: usage.Amounts(3, {'size': 5}),
            },
            buckets(usage.Kind.CONSUMPTION, course),
        )
