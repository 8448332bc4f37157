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
"""What is known of a month is charged once, in whatever order."""

import hypothesis
from hypothesis import strategies
import testtools

from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.rating import corrections

#: Four months of ten instants each.
MONTHS = [usage.Period(10 * number, 10 * number + 10) for number in range(4)]

#: In which order months are issued, and how long after their ends.
ORDERS = strategies.permutations(range(4))
DELAYS = strategies.lists(strategies.integers(0, 60), min_size=4, max_size=4)


def receipt(month: usage.Period, as_of: int, place: int):
    return statements.Receipt(
        number=str(month.begin),
        project_id='p',
        period=month,
        as_of=as_of,
        issued_at=place,
        issued_by='alice',
        sha256='',
    )


class SettledTest(testtools.TestCase):
    def test_a_later_statement_settles_earlier_months(self) -> None:
        issued = [receipt(MONTHS[0], 11, 1), receipt(MONTHS[1], 22, 2)]
        self.assertEqual(
            {MONTHS[0]: 22, MONTHS[1]: 22}, corrections.settled(issued, 20)
        )
        self.assertEqual({MONTHS[0]: 22}, corrections.settled(issued, 10))
        self.assertEqual({}, corrections.settled(issued, 0))

    def test_what_was_not_there_yet_was_not_settled(self) -> None:
        issued = [receipt(MONTHS[1], 22, 1), receipt(MONTHS[0], 11, 2)]
        for some in (issued, issued[::-1]):
            self.assertEqual({MONTHS[0]: 11}, corrections.settled(some, 10))

    @hypothesis.given(ORDERS, DELAYS, strategies.integers(0, 100))
    def test_an_event_is_charged_once(self, order, delays, received) -> None:
        for month in MONTHS:
            issued: list[statements.Receipt] = []
            charged = 0
            for place, number in enumerate(order):
                period = MONTHS[number]
                as_of = period.end + delays[number]
                if period == month:
                    charged += received <= as_of
                marks = corrections.settled(issued, period.begin)
                if month in marks:
                    charged += marks[month] < received <= as_of
                issued.append(receipt(period, as_of, place))
            final = corrections.settled(issued, 1000)[month]
            self.assertEqual(received <= final, charged)
