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
"""The options that say what a new price is."""

import argparse
from collections.abc import Mapping
from typing import Any

from stratometrics.client import v1
from stratometrics.model import prices
from stratometrics.osc.options import listing
from stratometrics.osc.options import periods
from stratometrics.osc.options import projects


def add(parser: argparse.ArgumentParser) -> None:
    """Take all that can be told of a price."""
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
        choices=[*map(str, prices.TierMode)],
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
        choices=[*map(str, prices.Per)],
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


def told(
    parsed_args: argparse.Namespace, client: v1.Client, client_manager: Any
) -> Mapping[str, Any]:
    """The price that the options say, as the API takes it.

    :param client_manager: that of osc_lib, which asks Keystone for names.
    :raises osc_lib.exceptions.CommandError: there is no such project or
        domain, or an option says no time.
    """
    return {
        **_told(parsed_args),
        **_for_whom(parsed_args, client_manager),
        **listing.validity(parsed_args, client),
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
