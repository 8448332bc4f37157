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
"""openstack billing statement issue."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import dataclasses
import datetime

from osc_lib import exceptions

from stratometrics import progress
from stratometrics.client import answers
from stratometrics.client import errors
from stratometrics.client import v1
from stratometrics.osc import commands
from stratometrics.osc import hints
from stratometrics.osc import wording
from stratometrics.osc.options import months
from stratometrics.osc.options import paging
from stratometrics.osc.options import periods
from stratometrics.osc.options import projects
from stratometrics.osc.options import selection
from stratometrics.osc.tables import columns
from stratometrics.osc.tables import unpriced
from stratometrics.osc.v1 import statement

#: That of what a signal ended, which Ctrl-C sends.
_INTERRUPTED = 130
_FAILED = 1
_USAGE = 'usage'
#: Whose usage it is that belongs to no project, and is charged to nobody.
_NOBODY = ''

#: What is told of one that would be issued.
_PREVIEW_HEADS = (
    'Number',
    'Project ID',
    'Project Name',
    'As Of',
    'Amount',
    'Currency',
    'Adjustments',
    'Without Price',
)
_PREVIEW_HEADS_SHOWN = ('Number', 'Amount', 'Adjustments', 'Without Price')

_EPILOG = """\
Which projects: with --all-projects those that used something in the month,
and those with an earlier statement that is to be adjusted. Those that have a
statement of the month keep it. It can be stopped at any time, and be repeated.

Examples:

  openstack billing statement issue --month last --all-projects --dry-run
  openstack billing statement issue --month last --all-projects
  openstack billing statement issue --month 2026-10 --project acme"""


class _Refused(Exception):
    """A statement cannot be issued; str() says why."""


@dataclasses.dataclass(frozen=True)
class _Order:
    """What is to be issued.

    :param month: such as ``2026-10``.
    :param period: the same, by the calendar of the service.
    :param project_ids: to whom; () for all.
    """

    month: str
    period: tuple[datetime.datetime, datetime.datetime]
    project_ids: Sequence[str]
    as_of: datetime.datetime | None
    allow_unpriced: bool


@dataclasses.dataclass
class _Outcome:
    """What became of it.

    :param done: how many statements were issued, or would be.
    :param due: of how many projects.
    :param before: how many had been issued before.
    :param failures: why not, by project.
    :param stopped_at: the project at which it stopped.
    :param reason: why it stopped there; '' if somebody stopped it.
    """

    done: int = 0
    due: int = 0
    before: int = 0
    failures: dict[str, str] = dataclasses.field(default_factory=dict)
    stopped_at: str | None = None
    reason: str = ''

    @property
    def status(self) -> int:
        if self.stopped_at is not None and not self.reason:
            return _INTERRUPTED
        failed = self.failures or self.stopped_at is not None
        return _FAILED if failed else 0


class IssueStatement(commands.Lister):
    """Issue the statements of a month, for ever"""

    _epilog = _EPILOG

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        months.add_month(parser, '', required=True)
        projects.add_projects(parser)
        parser.add_argument(
            '--as-of',
            metavar='<time>',
            help='what was received by then counts, not before the end of '
            'the month (default: all that was received)',
        )
        parser.add_argument(
            '--allow-unpriced',
            action='store_true',
            help='issue although a part of the usage has no price and is not '
            'charged',
        )
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help='issue nothing, and show what would be',
        )
        selection.add_long(parser)
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        self._outcome = _Outcome()
        status = super().run(parsed_args)
        told = wording.printable_lines(_told(self._outcome, parsed_args))
        print(told, file=self.app.stderr)
        return status or self._outcome.status

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[commands.Row]]:
        order = self._order(parsed_args)
        due = self._due(order)
        if parsed_args.dry_run:
            selection.select(parsed_args, _PREVIEW_HEADS_SHOWN)
            rows = self._each('looking', due, order, self._looked_at)
            return _PREVIEW_HEADS, rows
        selection.select(parsed_args, statement.RECEIPT_HEADS_SHOWN)
        rows = self._each('issuing', due, order, self._issued)
        return statement.RECEIPT_HEADS, rows

    def _order(self, parsed_args: argparse.Namespace) -> _Order:
        asked = projects.asked(parsed_args, self.app.client_manager)
        if not asked:
            raise exceptions.CommandError(
                'name whom to issue to with --project, or --all-projects'
            )
        at = periods.clock(parsed_args, self.client)
        month = periods.read_month(parsed_args.month, at)
        period = periods.month_period('--month', month, at)
        if at.now < period[1]:
            raise exceptions.CommandError(
                f'{month} is not over before {period[1].isoformat()}: '
                '"openstack billing statement show" gives a preview'
            )
        as_of = None
        if parsed_args.as_of is not None:
            as_of = periods.read('--as-of', parsed_args.as_of, at)
            if as_of < period[1]:
                raise exceptions.CommandError(
                    '--as-of must not be before the end of the month, '
                    f'{period[1].isoformat()}'
                )
        return _Order(
            month=month,
            period=period,
            project_ids=tuple(dict.fromkeys(asked.get('project_ids', ()))),
            as_of=as_of,
            allow_unpriced=parsed_args.allow_unpriced,
        )

    def _due(self, order: _Order) -> Sequence[str]:
        """The projects that have no statement of the month."""
        if order.project_ids:
            wanted = order.project_ids
            receipts = list(
                self.client.statements(
                    month=order.month,
                    project_ids=wanted,
                    page_size=paging.MOST,
                )
            )
            sure = set(wanted)
        else:
            receipts = list(
                self.client.statements(
                    all_projects=True, page_size=paging.MOST
                )
            )
            sure = _users(self.client, order)
            wanted = sorted(sure | {each.project_id for each in receipts})
        issued = {
            each.project_id
            for each in receipts
            if each.period.begin == order.period[0]
        }
        due = [each for each in wanted if each not in issued]
        unsure = [each for each in due if each not in sure]
        corrected = set(self._corrected(unsure, order))
        self._outcome.before = len(issued)
        return [each for each in due if each in sure or each in corrected]

    def _corrected(
        self, project_ids: Sequence[str], order: _Order
    ) -> Iterator[str]:
        """Those of which an earlier month is to be adjusted."""
        if not project_ids:
            return
        doing = 'looking for adjustments'
        with progress.Progress(doing, len(project_ids), 'projects') as bar:
            for project_id in project_ids:
                found = self._preview(project_id, order)
                if found.adjustments or found.unpriced:
                    yield project_id
                bar.advance()

    def _each(
        self,
        doing: str,
        due: Sequence[str],
        order: _Order,
        take: Callable[[str, _Order], list[commands.Row]],
    ) -> list[commands.Row]:
        """Do it for each project, and keep account of it."""
        outcome = self._outcome
        outcome.due = len(due)
        rows: list[commands.Row] = []
        with progress.Progress(doing, len(due), 'statements') as bar:
            for project_id in due:
                try:
                    rows += take(project_id, order)
                    outcome.done += 1
                except (
                    _Refused,
                    errors.Conflict,
                    errors.Unavailable,
                ) as error:
                    outcome.failures[project_id] = _reason(error)
                except errors.ClientError as error:
                    # All others would fail like this one.
                    if not outcome.done and not outcome.failures:
                        raise
                    outcome.stopped_at = project_id
                    outcome.reason = hints.told(error, self.client)
                    break
                except KeyboardInterrupt:
                    outcome.stopped_at = project_id
                    break
                bar.advance()
        return rows

    def _issued(self, project_id: str, order: _Order) -> list[commands.Row]:
        return [
            statement.receipt(
                self.client.issue_statement(
                    order.month,
                    project_id,
                    as_of=order.as_of,
                    allow_unpriced=order.allow_unpriced,
                )
            )
        ]

    def _looked_at(self, project_id: str, order: _Order) -> list[commands.Row]:
        found = self._preview(project_id, order)
        if found.as_of < found.period.end:
            raise _Refused(
                f'{order.month} cannot be issued yet: not all of it is known'
            )
        if not (found.lines or found.adjustments or found.unpriced):
            raise _Refused(f'it used nothing in {order.month}')
        if found.unpriced and not order.allow_unpriced:
            raise _Refused(_without_price(found))
        totals = [(each.amount, each.currency) for each in found.totals]
        return [
            [
                f'{order.month}-{project_id}',
                project_id,
                columns.Text(found.project_name),
                columns.Instant(found.as_of),
                columns.Money(amount, currency),
                columns.Text(currency),
                columns.Number(len(found.adjustments)),
                columns.Number(len(found.unpriced)),
            ]
            for amount, currency in totals or ((None, ''),)
        ]

    def _preview(self, project_id: str, order: _Order) -> answers.Statement:
        return self.client.preview_statement(
            month=order.month, project_id=project_id, as_of=order.as_of
        ).statement


def _without_price(found: answers.Statement) -> str:
    told = unpriced.of_statement(found.unpriced)
    return f'{told}\nAdd prices, which may be 0, or use --allow-unpriced.'


def _users(client: v1.Client, order: _Order) -> set[str]:
    """All projects that used something in the month."""
    begin, end = order.period
    capabilities = client.capabilities()
    collections = [
        _USAGE,
        *(
            each.collection
            for each in capabilities.resource_types
            if each.is_consumed
        ),
    ]
    return {
        row.keys['project_id']
        for collection in collections
        for row in client.usage(
            collection,
            begin=begin,
            end=end,
            as_of=order.as_of,
            all_projects=True,
            group_by=('project_id',),
            limit=min(paging.MOST, capabilities.max_results),
        )
        if row.usage
    } - {_NOBODY}


def _told(outcome: _Outcome, parsed_args: argparse.Namespace) -> str:
    """What people are told at the end."""
    verb = 'would be issued' if parsed_args.dry_run else 'issued'
    lines = [
        f'{outcome.done:,} {verb}, {outcome.before:,} issued before, '
        f'{len(outcome.failures):,} refused.'
    ]
    if not outcome.due and not outcome.before:
        lines.append('No project used something in that month.')
    for reason, project_ids in _by_reason(outcome.failures).items():
        lines += [f'Not issued to {", ".join(project_ids)}:', f'  {reason}']
    if outcome.stopped_at is not None:
        left = outcome.due - outcome.done - len(outcome.failures)
        lines.append(
            f'Stopped at {outcome.stopped_at}: {left:,} of {outcome.due:,} '
            'are left.'
        )
        if outcome.reason:
            lines.append(f'  {outcome.reason}')
        if not parsed_args.dry_run:
            lines.append(
                'What was issued stays issued, perhaps that one too; repeat '
                'the command for the others.'
            )
    return '\n'.join(lines)


def _reason(error: Exception) -> str:
    """Why not, in the same words for all projects that it is so of."""
    if isinstance(error, errors.Conflict):
        return error.detail or error.title
    return str(error)


def _by_reason(failures: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for project_id, reason in failures.items():
        found.setdefault(reason, []).append(project_id)
    return found
