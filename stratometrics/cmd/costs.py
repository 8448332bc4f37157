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
"""stratometrics-manage costs: what things cost, as reports and as files."""

import argparse
from collections.abc import Iterable, Iterator
import json
import pathlib
import sys

from oslo_config import cfg

from stratometrics import progress
from stratometrics import whole_files
from stratometrics.api import collection
from stratometrics.cmd import statements
from stratometrics.cmd import table
from stratometrics.conf import api as api_conf
from stratometrics.model import calendars
from stratometrics.model import instants
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import billing
from stratometrics.rating import exporting
from stratometrics.rating import reporting
from stratometrics.rating.rendering import comparison
from stratometrics.rating.rendering.focus import columns
from stratometrics.rating.rendering.focus import files
from stratometrics.storage import base

_GROUP_BY = 'resource_type,type'


def report(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """Print what a month costs."""
    command = conf.command
    as_of = _past(command.as_of)
    zone = api_conf.zone(conf)
    found = definitions.Definitions.load(conf.definitions.directory)
    question = reporting.Question(
        period=statements.read_month(command.month, zone),
        project_ids=tuple(command.project) or None,
        as_of=timestamps.now() if as_of is None else as_of,
        group_by=_keys(command.group_by, found),
        granularity=(
            command.granularity
            and calendars.GRANULARITIES[command.granularity]
        ),
        providers=tuple(command.equivalent),
    )
    biller = billing.Biller(
        storage, found.resource_types, zone, conf.rating.rounding
    )
    costs = reporting.report(biller, question, zone)
    match command.format:
        case 'json':
            body = comparison.body(question, costs)
            print(json.dumps(body, indent=2, ensure_ascii=False))
        case 'csv':
            sys.stdout.write(comparison.text(question, costs))
        case _:
            print(
                table.table(
                    comparison.heads(question),
                    list(comparison.cells(question, costs)),
                )
            )
    if costs.unpriced:
        what = sorted({each.resource_type for each in costs.unpriced})
        print(
            f'No price is for some of the usage of {", ".join(what)}: '
            'see --format json.',
            file=sys.stderr,
        )


def export(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """Write what each resource cost in a month, hour by hour or day by day."""
    command = conf.command
    files.require(command.format)
    zone = api_conf.zone(conf)
    month = statements.read_month(command.month, zone)
    found = definitions.Definitions.load(conf.definitions.directory)
    exporter = exporting.Exporter(
        storage,
        billing.Biller(
            storage, found.resource_types, zone, conf.rating.rounding
        ),
        zone,
        conf.rating.rounding,
        conf.statements.issuer,
    )
    granularity = exporting.GRANULARITIES[command.granularity]
    charged = exporter.charged(
        month,
        granularity,
        timestamps.now(),
        tuple(command.project) or None,
        _past(command.as_of),
    )
    expected = len(command.project) or _projects(storage, found, month)
    expected *= len(exporter.parts(month, granularity))
    told = progress.followed(charged, 'exporting', expected, 'parts')
    counter = _Counter()
    pieces = files.write(
        command.format,
        counter.count(exporter.rows(told)),
        command.focus_version,
    )
    write(command.output, pieces)
    print(f'{counter.rows} rows written to {command.output}')


class _Counter:
    """Counts rows that pass."""

    rows = 0

    def count(self, rows: Iterable) -> Iterator:
        for row in rows:
            self.rows += 1
            yield row


def _projects(
    storage: base.Storage, found: definitions.Definitions, month: usage.Period
) -> int:
    """How many projects used something, to tell how far it is."""
    seen = set()
    for kind in usage.Kind:
        names = tuple(
            name
            for name, each in found.resource_types.items()
            if each.kind is kind
        )
        if names:
            rows = storage.stream_usage(
                usage.UsageQuery(
                    period=month,
                    now=timestamps.now(),
                    resource_types=names,
                    group_by=('project_id',),
                    kind=kind,
                ),
                limited=False,
            )
            seen |= {row.group for row in rows}
    return len(seen)


def write(path: pathlib.Path, pieces: Iterable[bytes]) -> None:
    """Write a file that is there whole, or not at all.

    :raises ValueError: it cannot be written.
    """
    if path.exists() and not path.is_file():
        # To replace a device would break the machine.
        raise ValueError(f'{path} cannot be written: it is no file')
    try:
        with whole_files.replacing(path) as file:
            file.writelines(pieces)
    except OSError as error:
        raise ValueError(f'{path} cannot be written: {error}') from error


def _past(as_of: int | None) -> int | None:
    # The future is not billed (R9).
    if as_of is not None and as_of > timestamps.now():
        raise ValueError('--as-of must not be in the future')
    return as_of


def _keys(text: str, found: definitions.Definitions) -> tuple[str, ...]:
    valid = (*collection.everything(found).keys, *reporting.KEYS)
    keys = tuple(dict.fromkeys(text.split(',')))
    for key in keys:
        if key not in valid:
            raise ValueError(
                f'--group-by {key!r} is none of {", ".join(valid)}'
            )
    return keys


def _instant(text: str) -> int:
    try:
        return instants.parse(text)
    except instants.InvalidInstant as error:
        raise argparse.ArgumentTypeError(f'{text!r} {error}') from None


def add_commands(subparsers) -> None:
    """Add the commands to those of stratometrics-manage."""
    parser = subparsers.add_parser('costs', help='what things cost')
    steps = parser.add_subparsers(required=True, metavar='COMMAND')

    reporting_ = steps.add_parser('report', help=report.__doc__)
    _add_common(reporting_)
    reporting_.add_argument(
        '--group-by',
        default=_GROUP_BY,
        metavar='KEY,...',
        help=f'what is told apart (default: {_GROUP_BY})',
    )
    reporting_.add_argument(
        '--granularity',
        choices=tuple(calendars.GRANULARITIES),
        help='how long the periods are that are told apart (default: no '
        'periods)',
    )
    reporting_.add_argument(
        '--equivalent',
        action='append',
        default=[],
        metavar='PROVIDER',
        help='compare with what this provider takes, by the equivalents of '
        'the price list; may be repeated',
    )
    reporting_.add_argument(
        '--format',
        choices=('table', 'json', 'csv'),
        default='table',
        help='for people, or for programs',
    )
    reporting_.set_defaults(run=report)

    exporting_ = steps.add_parser('export', help=export.__doc__)
    _add_common(exporting_)
    exporting_.add_argument(
        '--format',
        choices=tuple(files.MEDIA_TYPES),
        required=True,
        help='the format',
    )
    exporting_.add_argument(
        '--granularity',
        choices=tuple(exporting.GRANULARITIES),
        default=exporting.DEFAULT_GRANULARITY,
        help=f'by hour or by day (default: {exporting.DEFAULT_GRANULARITY})',
    )
    exporting_.add_argument(
        '--focus-version',
        choices=tuple(columns.VERSIONS),
        default=columns.DEFAULT_VERSION,
        help='the version of the specification (default: '
        f'{columns.DEFAULT_VERSION})',
    )
    exporting_.add_argument(
        '-o',
        '--output',
        type=pathlib.Path,
        required=True,
        metavar='FILE',
        help='the file to write; one that is there is replaced at the end',
    )
    exporting_.set_defaults(run=export)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--month',
        required=True,
        metavar='YYYY-MM',
        help='the month, in the calendar of [api]/timezone',
    )
    parser.add_argument(
        '--project',
        action='append',
        default=[],
        metavar='ID',
        help='only this project; may be repeated (default: all)',
    )
    parser.add_argument(
        '--as-of',
        type=_instant,
        metavar='TIME',
        help='as known at this time',
    )
