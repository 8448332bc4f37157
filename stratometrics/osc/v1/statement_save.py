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
"""openstack billing statement save."""

import argparse
from collections.abc import Iterator, Mapping
import pathlib
from typing import Any
from urllib import parse

from osc_lib import exceptions

from stratometrics import progress
from stratometrics.client import connection
from stratometrics.osc import commands
from stratometrics.osc import saving
from stratometrics.osc.options import months
from stratometrics.osc.options import periods
from stratometrics.osc.options import projects
from stratometrics.osc.v1 import statement

#: What each form ends a file's name with.
_ENDINGS = {
    'html': 'html',
    'pdf': 'pdf',
    'csv': 'csv',
    'json': 'json',
    'focus-csv': 'csv',
    'focus-parquet': 'parquet',
}
_FOCUS = ('focus-csv', 'focus-parquet')
_FOR_PEOPLE = ('html', 'pdf')
#: What is no text.
_BINARY = ('pdf', 'focus-parquet')
_DEFAULT = 'html'
_GRANULARITIES = ('1h', '1d')

_EPILOG = """\
html and pdf are for people, csv is for spreadsheets, and json is all of a
statement, exactly, as the API tells it. focus-csv and focus-parquet are what
usage cost by resource and day, in the format FOCUS of the FinOps Foundation.

Examples:

  openstack billing statement save --format pdf --month last
  openstack billing statement save --format pdf --locale de-CH \\
    2026-10-8d1c0f6a5b7e4a339b21c0d7e6f5a4b3
  openstack billing statement save --format focus-parquet --month 2026-10 \\
    --all-projects
  openstack billing statement save --format json --file - | jq .statement"""


class SaveStatement(commands.Command):
    """Save a statement, or costs as FOCUS, to a file"""

    _epilog = _EPILOG

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'number',
            metavar='<number>',
            nargs='?',
            help='the number of a statement that was issued (default: a '
            'preview of the month)',
        )
        parser.add_argument(
            '--format',
            choices=sorted(_ENDINGS),
            default=_DEFAULT,
            help=f'the form of the file (default: {_DEFAULT})',
        )
        parser.add_argument(
            '--file',
            metavar='<path>',
            help='where it is written, "-" for the standard output (default: '
            'a name made of the number or the month, in this folder)',
        )
        parser.add_argument(
            '--force',
            action='store_true',
            help='replace a file that is there',
        )
        months.add_month(parser, 'the current one, as far as it is over')
        projects.add_projects(parser)
        periods.add_as_of(parser)
        parser.add_argument(
            '--detail',
            action='store_true',
            help='lines for each resource, of a preview',
        )
        parser.add_argument(
            '--locale',
            metavar='<locale>',
            help='how html and pdf write money and dates, such as de-CH '
            '(default: that of the service)',
        )
        parser.add_argument(
            '--granularity',
            choices=_GRANULARITIES,
            help='whether rows of FOCUS are of an hour or a day (default: a '
            'day)',
        )
        parser.add_argument(
            '--focus-version',
            metavar='<version>',
            help='the version of FOCUS, such as 1.3 (default: that of the '
            'service)',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        _require_fitting(parsed_args)
        to_stdout = parsed_args.file == saving.STDOUT
        if to_stdout and parsed_args.format in _BINARY:
            saving.require_no_terminal(parsed_args.format)
        asked = self._asked(parsed_args)
        name = parsed_args.file
        if name is None:
            name = _name(parsed_args, asked)
        path = pathlib.Path(name)
        if not to_stdout:
            saving.require_free(path, parsed_args.force)
        with self._download(parsed_args, asked) as download:
            if to_stdout:
                saving.show(download)
            else:
                saving.write(_watched(download), path, parsed_args.force)
        if not to_stdout:
            print(f'Saved {path}', file=self.app.stdout)

    def _asked(self, parsed_args: argparse.Namespace) -> Mapping[str, Any]:
        """The month and the projects, as the client takes them."""
        if parsed_args.number is not None:
            return {}
        asked = dict(months.asked(parsed_args, self.client))
        if 'month' not in asked:
            # The name of a file tells it, and FOCUS is of whole months.
            at = periods.clock(parsed_args, self.client)
            asked['month'] = periods.read_month('this', at)
        return {
            **asked,
            **projects.asked(parsed_args, self.app.client_manager),
        }

    def _download(
        self, parsed_args: argparse.Namespace, asked: Mapping[str, Any]
    ) -> connection.Download:
        form = parsed_args.format
        if form in _FOCUS:
            return self.client.costs_file(
                form,
                **asked,
                granularity=parsed_args.granularity,
                focus_version=parsed_args.focus_version,
            )
        if parsed_args.number is not None:
            with statement.known(parsed_args.number):
                return self.client.statement_file(
                    parsed_args.number, form, locale=parsed_args.locale
                )
        project_id, *_ = asked.get('project_ids', (None,))
        return self.client.preview_file(
            form,
            locale=parsed_args.locale,
            month=asked['month'],
            project_id=project_id,
            as_of=asked.get('as_of'),
            detail=parsed_args.detail,
        )


def _require_fitting(parsed_args: argparse.Namespace) -> None:
    """See that no option is given that would have no effect.

    :raises osc_lib.exceptions.CommandError: one is.
    """
    form = parsed_args.format
    issued = parsed_args.number is not None
    if issued:
        statement.require_only_number(parsed_args)
    for given, fits, what in (
        (issued, form not in _FOCUS, 'FOCUS is of a --month'),
        (
            parsed_args.detail,
            form not in _FOCUS and not issued,
            '--detail is for a preview',
        ),
        (
            parsed_args.locale,
            form in _FOR_PEOPLE,
            '--locale is for html and pdf',
        ),
        (
            parsed_args.granularity or parsed_args.focus_version,
            form in _FOCUS,
            '--granularity and --focus-version are for FOCUS',
        ),
        (
            parsed_args.all_projects or len(parsed_args.projects or ()) > 1,
            form in _FOCUS,
            'a statement is of one project: only FOCUS can be of several',
        ),
    ):
        if given and not fits:
            raise exceptions.CommandError(what)


def _name(parsed_args: argparse.Namespace, asked: Mapping[str, Any]) -> str:
    """What the file is called if nobody says it."""
    ending = _ENDINGS[parsed_args.format]
    if parsed_args.number is not None:
        stem = f'statement-{parse.quote(parsed_args.number, safe="")}'
    else:
        focus = parsed_args.format in _FOCUS
        named = asked.get('project_ids', ())
        stem = '-'.join(
            (
                'focus' if focus else 'preview',
                asked['month'],
                *(named if len(named) == 1 else ()),
            )
        )
    return f'{stem}.{ending}'


def _watched(download: connection.Download) -> Iterator[bytes]:
    """The same, where people see how far it is."""
    with progress.Progress('saving', download.length, 'B') as bar:
        for piece in download:
            yield piece
            bar.advance(len(piece))
