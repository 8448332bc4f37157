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
"""stratometrics-manage coverage: which services are still heard of?"""

import json

from oslo_config import cfg

from stratometrics import coverage
from stratometrics.cmd import table
from stratometrics.model import coverage as coverage_model
from stratometrics.model import timestamps
from stratometrics.notifications import definitions
from stratometrics.storage import base

_HEADS = (
    'resource type',
    'region',
    'status',
    'last event (UTC)',
    'lag',
    'events/h',
    'living',
    'audits',
    'last audit (UTC)',
    'rejected',
    'healed',
    'reconciled (UTC)',
)
_UNKNOWN_HEADS = (
    'unknown event type',
    'region',
    'messages',
    'last received (UTC)',
)

#: What stands where there is nothing to say.
_NOTHING = '-'

_MINUTE = 60 * timestamps.MICROSECONDS


def show(conf: cfg.ConfigOpts, storage: base.Storage) -> int:
    """Tell, for each resource type and region, what has come and what not.

    :returns: the exit status: 1 if something is silent and --check is given.
    """
    report = coverage.survey(
        storage,
        definitions.Definitions.load(conf.definitions.directory),
        timestamps.now(),
        conf.coverage.silent_after * timestamps.MICROSECONDS,
    )
    if conf.command.format == 'json':
        print(json.dumps(coverage.body(report), indent=2))
    else:
        print(text(report))
    return int(conf.command.check and bool(report.silent))


def add_commands(subparsers) -> None:
    """Add the command to those of stratometrics-manage."""
    parser = subparsers.add_parser(
        'coverage', help='which services are still heard of'
    )
    parser.add_argument(
        '--format',
        choices=('table', 'json'),
        default='table',
        help='for people, or exact and for programs',
    )
    parser.add_argument(
        '--check',
        action='store_true',
        help='exit with status 1 if something is silent',
    )
    parser.set_defaults(run=show)


def text(report: coverage_model.Report) -> str:
    """The report for people."""
    tables = [
        table.table(
            _HEADS, [_cells(line, report.now) for line in report.lines]
        )
    ]
    if report.unknown:
        unknown = table.table(
            _UNKNOWN_HEADS,
            [
                (
                    rejected.event_type or _NOTHING,
                    rejected.region or _NOTHING,
                    str(rejected.messages),
                    _moment(rejected.last_received),
                )
                for rejected in report.unknown
            ],
        )
        if report.more_unknown:
            unknown += f'\nand {report.more_unknown} more'
        tables.append(unknown)
    return '\n\n'.join(tables)


def _cells(line: coverage_model.Line, now: int) -> tuple[str, ...]:
    arrivals = line.arrivals
    # Who looks for what is wrong finds capitals at once.
    silent = line.voice is coverage_model.Voice.SILENT
    missing = line.audits is coverage_model.Audits.MISSING
    return (
        line.place.resource_type,
        line.place.region or _NOTHING,
        line.voice.upper() if silent else line.voice,
        _moment(arrivals.last_event) if arrivals else _NOTHING,
        span(line.lag(now)),
        f'{arrivals.last_day / 24:.1f}' if arrivals else _NOTHING,
        str(line.living),
        line.audits.upper() if missing else line.audits,
        _moment(line.last_audit),
        str(line.rejected),
        _NOTHING if line.healed is None else str(line.healed),
        _moment(line.last_reconciled),
    )


def span(length: int | None) -> str:
    """A length of time in its two largest units, such as ``3 d 4 h``.

    :param length: microseconds.
    """
    if length is None:
        return _NOTHING
    minutes, rest = divmod(length, _MINUTE)
    if not minutes:
        return f'{rest // timestamps.MICROSECONDS} s'
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f'{minutes} min'
    days, hours = divmod(hours, 24)
    return f'{days} d {hours} h' if days else f'{hours} h {minutes} min'


def _moment(moment: int | None) -> str:
    """To the second, without a zone: the head names it."""
    if moment is None:
        return _NOTHING
    return f'{timestamps.to_datetime(moment):%Y-%m-%d %H:%M:%S}'
