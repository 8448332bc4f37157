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
"""Costs by day, stacked by type, as one SVG image.

Colours are those of Okabe and Ito, which colour-blind people can tell apart;
hatching tells them apart in grey. The strokes are drawn one by one: patterns
make PDF large in browsers, and differ elsewhere. Coordinates are exact until
they are written with two places, so that equal costs give equal images.
"""

from collections.abc import Callable, Iterator, Sequence
import dataclasses
import datetime
import fractions
from xml.etree import ElementTree

from stratometrics.model import statements
from stratometrics.rating.rendering import legible
from stratometrics.rating.rendering import spelling
from stratometrics.rating.rendering import texts

#: Types that have a colour of their own.
MOST_TYPES = 8

_COLOURS = (
    *('#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00'),
    *('#f0e442', '#444444', '#a8a8a8'),
)
# Strokes over the colour: horizontal, vertical, falling and rising ones. The
# other series are plain.
_HATCHES = {1: '/', 3: '-', 4: '\\', 5: '|', 8: '/\\'}
_GAP = 5

_WIDTH = 720
_LEFT, _RIGHT = 72, 4
_TOP, _HEIGHT = 10, 190
_AXIS = 22
_ENTRY_HEIGHT, _ENTRIES = 19, 2
_LABEL_LENGTH = 32

_INK, _FAINT = '#333333', '#dddddd'


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """How the chart writes what it shows.

    :param money: an amount, with at least so many decimal places.
    :param day: a date.
    """

    money: Callable[[fractions.Fraction, int], str]
    day: Callable[[datetime.date], str]
    digits: int


@dataclasses.dataclass(frozen=True, slots=True)
class _Series:
    label: str
    by_day: dict[datetime.date, fractions.Fraction]

    @property
    def total(self) -> fractions.Fraction:
        return sum(self.by_day.values(), fractions.Fraction(0))


def svg(
    costs: Sequence[statements.DailyCost],
    days: Sequence[datetime.date],
    words: Words,
    name: str,
) -> str:
    """The image, well-formed and without anything from outside.

    :param costs: of one currency.
    :param days: what the axis has in any case, such as those of a month.
    :param name: begins its ids, so that a page can have several images.
    """
    days = sorted({*days, *(cost.day for cost in costs)})
    stack = _stack(costs)
    scale = _Scale.over(stack, days)
    rows = -(-len(stack) // _ENTRIES)
    bottom = _TOP + _HEIGHT + _AXIS
    height = bottom + 10 + rows * _ENTRY_HEIGHT
    image = ElementTree.Element(
        'svg',
        {
            'xmlns': 'http://www.w3.org/2000/svg',
            'viewBox': f'0 0 {_WIDTH} {height}',
            'width': str(_WIDTH),
            'height': str(height),
            'role': 'img',
            'aria-labelledby': f'{name}-title {name}-summary',
            'font-family': 'system-ui, sans-serif',
            'font-size': '11',
            'fill': _INK,
            'direction': 'ltr',
        },
    )
    _text(image, 'title', texts.CHART, id=f'{name}-title')
    _text(image, 'desc', _summary(stack, words), id=f'{name}-summary')
    _grid(image, scale, words)
    _bars(image, stack, days, scale, words)
    _legend(image, stack, bottom + 10, words)
    return ElementTree.tostring(image, encoding='unicode')


def _stack(costs: Sequence[statements.DailyCost]) -> list[_Series]:
    """What is drawn, the largest first; what is small is one series."""
    found: dict[str, _Series] = {}
    for cost in costs:
        label = ' '.join(filter(None, (cost.resource_type, cost.type)))
        _add(found.setdefault(label, _Series(label, {})), cost)
    series = sorted(found.values(), key=lambda each: (-each.total, each.label))
    if len(series) <= MOST_TYPES + 1:
        return series
    rest = _Series(texts.OTHER, {})
    for each in series[MOST_TYPES:]:
        for day, amount in each.by_day.items():
            rest.by_day[day] = rest.by_day.get(day, 0) + amount
    return [*series[:MOST_TYPES], rest]


def _add(series: _Series, cost: statements.DailyCost) -> None:
    series.by_day[cost.day] = series.by_day.get(cost.day, 0) + cost.amount


def _by_day(
    stack: Sequence[_Series],
) -> dict[datetime.date, fractions.Fraction]:
    sums: dict[datetime.date, fractions.Fraction] = {}
    for series in stack:
        for day, amount in series.by_day.items():
            sums[day] = sums.get(day, fractions.Fraction(0)) + amount
    return sums


def _summary(stack: Sequence[_Series], words: Words) -> str:
    sums = _by_day(stack)
    dearest = max(sums, key=lambda day: (sums[day], -day.toordinal()))
    return texts.CHART_SUMMARY.format(
        total=words.money(sum(sums.values()), words.digits),
        day=words.day(dearest),
        most=words.money(sums[dearest], words.digits),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Scale:
    """From amounts to heights.

    :param ticks: the amounts that have a line, the lowest first.
    """

    ticks: tuple[fractions.Fraction, ...]
    step: fractions.Fraction

    @classmethod
    def over(
        cls, stack: Sequence[_Series], days: Sequence[datetime.date]
    ) -> '_Scale':
        """Round amounts that hold every bar: four to six or so."""
        zero = fractions.Fraction(0)
        highest = lowest = zero
        for day in days:
            amounts = [each.by_day.get(day, zero) for each in stack]
            highest = max(highest, sum(a for a in amounts if a > 0))
            lowest = min(lowest, sum(a for a in amounts if a < 0))
        step = _round_step((highest - lowest) / 5)
        return cls(
            tuple(
                step * count
                for count in range(lowest // step, -(-highest // step) + 1)
            ),
            step,
        )

    def y(self, amount: fractions.Fraction) -> fractions.Fraction:
        low, high = self.ticks[0], self.ticks[-1]
        if high == low:
            return fractions.Fraction(_TOP + _HEIGHT)
        return _TOP + _HEIGHT * (high - amount) / (high - low)


def _round_step(least: fractions.Fraction) -> fractions.Fraction:
    """The smallest 1, 2 or 5 times a power of ten that is not below."""
    if not least:
        return fractions.Fraction(1)
    power = len(str(least.numerator)) - len(str(least.denominator)) - 1
    step = fractions.Fraction(10) ** power
    while True:
        for factor in (1, 2, 5):
            if step * factor >= least:
                return step * factor
        step *= 10


def _decimals(step: fractions.Fraction) -> int:
    count = 0
    while (step * 10**count).denominator > 1:
        count += 1
    return count


def _box(
    parent: ElementTree.Element, index: int, box: '_Box', title: str
) -> None:
    """A part of a bar, or of the legend, in the colours of a series."""
    group = ElementTree.SubElement(parent, 'g')
    _text(group, 'title', title)
    ElementTree.SubElement(
        group,
        'rect',
        {
            'x': _px(box.left),
            'y': _px(box.top),
            'width': _px(box.right - box.left),
            'height': _px(box.bottom - box.top),
            'fill': _COLOURS[index],
        },
    )
    strokes = ''.join(
        f'M{_px(x1)},{_px(y1)}L{_px(x2)},{_px(y2)}'
        for direction in _HATCHES.get(index, '')
        for x1, y1, x2, y2 in box.strokes(direction)
    )
    if strokes:
        ElementTree.SubElement(
            group,
            'path',
            {'d': strokes, 'stroke': '#ffffff', 'stroke-opacity': '0.8'},
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Box:
    left: fractions.Fraction
    top: fractions.Fraction
    right: fractions.Fraction
    bottom: fractions.Fraction

    def strokes(
        self, direction: str
    ) -> Iterator[tuple[fractions.Fraction, ...]]:
        """Lines across the box, on a grid that all boxes share."""
        left, top, right, bottom = dataclasses.astuple(self)
        match direction:
            case '-':
                for y in _between(top, bottom):
                    yield left, y, right, y
            case '|':
                for x in _between(left, right):
                    yield x, top, x, bottom
            case '/':
                for sum_ in _between(left + top, right + bottom):
                    x1, x2 = max(left, sum_ - bottom), min(right, sum_ - top)
                    yield x1, sum_ - x1, x2, sum_ - x2
            case _:
                for gap in _between(top - right, bottom - left):
                    x1, x2 = max(left, top - gap), min(right, bottom - gap)
                    yield x1, x1 + gap, x2, x2 + gap


def _between(
    low: fractions.Fraction, high: fractions.Fraction
) -> Iterator[fractions.Fraction]:
    """The multiples of the gap between two numbers."""
    for count in range(low // _GAP + 1, -(-high // _GAP)):
        yield fractions.Fraction(count * _GAP)


def _grid(image: ElementTree.Element, scale: _Scale, words: Words) -> None:
    decimals = _decimals(scale.step)
    digits = max(words.digits, decimals) if decimals else 0
    for amount in scale.ticks:
        y = scale.y(amount)
        ElementTree.SubElement(
            image,
            'line',
            {
                'x1': str(_LEFT),
                'x2': str(_WIDTH - _RIGHT),
                'y1': _px(y),
                'y2': _px(y),
                'stroke': _FAINT if amount else _INK,
            },
        )
        _text(
            image,
            'text',
            words.money(amount, digits),
            x=str(_LEFT - 8),
            y=_px(y + 4),
            **{'text-anchor': 'end'},
        )


def _bars(
    image: ElementTree.Element,
    stack: Sequence[_Series],
    days: Sequence[datetime.date],
    scale: _Scale,
    words: Words,
) -> None:
    pitch = fractions.Fraction(_WIDTH - _LEFT - _RIGHT, len(days))
    every = -(-24 // pitch) if pitch < 16 else 1
    for place, day in enumerate(days):
        x = _LEFT + pitch * place
        above = below = fractions.Fraction(0)
        for index, series in enumerate(stack):
            amount = series.by_day.get(day)
            if not amount:
                continue
            if amount > 0:
                base, above = above, above + amount
                top, foot = above, base
            else:
                base, below = below, below + amount
                top, foot = base, below
            _box(
                image,
                index,
                _Box(
                    x + pitch / 8,
                    scale.y(top),
                    x + pitch * 7 / 8,
                    scale.y(foot),
                ),
                f'{words.day(day)}: {series.label}: '
                f'{words.money(amount, words.digits)}',
            )
        if place % every == 0:
            _text(
                image,
                'text',
                str(day.day),
                x=_px(x + pitch / 2),
                y=str(_TOP + _HEIGHT + 16),
                **{'text-anchor': 'middle'},
            )


def _legend(
    image: ElementTree.Element,
    stack: Sequence[_Series],
    top: int,
    words: Words,
) -> None:
    width = (_WIDTH - _RIGHT) // _ENTRIES
    for index, series in enumerate(stack):
        x = width * (index % _ENTRIES)
        y = top + _ENTRY_HEIGHT * (index // _ENTRIES)
        _box(
            image,
            index,
            _Box(*map(fractions.Fraction, (x, y, x + 24, y + 12))),
            series.label,
        )
        _text(
            image,
            'text',
            legible.shortened(series.label, _LABEL_LENGTH),
            x=str(x + 32),
            y=str(y + 10),
        )
        _text(
            image,
            'text',
            words.money(series.total, words.digits),
            x=str(x + width - 24),
            y=str(y + 10),
            **{'text-anchor': 'end', 'font-weight': '600'},
        )


def _text(
    parent: ElementTree.Element, tag: str, text: str, **attributes: str
) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, tag, attributes)
    element.text = legible.legible(text)
    return element


def _px(value: fractions.Fraction) -> str:
    return spelling.places(fractions.Fraction(value), 2)
