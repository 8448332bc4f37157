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
from collections.abc import Iterable, Iterator, Sequence
import contextlib
import io
import os
import pathlib
from typing import Any, TextIO

from osc_lib import exceptions
from osc_lib.command import command

from stratometrics.client import errors
from stratometrics.client import v1
from stratometrics.osc import credentials
from stratometrics.osc import hints
from stratometrics.osc.options import times
from stratometrics.osc.tables import columns
from stratometrics.osc.tables import formatters
from stratometrics.osc.tables import layout

Row = Sequence[Any]


class Command(command.Command):
    """A command that asks the service, and tells errors to people."""

    # It is gotten below, where what goes wrong can be told.
    auth_required = False

    @property
    def client(self) -> v1.Client:
        """What asks the service."""
        return self.app.client_manager.billing

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        if '\n' in (self._epilog or ''):
            # Examples are lines; a paragraph alone is wrapped.
            parser.formatter_class = argparse.RawDescriptionHelpFormatter
        times.accept_past(parser)
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run it.

        :raises osc_lib.exceptions.CommandError: with what to do next.
        """
        asked = None
        try:
            credentials.take(self.app, self)
            asked = self.client
            with (
                _somewhere_to_tell(self.app),
                _all_characters_shown(parsed_args, self.app.stdout),
            ):
                return super().run(parsed_args)
        except errors.ClientError as error:
            raise exceptions.CommandError(hints.told(error, asked)) from error


class Lister(Command, command.Lister):
    """A command that shows a table.

    :cvar nothing: what people are told where it has no rows.
    """

    nothing = ''

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
        """Show the rows, each of columns or plain values.

        CSV and values are written while they are read, unless they are
        sorted.
        """
        rows: Iterable[Row] = data
        if parsed_args.exact:
            rows = ([_exact(cell) for cell in row] for row in data)
        if parsed_args.formatter == 'table':
            rows = list(rows)
            if not rows and self.nothing:
                self.app.stderr.write(f'{self.nothing}\n')
        self.formatter = _formatter(self, parsed_args)
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
        self.formatter = _formatter(self, parsed_args)
        return super().produce_output(parsed_args, column_names, values)


def add_exact(parser: argparse.ArgumentParser) -> None:
    """Take ``--exact``."""
    parser.add_argument(
        '--exact',
        action='store_true',
        help='show exact decimals in tables, too, where durations and money '
        'are rounded for people otherwise',
    )


@contextlib.contextmanager
def _somewhere_to_tell(app: Any) -> Iterator[None]:
    """Let what is told beside an answer go nowhere if nobody hears it.

    Where the standard error is closed there is no stream, and print() takes
    that of the answer instead.

    :param app: the shell that runs the command.
    """
    if app.stderr is not None:
        yield
        return
    with (
        pathlib.Path(os.devnull).open('w') as nowhere,
        contextlib.redirect_stderr(nowhere),
    ):
        app.stderr = nowhere
        try:
            yield
        finally:
            app.stderr = None


@contextlib.contextmanager
def _all_characters_shown(
    parsed_args: argparse.Namespace, stdout: TextIO
) -> Iterator[None]:
    """Let people see a code for what their terminal has no character for.

    Programs are not told another text than the right one, but fail.
    """
    shown = getattr(parsed_args, 'formatter', 'table') == 'table'
    if not (shown and isinstance(stdout, io.TextIOWrapper)):
        yield
        return
    before = stdout.errors
    stdout.reconfigure(errors='backslashreplace')
    try:
        yield
    finally:
        stdout.reconfigure(errors=before)


def _formatter(shown: Any, parsed_args: argparse.Namespace) -> Any:
    return layout.fitted(
        formatters.chosen(shown.formatter, parsed_args.formatter),
        parsed_args,
        shown.app.stdout,
    )


def _exact(cell: Any) -> Any:
    return columns.Exact(cell) if isinstance(cell, columns.Column) else cell
