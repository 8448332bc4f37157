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
"""stratometrics-manage reconcile and import: gaps that heal, first days."""

import argparse
from collections.abc import Sequence
import contextlib
import json
from typing import Any

from oslo_config import cfg

from stratometrics import cloud
from stratometrics import progress
from stratometrics.cmd import table
from stratometrics.model import findings as findings_model
from stratometrics.model import timestamps
from stratometrics.notifications import definitions
from stratometrics.notifications import timestamps as spellings
from stratometrics.reconciler import rounds
from stratometrics.reconciler import services
from stratometrics.storage.clickhouse import driver


def reconcile(conf: cfg.ConfigOpts, storage: driver.ClickHouseStorage) -> int:
    """Compare what is recorded with what the services say, and heal it."""
    return _run(conf, storage, source='reconciliation')


def import_(conf: cfg.ConfigOpts, storage: driver.ClickHouseStorage) -> int:
    """Bring a cloud in that existed before its first notification."""
    return _run(
        conf,
        storage,
        source='import',
        histories=not conf.command.no_history,
        beginnings=not conf.command.no_history,
        deleted_since=conf.command.since,
    )


def _run(
    conf: cfg.ConfigOpts, storage: driver.ClickHouseStorage, **changes: Any
) -> int:
    """One round.

    :returns: the exit status: 1 if anything was refused or failed.
    """
    command = conf.command
    if command.max_gone_percent is not None:
        changes['max_gone_percent'] = command.max_gone_percent
    terms = rounds.terms(
        conf.reconciler,
        conf.collector.region_name,
        timestamps.now(),
        projects=frozenset(command.project) if command.project else None,
        dry_run=command.dry_run,
        **changes,
    )
    storage.check()
    round_ = rounds.Rounds(
        storage,
        definitions.Definitions.load(conf.definitions.directory),
        cloud.connect(conf),
        services.ALL,
    )
    chosen = round_.choose(
        command.resource_type or conf.reconciler.resource_types
    )
    with contextlib.closing(_Told()) as bar:
        found = list(round_.run(chosen, terms, bar))
    _print(found, command.format, command.dry_run)
    done = findings_model.Outcome.DONE
    return 0 if all(each.outcome is done for each in found) else 1


class _Told(rounds.Progress):
    """Tells the operator of each resource type."""

    def __init__(self) -> None:
        self._shown = contextlib.ExitStack()

    def begin(self, resource_type: str, expected: int) -> None:
        self._bar = self._shown.enter_context(
            progress.Progress(
                f'reconciling {resource_type}', expected or None, 'resources'
            )
        )

    def advance(self, number: int) -> None:
        self._bar.advance(number)

    def end(self, found: findings_model.Findings) -> None:
        self.close()

    def close(self) -> None:
        """Leave the line of the bar, also of a type that is not done."""
        self._shown.close()


def _print(
    found: Sequence[findings_model.Findings], style: str, dry_run: bool
) -> None:
    if style == 'json':
        print(json.dumps([_plain(each) for each in found], indent=2))
        return
    print(
        table.table(
            ('type', *findings_model.COUNTS, 'outcome'),
            [
                (
                    each.resource_type,
                    *(
                        str(each.counts[name])
                        for name in findings_model.COUNTS
                    ),
                    each.outcome,
                )
                for each in found
            ],
        )
    )
    for each in found:
        if each.reason:
            print(f'{each.resource_type}: {each.reason}')
    if dry_run:
        print('Nothing was written: this was a dry run.')


def _plain(found: findings_model.Findings) -> dict[str, Any]:
    return {
        'resource_type': found.resource_type,
        'region': found.region,
        'source': found.source,
        'began_at': timestamps.isoformat(found.began_at),
        'ended_at': timestamps.isoformat(found.ended_at),
        'whole': found.whole,
        'outcome': str(found.outcome),
        'reason': found.reason,
        **{name: found.counts[name] for name in findings_model.COUNTS},
    }


def add_commands(subparsers) -> None:
    """Add the commands of this module to those of stratometrics-manage."""
    healing = subparsers.add_parser('reconcile', help=reconcile.__doc__)
    _add_arguments(healing)
    healing.set_defaults(run=reconcile)

    first = subparsers.add_parser('import', help=import_.__doc__)
    _add_arguments(first)
    first.add_argument(
        '--since',
        type=_moment,
        default=0,
        metavar='TIME',
        help='bring in what was deleted at this time or later, such as '
        '2026-01-01T00:00:00Z; by default all that the services remember',
    )
    first.add_argument(
        '--no-history',
        action='store_true',
        help='do not ask for the past of each resource, which takes a '
        'request for each',
    )
    first.set_defaults(run=import_)


def _add_arguments(parser) -> None:
    parser.add_argument(
        '--resource-type',
        action='append',
        help='only this type; may be repeated',
    )
    parser.add_argument(
        '--project',
        action='append',
        metavar='ID',
        help='only resources of this project; may be repeated. Everything '
        'is listed all the same',
    )
    parser.add_argument(
        '--max-gone-percent',
        type=_percentage,
        help='in the place of [reconciler]/max_gone_percent',
    )
    parser.add_argument(
        '--dry-run', action='store_true', help='only print what is found'
    )
    parser.add_argument('--format', choices=('table', 'json'), default='table')


def _percentage(text: str) -> int:
    if not text.isdecimal() or int(text) > 100:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no whole number from 0 to 100'
        )
    return int(text)


def _moment(text: str) -> int:
    try:
        return spellings.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f'{text!r} is {error}, such as 2026-01-01T00:00:00Z'
        ) from error
