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
"""openstack billing report: what usage costs, here and elsewhere."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
import datetime
import sys
from typing import Any

from stratometrics.client import answers
from stratometrics.client import errors
from stratometrics.osc import columns
from stratometrics.osc import commands
from stratometrics.osc import periods
from stratometrics.osc import projects
from stratometrics.osc import selection
from stratometrics.osc import unpriced

_CONSUMPTION = 'consumption'
#: What the API groups by if nobody says it.
_GROUP_BY = ('resource_type', 'type')

_EPILOG = """\
Costs are exact, and not rounded to what can be paid: that is done by
statements. The saving is what the equivalents cost more than this cloud; of
what has no equivalent there is none.

Examples:

  openstack billing report
  openstack billing report --month last --equivalent aws --group-by name
  openstack billing report --from -7d --granularity 1d --group-by project_id \\
    --all-projects
"""


class Report(commands.Lister):
    """Show what usage costs, and what it would cost elsewhere"""

    nothing = 'Nothing was charged in that period.'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.epilog = _EPILOG
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        periods.add_period(parser)
        periods.add_as_of(parser)
        projects.add_projects(parser)
        parser.add_argument(
            '--group-by',
            metavar='<key>',
            action='append',
            help='what costs are summed by, such as project_id, name or '
            'price_id (can be repeated; default: resource_type and type)',
        )
        parser.add_argument(
            '--granularity',
            metavar='<length>',
            help='how long the buckets are that costs are divided into, such '
            'as 1d or 1mo (default: one for all)',
        )
        parser.add_argument(
            '--equivalent',
            metavar='<provider>',
            action='append',
            help='a provider to compare with (can be repeated; default: all '
            'that the prices of the projects name)',
        )
        selection.add_long(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[commands.Row]]:
        period = periods.asked(parsed_args, self.client)
        scope = projects.asked(parsed_args, self.app.client_manager)
        providers = parsed_args.equivalent or self._providers(
            scope, period.get('as_of')
        )
        self._found = found = self.client.costs(
            **period,
            **scope,
            group_by=_keys(parsed_args.group_by),
            granularity=parsed_args.granularity,
            equivalents=providers,
        )
        names = _names(found, _keys(parsed_args.group_by) or _GROUP_BY)
        divided = parsed_args.granularity is not None
        selection.select(parsed_args, _shown(names, providers, divided))
        if parsed_args.formatter == 'table':
            print(_heading(found), file=self.app.stdout)
        return (
            [
                *(('From', 'To') if divided else ()),
                *map(_title, names),
                *('Currency', 'Cost'),
                *(
                    head
                    for provider in providers
                    for head in _compared(provider)
                ),
            ],
            [_row(each, names, providers, divided) for each in found.results],
        )

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[commands.Row],
    ) -> int:
        status = super().produce_output(parsed_args, column_names, data)
        if parsed_args.formatter == 'table':
            for total in self._found.totals:
                print(_ending(total), file=self.app.stdout)
        if self._found.unpriced:
            consumed = [
                each.name
                for each in self.client.capabilities().resource_types
                if each.kind == _CONSUMPTION
            ]
            told = unpriced.told(self._found.unpriced, consumed)
            print(told, file=sys.stderr)
        return status

    def _providers(
        self, scope: Mapping[str, Any], as_of: datetime.datetime | None
    ) -> Sequence[str]:
        """All that the prices name which can count for the projects."""
        try:
            prices = self.client.prices(as_of=as_of).prices
        except errors.Forbidden:
            # Costs can be told all the same.
            return ()
        project_ids, domain_ids = {''}, {''}
        if 'project_ids' in scope:
            project_ids.update(scope['project_ids'])
        elif own := self.app.client_manager.auth_ref:
            project_ids.add(own.project_id or '')
            domain_ids.add(own.project_domain_id or '')
        return sorted(
            {
                name
                for each in prices
                if 'all_projects' in scope
                or (
                    each.project_id in project_ids
                    and each.domain_id in domain_ids
                )
                for name in each.equivalents
            }
        )


def _keys(given: Iterable[str] | None) -> Sequence[str]:
    return [key.strip() for text in given or () for key in text.split(',')]


def _names(found: answers.Costs, keys: Sequence[str]) -> Sequence[str]:
    """What groups are told by: the keys, and names of what they identify."""
    for each in found.results:
        return list(each.keys)
    return keys


def _title(name: str) -> str:
    """The head of a key, such as ``Project ID``."""
    return ' '.join(
        part.upper() if part == 'id' else part.capitalize()
        for part in name.split('_')
    )


def _compared(provider: str) -> Sequence[str]:
    """The heads of a comparison."""
    return (
        f'Compared ({provider})',
        f'Equivalent ({provider})',
        f'Saving ({provider})',
        f'Not Compared ({provider})',
    )


def _shown(
    names: Iterable[str], providers: Iterable[str], divided: bool
) -> Sequence[str]:
    """The heads that people look at."""
    return [
        *(('From',) if divided else ()),
        *map(_title, names),
        'Cost',
        *(head for provider in providers for head in _compared(provider)[1:3]),
    ]


def _row(
    cost: answers.Cost,
    names: Iterable[str],
    providers: Iterable[str],
    divided: bool,
) -> commands.Row:
    bucket = (columns.Bound(cost.begin), columns.Bound(cost.end))
    return [
        *(bucket if divided else ()),
        *(columns.Text(cost.keys.get(name, '')) for name in names),
        cost.currency,
        columns.Money(cost.cost, cost.currency),
        *(
            columns.Money(amount, cost.currency)
            for provider in providers
            for amount in _amounts(cost.equivalents, provider)
        ),
    ]


def _amounts(
    compared: Mapping[str, answers.Comparison], provider: str
) -> Sequence[Any]:
    """What stands below :func:`_compared`."""
    found = compared.get(provider)
    if found is None:
        return [None] * len(_compared(provider))
    return (
        found.cost,
        found.equivalent,
        found.saving,
        found.without_equivalent,
    )


def _heading(found: answers.Costs) -> str:
    period = found.period
    return (
        f'Costs from {columns.bound(period.begin)} to '
        f'{columns.bound(period.end)} UTC, as of '
        f'{columns.instant(found.as_of)} UTC'
    )


def _ending(total: answers.Total) -> str:
    """What everything comes to."""
    parts = [f'Total: {columns.money(total.cost, total.currency)}']
    for provider, each in total.equivalents.items():
        text = (
            f'{provider}: {columns.money(each.equivalent, total.currency)}, '
            f'saving {columns.money(each.saving, total.currency)}'
        )
        if each.without_equivalent:
            rest = columns.money(each.without_equivalent, total.currency)
            text += f' ({rest} has no equivalent)'
        parts.append(text)
    return '\n'.join(parts)
