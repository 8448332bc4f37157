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
"""openstack billing price check: whether the list fits what is used."""

import argparse
from collections.abc import Container, Iterable, Sequence
import datetime

from stratometrics.client import answers
from stratometrics.osc import commands
from stratometrics.osc import pricefiles
from stratometrics.osc import revisions
from stratometrics.osc.tables import columns
from stratometrics.osc.tables import prices
from stratometrics.osc.v1 import prices_files

_DEFAULT_DAYS = 31
_MAX_DAYS = 3660

#: What was found.
_UNPRICED = 'usage without price'
_UNUSED = 'price without usage'

_HEADS = (
    'Finding',
    'Resource Type',
    'Measure',
    'Match',
    'Usage',
    'Price ID',
)


class CheckPrice(commands.Lister):
    """Check that prices fit what is used, or each other"""

    _epilog = (
        'The exit status is 1 if there is usage that no price is for, or '
        'if a file cannot be used.'
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'file',
            metavar='<file>',
            nargs='*',
            help='YAML files of prices: check that these, together, could be '
            'the list (default: compare the list itself with the usage of '
            'all projects)',
        )
        parser.add_argument(
            '--days',
            metavar='<days>',
            type=_days,
            default=_DEFAULT_DAYS,
            help='compare with the usage of so many days (default: '
            f'{_DEFAULT_DAYS})',
        )
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run it.

        :returns: the exit status: 1 if there is usage that no price is for.
        """
        self._unpriced = False
        return super().run(parsed_args) or int(self._unpriced)

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[commands.Row]]:
        if parsed_args.file:
            return _HEADS, self._check_files(parsed_args.file)
        return _HEADS, self._compare(parsed_args.days)

    def _check_files(self, files: Iterable[str]) -> Sequence[commands.Row]:
        wanted = [entry for file in files for entry in pricefiles.read(file)]
        listed = self.client.prices().prices
        prices_files.send(
            self.client, revisions.replacement(listed, wanted), dry_run=True
        )
        self._say(
            f'{len(wanted)} prices can be used. They are not compared with '
            f'the usage: import them first, and check the list.'
        )
        return ()

    def _compare(self, days: int) -> Sequence[commands.Row]:
        now = datetime.datetime.now(datetime.UTC)
        begin = now - datetime.timedelta(days=days)
        costs = self.client.costs(
            begin=begin, end=now, all_projects=True, group_by=['price_id']
        )
        used = {each.keys['price_id'] for each in costs.results}
        unused = [
            price
            for price in self.client.prices().prices
            if price.id not in used
            and price.valid_from < now
            and (price.valid_to is None or begin < price.valid_to)
        ]
        self._unpriced = bool(costs.unpriced)
        if not costs.unpriced and not unused:
            self._say('All usage has a price, and all prices are used.')
        counted: frozenset[str] = frozenset()
        if costs.unpriced:
            counted = self.client.capabilities().consumed
        return [
            *(_unpriced(each, counted) for each in costs.unpriced),
            *map(_unused, unused),
        ]

    def _say(self, text: str) -> None:
        self.app.stderr.write(f'{text}\n')


def _unpriced(
    found: answers.Unpriced, counted: Container[str]
) -> commands.Row:
    facts = {'type': (found.type,), 'state': (found.state,)}
    column = columns.Decimal
    if found.resource_type not in counted:
        column = columns.Duration
    return (
        _UNPRICED,
        found.resource_type,
        columns.Text(''),
        prices.Match({name: each for name, each in facts.items() if each[0]}),
        column(found.usage),
        columns.Text(''),
    )


def _unused(price: answers.Price) -> commands.Row:
    return (
        _UNUSED,
        price.resource_type,
        columns.Text(price.measure),
        prices.Match(price.match),
        columns.Decimal(None),
        columns.Text(price.id),
    )


def _days(text: str) -> int:
    if not (
        text.isascii() and text.isdecimal() and 1 <= int(text) <= _MAX_DAYS
    ):
        raise argparse.ArgumentTypeError(
            f'must be a whole number from 1 to {_MAX_DAYS}'
        )
    return int(text)
