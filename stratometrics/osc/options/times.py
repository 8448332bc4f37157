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
"""Periods and instants as people type them."""

import argparse
import calendar
from collections.abc import Sequence
import datetime
import re
from typing import Any
import zoneinfo

from stratometrics.model import calendars
from stratometrics.model import timestamps

_MONTH = re.compile(r'([0-9]{4})-([0-9]{2})')
_DATE = re.compile(r'[0-9]{4}-[0-9]{2}-[0-9]{2}')
_WEEK = re.compile(r'[0-9]{4}-W[0-9]{2}')
_AGO = re.compile(r'-([0-9]{1,6})(mo|min|h|d|w|y)')
# Finer than a microsecond is nothing that can be asked (R3), and is not cut.
_MOMENT = re.compile(
    r'(?P<local>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}'
    r'(:[0-9]{2}(\.[0-9]{1,6})?)?)'
    r'(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?'
)
#: What no option begins with, but a time of the past may.
_PAST = re.compile(r'-[0-9]')

_UNITS = {
    'min': datetime.timedelta(minutes=1),
    'h': datetime.timedelta(hours=1),
    'd': datetime.timedelta(days=1),
    'w': datetime.timedelta(weeks=1),
}
_MONTHS = {'mo': 1, 'y': 12}
_DAYS = {'yesterday': -1, 'today': 0, 'tomorrow': 1}
_EXAMPLES = (
    'such as 2026-10, 2026-10-05, 2026-W41, 2026-10-05T12:00:00Z, yesterday, '
    '-7d or now'
)


class Invalid(ValueError):
    """The text is no time; str() says what would be."""


def instant(
    text: str, zone: zoneinfo.ZoneInfo, now: datetime.datetime
) -> datetime.datetime:
    """The instant that a text stands for, in UTC.

    A month, a week of ISO 8601 or a day is its first instant. What goes back
    by days, weeks, months or years keeps the time of day, as the calendar of
    the zone has it, or the next one that the clock shows; hours and minutes
    are always as long.

    :param text: such as ``2026-10-05``, ``yesterday`` or ``-7d``.
    :param zone: whose calendar counts where there is no offset.
    :param now: the present, an aware datetime.
    :raises Invalid: it is none, or the clock does not show it exactly once.
    """
    try:
        return _instant(text, zone, now)
    except (ValueError, OverflowError) as error:
        if isinstance(error, Invalid):
            raise
        raise Invalid(f'{text!r} is not a time, {_EXAMPLES}') from None


def _instant(
    text: str, zone: zoneinfo.ZoneInfo, now: datetime.datetime
) -> datetime.datetime:
    if text == 'now':
        return now.astimezone(datetime.UTC)
    local = now.astimezone(zone)
    if text in _DAYS:
        day = datetime.timedelta(days=_DAYS[text])
        return _first(local.date() + day, zone)
    if found := _AGO.fullmatch(text):
        return _ago(int(found[1]), found[2], local, zone)
    if found := _MONTH.fullmatch(text):
        return _first(datetime.date(int(found[1]), int(found[2]), 1), zone)
    if _DATE.fullmatch(text) or _WEEK.fullmatch(text):
        return _first(datetime.date.fromisoformat(text), zone)
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueError(text)
    moment = datetime.datetime.fromisoformat(text.upper())
    if found['offset']:
        return moment.astimezone(datetime.UTC)
    return _shown_once(moment, zone)


def month(text: str, zone: zoneinfo.ZoneInfo, now: datetime.datetime) -> str:
    """The calendar month that a text stands for, such as ``2026-10``.

    :param text: that, or ``this``, ``last`` or ``-2mo``.
    :param zone: whose calendar counts.
    :param now: the present, an aware datetime.
    :raises Invalid: it is none.
    """
    back = {'this': 0, 'last': 1}.get(text)
    if (found := _AGO.fullmatch(text)) and found[2] == 'mo':
        back = int(found[1])
    try:
        if back is not None:
            day = _months_before(now.astimezone(zone).date(), back)
        elif found := _MONTH.fullmatch(text):
            day = datetime.date(int(found[1]), int(found[2]), 1)
        else:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise Invalid(
            f'{text!r} is not a month, such as 2026-10, this, last or -2mo'
        ) from None
    return f'{day.year:04}-{day.month:02}'


def period(
    text: str, zone: zoneinfo.ZoneInfo
) -> tuple[datetime.datetime, datetime.datetime]:
    """The first instant of a month, and that of the next one, in UTC.

    :param text: such as ``2026-10``.
    :param zone: whose calendar counts.
    :raises Invalid: it is too far away.
    """
    year, number = map(int, text.split('-'))
    begin = datetime.date(year, number, 1)
    try:
        end = _months_before(begin, -1)
        return _first(begin, zone), _first(end, zone)
    except (ValueError, OverflowError):
        raise Invalid(f'{text!r} is too far away') from None


def is_month(text: str) -> bool:
    """Whether a text has the form of a month, such as ``2026-10``."""
    return _MONTH.fullmatch(text) is not None


def _first(day: datetime.date, zone: zoneinfo.ZoneInfo) -> datetime.datetime:
    """The first instant of a day, also where the clock skips midnight."""
    return _earliest(datetime.datetime.combine(day, datetime.time()), zone)


def _earliest(
    reading: datetime.datetime, zone: zoneinfo.ZoneInfo
) -> datetime.datetime:
    return timestamps.to_datetime(calendars.first_instant(reading, zone))


def _readings(
    reading: datetime.datetime, zone: zoneinfo.ZoneInfo
) -> list[datetime.datetime]:
    """The instants, in UTC, at which the clock shows a time."""
    found = []
    for fold in (0, 1):
        moment = reading.replace(tzinfo=zone, fold=fold)
        moment = moment.astimezone(datetime.UTC)
        shown = moment.astimezone(zone).replace(tzinfo=None)
        if shown == reading and moment not in found:
            found.append(moment)
    return found


def _shown_once(
    reading: datetime.datetime, zone: zoneinfo.ZoneInfo
) -> datetime.datetime:
    found = _readings(reading, zone)
    if len(found) == 1:
        return found[0]
    often = 'twice' if found else 'never'
    raise Invalid(
        f'the clock of {zone.key} shows {reading} {often}: end it with "Z" or '
        f'an offset such as +02:00'
    )


def _ago(
    count: int, unit: str, local: datetime.datetime, zone: zoneinfo.ZoneInfo
) -> datetime.datetime:
    if unit in ('min', 'h'):
        # Arithmetic within a zone would not see the clock change.
        return local.astimezone(datetime.UTC) - count * _UNITS[unit]
    reading = local.replace(tzinfo=None, fold=0)
    if unit in _MONTHS:
        day = _months_before(local.date(), count * _MONTHS[unit])
        reading = datetime.datetime.combine(day, reading.time())
    else:
        reading -= count * _UNITS[unit]
    found = _readings(reading, zone) or [_earliest(reading, zone)]
    # What the clock shows twice now, it may have shown twice then.
    return found[local.fold if len(found) > 1 else 0]


def _months_before(day: datetime.date, count: int) -> datetime.date:
    """The same day of an earlier month, or the last that it has."""
    index = day.year * 12 + day.month - 1 - count
    year, month_index = divmod(index, 12)
    first = datetime.date(year, month_index + 1, 1)
    length = calendar.monthrange(year, month_index + 1)[1]
    return first.replace(day=min(day.day, length))


def accept_past(parser: argparse.ArgumentParser) -> None:
    """Let values such as ``-7d`` follow an option.

    argparse takes what begins with a hyphen for an option.
    """
    parse = parser.parse_known_args

    def joined(
        args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        return parse(None if args is None else _joined(args), namespace)

    # Whoever parses asks this one, be it of a whole line or of a part.
    parser.parse_known_args = joined


def _joined(args: Sequence[str]) -> list[str]:
    found: list[str] = []
    rest = list(args)
    while rest and rest[0] != '--':
        arg = rest.pop(0)
        last = found[-1] if found else ''
        if _PAST.match(arg) and last.startswith('--') and '=' not in last:
            found[-1] = f'{last}={arg}'
        else:
            found.append(arg)
    return found + rest
