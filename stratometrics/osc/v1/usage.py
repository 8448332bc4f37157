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
"""openstack billing usage: who used what, and for how long."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
import itertools
from typing import Any
import zoneinfo

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.client import pages
from stratometrics.client import spelling
from stratometrics.osc import commands
from stratometrics.osc.charts import barchart
from stratometrics.osc.charts import buckets
from stratometrics.osc.charts import usage_bars
from stratometrics.osc.options import paging
from stratometrics.osc.options import periods
from stratometrics.osc.options import projects
from stratometrics.osc.options import selection
from stratometrics.osc.options import subjects
from stratometrics.osc.options import times
from stratometrics.osc.tables import usage_rows

_PREVIOUS = 'previous'
_GREATEST = ('-usage',)

_Pages = pages.Pages[answers.UsageHead, answers.Usage]


_EPILOG = """\
All formats but tables are exact: usage is in seconds, and a measure such as
vCPUs in seconds times it, or both are counts of what is consumed.

Examples:

  openstack billing usage show
  openstack billing usage show instance --month last --group-by type,state
  openstack billing usage show instance --all-projects --group-by project \\
    --top 10
  openstack billing usage show volume --from -7d --granularity 1d --chart
  openstack billing usage show --month 2026-10 --compare-to previous"""


class ShowUsage(commands.Lister):
    """Show who used what, and for how long"""

    _epilog = _EPILOG
    nothing = 'Nothing was used in that period.'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'resource_types',
            metavar='<resource-type>',
            nargs='*',
            help='what was used, such as instance or volume, or several of '
            'what is billed by time (default: all of that)',
        )
        periods.add_period(parser)
        periods.add_as_of(parser)
        periods.add_timezone(parser)
        projects.add_projects(parser)
        _add_groups(parser)
        _add_looks(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[commands.Row]]:
        _check(parsed_args)
        capabilities = self.client.capabilities()
        asked = subjects.subject(parsed_args.resource_types, capabilities)
        at = periods.clock(parsed_args, self.client, capabilities)
        keys = subjects.group_by(parsed_args.group_by, asked)
        granularity = _granularity(parsed_args, capabilities)
        period = periods.asked(parsed_args, self.client, at)
        groups = buckets.groups_of_page(
            period, granularity, at, capabilities.max_results
        )
        top = parsed_args.top
        found = self.client.usage(
            asked.collection,
            **period,
            **projects.asked(parsed_args, self.app.client_manager),
            **self._filters(parsed_args, asked),
            resource_types=asked.named,
            group_by=keys,
            granularity=granularity,
            timezone=parsed_args.timezone,
            compare_to=_compare_to(parsed_args.compare_to, at),
            sort=subjects.order(parsed_args.sort, keys, asked)
            or (_GREATEST if top else ()),
            limit=min(top, groups) if top else groups,
        )
        zone = _zone(found.head, at)
        results: Iterable[answers.Usage] = found
        if top:
            results = _greatest(found, keys, top, groups)
        shape = usage_rows.Shape.of(found.head, keys, asked, found.first, zone)
        if parsed_args.formatter != 'table':
            return shape.heads, map(shape.row, results)
        self.app.stderr.write(f'{usage_rows.caption(found.head, zone)}\n')
        self.app.stderr.flush()
        return self._for_people(parsed_args, shape, list(results))

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[commands.Row],
    ) -> int:
        """Show the rows, unless they were drawn."""
        if parsed_args.chart and column_names == ():
            return 0
        return super().produce_output(parsed_args, column_names, data)

    def _for_people(
        self,
        parsed_args: argparse.Namespace,
        shape: usage_rows.Shape,
        results: Sequence[answers.Usage],
    ) -> tuple[Sequence[str], Iterable[commands.Row]]:
        if parsed_args.chart and results:
            barchart.draw(
                usage_bars.bars(shape, results, parsed_args.exact),
                self.app.stdout,
            )
            return (), ()
        selection.select(parsed_args, shape.brief(results))
        return shape.heads, map(shape.row, results)

    def _filters(
        self, parsed_args: argparse.Namespace, asked: subjects.Subject
    ) -> Mapping[str, Any]:
        wanted, excluded = subjects.filters(parsed_args.filters, asked)
        directory = projects.Directory(self.app.client_manager)
        domain = parsed_args.project_domain
        for values in (wanted, excluded):
            if 'domain_id' in values:
                values['domain_id'] = [
                    directory.domain(text) for text in values['domain_id']
                ]
        if 'project_id' in excluded:
            excluded['project_id'] = [
                directory.project(text, domain)
                for text in excluded['project_id']
            ]
        return {'filters': wanted, 'excluded': excluded}


def _add_groups(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--group-by',
        metavar='<key>',
        action='append',
        default=[],
        help='what to tell usage apart by, such as project, type, state or '
        'resource (can be repeated, or several with commas between them; '
        'default: the resource type, or what fits the type that was asked '
        'for)',
    )
    parser.add_argument(
        '--filter',
        metavar='<key>=<value>',
        action='append',
        dest='filters',
        default=[],
        help='only what has that value, or with <key>!=<value> only what has '
        'another one (can be repeated; several values of a key are '
        'alternatives)',
    )
    parser.add_argument(
        '--granularity',
        metavar='<length>',
        help='divide usage into hours, days, weeks or months: 1h, 6h, 1d, 1w, '
        '1mo and others',
    )
    parser.add_argument(
        '--compare-to',
        metavar='<period>',
        help='also show the usage of another period, and the change since: '
        '"previous" for the period before, a month such as 2026-09, or '
        '<time>/<time>',
    )
    parser.add_argument(
        '--top',
        metavar='<number>',
        type=paging.positive,
        help='only so many groups, those with the greatest usage unless '
        '--sort says otherwise',
    )
    parser.add_argument(
        '--sort',
        metavar='<key>[:<direction>]',
        help='let the service sort groups by usage, a measure or what they '
        'are told apart by, or by several of these with commas between them; '
        'the direction is asc (default) or desc',
    )


def _add_looks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--long',
        action='store_true',
        help='also show measures such as vCPUs, IDs beside names, and where '
        'buckets end',
    )
    parser.add_argument(
        '--chart',
        action='store_true',
        help='draw bars instead of a table',
    )


def _check(parsed_args: argparse.Namespace) -> None:
    barchart.require_people(parsed_args)
    if parsed_args.granularity and parsed_args.compare_to:
        raise exceptions.CommandError(
            '--granularity and --compare-to exclude each other'
        )


def _granularity(
    parsed_args: argparse.Namespace, capabilities: answers.Capabilities
) -> str | None:
    text = parsed_args.granularity
    if text is not None and text not in capabilities.granularities:
        raise exceptions.CommandError(
            f'--granularity: {text!r} is none of '
            f'{", ".join(capabilities.granularities)}'
        )
    return text


def _compare_to(text: str | None, at: periods.Clock) -> str | None:
    """The period of ``--compare-to``, as the API takes it."""
    if text is None or text == _PREVIOUS:
        return text
    option = '--compare-to'
    if times.is_month(text):
        bounds = periods.month_period(option, text, at)
    elif text.count('/') == 1:
        bounds = tuple(
            periods.read(option, part, at) for part in text.split('/')
        )
    else:
        raise exceptions.CommandError(
            f'{option}: {text!r} is neither "previous" nor a month such as '
            f'2026-09 nor <time>/<time>'
        )
    return '/'.join(map(spelling.instant, bounds))


def _greatest(
    found: _Pages, keys: Sequence[str], top: int, groups: int
) -> Iterator[answers.Usage]:
    """The results of the first groups; the others are not fetched.

    :param groups: how many there are on a page at most.
    """
    if top <= groups:
        yield from found.first
        return
    if not found.head.granularity:
        yield from itertools.islice(found, top)
        return
    together = itertools.groupby(
        found, lambda each: [each.keys.get(key) for key in keys]
    )
    for _, results in itertools.islice(together, top):
        yield from results


def _zone(head: answers.UsageHead, at: periods.Clock) -> zoneinfo.ZoneInfo:
    """Whose calendar the service has counted by."""
    return zoneinfo.ZoneInfo(head.timezone) if head.timezone else at.zone
