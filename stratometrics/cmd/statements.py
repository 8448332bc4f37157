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
"""stratometrics-manage statements: issuing them, and looking at them."""

import argparse
import contextlib
import fractions
import json
import sys
import zoneinfo

from oslo_config import cfg

from stratometrics import progress
from stratometrics.cmd import prices
from stratometrics.cmd import table
from stratometrics.conf import api as api_conf
from stratometrics.model import months
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import issuing
from stratometrics.rating import money
from stratometrics.rating import runs
from stratometrics.rating.rendering import document
from stratometrics.rating.rendering import forms
from stratometrics.rating.rendering import page
from stratometrics.storage import base
from stratometrics.storage import errors

_RECEIPT_HEADS = ('number', 'as of (UTC)', 'issued at (UTC)', 'by', 'sha256')
_UNPRICED_HEADS = ('month', 'resource type', 'type', 'state', 'usage')

#: What stands where there is nothing to say.
_NOTHING = '-'


def issue(conf: cfg.ConfigOpts, storage: base.Storage) -> int:
    """Issue the statements of a month to all projects that have none.

    :returns: the exit status: 1 if usage without a price kept it from it.
    """
    command = conf.command
    known = definitions.Definitions.load(conf.definitions.directory)
    issuer, zone = _issuer(conf, storage, known)
    month = read_month(command.month, zone)
    storage.check()
    try:
        done = runs.Runs(issuer).issue(
            month,
            prices.author(),
            command.as_of,
            tuple(command.project or ()),
            command.allow_unpriced,
            command.dry_run,
            _Told(),
        )
    except issuing.NoPrice as error:
        print(_unpriced(known, error, zone))
        print(f'Nothing was issued: {error}.', file=sys.stderr)
        return 1
    _print(done, command)
    for earlier, number in sorted(done.missing.items(), key=_begin):
        print(
            f'{number} projects used something in '
            f'{months.written(earlier, zone)} and have no statement of it: '
            'issue that month as well.',
            file=sys.stderr,
        )
    return 0


def show(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """Print an issued statement."""
    number = conf.command.number
    issued = storage.issued(number)
    if issued is None:
        raise issuing.UnknownStatement(f'there is no statement {number}')
    appearance = page.Appearance.from_conf(conf)
    body = forms.render(
        conf.command.format,
        document.of(issued),
        appearance,
        conf.command.locale,
    )
    sys.stdout.buffer.write(body)
    sys.stdout.flush()


def list_(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """List what was issued."""
    command = conf.command
    if command.month is not None:
        read_month(command.month, zoneinfo.ZoneInfo('UTC'))
    found = storage.receipts(command.project, command.month or '')
    if command.format == 'json':
        body = [
            {
                'number': each.number,
                'project_id': each.project_id,
                'as_of': timestamps.isoformat(each.as_of),
                'issued_at': timestamps.isoformat(each.issued_at),
                'issued_by': each.issued_by,
                'sha256': each.sha256,
            }
            for each in found
        ]
        print(json.dumps({'statements': body}, indent=2))
    else:
        print(table.table(_RECEIPT_HEADS, [*map(_cells, found)]))


def verify(conf: cfg.ConfigOpts, storage: base.Storage) -> int:
    """See that issued statements are what events and prices come to.

    :returns: the exit status: 1 if any is not, or one that was named cannot
        be verified any more.
    """
    known = definitions.Definitions.load(conf.definitions.directory)
    issuer, _ = _issuer(conf, storage, known)
    numbers = conf.command.number or [
        receipt.number for receipt in storage.receipts()
    ]
    failed = gone = 0
    for number in progress.followed(
        numbers, 'verifying', len(numbers), 'statements'
    ):
        try:
            problems = issuer.verify(number)
        except errors.Purged as error:
            gone += 1
            print(f'{number}: cannot be verified any more: {error}')
            continue
        for problem in problems:
            failed += 1
            print(f'{number}: {problem}')
    print(
        f'{len(numbers) - failed - gone} as they were issued, {failed} not'
        + (f', {gone} unknown' if gone else '')
    )
    return int(bool(failed or (gone and conf.command.number)))


def _issuer(
    conf: cfg.ConfigOpts,
    storage: base.Storage,
    known: definitions.Definitions,
) -> tuple[issuing.Issuer, zoneinfo.ZoneInfo]:
    zone = api_conf.zone(conf)
    terms = issuing.Terms(
        zone=zone,
        rounding=conf.rating.rounding,
        settling_time=conf.api.settling_time * timestamps.MICROSECONDS,
    )
    return issuing.Issuer(storage, known, terms), zone


def _begin(counted: tuple[usage.Period, int]) -> int:
    month, _ = counted
    return month.begin


def read_month(text: str, zone: zoneinfo.ZoneInfo) -> usage.Period:
    """The month that ``--month`` names.

    :raises ValueError: it is none.
    """
    try:
        return months.read(text, zone)
    except months.InvalidMonth as error:
        raise ValueError(f'--month {text!r} {error}') from None


class _Told(runs.Progress):
    """Tells the operator."""

    def __init__(self) -> None:
        self._shown = contextlib.ExitStack()

    def begin(self, expected: int) -> None:
        self._bar = self._shown.enter_context(
            progress.Progress('issuing', expected, 'statements')
        )

    def advance(self, number: int) -> None:
        self._bar.advance(number)

    def end(self) -> None:
        self._shown.close()


def _print(done: runs.Summary, command: argparse.Namespace) -> None:
    print(
        f'{done.issued} {"to issue" if command.dry_run else "issued"}, '
        f'{done.adjusted} of them with adjustments, '
        f'{done.unpriced} with usage that has no price; '
        f'{done.skipped} had been issued before'
    )
    for currency, total in sorted(done.totals.items()):
        print(f'{currency} {_spelled(total, currency)}')
    print(f'As of {timestamps.isoformat(done.as_of)}')
    if command.dry_run:
        print('Nothing was written: this was a dry run.')


def _spelled(total: fractions.Fraction, currency: str) -> str:
    return f'{money.rounded(total, money.digits(currency), "half_even"):f}'


def _unpriced(
    known: definitions.Definitions,
    error: issuing.NoPrice,
    zone: zoneinfo.ZoneInfo,
) -> str:
    return table.table(
        _UNPRICED_HEADS,
        [
            (
                months.written(each.period, zone),
                each.resource_type,
                each.type or _NOTHING,
                each.state or _NOTHING,
                prices.amount(known, each.resource_type, each.usage),
            )
            for each in error.unpriced
        ],
    )


def _cells(receipt: statements.Receipt) -> tuple[str, ...]:
    return (
        receipt.number,
        timestamps.isoformat(receipt.as_of),
        timestamps.isoformat(receipt.issued_at),
        receipt.issued_by,
        receipt.sha256,
    )


def add_commands(subparsers) -> None:
    """Add the commands to those of stratometrics-manage."""
    parser = subparsers.add_parser(
        'statements', help='what projects are charged'
    )
    steps = parser.add_subparsers(required=True, metavar='COMMAND')

    issuing_ = steps.add_parser('issue', help=issue.__doc__.splitlines()[0])
    issuing_.add_argument(
        '--month', required=True, metavar='YYYY-MM', help='which one'
    )
    issuing_.add_argument(
        '--project',
        action='append',
        metavar='ID',
        help='only to this project; may be repeated',
    )
    issuing_.add_argument(
        '--as-of',
        type=prices.instant,
        metavar='TIME',
        help='what is known by this time counts, such as '
        '2026-11-03T00:00:00Z; by default by now',
    )
    issuing_.add_argument(
        '--allow-unpriced',
        action='store_true',
        help='issue although a part of the usage has no price, and is not '
        'charged',
    )
    issuing_.add_argument(
        '--dry-run', action='store_true', help='only say what would be issued'
    )
    issuing_.set_defaults(run=issue)

    showing = steps.add_parser('show', help=show.__doc__)
    showing.add_argument('number', help='such as 2026-10-<project id>')
    showing.add_argument('--format', choices=forms.MEDIA_TYPES, default='json')
    showing.add_argument(
        '--locale', help='of html and pdf, such as de-CH; by default the own'
    )
    showing.set_defaults(run=show)

    listing = steps.add_parser('list', help=list_.__doc__)
    listing.add_argument(
        '--month', metavar='YYYY-MM', help='only of this month'
    )
    listing.add_argument(
        '--project',
        action='append',
        metavar='ID',
        help='only to this project; may be repeated',
    )
    listing.add_argument(
        '--format', choices=('table', 'json'), default='table'
    )
    listing.set_defaults(run=list_)

    verifying = steps.add_parser('verify', help=verify.__doc__.splitlines()[0])
    verifying.add_argument(
        'number', nargs='*', help='only these; by default all'
    )
    verifying.set_defaults(run=verify)
