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
"""Bars in the terminal, and plain ones where there is none."""

import argparse
from collections.abc import Iterator, Sequence
import dataclasses
import decimal
import fractions
from typing import TextIO

from osc_lib import exceptions

from stratometrics.osc.charts import canvas

#: Of which the last is whole, the one before it lacks an eighth, and so on.
_BLOCKS = ' \u258f\u258e\u258d\u258c\u258b\u258a\u2589\u2588'
_FAINT_BLOCKS = ' \u2591'
_ASCII = ' #'
_FAINT_ASCII = ' -'

_GAP = '  '
#: What a bar has at least, before labels get lines of their own.
_NARROWEST = 10


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A line of a chart.

    :param label: what it is about. It is shown whole.
    :param value: how long it is, compared with the others; not below zero.
    :param shown: the value as people read it.
    :param head: what stands above it if that of the one before is another.
    :param faint: whether it is there to be compared with.
    """

    label: str
    value: decimal.Decimal
    shown: str
    head: str = ''
    faint: bool = False


def require_people(parsed_args: argparse.Namespace) -> None:
    """See that a chart is not asked for by a program.

    :param parsed_args: those of cliff, and ``chart``.
    :raises osc_lib.exceptions.CommandError: it is.
    """
    if parsed_args.chart and parsed_args.formatter != 'table':
        raise exceptions.CommandError(
            f'--chart draws for people: leave out -f {parsed_args.formatter}, '
            f'or --chart'
        )


def draw(bars: Sequence[Bar], out: TextIO) -> None:
    """Draw a chart as wide as the terminal.

    :param out: what it is written to.
    """
    drawn_on = canvas.Canvas(out)
    for line in _lines(bars, drawn_on.width, drawn_on.blocks):
        drawn_on.draw(line)


def length(
    value: decimal.Decimal, largest: decimal.Decimal, whole: int
) -> int:
    """How long a bar is, in the smallest parts that can be drawn.

    What is more than nothing is seen, however little it is.

    :param largest: the value whose bar is ``whole`` long.
    """
    if value <= 0:
        return 0
    exact = fractions.Fraction(value) / fractions.Fraction(largest) * whole
    return max(
        1, (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    )


def _lines(
    bars: Sequence[Bar], width: int, blocks: bool
) -> Iterator[canvas.Line]:
    """The lines of a chart, in pieces with their styles."""
    if not bars:
        return
    largest = max(bar.value for bar in bars)
    labels = max(canvas.length(bar.label) for bar in bars)
    shown = max(canvas.length(bar.shown) for bar in bars)
    room = width - shown - len(_GAP)
    beside = room - labels - len(_GAP) >= _NARROWEST
    if beside:
        room -= labels + len(_GAP)
    room = max(room, 1)
    head = ''
    for bar in bars:
        if bar.head != head:
            head = bar.head
            yield [(head, 'bold')]
        if beside:
            label = bar.label + ' ' * (labels - canvas.length(bar.label))
            begin: canvas.Line = [(f'{label}{_GAP}', '')]
        else:
            yield [(bar.label, '')]
            begin = []
        text = _bar(bar, largest, room, blocks)
        value = ' ' * (shown - canvas.length(bar.shown)) + bar.shown
        yield [
            *begin,
            (text, 'dim' if bar.faint else 'cyan'),
            (f'{_GAP}{value}', ''),
        ]


def _bar(bar: Bar, largest: decimal.Decimal, room: int, blocks: bool) -> str:
    if blocks:
        steps = _FAINT_BLOCKS if bar.faint else _BLOCKS
    else:
        steps = _FAINT_ASCII if bar.faint else _ASCII
    parts = len(steps) - 1
    whole, rest = divmod(length(bar.value, largest, room * parts), parts)
    drawn = steps[-1] * whole + (steps[rest] if rest else '')
    return drawn.ljust(room)
