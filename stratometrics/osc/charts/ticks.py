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
"""The times that an axis names: round ones, as far apart as fits."""

from collections.abc import Iterator
import datetime
import zoneinfo

_MINUTE = datetime.timedelta(minutes=1)
_HOUR = datetime.timedelta(hours=1)
_DAY = datetime.timedelta(days=1)

#: What is at least between two labels, in columns.
GAP = 2

Tick = tuple[datetime.datetime, str]

# The steps, the finest first: of which unit, how many of them.
_STEPS = (
    *(('minute', count) for count in (1, 5, 10, 30)),
    *(('hour', count) for count in (1, 2, 3, 6, 12)),
    *(('day', count) for count in (1, 2, 5, 7, 14)),
    *(('month', count) for count in (1, 3, 6)),
    *(('year', count) for count in (1, 2, 5, 10)),
)
_LENGTHS = {
    'minute': _MINUTE,
    'hour': _HOUR,
    'day': _DAY,
    'month': 28 * _DAY,
    'year': 365 * _DAY,
}
# How long labels are, in columns.
_WIDTHS = {'minute': 5, 'hour': 5, 'day': 5, 'month': 7, 'year': 4}


def fitting(
    begin: datetime.datetime,
    end: datetime.datetime,
    zone: zoneinfo.ZoneInfo,
    width: int,
) -> list[Tick]:
    """The times to name, each with its text, in their order.

    :param begin: of the axis.
    :param end: the first instant behind it.
    :param zone: whose calendar counts.
    :param width: of the axis, in columns.
    """
    for unit, count in _STEPS:
        apart = _WIDTHS[unit] + GAP
        step = _LENGTHS[unit] * count
        # So that few are made in vain; each takes at least so much.
        if step * width < apart * (end - begin):
            continue
        return list(_ticks(begin, end, zone, unit, count))
    return []


def _ticks(
    begin: datetime.datetime,
    end: datetime.datetime,
    zone: zoneinfo.ZoneInfo,
    unit: str,
    count: int,
) -> Iterator[Tick]:
    last = None
    for local in _walls(begin.astimezone(zone), unit, count):
        moment = local.replace(tzinfo=zone).astimezone(datetime.UTC)
        if moment >= end:
            return
        # An hour that clocks skip is the one behind it.
        if moment >= begin and (last is None or moment > last):
            yield moment, _label(local, unit)
            last = moment


def _walls(
    begin: datetime.datetime, unit: str, count: int
) -> Iterator[datetime.datetime]:
    """What clocks show, from before an instant on, without an end."""
    midnight = datetime.datetime(begin.year, begin.month, begin.day)
    if unit in ('minute', 'hour'):
        step = _LENGTHS[unit] * count
        at = midnight
        while True:
            yield at
            at += step
    if unit == 'day':
        at = midnight
        while True:
            # The first of a month, and none that is too near the next one.
            if (at.day - 1) % count == 0 and (count < 5 or at.day <= 28):
                yield at
            at += _DAY
    months = begin.year * 12 + begin.month - 1
    step_months = count * (12 if unit == 'year' else 1)
    months -= months % step_months
    while True:
        yield datetime.datetime(months // 12, months % 12 + 1, 1)
        months += step_months


def _label(local: datetime.datetime, unit: str) -> str:
    if unit == 'year':
        return f'{local:%Y}'
    if unit == 'month':
        return f'{local:%Y-%m}'
    if unit == 'day' or not (local.hour or local.minute):
        return f'{local:%m-%d}'
    return f'{local:%H:%M}'
