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
"""The options that say how much of a long answer is wanted."""

import argparse
from collections.abc import Iterable, Iterator, Mapping
import itertools
from typing import Any, TypeVar

_Row = TypeVar('_Row')

#: What a page of the service has at most.
MOST = 1000


def add(parser: argparse.ArgumentParser) -> None:
    """Take ``--limit`` and ``--page-size``."""
    parser.add_argument(
        '--limit',
        metavar='<limit>',
        type=positive,
        help='how many to show (default: all)',
    )
    parser.add_argument(
        '--page-size',
        metavar='<size>',
        type=_page_size,
        default=MOST,
        help='how many are fetched at once, one page after the other, up to '
        f'{MOST} (default: {MOST})',
    )


def asked(parsed_args: argparse.Namespace) -> Mapping[str, Any]:
    """The size of a page, as the client takes it."""
    limit = parsed_args.limit or parsed_args.page_size
    return {'page_size': min(limit, parsed_args.page_size)}


def limited(
    parsed_args: argparse.Namespace, rows: Iterable[_Row]
) -> Iterator[_Row]:
    """The rows that are wanted; no page is fetched for the others."""
    return itertools.islice(rows, parsed_args.limit)


def positive(text: str) -> int:
    """A number of things that are to be shown.

    :raises argparse.ArgumentTypeError: it is none.
    """
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f'{text!r} is not a positive number')
    return int(text)


def _page_size(text: str) -> int:
    size = positive(text)
    if size > MOST:
        raise argparse.ArgumentTypeError(f'a page has at most {MOST}')
    return size
