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
"""openstack billing resource: what there was, and what can be asked of it."""

import argparse
from collections.abc import Iterable
import zoneinfo

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.osc import commands
from stratometrics.osc.options import paging
from stratometrics.osc.options import periods
from stratometrics.osc.options import projects
from stratometrics.osc.options import selection
from stratometrics.osc.options import types
from stratometrics.osc.tables import columns

_FEW = ('Resource Type', 'ID', 'Name', 'Type', 'State', 'Usage')
_MORE = ('Region', 'Project ID', 'User ID', 'From', 'To')

_TYPES_FEW = ('Name', 'Kind', 'Measures')
_TYPES_MORE = ('Default Group By', 'Keys', 'Units', 'Collection')


_EPILOG = """\
A resource is shown as it last was in the period; its usage is the time in
which it was billed.

Examples:

  openstack billing resource list --month last
  openstack billing resource list --from -7d --resource-type volume --long
  openstack billing resource list --all-projects -f csv"""


class ListResource(commands.Lister):
    """List the resources that were there in a period"""

    _epilog = _EPILOG
    nothing = 'No resource was there in that period.'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        types.add(
            parser,
            'a type of resource, such as instance (can be repeated; '
            'default: all that are billed by time); "billing resource type '
            'list" tells which there are',
        )
        parser.add_argument(
            '--name',
            metavar='<name>',
            action='append',
            dest='names',
            default=[],
            help='only resources whose last name in the period is this one '
            '(can be repeated)',
        )
        periods.add_period(parser)
        periods.add_as_of(parser)
        periods.add_timezone(parser)
        projects.add_projects(parser)
        paging.add(parser)
        selection.add_long(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Iterable[str], Iterable[commands.Row]]:
        at = periods.clock(parsed_args, self.client)
        found = paging.limited(
            parsed_args,
            self.client.resources(
                resource_types=parsed_args.resource_types,
                names=parsed_args.names,
                **periods.asked(parsed_args, self.client, at),
                **projects.asked(parsed_args, self.app.client_manager),
                **paging.asked(parsed_args),
            ),
        )
        selection.select(parsed_args, _FEW)
        return (*_FEW, *_MORE), (_resource(each, at.zone) for each in found)


class ListResourceType(commands.Lister):
    """List the types of resources, and their measures"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        selection.add_long(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Iterable[str], Iterable[commands.Row]]:
        found = self.client.capabilities().resource_types
        selection.select(parsed_args, _TYPES_FEW)
        return (*_TYPES_FEW, *_TYPES_MORE), map(_type, found)


class ShowResourceType(commands.ShowOne):
    """Show what can be asked of the resources of a type"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'resource_type',
            metavar='<resource-type>',
            help='its name, as "billing resource type list" tells it',
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Iterable[str], commands.Row]:
        known = self.client.capabilities().resource_types
        for each in known:
            if parsed_args.resource_type in (each.name, each.collection):
                return (*_TYPES_FEW, *_TYPES_MORE), _type(each)
        names = ', '.join(each.name for each in known)
        raise exceptions.CommandError(
            f'there is no resource type {parsed_args.resource_type!r}, but '
            f'{names}'
        )


def _resource(
    found: answers.Resource, zone: zoneinfo.ZoneInfo
) -> commands.Row:
    return (
        found.resource_type,
        columns.Text(found.resource_id),
        columns.Text(found.name),
        columns.Text(found.type),
        columns.Text(found.state),
        columns.Duration(found.usage),
        columns.Text(found.region),
        columns.Text(found.project_id),
        columns.Text(found.user_id),
        columns.Instant(found.begin, zone),
        columns.Instant(found.end, zone),
    )


def _type(found: answers.ResourceType) -> commands.Row:
    return (
        found.name,
        found.kind,
        columns.Texts(found.measures),
        found.default_group_by,
        columns.Texts(found.keys),
        found.units,
        found.collection,
    )
