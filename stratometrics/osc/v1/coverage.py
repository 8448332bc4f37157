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
"""openstack billing coverage: whether what is billed is all that there is."""

import argparse
from collections.abc import Iterable, Sequence

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.osc import commands
from stratometrics.osc.options import selection
from stratometrics.osc.options import types
from stratometrics.osc.tables import columns

_FEW = ('Resource Type', 'Region', 'Status', 'Lag', 'Living')
_MORE = (
    'Rejected',
    'Last Event',
    'Last Received',
    'Events Last Day',
    'Audits',
    'Last Audit',
    'Healed',
    'Last Reconciled',
)

_UNKNOWN = ('Event Type', 'Region', 'Messages', 'Last Received')


_EPILOG = """\
What a cloud does not send is not billed: look here after an upgrade.

Examples:

  openstack billing coverage show
  openstack billing coverage show --status silent --long
  openstack billing coverage show --unknown"""


class ShowCoverage(commands.Lister):
    """Show which services are still heard of"""

    _epilog = _EPILOG
    nothing = 'Nothing is like that.'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        types.add(
            parser,
            'only this type of resource, such as instance (can be repeated)',
        )
        parser.add_argument(
            '--region',
            metavar='<region>',
            action='append',
            dest='regions',
            help='only this region (can be repeated)',
        )
        parser.add_argument(
            '--status',
            metavar='<status>',
            action='append',
            dest='statuses',
            help='only what is told of so, such as silent or never-heard (can '
            'be repeated)',
        )
        shown = parser.add_mutually_exclusive_group()
        selection.add_long(shown)
        shown.add_argument(
            '--unknown',
            action='store_true',
            help='show the types of events that came but that nothing is '
            'made of instead: no definition names them',
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Iterable[str], Iterable[commands.Row]]:
        if parsed_args.unknown and (
            parsed_args.resource_types or parsed_args.statuses
        ):
            raise exceptions.CommandError(
                '--unknown goes with --region alone: what nothing is made of '
                'has no resource type and no status'
            )
        found = self.client.coverage()
        if parsed_args.unknown:
            return self._unknown(parsed_args, found)
        rows = [
            _covered(each)
            for each in found.coverage
            if _wanted(each.resource_type, parsed_args.resource_types)
            and _wanted(each.region, parsed_args.regions)
            and _wanted(each.status, parsed_args.statuses)
        ]
        self._tell_of_unknown(found)
        selection.select(parsed_args, _FEW)
        return (*_FEW, *_MORE), rows

    def _unknown(
        self, parsed_args: argparse.Namespace, found: answers.Coverage
    ) -> tuple[Iterable[str], Iterable[commands.Row]]:
        if found.more_unknown_event_types:
            self.log.warning(
                'The service tells of the most frequent ones only; there are '
                '%s more.',
                found.more_unknown_event_types,
            )
        return _UNKNOWN, [
            (
                columns.Text(each.event_type),
                columns.Text(each.region),
                columns.Number(each.messages),
                columns.Instant(each.last_received),
            )
            for each in found.unknown_event_types
            if _wanted(each.region, parsed_args.regions)
        ]

    def _tell_of_unknown(self, found: answers.Coverage) -> None:
        count = len(found.unknown_event_types) + found.more_unknown_event_types
        if count:
            self.log.warning(
                'Messages of %s unknown types of events came, too: --unknown '
                'shows them.',
                count,
            )


def _wanted(value: str, wanted: Sequence[str] | None) -> bool:
    return not wanted or value in wanted


def _covered(found: answers.Covered) -> commands.Row:
    return (
        found.resource_type,
        columns.Text(found.region),
        found.status,
        columns.Duration(found.lag),
        columns.Number(found.living),
        columns.Number(found.rejected),
        columns.Instant(found.last_event),
        columns.Instant(found.last_received),
        columns.Number(found.events_last_day),
        found.audits,
        columns.Instant(found.last_audit),
        columns.Number(found.healed),
        columns.Instant(found.last_reconciled),
    )
