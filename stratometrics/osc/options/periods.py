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
"""The options that say which time is asked about."""

import argparse
from collections.abc import Mapping
import dataclasses
import datetime
from typing import Any
import zoneinfo

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.client import v1
from stratometrics.osc.options import times

_TIME = '<time>'
_INSTANTS = (
    'a day, week or month such as 2026-10-05, 2026-W41 or 2026-10 stands for '
    'its first instant; yesterday, now, -7d, -12h and -1mo are understood'
)


@dataclasses.dataclass(frozen=True)
class Clock:
    """Whose calendar counts, and what time it is.

    :param zone: that of ``--timezone``, or that of the service.
    :param now: the present, an aware datetime.
    """

    zone: zoneinfo.ZoneInfo
    now: datetime.datetime


def add_period(parser: argparse.ArgumentParser) -> None:
    """Take ``--month``, ``--from`` and ``--to``."""
    parser.add_argument(
        '--month',
        metavar='<month>',
        help='a calendar month such as 2026-10, this, last or -2mo, instead '
        'of --from and --to',
    )
    parser.add_argument(
        '--from',
        dest='begin',
        metavar=_TIME,
        help='the first instant of the period (default: that of the month '
        f'that holds its end); {_INSTANTS}',
    )
    parser.add_argument(
        '--to',
        dest='end',
        metavar=_TIME,
        help='the first instant that is not part of the period (default: now, '
        'or without --from the end of the month)',
    )


def add_as_of(parser: argparse.ArgumentParser) -> None:
    """Take ``--as-of``."""
    parser.add_argument(
        '--as-of',
        metavar=_TIME,
        help='answer as if only what was received up to then existed',
    )


def add_timezone(parser: argparse.ArgumentParser) -> None:
    """Take ``--timezone``."""
    parser.add_argument(
        '--timezone',
        metavar='<name>',
        help='whose calendar counts, such as Europe/Zurich (default: that of '
        'the service)',
    )


def clock(
    parsed_args: argparse.Namespace,
    client: v1.Client,
    capabilities: answers.Capabilities | None = None,
) -> Clock:
    """The clock that counts for the options.

    :param capabilities: those of the service, if they were asked for.
    :raises osc_lib.exceptions.CommandError: there is no such zone.
    """
    name = getattr(parsed_args, 'timezone', None)
    option = '--timezone'
    if name is None:
        name = (capabilities or client.capabilities()).timezone
        option = 'the time zone of the service'
    try:
        zone = zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise exceptions.CommandError(
            f'{option}: {name!r} is not a time zone such as Europe/Zurich'
        ) from None
    return Clock(zone, datetime.datetime.now(datetime.UTC))


def asked(
    parsed_args: argparse.Namespace,
    client: v1.Client,
    at: Clock | None = None,
) -> Mapping[str, Any]:
    """The period that the options say, as the client takes it.

    :param at: the clock that counts, if that is known already.
    :returns: ``begin``, ``end`` and ``as_of``, as far as they are given.
    :raises osc_lib.exceptions.CommandError: an option says none.
    """
    texts = {
        name: getattr(parsed_args, name, None)
        for name in ('month', 'begin', 'end', 'as_of')
    }
    texts = {name: text for name, text in texts.items() if text is not None}
    if 'month' in texts and ('begin' in texts or 'end' in texts):
        raise exceptions.CommandError('--month excludes --from and --to')
    if not texts:
        return {}
    at = at or clock(parsed_args, client)
    found: dict[str, Any] = {}
    if 'month' in texts:
        begin, end = month_period('--month', texts.pop('month'), at)
        found = {'begin': begin, 'end': end}
    return found | {
        name: read(_OPTIONS[name], text, at) for name, text in texts.items()
    }


_OPTIONS = {'begin': '--from', 'end': '--to', 'as_of': '--as-of'}


def read(option: str, text: str, at: Clock) -> datetime.datetime:
    """The instant that an option says.

    :param option: what error messages name.
    :raises osc_lib.exceptions.CommandError: it is none.
    """
    try:
        return times.instant(text, at.zone, at.now)
    except times.Invalid as error:
        raise exceptions.CommandError(f'{option}: {error}') from None


def read_month(text: str, at: Clock) -> str:
    """The month that ``--month`` says.

    :returns: such as ``2026-10``.
    :raises osc_lib.exceptions.CommandError: it is none.
    """
    try:
        return times.month(text, at.zone, at.now)
    except times.Invalid as error:
        raise exceptions.CommandError(f'--month: {error}') from None


def month_period(
    option: str, text: str, at: Clock
) -> tuple[datetime.datetime, datetime.datetime]:
    """The first instant of a month, and that of the next one.

    :param option: what error messages name.
    :param text: what :func:`stratometrics.osc.options.times.month` takes.
    :raises osc_lib.exceptions.CommandError: it is none.
    """
    try:
        month = times.month(text, at.zone, at.now)
        return times.period(month, at.zone)
    except times.Invalid as error:
        raise exceptions.CommandError(f'{option}: {error}') from None
