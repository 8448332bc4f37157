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
"""stratometrics-manage: what operators do beside running the services."""

from collections.abc import Sequence
import functools
import os
import signal
import sys

from oslo_config import cfg

from stratometrics import cloud
from stratometrics import service
from stratometrics import upkeep
from stratometrics.cmd import costs
from stratometrics.cmd import coverage
from stratometrics.cmd import months
from stratometrics.cmd import prices
from stratometrics.cmd import reconcile
from stratometrics.cmd import statements
from stratometrics.collector import replay
from stratometrics.naming import directory
from stratometrics.naming import learning
from stratometrics.notifications import decoder
from stratometrics.notifications import definitions
from stratometrics.pricing import errors as pricing_errors
from stratometrics.rating import issuing
from stratometrics.rating.rendering import document
from stratometrics.rating.rendering import pdf
from stratometrics.reconciler import rounds
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import driver


def db_sync(conf: cfg.ConfigOpts, storage: driver.ClickHouseStorage) -> None:
    """Bring the schema to the version of this release."""
    _migrate(conf, storage, storage.schema.newest)


def db_version(
    conf: cfg.ConfigOpts, storage: driver.ClickHouseStorage
) -> None:
    """Print the version of the schema, and the newest there is."""
    schema = storage.schema
    print(f'{schema.version()} (newest: {schema.newest})')


def db_downgrade(
    conf: cfg.ConfigOpts, storage: driver.ClickHouseStorage
) -> None:
    """Take the schema back to an earlier version."""
    target = conf.command.target
    version = storage.schema.version()
    if target > version.low:
        raise ValueError(
            f'the schema is at version {version}: {target} is not below it'
        )
    if not (conf.command.dry_run or conf.command.yes):
        raise ValueError(
            'a downgrade drops tables with all that they hold; look at it '
            'with --dry-run, then confirm it with --yes'
        )
    _migrate(conf, storage, target)


def db_rebuild(
    conf: cfg.ConfigOpts, storage: driver.ClickHouseStorage
) -> None:
    """Derive again, from the events, what follows from them."""
    storage.rebuild_project_timelines()
    storage.rebuild_coverage()
    storage.rebuild_deaths()


def _migrate(
    conf: cfg.ConfigOpts, storage: driver.ClickHouseStorage, target: int
) -> None:
    schema = storage.schema
    if conf.command.dry_run:
        for step in schema.plan(target):
            print(f'-- version {step.old_version} to {step.new_version}')
            if step.nodes:
                print(f'-- on each of: {", ".join(map(str, step.nodes))}')
            for statement in step.statements:
                print(f'{statement.strip()};')
        return
    schema.migrate(target)
    print(f'The schema is at version {schema.version()}.')


def replay_rejected(
    conf: cfg.ConfigOpts, storage: driver.ClickHouseStorage
) -> None:
    """Decode rejected messages again, after a fix."""
    known = definitions.Definitions.load(conf.definitions.directory)
    counts = replay.replay(
        storage,
        functools.partial(decoder.Decoder, known),
        conf.command.event_type or (),
    )
    print(
        f'{counts.stored} messages stored as {counts.events} events, '
        f'{counts.ignored} ignored by definition, '
        f'{counts.remaining} still not understood'
    )


def names_sync(
    conf: cfg.ConfigOpts, storage: driver.ClickHouseStorage
) -> None:
    """Ask what everything is called that events know by its id."""
    counts = learning.Learner(
        storage,
        definitions.Definitions.load(conf.definitions.directory),
        directory.Directory(cloud.connect(conf)),
    ).learn_all(again=True)
    print(
        f'{counts.asked} asked for, {counts.changed} new or changed, '
        f'{counts.gone} found to be gone'
    )
    if counts.failed:
        raise cloud.CloudError(
            '; '.join(
                f'not all of the kind {kind} could be had: {reason}'
                for kind, reason in counts.failed.items()
            )
        )


def _add_commands(subparsers) -> None:
    db = subparsers.add_parser('db', help='the schema of the database')
    steps = db.add_subparsers(required=True, metavar='COMMAND')

    sync = steps.add_parser('sync', help=db_sync.__doc__)
    sync.add_argument(
        '--dry-run', action='store_true', help='only print the statements'
    )
    sync.set_defaults(run=db_sync)

    version = steps.add_parser('version', help=db_version.__doc__)
    version.set_defaults(run=db_version)

    downgrade = steps.add_parser('downgrade', help=db_downgrade.__doc__)
    downgrade.add_argument('target', type=int, help='the version to reach')
    downgrade.add_argument(
        '--dry-run', action='store_true', help='only print the statements'
    )
    downgrade.add_argument(
        '--yes', action='store_true', help='yes, drop what is dropped'
    )
    downgrade.set_defaults(run=db_downgrade)

    rebuild = steps.add_parser('rebuild', help=db_rebuild.__doc__)
    rebuild.set_defaults(run=db_rebuild)

    again = subparsers.add_parser('replay', help=replay_rejected.__doc__)
    again.add_argument(
        '--event-type',
        action='append',
        help='only messages of this event type; may be repeated',
    )
    again.set_defaults(run=replay_rejected)

    costs.add_commands(subparsers)
    coverage.add_commands(subparsers)
    months.add_commands(subparsers)
    prices.add_commands(subparsers)
    reconcile.add_commands(subparsers)
    statements.add_commands(subparsers)

    names = subparsers.add_parser(
        'names', help='what projects, users and types are called'
    )
    steps = names.add_subparsers(required=True, metavar='COMMAND')
    sync = steps.add_parser('sync', help=names_sync.__doc__)
    sync.set_defaults(run=names_sync)


COMMAND = cfg.SubCommandOpt(
    'command',
    title='Commands',
    help='What to do.',
    handler=_add_commands,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    :param argv: the arguments without the program's name.
    :returns: the exit status: that of the command if it has one, else 0, or
        1 with the reason on standard error; if it was told to end, or nobody
        reads what it prints, 128 and the number of the signal.
    """
    storage = None
    # By default it would end here and now, and what is held would be kept.
    before = {
        number: signal.signal(number, _end)
        for number in (signal.SIGHUP, signal.SIGTERM)
        # Who uses nohup wants it to survive the end of the terminal.
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        conf = service.prepare(
            sys.argv[1:] if argv is None else argv,
            cli_opts=[COMMAND],
            prints=True,
        )
        storage = driver.get_storage(conf)
        status = conf.command.run(conf, storage) or 0
        # It is None if who started the program has closed it.
        if sys.stdout:
            sys.stdout.flush()
        return status
    except BrokenPipeError:
        _print_no_more()
        return 128 + signal.SIGPIPE
    except OSError as error:
        # Such as a full disk.
        _print_no_more()
        print(f'stratometrics-manage: {error}', file=sys.stderr)
        return 1
    except (
        cfg.Error,
        cloud.CloudError,
        definitions.DefinitionError,
        errors.StorageError,
        pricing_errors.PriceError,
        issuing.StatementError,
        pdf.MissingExtra,
        document.Altered,
        rounds.UnderWay,
        upkeep.UnderWay,
        ValueError,
    ) as error:
        print(f'stratometrics-manage: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt as error:
        # Of Ctrl-C Python tells no number.
        [number] = error.args or (signal.SIGINT,)
        print(f'stratometrics-manage: ended by {number.name}', file=sys.stderr)
        return 128 + number
    finally:
        for number, action in before.items():
            signal.signal(number, action)
        if storage is not None:
            storage.close()


def _print_no_more() -> None:
    # What is not written yet goes nowhere, or else it would fail again when
    # the program ends.
    if sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(number: int, _frame: object) -> None:
    """Leave as on Ctrl-C, so that what is held is given back."""
    raise KeyboardInterrupt(signal.Signals(number))


if __name__ == '__main__':
    sys.exit(main())
