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

from xml.etree import ElementTree

from benchmark import curves
import testtools

FLAT = curves.Curve('opened', {1: 0.2, 2: 0.2, 5: 0.2, 10: 0.2})
STEEP = curves.Curve('unopened', {1: 0.02, 2: 0.04, 5: 0.1, 10: 0.2})


def _rows(text: str, mark: str) -> dict[int, int]:
    """The line of each column in which a letter stands."""
    found = {}
    for number, line in enumerate(text.splitlines()):
        _, bar, drawn = line.partition('|')
        for column, letter in enumerate(drawn):
            if bar and letter == mark:
                found[column] = number
    return found


class TextTest(testtools.TestCase):
    def test_what_does_not_grow_is_flat(self) -> None:
        rows = _rows(curves.text([FLAT]), 'A')
        self.assertEqual(4, len(rows))
        self.assertEqual(1, len(set(rows.values())))

    def test_what_grows_rises_to_the_right(self) -> None:
        rows = _rows(curves.text([STEEP]), 'A')
        lines = [rows[column] for column in sorted(rows)]
        self.assertEqual(4, len(set(lines)))
        self.assertEqual(sorted(lines, reverse=True), lines)

    def test_tenfold_is_as_high_as_a_power_of_ten(self) -> None:
        lines = curves.text([STEEP]).splitlines()
        ticks = [
            number for number, line in enumerate(lines) if ' |....' in line
        ]
        rows = _rows(curves.text([STEEP]), 'A')
        self.assertEqual(
            ticks[1] - ticks[0], rows[min(rows)] - rows[max(rows)]
        )

    def test_every_curve_is_named(self) -> None:
        text = curves.text([FLAT, STEEP])
        self.assertIn('A: opened', text)
        self.assertIn('B: unopened', text)
        self.assertIn('100 ms |', text)

    def test_one_point_can_be_drawn(self) -> None:
        single = curves.Curve('single', {1: 0.1})
        self.assertEqual(1, len(_rows(curves.text([single]), 'A')))

    def test_a_row_of_the_table(self) -> None:
        self.assertEqual(
            ['unopened', '1:', '20.0', 'ms', '2:', '40.0', 'ms'],
            str(STEEP).split()[:7],
        )


class ImageTest(testtools.TestCase):
    def _elements(self, name: str) -> list[ElementTree.Element]:
        image = ElementTree.fromstring(
            curves.svg([FLAT, STEEP], ['a <machine> & a date'])
        )
        return image.findall(f'.//{{http://www.w3.org/2000/svg}}{name}')

    def test_every_point_can_be_seen_and_read(self) -> None:
        points = self._elements('circle')
        self.assertEqual(8, len(points))
        self.assertEqual(
            'unopened: 200.0 ms, months: 10',
            ''.join(points[-1].itertext()).strip(),
        )

    def test_a_flat_curve_is_level(self) -> None:
        flat, steep = (
            [place.split(',') for place in line.get('points').split()]
            for line in self._elements('polyline')
        )
        self.assertEqual(1, len({y for _, y in flat}))
        heights = [float(y) for _, y in steep]
        self.assertEqual(sorted(heights, reverse=True), heights)

    def test_the_caption_says_where(self) -> None:
        words = [each.text for each in self._elements('text')]
        self.assertIn('a <machine> & a date', words)
        self.assertIn('unopened', words)

    def test_all_is_within_the_image(self) -> None:
        for point in self._elements('circle'):
            self.assertTrue(0 < float(point.get('cx')) < 720)
            self.assertTrue(0 < float(point.get('cy')) < 400)
