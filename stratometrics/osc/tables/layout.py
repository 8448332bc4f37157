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
"""Tables on a terminal that is too narrow for them.

cliff breaks the cells of such a table until it fits, in the middle of ids and
numbers, and lets it run over the edge if that does not do. Here each row
becomes a paragraph instead, with a line for each column: nothing is broken
that has no blanks, and what is shown can be copied.
"""

import argparse
from collections.abc import Iterable, Sequence
import copy
import io
import shutil
import sys
import textwrap
from typing import Any, TextIO

from cliff import columns as cliff_columns
from cliff.formatters import base

from stratometrics.osc import wording


def fitted(
    formatter: Any, parsed_args: argparse.Namespace, stdout: TextIO
) -> Any:
    """The formatter that shows the rows.

    :param formatter: the one that was chosen.
    :param parsed_args: the options of cliff; who says how wide a table is to
        be gets that.
    :param stdout: what is written to; only a terminal has an edge.
    """
    if (
        parsed_args.formatter != 'table'
        or parsed_args.max_width > 0
        or parsed_args.fit_width
        or not stdout.isatty()
    ):
        return formatter
    return Fitting(formatter, shutil.get_terminal_size().columns)


class Fitting(base.ListFormatter, base.SingleFormatter):
    """A formatter of tables, and of paragraphs where they are too wide.

    :param tables: the one of cliff.
    :param width: that of the terminal, in columns.
    """

    def __init__(self, tables: Any, width: int) -> None:
        self._tables = tables
        self._width = width

    def add_argument_group(self, parser: argparse.ArgumentParser) -> None:
        """Add nothing: the other formatter has done so."""

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """Show many rows."""
        rows = [list(row) for row in data]
        table = io.StringIO()
        self._tables.emit_list(column_names, rows, table, _wide(parsed_args))
        self._emit(table.getvalue(), column_names, rows, stdout)

    def emit_one(
        self,
        column_names: Sequence[str],
        data: Sequence[Any],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """Show one thing."""
        values = list(data)
        table = io.StringIO()
        self._tables.emit_one(column_names, values, table, _wide(parsed_args))
        self._emit(table.getvalue(), column_names, [values], stdout)

    def _emit(
        self,
        table: str,
        heads: Sequence[str],
        rows: Sequence[Sequence[Any]],
        stdout: TextIO,
    ) -> None:
        # The first line is the upper edge.
        fits = len(table.partition('\n')[0]) <= self._width
        stdout.write(table if fits else paragraphs(heads, rows, self._width))


def paragraphs(
    heads: Sequence[str], rows: Iterable[Sequence[Any]], width: int
) -> str:
    """Rows as paragraphs, each of its values in a line with its head.

    A blank line is below each, so that what is said next stands apart.

    :param width: at which a value goes on in a line of its own, if it has a
        blank there.
    """
    indent = max(len(head) for head in heads) + 2
    return ''.join(
        ''.join(
            _line(head, cell, indent, width)
            for head, cell in zip(heads, row, strict=True)
        )
        + '\n'
        for row in rows
    )


def _line(head: str, cell: Any, indent: int, width: int) -> str:
    if isinstance(cell, cliff_columns.FormattableColumn):
        cell = cell.human_readable()
    # Blanks in front of a number are for the edge of a table.
    lines = [wording.printable(each) for each in str(cell).strip().split('\n')]
    begins = [f'{head}:'.ljust(indent), *[' ' * indent] * len(lines[1:])]
    return ''.join(
        _wrapped(begin, line, width)
        for begin, line in zip(begins, lines, strict=True)
    )


def _wrapped(begin: str, line: str, width: int) -> str:
    text = textwrap.fill(
        line,
        width,
        initial_indent=begin,
        subsequent_indent=' ' * len(begin),
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return (text or begin.rstrip()) + '\n'


def _wide(parsed_args: argparse.Namespace) -> argparse.Namespace:
    """The same options, where a table may be as wide as it likes."""
    wide = copy.copy(parsed_args)
    wide.max_width = sys.maxsize
    return wide
