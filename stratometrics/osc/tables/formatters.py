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
"""Tables and CSV of cliff, with what our columns need."""

import argparse
from collections.abc import Iterable, Sequence
import json
from typing import Any, TextIO

from cliff import columns as cliff_columns
from cliff.formatters import base
from cliff.formatters import table

from stratometrics.osc import wording
from stratometrics.osc.tables import columns


def chosen(formatter: Any, name: str) -> Any:
    """The formatter that is used instead of one.

    :param name: that of the option ``-f``.
    """
    match name:
        case 'table':
            return Table()
        case 'csv' | 'value':
            return Plain(formatter, name)
    return formatter


class Table(table.TableFormatter):
    """Tables in which numbers stand at the right edge of their columns.

    cliff knows that of plain numbers alone, and sees no control characters.
    """

    def add_rows(
        self,
        table: Any,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
    ) -> None:
        """Add the rows."""
        rows = [[_shown(cell) for cell in row] for row in data]
        super().add_rows(table, column_names, rows)
        for row in rows[:1]:
            for name, cell in zip(column_names, row, strict=True):
                if isinstance(cell, columns.Column) and cell.rightly:
                    table.align[name] = 'r'

    def emit_one(
        self,
        column_names: Sequence[str],
        data: Sequence[Any],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """Show one thing."""
        values = [_shown(cell) for cell in data]
        super().emit_one(column_names, values, stdout, parsed_args)


def _shown(cell: Any) -> Any:
    """A cell that is safe to show; columns are that by themselves."""
    if isinstance(cell, str):
        return wording.printable_lines(cell)
    return cell


class Plain(base.ListFormatter, base.SingleFormatter):
    """CSV or values of plain values.

    cliff writes the value of a column as Python does: ``None`` where nothing
    is known, and what only Python reads for objects.

    :param inner: that of cliff.
    :param name: the form, ``csv`` or ``value``.
    """

    def __init__(self, inner: Any, name: str) -> None:
        self._inner = inner
        self._nothing = '' if name == 'csv' else None

    def add_argument_group(self, parser: argparse.ArgumentParser) -> None:
        """Add nothing: the other formatter has done so."""

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """Write many rows, each as soon as it is known."""
        rows = ([self._plain(cell) for cell in row] for row in data)
        self._inner.emit_list(column_names, rows, stdout, parsed_args)

    def emit_one(
        self,
        column_names: Sequence[str],
        data: Sequence[Any],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        """Write one thing."""
        values = [self._plain(cell) for cell in data]
        self._inner.emit_one(column_names, values, stdout, parsed_args)

    def _plain(self, cell: Any) -> Any:
        if isinstance(cell, cliff_columns.FormattableColumn):
            cell = cell.machine_readable()
        if cell is None:
            return self._nothing
        if isinstance(cell, (dict, list, tuple)):
            return json.dumps(cell, ensure_ascii=False)
        return cell
