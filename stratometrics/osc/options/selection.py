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


def add_long(parser: argparse._ActionsContainer) -> None:
    """Take ``--long``.

    :param parser: that, or a group of its options.
    """
    parser.add_argument(
        '--long',
        action='store_true',
        help='show all columns in tables, too, as all other formats do',
    )


def select(parsed_args: argparse.Namespace, heads: Iterable[str]) -> None:
    """Let a table have a few columns, unless others were asked for.

    :param parsed_args: those of cliff, and that of :func:`add_long`.
    :param heads: of the columns that people look at.
    """
    if (
        parsed_args.formatter == 'table'
        and not parsed_args.columns
        and not parsed_args.long
    ):
        parsed_args.columns = list(heads)
