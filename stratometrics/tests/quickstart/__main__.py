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

"""See what real OpenStack services said become exact usage.

Starts ClickHouse, RabbitMQ, Keystone, the collector and the API on this
machine, publishes recorded notifications with their times moved to today,
asks the API for the usage, as a user and as an administrator, compares the
answers with a computation in plain Python, and shows what "openstack billing"
tells. Then everything keeps running until Ctrl-C; with the clouds.yaml that is
beside the data until then, you can ask for yourself.
"""

import argparse
from collections.abc import Iterator
import contextlib
import datetime
import logging
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import types

from keystoneauth1 import exceptions
import requests

from stratometrics.model import timestamps
from stratometrics.storage import errors as storage_errors
from stratometrics.tests.quickstart import clouds
from stratometrics.tests.quickstart import commandline
from stratometrics.tests.quickstart import demonstration
from stratometrics.tests.quickstart import examples
from stratometrics.tests.quickstart import journal
from stratometrics.tests.quickstart import report
from stratometrics.tests.quickstart import services
from stratometrics.tests.quickstart import storage
from stratometrics.tests.realparts import choice
from stratometrics.tests.realparts import errors

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: What is told in a line or two, without a trace.
_TOLD = (
    errors.PartError,
    exceptions.ClientException,
    requests.RequestException,
    storage_errors.StorageError,
    OSError,
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog='quickstart.sh',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='The variables '
        + ', '.join(kind.variable for kind in choice.PARTS.values())
        + '\nname servers that run already, to be used instead of new ones.',
    )
    top.add_argument(
        '--once',
        action='store_true',
        help='end after the answers; the exit status is 0 if they are right',
    )
    top.add_argument(
        '--data',
        type=pathlib.Path,
        metavar='DIR',
        help='keep data and logs in this folder (default: a temporary one)',
    )
    top.add_argument(
        '--day',
        type=_noon,
        metavar='YYYY-MM-DD',
        help='the notifications are of the morning of this day, in UTC '
        '(default: of the last minutes)',
    )
    top.add_argument(
        '--port',
        type=int,
        default=9721,
        help='the port of the API (default: %(default)s)',
    )
    return top


def _noon(text: str) -> int:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no day, such as 2026-10-12'
        ) from None
    noon = datetime.time(12, tzinfo=datetime.UTC)
    moment = timestamps.from_datetime(datetime.datetime.combine(day, noon))
    if moment > timestamps.now():
        raise argparse.ArgumentTypeError(f'the morning of {text} is not over')
    return moment


def say(text: str) -> None:
    """Tell the user something, at once."""
    print(text, flush=True)


@contextlib.contextmanager
def folder(wanted: pathlib.Path | None) -> Iterator[pathlib.Path]:
    """The folder for data and logs: the wanted one, or one that goes."""
    if wanted:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield wanted.resolve()
        return
    temporary = pathlib.Path(tempfile.mkdtemp(prefix='stratometrics-'))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def quickstart(args: argparse.Namespace) -> bool:
    """Start, publish, ask, and stay unless told otherwise.

    :param args: the command line.
    :returns: whether all answers were right.
    :raises: one of _TOLD if something could not be done.
    """
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(folder(args.data))
        clouds_file = where / 'clouds.yaml'
        clouds.require_ours(clouds_file)
        commandline.require()
        chosen = journal.Journal.of(where, args.day)
        running = services.Services(where, args.port, chosen.database)
        say('Preparing servers; the first time, they are downloaded ...')
        services.fetch()
        say('Starting ClickHouse, RabbitMQ, Keystone, collector and API ...')
        stack.enter_context(running.running())
        if not args.data:
            stack.callback(storage.drop, running.config_file)
        shown = demonstration.Demonstration(running, chosen, say)
        found = shown.publish()
        question, right = shown.ask(found)
        stack.enter_context(
            clouds.written(
                clouds_file, running.identities, demonstration.MEMBERS
            )
        )
        shell = commandline.CommandLine(clouds_file, say)
        say('\nThe same from the command line:')
        for command in examples.commands(found, question):
            shell.show(question.caller.user, 'billing', *command)
        say(f'\nAll this took {time.monotonic() - begun:.0f} s.')
        if args.once:
            say('Without --once it goes on, and you can ask for yourself.')
        else:
            say(
                f'\nWhat runs where:\n\n{report.places(running)}\n\n'
                'Ask for yourself, in another terminal, as alice (or as bob '
                'or admin, who see\nother projects):\n\n'
                f'{report.lines(running, question, shell)}\n\n'
                'All of it ends with Ctrl-C, and clouds.yaml goes.'
            )
            running.stay()
    return right


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    # Cleaning up is not to be cut short by a second signal.
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Run the command line.

    :returns: the exit status.
    """
    args = parser().parse_args()
    # The driver logs a traceback for every failed look at a server.
    logging.getLogger('clickhouse_driver').addHandler(logging.NullHandler())
    for each in _SIGNALS:
        signal.signal(each, _interrupt)
    try:
        return 0 if quickstart(args) else 1
    except _TOLD as error:
        print(f'quickstart.sh: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say('\nStopped.')
        return 130 if args.once else 0


if __name__ == '__main__':
    sys.exit(main())
