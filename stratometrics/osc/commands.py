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
"""What all commands are made of."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any

from osc_lib import exceptions
from osc_lib.command import command

from stratometrics.client import errors
from stratometrics.client import v1
from stratometrics.osc import columns
from stratometrics.osc import hints
from stratometrics.osc import layout

Row = Sequence[Any]


class Command(command.Command):
    """A command that asks the service, and tells errors to people."""

    @property
    def client(self) -> v1.Client:
        """What asks the service."""
        return self.app.client_manager.billing

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run it.

        :raises osc_lib.exceptions.CommandError: with what to do next.
        """
        try:
            return super().run(parsed_args)
        except errors.ClientError as error:
            raise exceptions.CommandError(hints.told(error)) from error


class Lister(Command, command.Lister):
    """A command that shows a table."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_exact(parser)
        return parser

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[Row],
    ) -> int:
        """Show the rows, each of columns or plain values."""
        rows = [list(row) for row in data]
        if parsed_args.exact:
            rows = [[_exact(cell) for cell in row] for row in rows]
        if parsed_args.formatter == 'table':
            rows = _lined_up(rows)
        self.formatter = layout.fitted(
            self.formatter, parsed_args, self.app.stdout
        )
        return super().produce_output(parsed_args, column_names, rows)


class ShowOne(Command, command.ShowOne):
    """A command that shows one thing."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_exact(parser)
        return parser

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[Any],
    ) -> int:
        """Show the values, which are columns or plain."""
        values = list(data)
        if parsed_args.exact:
            values = [_exact(value) for value in values]
        self.formatter = layout.fitted(
            self.formatter, parsed_args, self.app.stdout
        )
        return super().produce_output(parsed_args, column_names, values)


def add_exact(parser: argparse.ArgumentParser) -> None:
    """Take ``--exact``."""
    parser.add_argument(
        '--exact',
        action='store_true',
        help='show exact decimals in tables, too, where durations and money '
        'are rounded for people otherwise',
    )


def _exact(cell: Any) -> Any:
    return columns.Exact(cell) if isinstance(cell, columns.Column) else cell


class _Aligned(columns.Column):
    """Another column, with blanks before it so that a table has edges."""

    def __init__(self, inner: columns.Column, width: int) -> None:
        super().__init__(inner._value)
        self._inner = inner
        self._width = width

    def _key(self) -> Any:
        return self._inner._key()

    def human_readable(self) -> str:
        return self._inner.human_readable().rjust(self._width)

    def machine_readable(self) -> Any:
        return self._inner.machine_readable()


def _lined_up(rows: list[list[Any]]) -> list[list[Any]]:
    """The same, where numbers stand at the right edge of their columns."""
    placed = [_column(cells) for cells in zip(*rows, strict=True)]
    return [list(row) for row in zip(*placed, strict=True)]


def _column(cells: Sequence[Any]) -> Sequence[Any]:
    right = [
        cell
        for cell in cells
        if isinstance(cell, columns.Column) and cell.rightly
    ]
    if not right:
        return cells
    width = max(len(cell.human_readable()) for cell in right)
    return [
        _Aligned(cell, width)
        if isinstance(cell, columns.Column) and cell.rightly
        else cell
        for cell in cells
    ]
