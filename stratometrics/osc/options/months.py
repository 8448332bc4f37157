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
"""Calendar months, which statements are of."""

import argparse
from collections.abc import Mapping
from typing import Any
import zoneinfo

from stratometrics.client import answers
from stratometrics.client import v1
from stratometrics.osc.options import periods


def add_month(
    parser: argparse.ArgumentParser, default: str, required: bool = False
) -> None:
    """Take ``--month``.

    :param default: what counts if it is not given, for its help; '' for
        nothing.
    """
    told = f' (default: {default})' if default else ''
    parser.add_argument(
        '--month',
        metavar='<month>',
        required=required,
        help='the calendar month, such as 2026-10, this, last or -2mo, by the '
        f'time zone of the service{told}',
    )


def asked(
    parsed_args: argparse.Namespace, client: v1.Client
) -> Mapping[str, Any]:
    """The month that the options say, and as of when.

    :returns: ``month`` and ``as_of``, as far as they are given.
    :raises osc_lib.exceptions.CommandError: an option says none.
    """
    as_of = getattr(parsed_args, 'as_of', None)
    if parsed_args.month is None and as_of is None:
        return {}
    at = periods.clock(parsed_args, client)
    found: dict[str, Any] = {}
    if parsed_args.month is not None:
        found['month'] = periods.read_month(parsed_args.month, at)
    if as_of is not None:
        found['as_of'] = periods.read('--as-of', as_of, at)
    return found


def written(period: answers.Period, timezone: str) -> str:
    """The month that begins with a period, such as ``2026-10``.

    :param timezone: whose calendar counts.
    """
    begin = period.begin.astimezone(zoneinfo.ZoneInfo(timezone))
    return f'{begin:%Y-%m}'
