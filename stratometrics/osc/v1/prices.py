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
"""openstack billing price: the price list."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
import contextlib
from typing import Any

from osc_lib import exceptions

from stratometrics.client import errors
from stratometrics.osc import commands
from stratometrics.osc import hints
from stratometrics.osc.options import creation
from stratometrics.osc.options import listing
from stratometrics.osc.options import periods
from stratometrics.osc.options import projects
from stratometrics.osc.options import selection
from stratometrics.osc.options import types
from stratometrics.osc.tables import prices

_Shown = tuple[Sequence[str], Iterable[Any]]

_LIST_EPILOG = """\
Examples, for what counts at present, and for who changed what:

  openstack billing price list --valid-at now
  openstack billing price list --resource-type volume --history"""
_CREATE_EPILOG = """\
Example:

  openstack billing price create --resource-type instance \\
    --match type=m1.small --price 0.0250 --per hour --currency EUR \\
    --valid-from 2026-10"""


class ListPrice(commands.Lister):
    """List prices"""

    _epilog = _LIST_EPILOG
    nothing = 'There are no such prices that you may see.'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        types.add(
            parser,
            'only prices for this one, such as instance (can be repeated)',
        )
        parser.add_argument(
            '--currency',
            metavar='<currency>',
            action='append',
            default=[],
            help='only prices in this one, such as EUR (can be repeated)',
        )
        parser.add_argument(
            '--project',
            metavar='<project>',
            action='append',
            default=[],
            help='only prices that are for this project alone (name or ID, '
            'can be repeated)',
        )
        projects.add_domain(parser)
        parser.add_argument(
            '--valid-at',
            metavar='<time>',
            help='only prices that are valid then, such as now or 2026-10',
        )
        listing.add_as_of(parser)
        periods.add_timezone(parser)
        parser.add_argument(
            '--history',
            action='store_true',
            help='list who changed what, and when, instead of what is in the '
            'list (by default for administrators)',
        )
        selection.add_long(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _Shown:
        directory = projects.Directory(self.app.client_manager)
        listed = self.client.prices(
            **listing.instants(parsed_args, self.client),
            history=parsed_args.history,
            currencies=parsed_args.currency,
            resource_types=parsed_args.resource_types,
            project_ids=[
                directory.project(each, parsed_args.project_domain)
                for each in parsed_args.project
            ],
        )
        if not parsed_args.history:
            selection.select(parsed_args, prices.HEADS)
            return prices.ALL_HEADS, map(prices.whole, listed.prices)
        selection.select(parsed_args, (*prices.CHANGE_HEADS, *prices.HEADS))
        return (*prices.CHANGE_HEADS, *prices.ALL_HEADS), [
            (*prices.change(each), *prices.whole(each.price))
            for each in listed.history
        ]


class ShowPrice(commands.ShowOne):
    """Show a price"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        listing.add_price(parser, 'the price to show (ID)')
        parser.add_argument(
            '--history',
            action='store_true',
            help='show who changed it, and when, as well (by default for '
            'administrators)',
        )
        listing.add_as_of(parser)
        periods.add_timezone(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _Shown:
        asked = listing.instants(parsed_args, self.client)
        with known(parsed_args.price):
            price = self.client.price(
                parsed_args.price, **asked, history=parsed_args.history
            )
        heads, values = prices.ALL_HEADS, prices.whole(price)
        if not parsed_args.history:
            return heads, values
        return (*heads, 'History'), (*values, prices.History(price.history))


class CreatePrice(commands.ShowOne):
    """Add a price to the list"""

    _epilog = _CREATE_EPILOG

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        creation.add(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _Shown:
        price = self.client.create_price(
            creation.told(parsed_args, self.client, self.app.client_manager)
        )
        return prices.ALL_HEADS, prices.whole(price)


class SetPrice(commands.Command):
    """Set the end or the description of a price"""

    _epilog = (
        'Nothing else of a price ever changes: to change what something '
        'costs, end its price and create another one that begins then.'
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        listing.add_price(parser, 'the price to change (ID)')
        end = parser.add_mutually_exclusive_group()
        end.add_argument(
            '--valid-to',
            metavar='<time>',
            help='the instant at which it counts no more, such as 2027-01 or '
            'tomorrow',
        )
        end.add_argument(
            '--no-valid-to',
            action='store_true',
            help='let it count without an end',
        )
        periods.add_timezone(parser)
        parser.add_argument(
            '--description',
            metavar='<description>',
            help='what a bill says',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        changes: dict[str, Any] = dict(
            listing.validity(parsed_args, self.client)
        )
        if parsed_args.no_valid_to:
            changes['valid_to'] = None
        if parsed_args.description is not None:
            changes['description'] = parsed_args.description
        if not changes:
            raise exceptions.CommandError(
                'nothing to set: give --valid-to, --no-valid-to or '
                '--description'
            )
        with known(parsed_args.price):
            self.client.amend_price(parsed_args.price, changes)


class DeletePrice(commands.Command):
    """Withdraw price(s), as if they had never been"""

    _epilog = (
        'What a price was charged for becomes usage without a price. To '
        'end one instead, and keep what it was charged for, use '
        '"openstack billing price set --valid-to".'
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        listing.add_price(parser, 'the price(s) to withdraw (ID)', nargs='+')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        failed = 0
        for price in parsed_args.price:
            try:
                with known(price):
                    self.client.withdraw_price(price)
            except errors.ClientError as error:
                failed += 1
                self.log.error('%s: %s', price, hints.told(error, self.client))
            except exceptions.CommandError as error:
                failed += 1
                self.log.error('%s', error)
        if failed:
            raise exceptions.CommandError(
                f'{failed} of {len(parsed_args.price)} prices failed to delete'
            )


@contextlib.contextmanager
def known(price_id: str) -> Iterator[None]:
    """Say which price there is not.

    :raises osc_lib.exceptions.CommandError: the service knows no such price.
    """
    try:
        yield
    except errors.NotFound as error:
        # What stands before the service may not find it, either.
        if not error.code:
            raise
        raise exceptions.CommandError(
            f'there is no price with the ID {price_id!r} that you may see: '
            f'"openstack billing price list" tells which there are '
            f'({error.request_id})'
        ) from error
