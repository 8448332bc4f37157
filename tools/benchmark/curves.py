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
"""Times that grow with something, as lines of text and as an image.

Both axes are logarithmic: what takes ten times as long for ten times as much
rises at 45 degrees on an image whose axes have one scale, and what does not
grow is flat.
"""

from collections.abc import Iterator, Sequence
import dataclasses
import itertools
import math
from xml.etree import ElementTree

#: Letters of the curves in a plot of text, and their order.
_MARKS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

_COLUMNS, _LINES = 61, 17

#: Those of Okabe and Ito, which colour-blind people can tell apart.
_COLOURS = (
    *('#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00'),
    *('#444444', '#a8a8a8'),
)
_INK, _FAINT = '#333333', '#dddddd'

_WIDTH, _HEIGHT = 720, 360
_LEFT, _TOP = 72, 16
_LINE = 18


@dataclasses.dataclass(frozen=True)
class Curve:
    """How long a question takes, by how much it is asked of.

    :param points: seconds by months.
    """

    name: str
    points: dict[int, float] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        cells = ''.join(
            f'{months:>4}:{seconds * 1000:>8,.1f} ms'
            for months, seconds in self.points.items()
        )
        return f'  {self.name:<40}{cells}'


@dataclasses.dataclass(frozen=True)
class _Scale:
    """From months and seconds to places between 0 and 1."""

    months: Sequence[int]
    low: float
    high: float

    @classmethod
    def over(cls, curves: Sequence[Curve]) -> '_Scale':
        """All months, and the powers of ten around all times."""
        seconds = [s for curve in curves for s in curve.points.values()]
        return cls(
            sorted({m for curve in curves for m in curve.points}),
            10 ** math.floor(math.log10(min(seconds))),
            10 ** math.ceil(math.log10(max(seconds))),
        )

    def x(self, months: float) -> float:
        return _share(months, self.months[0], self.months[-1])

    def y(self, seconds: float) -> float:
        return _share(seconds, self.low, self.high)

    def ticks(self) -> Iterator[float]:
        """Seconds that have a line, by the powers of ten."""
        for power in itertools.count(round(math.log10(self.low))):
            if power > round(math.log10(self.high)):
                break
            yield 10.0**power


def _share(value: float, low: float, high: float) -> float:
    if high <= low:
        return 0.5
    return math.log(value / low) / math.log(high / low)


def _label(seconds: float) -> str:
    return f'{seconds:g} s' if seconds >= 1 else f'{seconds * 1000:g} ms'


def text(curves: Sequence[Curve]) -> str:
    """A plot of characters, each curve a letter."""
    scale = _Scale.over(curves)
    grid = [[' '] * _COLUMNS for _ in range(_LINES)]
    labels = [''] * _LINES
    for tick in scale.ticks():
        line = _line(scale, tick)
        labels[line] = _label(tick)
        grid[line] = ['.'] * _COLUMNS
    for mark, curve in zip(_MARKS, curves, strict=False):
        for months, seconds in curve.points.items():
            grid[_line(scale, seconds)][_column(scale, months)] = mark
    axis = [' '] * (_COLUMNS + 4)
    for months in scale.months:
        column = _column(scale, months)
        axis[column : column + len(str(months))] = str(months)
    lines = [
        f'{label:>8} |{"".join(row)}'.rstrip()
        for label, row in zip(labels, grid, strict=True)
    ]
    lines.append(f'{"":>8}  {"".join(axis).rstrip()} months')
    lines += [
        f'{mark:>8}: {curve.name}'
        for mark, curve in zip(_MARKS, curves, strict=False)
    ]
    return '\n'.join(lines)


def _line(scale: _Scale, seconds: float) -> int:
    return round((1 - scale.y(seconds)) * (_LINES - 1))


def _column(scale: _Scale, months: int) -> int:
    return round(scale.x(months) * (_COLUMNS - 1))


def svg(curves: Sequence[Curve], caption: Sequence[str]) -> str:
    """The image, well-formed and without anything from outside.

    :param caption: lines below it: what was measured, where and when.
    """
    scale = _Scale.over(curves)
    legend = _TOP + _HEIGHT + 44
    height = legend + _LINE * (len(curves) + len(caption)) + 12
    image = ElementTree.Element(
        'svg',
        {
            'xmlns': 'http://www.w3.org/2000/svg',
            'viewBox': f'0 0 {_WIDTH} {height}',
            'width': str(_WIDTH),
            'height': str(height),
            'role': 'img',
            'font-family': 'system-ui, sans-serif',
            'font-size': '12',
            'fill': _INK,
        },
    )
    _text(image, 'title', 'How long questions take, by months')
    _draw(image, 'rect', width=_WIDTH, height=height, fill='#ffffff')
    _grid(image, scale)
    for number, curve in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        # Where there are more curves than colours, the dashes differ as well.
        dashes = {'stroke-dasharray': '6 4'} if number % 2 else {}
        places = [
            (_x(scale, months), _y(scale, seconds))
            for months, seconds in curve.points.items()
        ]
        _draw(
            image,
            'polyline',
            points=' '.join(f'{x:.1f},{y:.1f}' for x, y in places),
            fill='none',
            stroke=colour,
            **{'stroke-width': 2, **dashes},
        )
        for (x, y), (months, seconds) in zip(
            places, curve.points.items(), strict=True
        ):
            point = _draw(
                image, 'circle', cx=f'{x:.1f}', cy=f'{y:.1f}', r=4, fill=colour
            )
            _text(
                point,
                'title',
                f'{curve.name}: {seconds * 1000:,.1f} ms, months: {months}',
            )
        y = legend + _LINE * number
        _draw(
            image,
            'line',
            x1=_LEFT,
            x2=_LEFT + 28,
            y1=y - 4,
            y2=y - 4,
            stroke=colour,
            **{'stroke-width': 2, **dashes},
        )
        _text(image, 'text', curve.name, x=_LEFT + 36, y=y)
    for number, line in enumerate(caption, len(curves)):
        y = legend + 8 + _LINE * number
        _text(image, 'text', line, x=_LEFT, y=y, fill='#666666')
    ElementTree.indent(image)
    return ElementTree.tostring(image, encoding='unicode') + '\n'


def _grid(image: ElementTree.Element, scale: _Scale) -> None:
    right = _WIDTH - 24
    for tick in scale.ticks():
        y = f'{_y(scale, tick):.1f}'
        _draw(image, 'line', x1=_LEFT, x2=right, y1=y, y2=y, stroke=_FAINT)
        _text(
            image,
            'text',
            _label(tick),
            x=_LEFT - 8,
            y=f'{_y(scale, tick) + 4:.1f}',
            **{'text-anchor': 'end'},
        )
    for months in scale.months:
        _text(
            image,
            'text',
            str(months),
            x=f'{_x(scale, months):.1f}',
            y=_TOP + _HEIGHT + 18,
            **{'text-anchor': 'middle'},
        )
    _text(
        image,
        'text',
        'months',
        x=right,
        y=_TOP + _HEIGHT + 18,
        **{'text-anchor': 'end'},
    )


def _x(scale: _Scale, months: int) -> float:
    return _LEFT + 20 + scale.x(months) * (_WIDTH - _LEFT - 110)


def _y(scale: _Scale, seconds: float) -> float:
    return _TOP + (1 - scale.y(seconds)) * _HEIGHT


def _draw(
    parent: ElementTree.Element, tag: str, **attributes: object
) -> ElementTree.Element:
    return ElementTree.SubElement(
        parent, tag, {name: str(value) for name, value in attributes.items()}
    )


def _text(
    parent: ElementTree.Element, tag: str, words: str, **attributes: object
) -> None:
    _draw(parent, tag, **attributes).text = words
