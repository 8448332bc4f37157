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
import testtools

from stratometrics.model import usage
from stratometrics.storage.clickhouse import generations


def generation(month: int, run: int = 1, **times) -> generations.Generation:
    """Of a month that is ten long, whole unless something else is said."""
    return generations.Generation(
        month=month, end=month + 10, run=run, **{'known_at': 100, **times}
    )


def divided(begin: int, end: int, *some, as_of=None):
    found = generations.divide(usage.Period(begin, end), some, as_of)
    return (
        [(each.month, each.run) for each in found.stored],
        [(each.begin, each.end) for each in found.rest],
    )


class AnswersTest(testtools.TestCase):
    def test_what_is_whole_and_lacks_nothing(self):
        self.assertTrue(generation(0).answers(None))
        self.assertFalse(generation(0, known_at=None).answers(None))
        self.assertFalse(generation(0, late_at=200).answers(None))
        self.assertFalse(generation(0, dropped_at=200).answers(None))

    def test_as_of_a_time(self):
        """R15: no event that came later, and all that came before."""
        one = generation(0, late_at=200)
        self.assertEqual(
            [False, True, True, False],
            [one.answers(as_of) for as_of in (99, 100, 199, 200)],
        )
        self.assertTrue(generation(0).answers(10**9))

    def test_what_is_known_to_be_lacked(self):
        self.assertFalse(generation(0).lacks(200))
        self.assertFalse(generation(0, late_at=200).lacks(199))
        self.assertTrue(generation(0, late_at=200).lacks(200))


class DivideTest(testtools.TestCase):
    def test_nothing_is_stored(self):
        self.assertEqual(([], [(3, 25)]), divided(3, 25))

    def test_months_within_and_at_the_edges(self):
        self.assertEqual(
            ([(0, 1), (20, 1)], [(10, 20), (30, 33)]),
            divided(3, 33, generation(0), generation(20), generation(40)),
        )

    def test_a_part_of_a_month(self):
        self.assertEqual(([(0, 1)], []), divided(3, 7, generation(0)))
        self.assertEqual(([], [(10, 12)]), divided(10, 12, generation(0)))

    def test_the_newest_that_may_be_used(self):
        some = (
            generation(0, run=1, late_at=200),
            generation(0, run=2, known_at=200),
            generation(0, run=3, known_at=None),
        )
        self.assertEqual(([(0, 2)], []), divided(0, 10, *some))
        self.assertEqual(([(0, 1)], []), divided(0, 10, *some, as_of=150))
