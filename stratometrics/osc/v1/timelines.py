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
"""openstack billing timeline: why a resource is billed as it is."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
import datetime
import decimal
from typing import Any
import zoneinfo

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.osc import commands
from stratometrics.osc import lookup
from stratometrics.osc import wording
from stratometrics.osc.charts import barchart
from stratometrics.osc.charts import lanes
from stratometrics.osc.options import paging
from stratometrics.osc.options import periods
from stratometrics.osc.options import projects
from stratometrics.osc.options import selection
from stratometrics.osc.tables import columns

_FEW = ('From', 'To', 'State', 'Type', 'Usage')
_MORE = (
    'Duration',
    'Billed',
    'Resource Type',
    'Name',
    'Type ID',
    'Region',
    'Availability Zone',
    'Image',
    'Project ID',
    'User ID',
    'Attributes',
    'Measures',
    'Events',
)

_NOTHING = 'It was not there in that period.'

_EVENTS = (
    'Event Time',
    'Received At',
    'Event Type',
    'Source',
    'Birth',
    'State',
    'Void',
    'Message ID',
)


_EPILOG = """\
What is not billed has no usage. In a chart it has lanes of its own; what is
shorter than half a column is drawn as a smaller mark, and never left out.

Examples:

  openstack billing timeline show web-1 --month last
  openstack billing timeline show web-1 --chart
  openstack billing timeline show web-1 --events -f json"""


class ShowTimeline(commands.Lister):
    """Show what a resource is billed by, and since when"""

    _epilog = _EPILOG
    nothing = _NOTHING

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'resource',
            metavar='<resource>',
            help='its ID, or the name that it last had in the period, if no '
            'other one was called the same',
        )
        parser.add_argument(
            '--resource-type',
            metavar='<resource-type>',
            help='its type, such as instance, where resources of several '
            'types have the same ID or name',
        )
        periods.add_period(parser)
        periods.add_as_of(parser)
        periods.add_timezone(parser)
        projects.add_projects(parser)
        shown = parser.add_mutually_exclusive_group()
        selection.add_long(shown)
        shown.add_argument(
            '--events',
            action='store_true',
            help='show the events that the intervals were made of instead, '
            'and the void ones: those that came after the end of the '
            'resource, of which the first is its deletion',
        )
        shown.add_argument(
            '--chart',
            action='store_true',
            help='draw a time line instead; only for people, so without -f',
        )
        parser.add_argument(
            '--chart-by',
            choices=('state', 'type'),
            default='state',
            help='what has a lane of its own in a chart (default: state)',
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Iterable[str], Iterable[commands.Row]]:
        barchart.require_people(parsed_args)
        at = periods.clock(parsed_args, self.client)
        found = self._found(parsed_args, at)
        intervals = list(found)
        _of_one_type(parsed_args.resource, intervals, found.head.void)
        if parsed_args.chart:
            self._draw(parsed_args, found.head.period, intervals, at.zone)
            return (), ()
        if parsed_args.events:
            return _EVENTS, _events(intervals, found.head.void, at.zone)
        selection.select(parsed_args, _FEW)
        return (*_FEW, *_MORE), (_row(each, at.zone) for each in intervals)

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[commands.Row],
    ) -> int:
        # It is drawn already.
        if parsed_args.chart:
            return 0
        return super().produce_output(parsed_args, column_names, data)

    def _found(
        self, parsed_args: argparse.Namespace, at: periods.Clock
    ) -> lookup.Timeline:
        named = parsed_args.resource_type
        return lookup.timeline(
            self.client,
            parsed_args.resource,
            resource_types=[named] if named else [],
            page_size=paging.MOST,
            **periods.asked(parsed_args, self.client, at),
            **projects.asked(parsed_args, self.app.client_manager),
        )

    def _draw(
        self,
        parsed_args: argparse.Namespace,
        period: answers.Period,
        intervals: Sequence[answers.Interval],
        zone: zoneinfo.ZoneInfo,
    ) -> None:
        if not intervals:
            self.app.stderr.write(f'{_NOTHING}\n')
            return
        last = intervals[-1]
        name = wording.printable(last.name or parsed_args.resource)
        begin, end = (
            wording.bound(each, zone) for each in (period.begin, period.end)
        )
        self.app.stdout.write(
            f'{last.resource_type} {name}, {begin} to {end} ({zone.key})\n'
        )
        told: Any = {'told': '{:f} s'.format} if parsed_args.exact else {}
        lanes.draw(
            self.app.stdout,
            [
                lanes.Span(
                    getattr(each, parsed_args.chart_by),
                    each.begin,
                    each.end,
                    each.billed,
                )
                for each in intervals
            ],
            period.begin,
            period.end,
            zone,
            width=max(parsed_args.max_width, 0),
            **told,
        )


def _row(each: answers.Interval, zone: zoneinfo.ZoneInfo) -> commands.Row:
    # What is consumed is over at once, and counted.
    counted = each.begin == each.end
    return (
        columns.Instant(each.begin, zone),
        columns.Instant(each.end, zone),
        columns.Text(each.state),
        columns.Text(each.type),
        (columns.Decimal if counted else columns.Duration)(each.usage),
        columns.Duration(_length(each)),
        columns.YesNo(each.billed),
        each.resource_type,
        columns.Text(each.name),
        columns.Text(each.type_id),
        columns.Text(each.region),
        columns.Text(each.availability_zone),
        columns.Text(each.image),
        columns.Text(each.project_id),
        columns.Text(each.user_id),
        columns.Attributes(each.attributes),
        columns.Attributes(_numbers(each.measures)),
        columns.Number(len(each.events)),
    )


def _of_one_type(
    resource: str,
    intervals: Sequence[answers.Interval],
    void: Sequence[answers.VoidEvent],
) -> None:
    """See that an id is not that of several.

    :raises osc_lib.exceptions.CommandError: it is.
    """
    names = {each.resource_type for each in (*intervals, *void)}
    if len(names) > 1:
        raise exceptions.CommandError(
            f'{resource!r} is the ID of resources of several types: name one '
            f'with --resource-type, of {", ".join(sorted(names))}'
        )


def _events(
    intervals: Sequence[answers.Interval],
    void: Sequence[answers.VoidEvent],
    zone: zoneinfo.ZoneInfo,
) -> Iterator[commands.Row]:
    for interval in intervals:
        for each in interval.events:
            yield _event(each, False, zone)
    for each in void:
        yield _event(each, True, zone)


def _event(
    found: answers.Event, void: bool, zone: zoneinfo.ZoneInfo
) -> commands.Row:
    return (
        columns.Instant(found.event_time, zone),
        columns.Instant(found.received_at, zone),
        columns.Text(found.event_type),
        found.source,
        columns.YesNo(found.birth),
        columns.Text(found.state),
        columns.YesNo(void),
        columns.Text(found.message_id),
    )


def _length(interval: answers.Interval) -> decimal.Decimal:
    """In seconds."""
    length = interval.end - interval.begin
    microseconds = length // datetime.timedelta(microseconds=1)
    return decimal.Decimal(microseconds).scaleb(-6)


def _numbers(measures: Mapping[str, decimal.Decimal]) -> Mapping[str, str]:
    return {name: f'{number:f}' for name, number in measures.items()}
