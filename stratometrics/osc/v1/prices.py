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
from collections.abc import Iterable, Iterator, Mapping, Sequence
import contextlib
from typing import Any

from osc_lib import exceptions

from stratometrics.client import errors
from stratometrics.client import spelling
from stratometrics.osc import commands
from stratometrics.osc import hints
from stratometrics.osc.options import periods
from stratometrics.osc.options import projects
from stratometrics.osc.options import selection
from stratometrics.osc.tables import prices

_PER = ('hour', 'month', 'unit')
_TIER_MODES = ('graduated', 'volume')
_INSTANTS = ('as_of', 'valid_at', 'valid_from', 'valid_to', 'replace_from')
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
        parser.add_argument(
            '--resource-type',
            metavar='<resource-type>',
            action='append',
            default=[],
            help='only prices for this one, such as instance (can be '
            'repeated)',
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
        add_as_of(parser)
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
            **instants(parsed_args, self.client),
            history=parsed_args.history,
            currencies=parsed_args.currency,
            resource_types=parsed_args.resource_type,
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
        _add_price(parser, 'the price to show (ID)')
        parser.add_argument(
            '--history',
            action='store_true',
            help='show who changed it, and when, as well (by default for '
            'administrators)',
        )
        add_as_of(parser)
        periods.add_timezone(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _Shown:
        asked = instants(parsed_args, self.client)
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
        parser.add_argument(
            '--resource-type',
            metavar='<resource-type>',
            required=True,
            help='what the price is for, such as instance',
        )
        parser.add_argument(
            '--measure',
            metavar='<measure>',
            help='which of its measures is priced, such as vcpus (default: '
            'the resource as such)',
        )
        parser.add_argument(
            '--match',
            metavar='<attribute>=<value>',
            type=attribute,
            action='append',
            default=[],
            help='only for resources with this attribute, such as '
            'type=m1.small; repeat it with the same attribute for other '
            'values that count as well, and with others that must hold too '
            '(default: for all)',
        )
        amount = parser.add_mutually_exclusive_group(required=True)
        amount.add_argument(
            '--price',
            metavar='<price>',
            help='the price of one unit, such as 0.0250; 0 makes it free',
        )
        amount.add_argument(
            '--tier',
            metavar='<up-to>:<price>',
            type=tier,
            action='append',
            help='the price up to a quantity of a project and calendar month '
            '(repeat it for the next tier; the last one is a price alone, or '
            ':<price>)',
        )
        parser.add_argument(
            '--tier-mode',
            choices=_TIER_MODES,
            help='whether each part of the quantity has the price of its tier '
            '(graduated, the default), or all of it that of the last tier '
            'that it reaches (volume)',
        )
        parser.add_argument(
            '--included',
            metavar='<quantity>',
            help='the quantity of a project and calendar month that costs '
            'nothing (default: 0)',
        )
        parser.add_argument(
            '--minimum',
            metavar='<amount>',
            help='what each resource costs at least in a month in which it is '
            'charged (default: 0)',
        )
        parser.add_argument(
            '--per',
            choices=_PER,
            required=True,
            help='what one unit is: an hour or a calendar month of a '
            'resource, or of one of a measure; unit for what is consumed, '
            'such as requests',
        )
        parser.add_argument(
            '--currency',
            metavar='<currency>',
            required=True,
            help='by its code in ISO 4217, such as EUR',
        )
        parser.add_argument(
            '--valid-from',
            metavar='<time>',
            required=True,
            help='the first instant at which the price counts, such as '
            '2026-10, 2026-10-05, tomorrow or 2026-10-05T12:00:00Z; the past '
            'is allowed',
        )
        parser.add_argument(
            '--valid-to',
            metavar='<time>',
            help='the instant at which it counts no more (default: never)',
        )
        periods.add_timezone(parser)
        whom = parser.add_mutually_exclusive_group()
        whom.add_argument(
            '--project',
            metavar='<project>',
            help='only for this project (name or ID; default: for all)',
        )
        whom.add_argument(
            '--domain',
            metavar='<domain>',
            help='only for the projects of this domain (name or ID)',
        )
        projects.add_domain(parser)
        parser.add_argument(
            '--equivalent',
            metavar='<provider>=<price>[:<name>]',
            type=equivalent,
            action='append',
            default=[],
            help='what another provider asks for one unit, in the same '
            'currency, and what it is called there, such as '
            'aws=0.0397:t3a.medium (can be repeated)',
        )
        parser.add_argument(
            '--description',
            metavar='<description>',
            help='what a bill says',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _Shown:
        price = self.client.create_price(
            {
                **_told(parsed_args),
                **_for_whom(parsed_args, self.app.client_manager),
                **_validity(parsed_args, self.client),
            }
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
        _add_price(parser, 'the price to change (ID)')
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
        changes: dict[str, Any] = dict(_validity(parsed_args, self.client))
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
        _add_price(parser, 'the price(s) to withdraw (ID)', nargs='+')
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


def _add_price(
    parser: argparse.ArgumentParser, text: str, **options: Any
) -> None:
    parser.add_argument('price', metavar='<price>', help=text, **options)


def add_as_of(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--as-of',
        metavar='<time>',
        help='the list as it was at this time',
    )


def instants(
    parsed_args: argparse.Namespace, client: Any
) -> Mapping[str, Any]:
    """Which time is asked about, as the client takes it."""
    given = {
        name: text
        for name in _INSTANTS
        if (text := getattr(parsed_args, name, None)) is not None
    }
    if not given:
        return {}
    at = periods.clock(parsed_args, client)
    return {
        name: periods.read(f'--{name.replace("_", "-")}', text, at)
        for name, text in given.items()
    }


def _validity(
    parsed_args: argparse.Namespace, client: Any
) -> Mapping[str, str]:
    """When a price is to count, as the API takes it."""
    return {
        name: spelling.instant(value)
        for name, value in instants(parsed_args, client).items()
    }


def _told(parsed_args: argparse.Namespace) -> Mapping[str, Any]:
    """What the options say of a price, but whom and when it is for."""
    given = {
        name: getattr(parsed_args, name)
        for name in (
            'resource_type',
            'measure',
            'price',
            'tier_mode',
            'included',
            'minimum',
            'per',
            'currency',
            'description',
        )
    }
    body = {name: text for name, text in given.items() if text is not None}
    if parsed_args.tier:
        body['tiers'] = parsed_args.tier
    if parsed_args.match:
        match: dict[str, list[str]] = {}
        for name, value in parsed_args.match:
            match.setdefault(name, []).append(value)
        body['match'] = match
    if parsed_args.equivalent:
        body['equivalents'] = dict(parsed_args.equivalent)
    return body


def _for_whom(
    parsed_args: argparse.Namespace, client_manager: Any
) -> Mapping[str, str]:
    directory = projects.Directory(client_manager)
    if parsed_args.project is not None:
        return {
            'project_id': directory.project(
                parsed_args.project, parsed_args.project_domain
            )
        }
    if parsed_args.domain is not None:
        return {'domain_id': directory.domain(parsed_args.domain)}
    return {}


def attribute(text: str) -> tuple[str, str]:
    """An attribute and a value: ``type=m1.small``.

    :raises argparse.ArgumentTypeError: it is none.
    """
    name, sign, value = text.partition('=')
    if not (name and sign):
        raise argparse.ArgumentTypeError(
            f'{text!r} is not an attribute and a value, such as type=m1.small'
        )
    return name, value


def tier(text: str) -> Mapping[str, str]:
    """A tier as the API takes it: ``100:0.10``, or the last one, ``0.08``."""
    bound, _, price = text.rpartition(':')
    return {'up_to': bound, 'price': price} if bound else {'price': price}


def equivalent(text: str) -> tuple[str, Mapping[str, str]]:
    """A provider and what it asks, as the API takes it: ``aws=0.1:gp3``.

    :raises argparse.ArgumentTypeError: it is none.
    """
    provider, sign, rest = text.partition('=')
    price, _, name = rest.partition(':')
    if not (provider and sign and price):
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a provider and a price, such as '
            f'aws=0.0397:t3a.medium'
        )
    return provider, {'name': name or provider, 'price': price}
