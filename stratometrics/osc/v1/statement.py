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
"""openstack billing statement show and list."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
import contextlib
import datetime
from typing import Any

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.client import errors
from stratometrics.osc import commands
from stratometrics.osc import wording
from stratometrics.osc.options import months
from stratometrics.osc.options import paging
from stratometrics.osc.options import periods
from stratometrics.osc.options import projects
from stratometrics.osc.options import selection
from stratometrics.osc.tables import columns
from stratometrics.osc.tables import unpriced

_USAGE = 'usage'

#: What a statement has by line: the head, and what stands below it.
_LINE: dict[str, Callable[[answers.Line], Any]] = {
    'Resource Type': lambda line: line.resource_type,
    'Type': lambda line: columns.Text(line.type),
    'State': lambda line: columns.Text(line.state),
    'Resource ID': lambda line: columns.Text(line.resource_id),
    'Name': lambda line: columns.Text(line.name),
    'Charge': lambda line: line.kind,
    'Measure': lambda line: columns.Text(line.measure),
    'Quantity': lambda line: columns.Quantity(line.quantity),
    'Per': lambda line: line.per,
    'Unit Price': lambda line: columns.UnitPrice(
        line.unit_price, line.currency
    ),
    'Amount': lambda line: columns.Money(line.amount, line.currency),
    'Currency': lambda line: line.currency,
    'Facts': lambda line: columns.Attributes(line.facts),
    'Description': lambda line: columns.Text(line.description),
    'Price ID': lambda line: line.price_id,
    'From': lambda line: columns.Instant(line.period.begin),
    'To': lambda line: columns.Instant(line.period.end),
    'Quantity As Fraction': lambda line: line.quantity_exact,
    'Amount As Fraction': lambda line: line.amount_exact,
}
#: The month that is adjusted; '' for what is charged for the month itself.
_ADJUSTS = 'Adjusts'
_DAY_HEADS = (
    'Day',
    'Resource Type',
    'Type',
    'Amount',
    'Currency',
    'Amount As Fraction',
)
RECEIPT_HEADS = (
    'Number',
    'Project ID',
    'From',
    'To',
    'As Of',
    'Issued At',
    'Issued By',
    'SHA-256',
)
#: Those that people look at: the number tells project and month.
RECEIPT_HEADS_SHOWN = ('Number', 'Issued At')

_EXAMPLES = """\
Examples:

  openstack billing statement show
  openstack billing statement show --month last --detail
  openstack billing statement show --month 2026-10 -f json
  openstack billing statement show 2026-10-8d1c0f6a5b7e4a339b21c0d7e6f5a4b3

All formats but tables tell each line exactly. The document of the API, with
totals and digest, is written by "openstack billing statement save --format
json"."""


class ShowStatement(commands.Lister):
    """Show what a project is charged for a month"""

    _epilog = _EXAMPLES

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'number',
            metavar='<number>',
            nargs='?',
            help='the number of a statement that was issued (default: a '
            'preview of the month, which is charged to nobody yet)',
        )
        months.add_month(parser, 'the current one, as far as it is over')
        projects.add_project(parser)
        periods.add_as_of(parser)
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            '--detail',
            action='store_true',
            help='show lines for each resource; those of an issued statement '
            'are found out as of the time as of which it was issued',
        )
        group.add_argument(
            '--daily',
            action='store_true',
            help='show what each day costs instead of lines',
        )
        selection.add_long(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[commands.Row]]:
        found = (
            self._issued(parsed_args)
            if parsed_args.number is not None
            else self._preview(parsed_args)
        )
        self._found = found
        if parsed_args.formatter == 'table':
            print(_heading(found), file=self.app.stdout)
        if parsed_args.daily:
            return _DAY_HEADS, _days(parsed_args, found.statement)
        return (*_LINE, _ADJUSTS), _lines(parsed_args, found.statement)

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[commands.Row],
    ) -> int:
        status = super().produce_output(parsed_args, column_names, data)
        statement = self._found.statement
        if parsed_args.formatter == 'table':
            print(f'\n{_ending(statement)}', file=self.app.stdout)
        uncharged = unpriced.of_statement(statement.unpriced)
        if uncharged:
            print(uncharged, file=self.app.stderr)
        return status

    def _preview(
        self, parsed_args: argparse.Namespace
    ) -> answers.StatementAnswer:
        asked = months.asked(parsed_args, self.client)
        return self.client.preview_statement(
            **asked,
            project_id=projects.one(parsed_args, self.app.client_manager),
            detail=parsed_args.detail,
            daily=parsed_args.daily,
        )

    def _issued(
        self, parsed_args: argparse.Namespace
    ) -> answers.StatementAnswer:
        require_only_number(parsed_args)
        with known(parsed_args.number):
            issued = self.client.statement(parsed_args.number)
        if not parsed_args.detail:
            return issued
        statement = issued.statement
        detailed = self.client.preview_statement(
            month=months.written(statement.period, statement.timezone),
            project_id=statement.project_id,
            as_of=statement.as_of,
            detail=True,
        )
        if detailed.statement.totals != statement.totals:
            print(
                'The lines of resources do not come to what was issued: the '
                'events that the statement followed from are not there any '
                'more.',
                file=self.app.stderr,
            )
        return answers.StatementAnswer(
            status=issued.status,
            issued=issued.issued,
            statement=detailed.statement,
        )


#: What says which statement is meant, by the name of the option's value.
_CHOOSING = {
    'month': '--month',
    'project': '--project',
    'projects': '--project',
    'all_projects': '--all-projects',
    'as_of': '--as-of',
}


def require_only_number(parsed_args: argparse.Namespace) -> None:
    """See that nothing chooses a statement beside its number.

    :raises osc_lib.exceptions.CommandError: something does.
    """
    for name, option in _CHOOSING.items():
        if getattr(parsed_args, name, None) not in (None, False):
            raise exceptions.CommandError(
                f'{option} is for a preview: the number tells month and '
                'project, and what was issued does not change'
            )


@contextlib.contextmanager
def known(number: str) -> Iterator[None]:
    """Tells what to do where no statement has a number.

    :raises osc_lib.exceptions.CommandError: none has it.
    """
    try:
        yield
    except errors.NotFound as error:
        # What stands before the service may not find it, either.
        if not error.code:
            raise
        raise exceptions.CommandError(
            f'there is no statement {number!r}, or none that you may see: '
            '"openstack billing statement list" tells the numbers'
        ) from error


def _heading(found: answers.StatementAnswer) -> str:
    statement = found.statement
    what = (
        f'Statement {found.issued.number}, issued '
        f'{_moment(found.issued.issued_at)}'
        if found.issued
        else 'Preview: not issued, and charged to nobody yet'
    )
    project = wording.printable(statement.project_name or statement.project_id)
    month = months.written(statement.period, statement.timezone)
    return '\n'.join(
        (
            what,
            f'Project {project}, {month} ({statement.timezone})',
            f'As of {_moment(statement.as_of)}',
        )
    )


def _moment(value: datetime.datetime) -> str:
    return f'{wording.instant(value)} UTC'


def _ending(statement: answers.Statement) -> str:
    if not statement.totals:
        return 'Total: nothing'
    return '\n'.join(
        f'Total: {wording.money(total.amount, total.currency)}'
        for total in statement.totals
    )


def _lines(
    parsed_args: argparse.Namespace, statement: answers.Statement
) -> list[list[Any]]:
    everything = [*statement.lines, *statement.adjustments]
    told = {
        'Resource ID': parsed_args.detail,
        'Name': parsed_args.detail,
        'Charge': any(line.kind != _USAGE for line in everything),
        'Measure': any(line.measure for line in everything),
        _ADJUSTS: bool(statement.adjustments),
    }
    always = (
        *('Resource Type', 'Type', 'State'),
        *('Quantity', 'Per', 'Unit Price', 'Amount'),
    )
    selection.select(
        parsed_args,
        [
            head
            for head in (*_LINE, _ADJUSTS)
            if head in always or told.get(head)
        ],
    )
    return [
        *(_row(line, '') for line in statement.lines),
        *(
            _row(line, months.written(line.period, statement.timezone))
            for line in statement.adjustments
        ),
    ]


def _row(line: answers.Line, adjusts: str) -> list[Any]:
    return [
        *(value(line) for value in _LINE.values()),
        columns.Text(adjusts),
    ]


def _days(
    parsed_args: argparse.Namespace, statement: answers.Statement
) -> list[list[Any]]:
    selection.select(parsed_args, _DAY_HEADS[:4])
    return [
        [
            each.day.isoformat(),
            each.resource_type,
            columns.Text(each.type),
            columns.Money(each.amount, each.currency),
            each.currency,
            each.amount_exact,
        ]
        for each in statement.daily
    ]


class ListStatement(commands.Lister):
    """List the statements that were issued"""

    nothing = (
        'No statement was issued. "openstack billing statement show" gives a '
        'preview.'
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        months.add_month(parser, 'all')
        projects.add_projects(parser)
        selection.add_long(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[commands.Row]]:
        selection.select(parsed_args, RECEIPT_HEADS_SHOWN)
        found = self.client.statements(
            **months.asked(parsed_args, self.client),
            **projects.asked(parsed_args, self.app.client_manager),
            page_size=paging.MOST,
        )
        return RECEIPT_HEADS, map(receipt, found)


def receipt(issued: answers.Receipt) -> list[Any]:
    """What stands below :data:`RECEIPT_HEADS`."""
    return [
        issued.number,
        issued.project_id,
        columns.Instant(issued.period.begin),
        columns.Instant(issued.period.end),
        columns.Instant(issued.as_of),
        columns.Instant(issued.issued_at),
        issued.issued_by,
        issued.sha256,
    ]
