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
"""Which columns a table has, where there are too many for people."""

import argparse
from collections.abc import Iterable
from typing import Any


def add_long(parser: Any) -> None:
    """Take ``--long``.

    :param parser: a parser, or a group of one.
    """
    parser.add_argument(
        '--long',
        action='store_true',
        help='show all columns in tables, too, as all other formats do',
    )


def wants_all(parsed_args: argparse.Namespace) -> bool:
    """Whether all columns are wanted.

    Programs get all of them, and who names one need not ask for the others.
    """
    return bool(
        parsed_args.formatter != 'table'
        or parsed_args.columns
        or parsed_args.long
    )


def select(parsed_args: argparse.Namespace, heads: Iterable[str]) -> None:
    """Let a table have a few columns, unless others were asked for.

    :param parsed_args: those of cliff, and that of :func:`add_long`.
    :param heads: of the columns that people look at.
    """
    if not wants_all(parsed_args):
        parsed_args.columns = list(heads)
