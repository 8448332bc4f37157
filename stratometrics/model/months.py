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
"""Calendar months of the billing calendar, and how they are written."""

import datetime
import functools
import re
import zoneinfo

from stratometrics.model import instants
from stratometrics.model import timestamps
from stratometrics.model import usage

#: How a month is written: its year and its number.
WRITTEN = re.compile('(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])')
_MIDDLE = 15

_UTC = zoneinfo.ZoneInfo('UTC')
_DAY = 86_400 * timestamps.MICROSECONDS


class InvalidMonth(ValueError):
    """The text is no month; str() says what one looks like."""


def read(text: str, zone: zoneinfo.ZoneInfo) -> usage.Period:
    """A month as people write it.

    :param text: such as ``2026-10``.
    :param zone: whose calendar counts.
    :raises InvalidMonth: it is anything else.
    """
    found = WRITTEN.fullmatch(text)
    if not found:
        raise InvalidMonth('is not a month such as 2026-10')
    middle = datetime.datetime(
        int(found[1]), int(found[2]), _MIDDLE, tzinfo=zone
    )
    return holding(timestamps.from_datetime(middle), zone)


def holding(instant: int, zone: zoneinfo.ZoneInfo) -> usage.Period:
    """The month that holds an instant, in microseconds since the epoch."""
    return usage.Period(*instants.month(instant, zone))


def written(month: usage.Period, zone: zoneinfo.ZoneInfo) -> str:
    """A month as :func:`read` takes it."""
    return f'{timestamps.to_datetime(month.begin).astimezone(zone):%Y-%m}'


def begin_of(year: int, number: int) -> int:
    """The first microsecond (UTC) of a month by its year and its number."""
    return read(f'{year:04d}-{number:02d}', _UTC).begin


def of(instant: int) -> str:
    """The month (UTC) of an instant as people write it: ``2026-10``."""
    return f'{timestamps.to_datetime(instant):%Y-%m}'


def begin(instant: int) -> int:
    """The first microsecond (UTC) of the month that holds an instant."""
    return _of_day(instant // _DAY).begin


def after(month: int) -> int:
    """The first microsecond (UTC) of the next month."""
    return _of_day(month // _DAY).end


@functools.lru_cache
def _of_day(day: int) -> usage.Period:
    # Writers ask for each event, and most of these are of few days.
    return holding(day * _DAY, _UTC)
