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
"""A time line in the terminal: a lane for each of what was there in turn.

All is computed with integers, microseconds since the epoch (R3). A column of
the terminal stands for some length of time, and shows what lay in it for
however short a time: nothing disappears because it was brief.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import dataclasses
import datetime
import decimal
import enum
import itertools
from typing import TextIO
import zoneinfo

from stratometrics.osc import wording
from stratometrics.osc.charts import canvas
from stratometrics.osc.charts import ticks
from stratometrics.osc.tables import columns

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)

#: Columns between two meanings of the legend.
GAP = 3

#: Columns that are left for time in a terminal that is too narrow.
_LEAST = 10


@dataclasses.dataclass(frozen=True)
class Span:
    """A length of time in a lane, or an instant if it begins at its end.

    :param label: what the lane is called.
    :param billed: what is not has a lane of its own.
    """

    label: str
    begin: datetime.datetime
    end: datetime.datetime
    billed: bool


class Mark(enum.Enum):
    """What a column shows."""

    NOTHING = enum.auto()
    BILLED = enum.auto()
    #: For less than half of the column.
    BILLED_BRIEFLY = enum.auto()
    UNBILLED = enum.auto()
    UNBILLED_BRIEFLY = enum.auto()


@dataclasses.dataclass(frozen=True)
class Look:
    """What a drawing is made of."""

    marks: Mapping[Mark, str]
    wall: str
    line: str
    tick: str


ASCII = Look(
    {
        Mark.NOTHING: ' ',
        Mark.BILLED: '#',
        Mark.BILLED_BRIEFLY: '+',
        Mark.UNBILLED: '-',
        Mark.UNBILLED_BRIEFLY: '.',
    },
    '|',
    '-',
    '+',
)
BLOCKS = Look(
    {
        Mark.NOTHING: ' ',
        Mark.BILLED: '\N{FULL BLOCK}',
        Mark.BILLED_BRIEFLY: '\N{LEFT HALF BLOCK}',
        Mark.UNBILLED: '\N{BOX DRAWINGS LIGHT HORIZONTAL}',
        Mark.UNBILLED_BRIEFLY: '\N{MIDDLE DOT}',
    },
    '\N{BOX DRAWINGS LIGHT VERTICAL}',
    '\N{BOX DRAWINGS LIGHT HORIZONTAL}',
    '\N{BOX DRAWINGS LIGHT DOWN AND HORIZONTAL}',
)
_STYLES = {
    Mark.NOTHING: '',
    Mark.BILLED: 'green',
    Mark.BILLED_BRIEFLY: 'green',
    Mark.UNBILLED: 'yellow',
    Mark.UNBILLED_BRIEFLY: 'yellow',
}
_BRIEF = {
    Mark.BILLED: Mark.BILLED_BRIEFLY,
    Mark.UNBILLED: Mark.UNBILLED_BRIEFLY,
}


def draw(
    stdout: TextIO,
    spans: Iterable[Span],
    begin: datetime.datetime,
    end: datetime.datetime,
    zone: zoneinfo.ZoneInfo,
    *,
    width: int = 0,
    told: Callable[[decimal.Decimal], str] = wording.duration,
) -> None:
    """Draw a time line; plain ASCII unless it is for a terminal.

    :param begin: of the period that is drawn.
    :param zone: whose calendar the axis shows.
    :param width: in columns; 0 for that of the terminal.
    :param told: makes texts of seconds.
    """
    drawn_on = canvas.Canvas(stdout, width or None)
    look = BLOCKS if drawn_on.blocks else ASCII
    for line in lines(spans, begin, end, zone, drawn_on.width, look, told):
        drawn_on.draw(line)


def lines(
    spans: Iterable[Span],
    begin: datetime.datetime,
    end: datetime.datetime,
    zone: zoneinfo.ZoneInfo,
    width: int,
    look: Look,
    told: Callable[[decimal.Decimal], str] = wording.duration,
) -> list[canvas.Line]:
    """The lines of a drawing, none longer than the width.

    The parameters are those of :func:`draw`.
    """
    first, last = _microseconds(begin), _microseconds(end)
    lanes: dict[tuple[str, bool], list[tuple[int, int]]] = {}
    for span in spans:
        lanes.setdefault((span.label, span.billed), []).append(
            (
                max(_microseconds(span.begin), first) - first,
                min(_microseconds(span.end), last) - first,
            )
        )
    heads = {key: _head(*key) for key in lanes}
    totals = {key: _total(parts, told) for key, parts in lanes.items()}
    left = max(map(canvas.length, heads.values()), default=0)
    # A long name stands above its lane.
    above = left > width // 3
    indent = 0 if above else left + 1
    right = max(map(len, totals.values()), default=0)
    count = max(width - indent - right - 3, _LEAST)
    count = min(count, max(last - first, 1))
    found: list[canvas.Line] = []
    used = set()
    for key, parts in lanes.items():
        marks = cells(parts, last - first, count, key[1])
        used.update(marks)
        if above:
            found.append([(heads[key], '')])
        found.append(
            [
                ('' if above else _padded(heads[key], indent), ''),
                (look.wall, 'dim'),
                *_runs(marks, look),
                (look.wall, 'dim'),
                (' ' + totals[key].rjust(right), ''),
            ]
        )
    for text in _axis(begin, end, zone, count, look):
        found.append([(' ' * (indent + 1) + text, 'dim')])
    found += _legend(used, last - first, count, width, look, told)
    return found


def cells(
    parts: Iterable[tuple[int, int]], length: int, count: int, billed: bool
) -> list[Mark]:
    """What the columns of a lane show.

    :param parts: from when to when there was something, in microseconds since
        the begin of the period, none outside of it.
    :param length: of the period, microseconds.
    :param count: how many columns there are, at most as many as microseconds.
    """
    whole = Mark.BILLED if billed else Mark.UNBILLED
    covered = [0] * count
    touched = set()
    for begin, end in parts:
        at = _cell(begin, length, count)
        until = _cell(max(end - 1, begin), length, count)
        for place in range(at, until + 1):
            touched.add(place)
            covered[place] += min(end, _edge(place + 1, length, count)) - max(
                begin, _edge(place, length, count)
            )
    return [
        Mark.NOTHING
        if place not in touched
        else whole
        if covered[place] * 2
        >= _edge(place + 1, length, count) - _edge(place, length, count)
        else _BRIEF[whole]
        for place in range(count)
    ]


def _padded(text: str, width: int) -> str:
    return text + ' ' * (width - canvas.length(text))


def _runs(marks: Iterable[Mark], look: Look) -> canvas.Line:
    return [
        (look.marks[mark] * len(list(run)), _STYLES[mark])
        for mark, run in itertools.groupby(marks)
    ]


def _edge(place: int, length: int, count: int) -> int:
    """The first microsecond of a column."""
    return length * place // count


def _cell(at: int, length: int, count: int) -> int:
    """The column that holds a microsecond."""
    return ((at + 1) * count - 1) // length


def _microseconds(at: datetime.datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _seconds(microseconds: int) -> decimal.Decimal:
    return decimal.Decimal(microseconds).scaleb(-6)


def _head(label: str, billed: bool) -> str:
    name = wording.printable(label) or columns.NOTHING
    return name if billed else f'{name} (not billed)'


def _total(
    parts: Sequence[tuple[int, int]], told: Callable[[decimal.Decimal], str]
) -> str:
    length = sum(end - begin for begin, end in parts)
    # What is consumed takes no time.
    return told(_seconds(length)) if length else f'{len(parts)} x'


def _axis(
    begin: datetime.datetime,
    end: datetime.datetime,
    zone: zoneinfo.ZoneInfo,
    count: int,
    look: Look,
) -> tuple[str, str]:
    """The line below the lanes, and the times below it."""
    first, last = _microseconds(begin), _microseconds(end)
    line = [look.line] * count
    labels = ''
    for moment, label in ticks.fitting(begin, end, zone, count):
        place = _cell(_microseconds(moment) - first, last - first, count)
        line[place] = look.tick
        free = len(labels) + ticks.GAP if labels else 0
        if free <= place <= count - len(label):
            labels = labels.ljust(place) + label
    return ''.join(line), labels


def _legend(
    used: Iterable[Mark],
    length: int,
    count: int,
    width: int,
    look: Look,
    told: Callable[[decimal.Decimal], str],
) -> Iterator[canvas.Line]:
    """What the marks mean, of those that are there."""
    column = told(_seconds(length // count))
    line: list[tuple[str, str]] = []
    for marks, meaning in (
        ([Mark.BILLED], 'billed'),
        ([Mark.UNBILLED], 'not billed'),
        (list(_BRIEF.values()), f'less than half of {column}'),
    ):
        shown = [mark for mark in marks if mark in used]
        if not shown:
            continue
        item = [(f'{look.marks[mark]} ', _STYLES[mark]) for mark in shown]
        item.append((meaning, 'dim'))
        if line and _length([*line, *item]) + GAP > width:
            yield line
            line = []
        line += [(' ' * GAP, '') if line else ('', ''), *item]
    if line:
        yield line


def _length(line: canvas.Line) -> int:
    return sum(len(text) for text, _ in line)
