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
"""Time lines in the terminal."""

import datetime
import io
import zoneinfo

from hypothesis import given
from hypothesis import strategies
import testtools

from stratometrics.osc.charts import lanes
from stratometrics.osc.charts import ticks

UTC = zoneinfo.ZoneInfo('UTC')
ZURICH = zoneinfo.ZoneInfo('Europe/Zurich')
OCTOBER = datetime.datetime(2026, 10, 1, tzinfo=datetime.UTC)
NOVEMBER = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
MICROSECOND = datetime.timedelta(microseconds=1)


def span(label, begin, end, billed=True):
    """A span from a day of October to another one."""
    return lanes.Span(
        label, OCTOBER + begin * DAY, OCTOBER + end * DAY, billed
    )


def drawn(*spans, end=NOVEMBER, zone=UTC, width=60, look=lanes.ASCII):
    return [
        ''.join(text for text, _ in line)
        for line in lanes.lines(spans, OCTOBER, end, zone, width, look)
    ]


class TestCells(testtools.TestCase):
    def marks(self, *parts, length=100, count=10, billed=True):
        found = lanes.cells(parts, length, count, billed)
        return ''.join(lanes.ASCII.marks[mark] for mark in found)

    def test_what_is_whole(self):
        self.assertEqual('###       ', self.marks((0, 30)))
        self.assertEqual('       ---', self.marks((70, 100), billed=False))

    def test_half_of_a_column_is_enough(self):
        self.assertEqual('#+        ', self.marks((5, 14)))
        self.assertEqual('-.        ', self.marks((5, 14), billed=False))

    def test_a_microsecond_is_seen(self):
        self.assertEqual('  +       ', self.marks((29, 30)))

    def test_an_instant_is_seen(self):
        self.assertEqual('         +', self.marks((99, 99)))
        self.assertEqual('+         ', self.marks((0, 0)))

    def test_what_is_brief_adds_up(self):
        self.assertEqual('#         ', self.marks((0, 3), (6, 8)))

    @given(
        strategies.integers(1, 10**14),
        strategies.integers(1, 300),
        strategies.data(),
    )
    def test_nothing_disappears_and_nothing_is_added(
        self, length, count, data
    ):
        count = min(count, length)
        begin = data.draw(strategies.integers(0, length - 1))
        end = data.draw(strategies.integers(begin, length))
        marks = lanes.cells([(begin, end)], length, count, True)
        self.assertEqual(count, len(marks))
        seen = [
            place
            for place, mark in enumerate(marks)
            if mark is not lanes.Mark.NOTHING
        ]
        # The columns, by their definition.
        edges = [length * place // count for place in range(count + 1)]
        wanted = [
            place
            for place in range(count)
            if edges[place] <= begin < edges[place + 1]
            or max(begin, edges[place]) < min(end, edges[place + 1])
        ]
        self.assertEqual(wanted, seen)


class TestLines(testtools.TestCase):
    def test_states_have_lanes_and_totals(self):
        found = drawn(
            span('active', 0, 10),
            span('stopped', 10, 20, billed=False),
            span('active', 20, 31),
        )
        self.assertEqual(
            [
                'active               |##########+         +###########| 21 d',
                'stopped (not billed) |          -----------           | 10 d',
            ],
            found[:2],
        )

    def test_a_name_that_is_long_stands_above(self):
        found = drawn(span('a' * 30, 0, 31), width=60)
        self.assertEqual('a' * 30, found[0])
        self.assertEqual(60, len(found[1]))

    def test_no_line_is_too_long(self):
        spans = [
            span('active', 0, 1.1),
            span('a state with a name', 1.1, 1.2, billed=False),
            span('', 1.2, 30),
            span('active', 30, 30),
        ]
        for width in range(40, 200, 7):
            for line in drawn(*spans, width=width):
                self.assertLessEqual(len(line), width, line)

    def test_what_is_consumed_is_counted(self):
        found = drawn(span('get', 3, 3), span('get', 4, 4))
        self.assertTrue(found[0].endswith('| 2 x'), found[0])

    def test_the_legend_tells_what_is_there(self):
        self.assertEqual('# billed', drawn(span('active', 0, 31))[-1])
        both = drawn(
            span('active', 0, 31), span('stopped', 3, 3.001, False), width=90
        )
        self.assertRegex(
            both[-1],
            r'^# billed   \. less than half of \d+ h \d+ min$',
        )

    def test_a_period_of_few_microseconds(self):
        found = drawn(
            lanes.Span('active', OCTOBER, OCTOBER + MICROSECOND, True),
            end=OCTOBER + 3 * MICROSECOND,
        )
        self.assertIn('|#  |', found[0])

    def test_the_axis_names_days(self):
        *_, line, labels, _ = drawn(span('a', 0, 31), width=80)
        self.assertEqual(
            ['10-01', '10-06', '10-11', '10-16', '10-21', '10-26'],
            labels.split()[:6],
        )
        places = [place for place, mark in enumerate(line) if mark == '+']
        self.assertEqual(places[1], labels.index('10-06'))

    def test_only_a_terminal_gets_blocks_and_colours(self):
        stdout = io.StringIO()
        lanes.draw(
            stdout, [span('a', 0, 31)], OCTOBER, NOVEMBER, UTC, width=50
        )
        self.assertTrue(stdout.getvalue().isascii())
        self.assertNotIn('\x1b', stdout.getvalue())


class TestTicks(testtools.TestCase):
    def labels(self, begin, end, width, zone=UTC):
        return [label for _, label in ticks.fitting(begin, end, zone, width)]

    def test_the_finest_that_fits(self):
        for days, width, wanted in (
            (1, 60, ['10-01', '03:00', '06:00']),
            (1, 200, ['10-01', '01:00', '02:00']),
            (31, 300, ['10-01', '10-02', '10-03']),
            (31, 40, ['10-01', '10-08', '10-15']),
            (365, 120, ['2026-10', '2026-11', '2026-12']),
            (3650, 80, ['2027', '2028', '2029']),
        ):
            self.assertEqual(
                wanted,
                self.labels(OCTOBER, OCTOBER + days * DAY, width)[:3],
                (days, width),
            )

    def test_days_are_those_of_the_zone(self):
        [(first, label), *_] = ticks.fitting(OCTOBER, NOVEMBER, ZURICH, 300)
        self.assertEqual('10-02', label)
        self.assertEqual('2026-10-01T22:00:00+00:00', first.isoformat())

    def test_clocks_that_are_set(self):
        for month, day, hours in ((3, 29, 23), (10, 25, 24)):
            begin = datetime.datetime(2026, month, day, tzinfo=ZURICH)
            end = datetime.datetime(2026, month, day + 1, tzinfo=ZURICH)
            found = ticks.fitting(begin, end, ZURICH, 200)
            moments = [moment for moment, _ in found]
            self.assertEqual(sorted(set(moments)), moments)
            self.assertEqual(hours, len(moments))

    def test_an_empty_axis(self):
        self.assertEqual(
            [], self.labels(OCTOBER, OCTOBER + MICROSECOND, 40)[1:]
        )
