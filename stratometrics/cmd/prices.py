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
"""stratometrics-manage prices: the price list, and files of prices."""

import argparse
from collections import Counter
from collections.abc import Iterable
import dataclasses
import getpass
import json
import os
import pathlib
import sys
from typing import Any

from oslo_config import cfg

from stratometrics.cmd import coverage
from stratometrics.cmd import table
from stratometrics.model import instants
from stratometrics.model import places
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.pricing import documents
from stratometrics.pricing import errors
from stratometrics.pricing import files
from stratometrics.pricing import imports
from stratometrics.rating import book
from stratometrics.rating import ledger
from stratometrics.rating import survey
from stratometrics.rating import validation
from stratometrics.storage import base
from stratometrics.storage import errors as storage_errors

_DAY = 24 * 3600 * timestamps.MICROSECONDS

#: What stands where there is nothing to say.
_NOTHING = '-'

_PRICE_HEADS = (
    'id',
    'resource type',
    'measure',
    'match',
    'only for',
    'valid from',
    'valid to',
    'price',
    'per',
)
_UNPRICED_HEADS = ('resource type', 'type', 'state', 'usage')


def import_file(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """Bring all prices of a file into the list."""
    known = definitions.Definitions.load(conf.definitions.directory)
    wanted = _load(conf.command.file, known)
    kept = ledger.Ledger(storage)

    def plan(listed: book.PriceBook) -> ledger.Changes:
        steps = imports.plan(listed.prices, wanted, conf.command.replace_from)
        return [(step.change, step.price) for step in steps]

    if conf.command.dry_run:
        changes = kept.rehearse(plan)
    else:
        changes = [
            (entry.change, entry.price)
            for entry in kept.change(plan, author())
        ]
    if changes:
        print(
            table.table(
                ('change', *_PRICE_HEADS),
                [(str(change), *_cells(price)) for change, price in changes],
            )
        )
    counts = Counter(change for change, _ in changes)
    told = ', '.join(f'{counts[change]} {change}' for change in prices.Change)
    print(f'{told}{" (dry run)" if conf.command.dry_run else ""}')


def export(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """Print the list as a file that can be imported."""
    listed = ledger.Ledger(storage).read(conf.command.as_of)
    print(files.dump(listed.prices), end='')


def show(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """Show the list."""
    listed = ledger.Ledger(storage).read(conf.command.as_of)
    shown = [
        price
        for price in listed.prices
        if conf.command.resource_type in (None, price.resource_type)
        and (
            conf.command.valid_at is None
            or price.holds_at(conf.command.valid_at)
        )
    ]
    if conf.command.format == 'json':
        print(json.dumps({'prices': [*map(_body, shown)]}, indent=2))
    else:
        print(table.table(_PRICE_HEADS, [*map(_cells, shown)]))


def history(conf: cfg.ConfigOpts, storage: base.Storage) -> None:
    """Show who changed what of the list, and when."""
    entries = [
        entry
        for entry in ledger.Ledger(storage).read().entries
        if conf.command.price in (None, entry.price.id)
    ]
    if conf.command.format == 'json':
        body = [
            {
                'change': str(entry.change),
                'at': timestamps.isoformat(entry.at),
                'by': entry.by,
                'price': _body(entry.price),
            }
            for entry in entries
        ]
        print(json.dumps({'history': body}, indent=2))
    else:
        print(
            table.table(
                ('at (UTC)', 'by', 'change', *_PRICE_HEADS),
                [
                    (
                        timestamps.isoformat(entry.at),
                        entry.by,
                        str(entry.change),
                        *_cells(entry.price),
                    )
                    for entry in entries
                ],
            )
        )


def check(conf: cfg.ConfigOpts, storage: base.Storage) -> int:
    """See that files of prices, or the list, can be used, and fit the usage.

    :returns: the exit status: 1 if there is usage that no price is for.
    """
    known = definitions.Definitions.load(conf.definitions.directory)
    now = timestamps.now()
    period = usage.Period(now - conf.command.days * _DAY, now)
    if not conf.command.file:
        listed = ledger.Ledger(storage).read()
        return _compare(storage, listed, known, period)
    listed = _as_list(conf.command.file, known)
    print(f'{len(listed.prices)} prices can be used')
    try:
        return _compare(storage, listed, known, period)
    except storage_errors.StorageUnavailable as error:
        print(f'not compared with the usage: {error}', file=sys.stderr)
        return 0


def _compare(
    storage: base.Storage,
    listed: book.PriceBook,
    known: definitions.Definitions,
    period: usage.Period,
) -> int:
    report = survey.survey(storage, listed, known, period)
    since = timestamps.isoformat(period.begin)
    if report.unused:
        print(f'\nNo usage since {since} had the price:')
        print(table.table(_PRICE_HEADS, [*map(_cells, report.unused)]))
    if report.unpriced:
        print(f'\nUsage since {since} that no price is for:')
        print(
            table.table(
                _UNPRICED_HEADS,
                [
                    (
                        each.resource_type,
                        each.type or _NOTHING,
                        each.state or _NOTHING,
                        amount(known, each.resource_type, each.usage),
                    )
                    for each in report.unpriced
                ],
            )
        )
    return int(bool(report.unpriced))


def amount(
    known: definitions.Definitions, resource_type: str, used: int
) -> str:
    """Usage as people read it: a length of time, or a count."""
    if known.resource_types[resource_type].kind is usage.Kind.CONSUMPTION:
        return str(used)
    return coverage.span(used)


def _load(
    file: pathlib.Path, known: definitions.Definitions
) -> list[prices.Price]:
    """The prices of a file, each of which makes sense by itself."""
    loaded = files.load(str(file), files.read(file))
    for number, price in enumerate(loaded):
        where = documents.place(number)
        try:
            validation.check(price, known.resource_types, where)
        except errors.Malformed as error:
            raise errors.Malformed(
                error.where, error.problem, str(file)
            ) from None
    return loaded


def _as_list(
    named: Iterable[pathlib.Path], known: definitions.Definitions
) -> book.PriceBook:
    """Files as if they were the list; a price is named by its place."""
    changes = [
        (
            prices.Change.CREATED,
            dataclasses.replace(
                price,
                id=f'{file}: {places.spelled(documents.place(number))}',
            ),
        )
        for file in named
        for number, price in enumerate(_load(file, known))
    ]
    ledger.require_consistent(book.PriceBook(()), changes)
    return book.PriceBook(
        prices.Entry(change=change, at=0, by='', price=price)
        for change, price in changes
    )


def author() -> str:
    """Who runs the command, as the history names him."""
    try:
        name = getpass.getuser()
    except (ImportError, KeyError, OSError):
        # A container may have a user that has no name.
        name = str(os.getuid())
    return f'stratometrics-manage: {name}'


def _body(price: prices.Price) -> dict[str, Any]:
    return {'id': price.id, **documents.body(price)}


def _cells(price: prices.Price) -> tuple[str, ...]:
    return (
        price.id or _NOTHING,
        price.resource_type,
        price.measure or _NOTHING,
        _matches(price) or _NOTHING,
        price.project_id or price.domain_id or _NOTHING,
        timestamps.isoformat(price.valid_from),
        (
            _NOTHING
            if price.valid_to is None
            else timestamps.isoformat(price.valid_to)
        ),
        f'{_tiers(price)} {price.currency}',
        str(price.per),
    )


def _matches(price: prices.Price) -> str:
    return ' '.join(
        f'{name}={",".join(values)}'
        for name, values in sorted(price.match.items())
    )


def _tiers(price: prices.Price) -> str:
    """The prices of all tiers, such as ``0.1 to 100, 0.08``."""
    return ', '.join(
        f'{tier.price:f}'
        if tier.up_to is None
        else f'{tier.price:f} to {tier.up_to:f}'
        for tier in price.tiers
    )


def instant(text: str) -> int:
    """An instant that is given as an argument."""
    try:
        return instants.parse(text)
    except instants.InvalidInstant as error:
        raise argparse.ArgumentTypeError(f'{text!r} {error}') from None


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 3660):
        raise argparse.ArgumentTypeError(
            'must be a whole number from 1 to 3660'
        )
    return int(text)


def add_commands(subparsers) -> None:
    """Add the commands to those of stratometrics-manage."""
    parser = subparsers.add_parser('prices', help='the price list')
    steps = parser.add_subparsers(required=True, metavar='COMMAND')

    importing = steps.add_parser('import', help=import_file.__doc__)
    importing.add_argument(
        'file', type=pathlib.Path, help='a YAML file of prices'
    )
    importing.add_argument(
        '--dry-run', action='store_true', help='only say what would change'
    )
    importing.add_argument(
        '--replace-from',
        type=instant,
        metavar='TIME',
        help='end all prices at this time that are not in the file; such as '
        '2027-01-01T00:00:00Z',
    )
    importing.set_defaults(run=import_file)

    exporting = steps.add_parser('export', help=export.__doc__)
    _add_as_of(exporting)
    exporting.set_defaults(run=export)

    checking = steps.add_parser('check', help=check.__doc__.splitlines()[0])
    checking.add_argument(
        'file',
        nargs='*',
        type=pathlib.Path,
        help='YAML files of prices; by default the list itself is checked',
    )
    checking.add_argument(
        '--days',
        type=_days,
        default=31,
        help='compare with the usage of so many days (default: 31)',
    )
    checking.set_defaults(run=check)

    listing = steps.add_parser('list', help=show.__doc__)
    listing.add_argument('--resource-type', help='only prices for this one')
    listing.add_argument(
        '--valid-at',
        type=instant,
        metavar='TIME',
        help='only prices that are valid then',
    )
    _add_as_of(listing)
    _add_format(listing)
    listing.set_defaults(run=show)

    telling = steps.add_parser('history', help=history.__doc__)
    telling.add_argument('--price', metavar='ID', help='only of this price')
    _add_format(telling)
    telling.set_defaults(run=history)


def _add_as_of(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--as-of',
        type=instant,
        metavar='TIME',
        help='the list as it was at this time',
    )


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--format',
        choices=('table', 'json'),
        default='table',
        help='for people, or exact and for programs',
    )
