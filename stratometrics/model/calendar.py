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
"""Months and days of a time zone's calendar, in exact time (R3)."""

from collections.abc import Iterator
import datetime
import zoneinfo

from stratometrics.model import timestamps
from stratometrics.model import usage


def month(holding: int, zone: zoneinfo.ZoneInfo) -> usage.Period:
    """The calendar month that holds an instant.

    :param holding: microseconds since the epoch.
    :param zone: whose calendar counts.
    """
    local = timestamps.to_datetime(holding).astimezone(zone)
    first = local.date().replace(day=1)
    following = (first + datetime.timedelta(days=31)).replace(day=1)
    return usage.Period(_midnight(first, zone), _midnight(following, zone))


def months(
    period: usage.Period, zone: zoneinfo.ZoneInfo
) -> Iterator[usage.Period]:
    """The calendar months that a period touches, whole."""
    begin = period.begin
    while begin < period.end:
        found = month(begin, zone)
        yield found
        begin = found.end


def midnights(period: usage.Period, zone: zoneinfo.ZoneInfo) -> list[int]:
    """The instants within a period at which a calendar day begins.

    A day has 23 or 25 hours where clocks are changed in it.
    """
    day = timestamps.to_datetime(period.begin).astimezone(zone).date()
    found = set()
    while (instant := _midnight(day, zone)) < period.end:
        if instant >= period.begin:
            found.add(instant)
        day += datetime.timedelta(days=1)
    # Where a date was left out, the next one begins at the same instant.
    return sorted(found)


def _midnight(day: datetime.date, zone: zoneinfo.ZoneInfo) -> int:
    return timestamps.from_datetime(
        datetime.datetime(day.year, day.month, day.day, tzinfo=zone)
    )
