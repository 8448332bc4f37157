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
"""The options that the commands of the price list have in common."""

import argparse
from collections.abc import Mapping
from typing import Any

from stratometrics.client import spelling
from stratometrics.client import v1
from stratometrics.osc.options import periods

_INSTANTS = ('as_of', 'valid_at', 'valid_from', 'valid_to', 'replace_from')


def add_price(
    parser: argparse.ArgumentParser, text: str, **options: Any
) -> None:
    """Take the id of a price, or several of them.

    :param text: what it is taken for.
    :param options: those of argparse.
    """
    parser.add_argument('price', metavar='<price>', help=text, **options)


def add_as_of(parser: argparse.ArgumentParser) -> None:
    """Take ``--as-of``."""
    parser.add_argument(
        '--as-of',
        metavar='<time>',
        help='the list as it was at this time',
    )


def instants(
    parsed_args: argparse.Namespace, client: v1.Client
) -> Mapping[str, Any]:
    """The times that the options say, as the client takes them.

    :raises osc_lib.exceptions.CommandError: an option says none.
    """
    given = {
        name: text
        for name in _INSTANTS
        if (text := getattr(parsed_args, name, None)) is not None
    }
    if not given:
        return {}
    at = periods.clock(parsed_args, client)
    return {
        name: periods.read(f'--{name.replace("_", "-")}', text, at)
        for name, text in given.items()
    }


def validity(
    parsed_args: argparse.Namespace, client: v1.Client
) -> Mapping[str, str]:
    """When a price is to count, as the API takes it.

    :raises osc_lib.exceptions.CommandError: an option says no time.
    """
    return {
        name: spelling.instant(value)
        for name, value in instants(parsed_args, client).items()
    }
