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
import fractions
import unittest
from xml.etree import ElementTree

import hypothesis
from hypothesis import strategies

from stratometrics.model import statements
from stratometrics.rating.rendering import chart
from stratometrics.rating.rendering import spelling
from stratometrics.tests.unit.rating.rendering import drawn

FIRST = datetime.date(2026, 10, 1)
DAYS = [FIRST + datetime.timedelta(days=count) for count in range(31)]
WORDS = chart.Words(
    money=spelling.places, day=datetime.date.isoformat, digits=2
)
SVG = '{http://www.w3.org/2000/svg}'

COSTS = strategies.lists(
    strategies.builds(
        statements.DailyCost,
        day=strategies.sampled_from(DAYS),
        resource_type=drawn.TEXTS,
        type=drawn.TEXTS,
        amount=drawn.FRACTIONS,
        currency=strategies.just('EUR'),
    ),
    min_size=1,
    max_size=40,
)


def cost(day: int, type_: str, amount: str) -> statements.DailyCost:
    return statements.DailyCost(
        day=DAYS[day - 1],
        resource_type='instance',
        type=type_,
        amount=fractions.Fraction(amount),
        currency='EUR',
    )


def image(*costs: statements.DailyCost) -> ElementTree.Element:
    return ElementTree.fromstring(chart.svg(costs, DAYS, WORDS, 'chart'))


def boxes(drawn_: ElementTree.Element) -> list[tuple[str, dict]]:
    """Bars and colours of the legend, by their titles."""
    return [
        (group.findtext(f'{SVG}title'), group.find(f'{SVG}rect').attrib)
        for group in drawn_.iter(f'{SVG}g')
    ]


def legend(drawn_: ElementTree.Element) -> list[str]:
    return [title for title, _ in boxes(drawn_) if title[:5] != '2026-']


class ChartTest(unittest.TestCase):
    def test_bars_are_as_high_as_what_they_cost(self) -> None:
        found = dict(
            boxes(
                image(
                    cost(1, 'small', '10'),
                    cost(1, 'large', '40'),
                    cost(2, 'small', '20'),
                )
            )
        )
        low, high, other = (
            found['2026-10-01: instance small: 10.00'],
            found['2026-10-01: instance large: 40.00'],
            found['2026-10-02: instance small: 20.00'],
        )
        self.assertEqual('38.00', low['height'])
        self.assertEqual('152.00', high['height'])
        self.assertEqual('76.00', other['height'])
        # They stand on one another, the type that costs most below.
        self.assertEqual('200.00', total(high))
        self.assertEqual(high['y'], total(low))
        self.assertEqual(low['x'], high['x'])
        self.assertLess(float(low['x']), float(other['x']))

    def test_costs_of_a_type_on_a_day_are_one_bar(self) -> None:
        found = dict(boxes(image(cost(1, 'm', '1'), cost(1, 'm', '2'))))
        self.assertIn('2026-10-01: instance m: 3.00', found)

    def test_a_credit_hangs_below_the_axis(self) -> None:
        found = dict(boxes(image(cost(1, 'm', '10'), cost(2, 'm', '-5'))))
        self.assertEqual(
            found['2026-10-02: instance m: -5.00']['y'],
            total(found['2026-10-01: instance m: 10.00']),
        )

    def test_small_types_are_drawn_as_one(self) -> None:
        many = [cost(1, f'type-{n}', str(20 - n)) for n in range(12)]
        self.assertEqual(
            [f'instance type-{n}' for n in range(8)] + ['other'],
            legend(image(*many)),
        )
        self.assertIn(
            '2026-10-01: other: 42.00',
            [title for title, _ in boxes(image(*many))],
        )
        self.assertEqual(9, len(legend(image(*many[:9]))))
        self.assertNotIn('other', legend(image(*many[:9])))

    def test_every_series_differs_in_colour_or_hatching(self) -> None:
        many = [cost(1, f'type-{n}', str(20 - n)) for n in range(12)]
        self.assertEqual(
            9,
            len({attributes['fill'] for _, attributes in boxes(image(*many))}),
        )

    def test_the_axis_has_each_day_and_round_amounts(self) -> None:
        texts = [
            each.text for each in image(cost(1, 'm', '93')).iter(f'{SVG}text')
        ]
        amounts = ['0', '20', '40', '60', '80', '100']
        self.assertEqual(amounts, texts[:6])
        self.assertEqual([str(day.day) for day in DAYS], texts[6:37])
        self.assertEqual(['instance m', '93.00'], texts[37:])

    def test_amounts_below_one_have_the_places_they_need(self) -> None:
        texts = [
            each.text
            for each in image(cost(1, 'm', '0.0093')).iter(f'{SVG}text')
        ]
        self.assertEqual('0.010', texts[5])

    def test_who_sees_nothing_is_told(self) -> None:
        found = image(cost(1, 'm', '10'), cost(2, 'm', '40'))
        self.assertEqual('img', found.get('role'))
        named = found.get('aria-labelledby').split()
        by_id = {each.get('id'): each.text for each in found}
        self.assertEqual('Cost by day and type', by_id[named[0]])
        self.assertEqual(
            'A bar for each day, stacked by type. Together 50.00; the most '
            'on 2026-10-02: 40.00.',
            by_id[named[1]],
        )

    @drawn.SETTINGS
    @hypothesis.given(COSTS)
    def test_it_stays_well_formed_and_within_its_bounds(
        self, costs: list[statements.DailyCost]
    ) -> None:
        found = image(*costs)
        _, _, width, height = map(float, found.get('viewBox').split())
        for each in found.iter():
            self.assertNotIn(
                each.tag.removeprefix(SVG),
                ('script', 'image', 'use', 'a', 'foreignObject', 'style'),
            )
            self.assertNotIn('href', ' '.join(each.attrib))
        for _, attributes in boxes(found):
            x, y, wide, high = (
                float(attributes[name])
                for name in ('x', 'y', 'width', 'height')
            )
            self.assertGreaterEqual(min(x, y, wide, high), 0)
            self.assertLessEqual(x + wide, width)
            self.assertLessEqual(y + high, height)

    @drawn.SETTINGS
    @hypothesis.given(COSTS, strategies.randoms(use_true_random=False))
    def test_the_order_of_costs_does_not_matter(
        self, costs: list[statements.DailyCost], random
    ) -> None:
        shuffled = list(costs)
        random.shuffle(shuffled)
        self.assertEqual(
            chart.svg(costs, DAYS, WORDS, 'c'),
            chart.svg(shuffled, DAYS, WORDS, 'c'),
        )

    @drawn.SETTINGS
    @hypothesis.given(
        strategies.tuples(*[strategies.integers(-500, 500)] * 2).map(sorted),
        strategies.tuples(*[strategies.integers(-500, 500)] * 2).map(sorted),
        strategies.sampled_from('/-|\\'),
    )
    def test_strokes_lie_in_their_box(
        self, across: list[int], down: list[int], direction: str
    ) -> None:
        left, right = map(fractions.Fraction, across)
        top, bottom = map(fractions.Fraction, down)
        box = chart._Box(left, top, right, bottom)
        for x1, y1, x2, y2 in box.strokes(direction):
            for x, y in ((x1, y1), (x2, y2)):
                self.assertTrue(left <= x <= right and top <= y <= bottom)


def total(box: dict[str, str]) -> str:
    """Where a box ends at the bottom."""
    return f'{float(box["y"]) + float(box["height"]):.2f}'
