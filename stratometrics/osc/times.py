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
from collections.abc import Callable, Sequence
import datetime
import re
from typing import Any
import zoneinfo

_MONTH = re.compile(r'(\d{4})-(\d{2})')
_DATE = re.compile(r'\d{4}-\d{2}-\d{2}')
_AGO = re.compile(r'-(\d{1,6})(mo|min|h|d|w|y)')

_UNITS = {
    'min': datetime.timedelta(minutes=1),
    'h': datetime.timedelta(hours=1),
    'd': datetime.timedelta(days=1),
    'w': datetime.timedelta(weeks=1),
}
_MONTHS = {'mo': 1, 'y': 12}
_EXAMPLES = (
    'such as 2026-10, 2026-10-05, 2026-10-05T12:00:00Z, yesterday, -7d or now'
)


class Invalid(ValueError):
    """The text is no time; str() says what would be."""


def instant(
    text: str, zone: zoneinfo.ZoneInfo, now: datetime.datetime
) -> datetime.datetime:
    """The instant that a text stands for.

    A month or a day is its first instant. What goes back by days, weeks,
    months or years keeps the time of day, as the calendar of the zone has it;
    hours and minutes are always as long.

    :param text: as :data:`HELP` tells.
    :param zone: whose calendar counts where there is no offset.
    :param now: the present, an aware datetime.
    :raises Invalid: it is none.
    """
    local = now.astimezone(zone)
    today = local.date()
    match text:
        case 'now':
            return now
        case 'today':
            return _midnight(today, zone)
        case 'yesterday':
            return _midnight(today - datetime.timedelta(days=1), zone)
        case 'tomorrow':
            return _midnight(today + datetime.timedelta(days=1), zone)
    try:
        if found := _AGO.fullmatch(text):
            return _ago(int(found[1]), found[2], local, zone)
        if found := _MONTH.fullmatch(text):
            day = datetime.date(int(found[1]), int(found[2]), 1)
            return _midnight(day, zone)
        if _DATE.fullmatch(text):
            return _midnight(datetime.date.fromisoformat(text), zone)
        moment = datetime.datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Invalid(f'{text!r} is not a time, {_EXAMPLES}') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


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
    if back is not None:
        try:
            day = _months_before(now.astimezone(zone).date(), back)
        except (ValueError, OverflowError):
            raise Invalid(f'{text!r} is too far away') from None
        return f'{day:%Y-%m}'
    found = _MONTH.fullmatch(text)
    if not found or not 1 <= int(found[2]) <= 12:
        raise Invalid(
            f'{text!r} is not a month, such as 2026-10, this, last or -2mo'
        )
    return text


def period(
    text: str, zone: zoneinfo.ZoneInfo
) -> tuple[datetime.datetime, datetime.datetime]:
    """The first instant of a month, and that of the next one.

    :param text: such as ``2026-10``.
    :param zone: whose calendar counts.
    """
    year, number = map(int, text.split('-'))
    begin = datetime.date(year, number, 1)
    return _midnight(begin, zone), _midnight(_months_before(begin, -1), zone)


def _midnight(day: datetime.date, zone: zoneinfo.ZoneInfo) -> Any:
    return datetime.datetime.combine(day, datetime.time(), zone)


def _ago(
    count: int, unit: str, local: datetime.datetime, zone: zoneinfo.ZoneInfo
) -> datetime.datetime:
    if unit in ('min', 'h'):
        # Arithmetic within a zone would not see the clock change.
        past = local.astimezone(datetime.UTC) - count * _UNITS[unit]
        return past.astimezone(zone)
    if unit in _MONTHS:
        day = _months_before(local.date(), count * _MONTHS[unit])
        return datetime.datetime.combine(day, local.time(), zone)
    return local - count * _UNITS[unit]


def _months_before(day: datetime.date, count: int) -> datetime.date:
    """The same day of an earlier month, or the last that it has."""
    index = day.year * 12 + day.month - 1 - count
    year, month_index = divmod(index, 12)
    first = datetime.date(year, month_index + 1, 1)
    after = divmod(index + 1, 12)
    length = (datetime.date(after[0], after[1] + 1, 1) - first).days
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

    parser.parse_known_args: Callable[..., Any] = joined


def _joined(args: Sequence[str]) -> list[str]:
    found: list[str] = []
    for arg in args:
        last = found[-1] if found else ''
        if _AGO.fullmatch(arg) and last.startswith('--') and '=' not in last:
            found[-1] = f'{last}={arg}'
        else:
            found.append(arg)
    return found
