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
"""stratometrics-manage: months are opened, closed, purged and verified."""

import argparse
from collections.abc import Sequence
import json
import sys
import zoneinfo

from oslo_config import cfg

from stratometrics import progress
from stratometrics import upkeep
from stratometrics import verification
from stratometrics.cmd import table
from stratometrics.model import kept
from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.storage import base

_UTC = zoneinfo.ZoneInfo('UTC')

_HEADS = ('month (UTC)', 'opened', 'closed', 'late since (UTC)')
_RESULT_HEADS = ('month (UTC)', 'compared', 'differing', 'microseconds')

#: What stands where there is nothing to say.
_NOTHING = '-'

#: Seconds to wait for others, such as a collector, that open or close.
_PATIENCE = 45.0


def open_month(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """Carry what lives at the begin of a month into it."""
    storage.check()
    keeper = upkeep.Keeper(storage, _PATIENCE)
    month = conf.command.month
    if conf.command.again:
        if month is not None:
            raise ValueError('name a month, or --again, but not both')
        for month in keeper.open_again():
            print(f'{months.of(month)} is opened again.', flush=True)
        return
    if month is None:
        month = months.begin(storage.overview().now)
    keeper.open(month)
    print(f'{months.of(month)} is opened.')


def close_month(conf: cfg.ConfigOpts, storage: base.Storage) -> int:
    """Store the usage of a month that is over, to be asked for quickly.

    :returns: the exit status: 1 if something came in meanwhile that is not
        in what was stored.
    """
    storage.check()
    command = conf.command
    chosen = _to_close(command, storage.overview())
    status = 0
    for month, done in upkeep.Keeper(storage, _PATIENCE).close(chosen):
        if done:
            print(f'{months.of(month)} is closed.', flush=True)
        else:
            status = 1
            print(
                f'{months.of(month)}: something came in meanwhile; close it '
                'again',
                file=sys.stderr,
            )
    storage.tidy_months()
    return status


def _to_close(
    command: argparse.Namespace, seen: kept.Overview
) -> Sequence[int]:
    if command.month is not None:
        if command.all or command.again:
            raise ValueError('name a month, or --all, but not both')
        return [command.month]
    present = months.begin(seen.now)
    if not (command.all or command.again):
        return [months.begin(present - 1)]
    return [
        each.month
        for each in seen.months
        if each.month < present
        and (
            each.closed or each.late_at is not None
            if command.again
            else not each.closed
        )
    ]


def list_(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """List what is opened, closed, late and purged."""
    seen = storage.overview()
    if conf.command.format == 'json':
        print(json.dumps(_body(seen), indent=2))
        return
    print(
        table.table(
            _HEADS,
            [
                (
                    months.of(each.month),
                    'yes' if each.opened else _NOTHING,
                    'yes' if each.closed else _NOTHING,
                    _NOTHING
                    if each.late_at is None
                    else timestamps.isoformat(each.late_at),
                )
                for each in seen.months
            ],
        )
    )
    if seen.purged is not None:
        print(f'What was before {months.of(seen.purged)} was purged.')


def _body(seen: kept.Overview) -> dict:
    return {
        'months': [
            {
                'month': months.of(each.month),
                'opened': each.opened,
                'closed': each.closed,
                'late_since': each.late_at
                and timestamps.isoformat(each.late_at),
            }
            for each in seen.months
        ],
        'purged_before': seen.purged and months.of(seen.purged),
    }


def purge(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """Drop the events of old months; what lives is kept."""
    storage.check()
    command = conf.command
    found = storage.purgeable(command.before)
    for month, size in found:
        print(f'{months.of(month)}: {size} events')
    if command.dry_run:
        print('Nothing was dropped: this was a dry run.')
        return
    if not command.yes:
        raise ValueError(
            'a purge drops events for ever, and usage before '
            f'{months.of(command.before)} can never be asked for again; '
            'look at it with --dry-run, then confirm it with --yes'
        )
    upkeep.Keeper(storage, _PATIENCE).purge(command.before)
    print(f'What was before {months.of(command.before)} is dropped.')


def verify(conf: cfg.ConfigOpts, storage: base.Storage) -> int:
    """Compare what is answered with what follows from the events alone.

    :returns: the exit status: 1 if anything differs.
    """
    storage.check()
    command = conf.command
    found = definitions.Definitions.load(conf.definitions.directory)
    as_of = timestamps.now() - conf.api.settling_time * timestamps.MICROSECONDS
    sample = None
    if command.sample is not None:
        sample = storage.sample(tuple(found.resource_types), command.sample)
    chosen = command.month or [
        each.month for each in storage.overview().months if each.month < as_of
    ]
    rows = []
    difference = 0
    for month in progress.followed(chosen, 'verifying', len(chosen), 'months'):
        result = verification.verify(
            storage,
            found,
            usage.Period(month, months.after(month)),
            as_of,
            sample,
        )
        difference += result.difference
        rows.append(
            (
                months.of(month),
                str(result.groups),
                str(result.differing),
                str(result.difference),
            )
        )
    print(table.table(_RESULT_HEADS, rows))
    print(
        f'{difference} microseconds differ, as of '
        f'{timestamps.isoformat(as_of)}'
    )
    return int(any(row[2] != '0' for row in rows))


def _month(text: str) -> int:
    try:
        return months.read(text, _UTC).begin
    except months.InvalidMonth as error:
        raise argparse.ArgumentTypeError(f'{text!r} {error}') from None


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no whole number greater than 0'
        )
    return int(text)


_MONTH = {'type': _month, 'metavar': 'YYYY-MM'}


def add_commands(subparsers) -> None:
    """Add the commands to those of stratometrics-manage."""
    opening = subparsers.add_parser('open-month', help=open_month.__doc__)
    opening.add_argument(
        'month',
        nargs='?',
        **_MONTH,
        help='which one (UTC); by default the present',
    )
    opening.add_argument(
        '--again',
        action='store_true',
        help='all that were opened, once more: after a backup was restored',
    )
    opening.set_defaults(run=open_month)

    closing = subparsers.add_parser(
        'close-month', help=close_month.__doc__.splitlines()[0]
    )
    closing.add_argument(
        'month',
        nargs='?',
        **_MONTH,
        help='which one (UTC); by default the last one that is over',
    )
    closing.add_argument(
        '--all',
        action='store_true',
        help='all that are over and not closed',
    )
    closing.add_argument(
        '--again',
        action='store_true',
        help='all that were closed, anew',
    )
    closing.set_defaults(run=close_month)

    parser = subparsers.add_parser('months', help='what is kept of months')
    steps = parser.add_subparsers(required=True, metavar='COMMAND')
    listing = steps.add_parser('list', help=list_.__doc__)
    listing.add_argument(
        '--format', choices=('table', 'json'), default='table'
    )
    listing.set_defaults(run=list_)

    purging = subparsers.add_parser('purge', help=purge.__doc__)
    purging.add_argument(
        '--before',
        required=True,
        **_MONTH,
        help='the first month (UTC) whose events are kept',
    )
    purging.add_argument(
        '--dry-run',
        action='store_true',
        help='only say what would be dropped',
    )
    purging.add_argument(
        '--yes', action='store_true', help='yes, drop them for ever'
    )
    purging.set_defaults(run=purge)

    verifying = subparsers.add_parser(
        'verify', help=verify.__doc__.splitlines()[0]
    )
    verifying.add_argument(
        '--month',
        action='append',
        **_MONTH,
        help='only this one (UTC); may be repeated',
    )
    verifying.add_argument(
        '--sample',
        type=_number,
        metavar='N',
        help='only so many resources, chosen at random',
    )
    verifying.set_defaults(run=verify)
