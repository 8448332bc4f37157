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
"""Periods cut into buckets by the calendar of a time zone.

All is computed here, in microseconds: of a time zone the database knows
nothing.
"""

import bisect
from collections.abc import Iterator
import dataclasses
import datetime
import enum
import itertools
import zoneinfo

from stratometrics.model import timestamps
from stratometrics.model import usage

_HOUR = 3600 * timestamps.MICROSECONDS
_DAY = datetime.timedelta(days=1)


class Unit(enum.StrEnum):
    """What the length of a bucket is counted in."""

    HOUR = 'h'
    DAY = 'd'
    #: Of ISO 8601: from Monday on.
    WEEK = 'w'
    MONTH = 'mo'


@dataclasses.dataclass(frozen=True, slots=True)
class Granularity:
    """How long buckets are.

    :param number: of hours, a number that divides a day; else 1.
    """

    unit: Unit
    number: int = 1

    def __str__(self) -> str:
        return f'{self.number}{self.unit}'


#: All that there are, the finest first, by how they are written.
GRANULARITIES = {
    str(each): each
    for each in (
        *(Granularity(Unit.HOUR, number) for number in (1, 2, 3, 4, 6, 8, 12)),
        Granularity(Unit.DAY),
        Granularity(Unit.WEEK),
        Granularity(Unit.MONTH),
    )
}


def boundaries(
    period: usage.Period,
    granularity: Granularity,
    zone: zoneinfo.ZoneInfo,
) -> Iterator[int]:
    """Where buckets begin and end, from the one that holds a period's begin.

    Days, weeks, months and several hours are those of the calendar: a day on
    which the clock is changed has 23 or 25 hours, and six hours that hold the
    change have five or seven. What the clock skips is no bucket. One hour is
    never longer than that: an hour that the clock shows twice is two buckets,
    and where the clock is changed by half an hour, one of them is as short.

    :returns: ascending instants, in microseconds: the first is not after the
        period's begin, the last not before its end, and all others lie
        within.
    """
    first = timestamps.to_datetime(period.begin).astimezone(zone)
    starts = _instants(granularity, first.date(), zone)
    if granularity == GRANULARITIES['1h']:
        starts = _no_longer_than_an_hour(starts)
    begin = next(starts)
    for end in starts:
        if end > period.begin:
            yield begin
        begin = end
        if begin >= period.end:
            yield begin
            return


def _instants(
    granularity: Granularity, date: datetime.date, zone: zoneinfo.ZoneInfo
) -> Iterator[int]:
    """When buckets begin, ascending and without end.

    :param date: a local date which the first bucket holds, or part of it.
    """
    last = None
    for reading in _readings(granularity, date):
        instant = first_instant(reading, zone)
        if instant != last:
            yield instant
        last = instant


def _readings(
    granularity: Granularity, date: datetime.date
) -> Iterator[datetime.datetime]:
    """What the clock shows when buckets begin."""
    match granularity.unit:
        case Unit.MONTH:
            for month in itertools.count(12 * date.year + date.month - 1):
                yield datetime.datetime(month // 12, month % 12 + 1, 1)
        case Unit.WEEK:
            first, days, hours = date - date.weekday() * _DAY, 7, [0]
        case Unit.DAY:
            first, days, hours = date, 1, [0]
        case Unit.HOUR:
            first, days, hours = date, 1, range(0, 24, granularity.number)
    for number in itertools.count():
        day = datetime.datetime.combine(
            first + number * days * _DAY, datetime.time()
        )
        for hour in hours:
            yield day.replace(hour=hour)


def first_instant(reading: datetime.datetime, zone: zoneinfo.ZoneInfo) -> int:
    """When the clock shows a time, or a later one, for the first time."""
    first, second = (
        timestamps.from_datetime(reading.replace(tzinfo=zone, fold=fold))
        for fold in (0, 1)
    )
    if first <= second:
        return first
    # The clock skips it, at an instant between these two.
    return second + bisect.bisect_left(
        range(second, first),
        reading,
        key=lambda instant: (
            timestamps.to_datetime(instant)
            .astimezone(zone)
            .replace(tzinfo=None)
        ),
    )


def _no_longer_than_an_hour(starts: Iterator[int]) -> Iterator[int]:
    for begin, end in itertools.pairwise(starts):
        yield from range(begin, end, _HOUR)
