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
from typing import Any

from stratometrics.client import answers
from stratometrics.client import errors
from stratometrics.osc import commands
from stratometrics.osc.charts import barchart
from stratometrics.osc.charts import cost_bars
from stratometrics.osc.options import periods
from stratometrics.osc.options import projects
from stratometrics.osc.options import selection
from stratometrics.osc.options import subjects
from stratometrics.osc.tables import cost_rows
from stratometrics.osc.tables import unpriced

_GROUP_BY = ('resource_type', 'type')
#: What costs can be grouped by beside the keys of usage.
_OF_COSTS = ('measure', 'price_id')

_EPILOG = """\
Costs are exact, and not rounded to what can be paid: that is done by
statements. The saving is what the equivalents cost more than this cloud; of
what has no equivalent there is none.

Examples:

  openstack billing report
  openstack billing report --month last --equivalent aws --group-by name
  openstack billing report --from -7d --all-projects --group-by project \\
    --granularity 1d
  openstack billing report --month last --granularity 1d --chart

All formats but tables tell each row exactly, and no total: with --group-by
project, there is one row for all that a project costs in a currency."""


class Report(commands.Lister):
    """Show what usage costs, and what it would cost elsewhere"""

    _epilog = _EPILOG
    nothing = 'Nothing was charged in that period.'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        periods.add_period(parser)
        periods.add_as_of(parser)
        projects.add_projects(parser)
        parser.add_argument(
            '--group-by',
            metavar='<key>',
            action='append',
            default=[],
            help='what costs are summed by, such as project, type, name or '
            'price_id, several with commas between them (can be repeated; '
            'default: resource_type and type)',
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
            'that the prices of the projects name, those for other domains '
            'than the own one aside)',
        )
        parser.add_argument(
            '--chart',
            action='store_true',
            help='draw bars instead of a table',
        )
        selection.add_long(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[commands.Row]]:
        barchart.require_people(parsed_args)
        self._capabilities = capabilities = self.client.capabilities()
        at = periods.clock(parsed_args, self.client, capabilities)
        period = periods.asked(parsed_args, self.client, at)
        scope = projects.asked(parsed_args, self.app.client_manager)
        providers = tuple(
            dict.fromkeys(
                parsed_args.equivalent
                or self._providers(scope, period.get('as_of'))
            )
        )
        keys = _keys(parsed_args.group_by, capabilities)
        question = {
            **period,
            **scope,
            'group_by': keys,
            'granularity': parsed_args.granularity,
        }
        try:
            found = self.client.costs(**question, equivalents=providers)
        except errors.BadRequest:
            if parsed_args.equivalent or not providers:
                raise
            # Prices of a domain name nobody where nothing was charged, and
            # then there is nothing to compare. All else is refused again.
            found = self.client.costs(**question)
        self._found = found
        for each in found.results[:1]:
            # Names stand beside ids.
            keys = tuple(each.keys)
        shape = cost_rows.Shape(
            keys, providers, parsed_args.granularity, at.zone
        )
        if parsed_args.formatter == 'table':
            print(cost_rows.caption(found, at.zone), file=self.app.stderr)
            self.app.stderr.flush()
        if parsed_args.chart and found.results:
            for bars in cost_bars.bars(shape, found, parsed_args.exact):
                barchart.draw(bars, self.app.stdout)
            return (), ()
        selection.select(parsed_args, shape.brief(found))
        return shape.heads, (list(shape.row(each)) for each in found.results)

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[commands.Row],
    ) -> int:
        """Show the rows, unless they were drawn, and what they come to."""
        status = 0
        if column_names:
            status = super().produce_output(parsed_args, column_names, data)
        if parsed_args.formatter == 'table':
            for each in self._found.totals:
                told = cost_rows.total(each, parsed_args.exact)
                print(f'\n{told}', file=self.app.stdout)
        told = unpriced.told(self._found.unpriced, self._capabilities.consumed)
        if told:
            print(told, file=self.app.stderr)
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


def _keys(
    texts: Iterable[str], capabilities: answers.Capabilities
) -> tuple[str, ...]:
    """The keys that ``--group-by`` names.

    :param texts: each of several keys with commas between them.
    """
    found = [key for text in texts for key in text.split(',') if key.strip()]
    every = subjects.subject((), capabilities)
    return tuple(dict.fromkeys(_key(key, every) for key in found)) or _GROUP_BY


def _key(text: str, every: subjects.Subject) -> str:
    name = text.strip().replace('-', '_')
    if name in _OF_COSTS:
        return name
    return every.key('--group-by', text)
