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
"""Instants and calendar months as callers write them (R3)."""

import datetime
import re
import zoneinfo

from stratometrics.model import timestamps

_INSTANT = re.compile(
    r'(?P<local>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})'
    r'(?:\.(?P<fraction>[0-9]+))?'
    r'(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?'
)
# What is left of "...+02:00" once a query string is decoded.
_LOST_PLUS = re.compile(r'.*[0-9] [0-9]{2}:[0-9]{2}')


class InvalidInstant(ValueError):
    """The text is not an instant; str() says why, for the caller."""


def parse(text: str) -> int:
    """Microseconds since the epoch of an RFC 3339 date-time.

    The offset is demanded: a bill must not depend on where it was asked for.

    :param text: such as ``2026-10-01T00:00:00+02:00``.
    :raises InvalidInstant: it is anything else.
    """
    found = _INSTANT.fullmatch(text)
    if not found:
        if _LOST_PLUS.fullmatch(text):
            raise InvalidInstant(
                'has a space before its offset: write the "+" as "%2B"'
            )
        raise InvalidInstant(
            'is not an RFC 3339 date-time such as 2026-10-01T00:00:00Z'
        )
    if not found['offset']:
        raise InvalidInstant('has no offset: end it with "Z" or "+hh:mm"')
    fraction = found['fraction'] or ''
    if len(fraction) > 6:
        raise InvalidInstant('is finer than a microsecond')
    try:
        moment = datetime.datetime.fromisoformat(
            found['local'].upper() + found['offset'].upper()
        )
    except ValueError:
        raise InvalidInstant('names no existing date and time') from None
    return timestamps.from_datetime(moment) + int(fraction.ljust(6, '0'))


def month(holding: int, zone: zoneinfo.ZoneInfo) -> tuple[int, int]:
    """The calendar month that holds an instant.

    :param holding: microseconds since the epoch.
    :param zone: whose calendar counts.
    :returns: its first instant and that of the next month.
    """
    local = timestamps.to_datetime(holding).astimezone(zone)
    year, index = local.year, local.month
    following = (year, index + 1) if index < 12 else (year + 1, 1)
    return _first_instant(year, index, zone), _first_instant(*following, zone)


def _first_instant(year: int, index: int, zone: zoneinfo.ZoneInfo) -> int:
    return timestamps.from_datetime(
        datetime.datetime(year, index, 1, tzinfo=zone)
    )
