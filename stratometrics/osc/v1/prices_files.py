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
"""openstack billing price import and export: files of prices."""

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
import pathlib

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.client import errors
from stratometrics.client import v1
from stratometrics.osc import commands
from stratometrics.osc import hints
from stratometrics.osc import pricefiles
from stratometrics.osc import revisions
from stratometrics.osc import saving
from stratometrics.osc.options import listing
from stratometrics.osc.options import periods
from stratometrics.osc.options import selection
from stratometrics.osc.tables import prices

_CHANGES = ('created', 'amended', 'withdrawn')
_FEW = ('Change', *prices.HEADS, 'Valid From', 'Valid To')


class ImportPrice(commands.Lister):
    """Bring all prices of a file into the list, or none"""

    _epilog = (
        'What is in the list already is left alone, so a file can be '
        'imported again; a price that differs by its end or its '
        'description alone is amended. "openstack billing price export" '
        'writes such a file.'
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'file', metavar='<file>', help='a YAML file of prices'
        )
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help='only check the file, and list what would change',
        )
        parser.add_argument(
            '--replace-from',
            metavar='<time>',
            help='make the file the whole list from this time on: prices that '
            'are not in it end then, and those that would begin later are '
            'withdrawn (default: they stay as they are)',
        )
        periods.add_timezone(parser)
        selection.add_long(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[commands.Row]]:
        wanted = pricefiles.read(parsed_args.file)
        asked = listing.instants(parsed_args, self.client)
        listed = self.client.prices()
        changes = revisions.plan(listed.prices, wanted, **asked)
        made = send(
            self.client, changes, parsed_args.dry_run, listed.generation
        )
        counts = Counter(each.change for each in made)
        told = ', '.join(f'{counts[change]} {change}' for change in _CHANGES)
        dry = ' (dry run)' if parsed_args.dry_run else ''
        self.app.stderr.write(f'{told}{dry}\n')
        selection.select(parsed_args, _FEW)
        return ('Change', *prices.ALL_HEADS), [
            (each.change, *prices.whole(each.price)) for each in made
        ]


class ExportPrice(commands.Command):
    """Write the list as a file that can be imported"""

    _epilog = (
        'Only the prices are written that you may see: all of them, if '
        'you administer the cloud.'
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--file',
            metavar='<file>',
            default=saving.STDOUT,
            help='where to write it (default: -, the standard output)',
        )
        parser.add_argument(
            '--force',
            action='store_true',
            help='replace a file that is there',
        )
        listing.add_as_of(parser)
        periods.add_timezone(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        path = pathlib.Path(parsed_args.file)
        shown = parsed_args.file == saving.STDOUT
        if not shown:
            saving.require_free(path, parsed_args.force)
        asked = listing.instants(parsed_args, self.client)
        text = pricefiles.dump(self.client.prices(**asked).prices)
        if shown:
            saving.show([text.encode()])
        else:
            saving.write([text.encode()], path, parsed_args.force)


def send(
    client: v1.Client,
    changes: Sequence[revisions.Revision],
    dry_run: bool,
    generation: int | None = None,
) -> Sequence[answers.Revised]:
    """Have the service make changes, or only check them.

    :param generation: of the list that they were made up for; None if they
        are for any.
    :returns: what was changed, or would be.
    :raises osc_lib.exceptions.CommandError: they cannot be made; names the
        place in the file.
    """
    if not changes:
        return ()
    try:
        return client.revise_prices(
            [each.request for each in changes],
            generation=generation,
            dry_run=dry_run,
        )
    except errors.Refused as error:
        raise exceptions.CommandError(
            revisions.placed(hints.told(error, client), changes)
        ) from error
