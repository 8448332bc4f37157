#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Command line: start real parts, for a command or until told to stop."""

import argparse
from collections.abc import Collection, Iterator
import contextlib
import functools
import logging
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time
import types

from keystoneauth1 import exceptions

from stratometrics.tests.realparts import choice
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import given
from stratometrics.tests.realparts import identity
from stratometrics.tests.realparts import memory
from stratometrics.tests.realparts import part
from stratometrics.tests.realparts import process

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# How long a command may take to end once it is told to.
PATIENCE = 10

AnyPart = part.Part | given.Given


class Stopped(BaseException):
    """The user wants an end; not an error, so nothing may swallow it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _on_signal(number: int, frame: types.FrameType | None) -> None:
    _ignore_signals()
    raise Stopped(number)


def _ignore_signals() -> None:
    # Cleaning up is not to be cut short.
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)


def say(message: str) -> None:
    """Tell the user something.

    :param message: goes to standard error; standard output is the command's.
    """
    print(f'realparts: {message}', file=sys.stderr, flush=True)


def names(known: Collection[str], text: str) -> list[str]:
    """Read the value of --only.

    :param known: the names that are allowed.
    :param text: names of parts with commas between them.
    :returns: the names.
    :raises: ArgumentTypeError if one is unknown.
    """
    wanted = [name.strip() for name in text.split(',') if name.strip()]
    for name in wanted:
        if name not in known:
            raise argparse.ArgumentTypeError(
                f'{name} is none of {", ".join(known)}'
            )
    return wanted


def which(known: Collection[str]) -> argparse.ArgumentParser:
    """Return the parser of --only.

    :param known: the names that are allowed.
    """
    only = argparse.ArgumentParser(add_help=False)
    only.add_argument(
        '--only',
        type=functools.partial(names, known),
        metavar='PARTS',
        default=list(known),
        help='which parts, with commas between them (default: all of '
        f'{", ".join(known)})',
    )
    return only


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog='python -m stratometrics.tests.realparts', description=__doc__
    )
    commands = top.add_subparsers(dest='action', required=True)

    how = argparse.ArgumentParser(add_help=False)
    how.add_argument(
        '--data',
        type=pathlib.Path,
        metavar='DIR',
        help='keep data in this folder (default: a temporary one)',
    )
    how.add_argument(
        '--billing-url',
        default=identity.BILLING_URL,
        metavar='URL',
        help='the billing endpoint in the catalog (default: %(default)s)',
    )
    how.add_argument(
        '--token-expiration',
        type=int,
        default=3600,
        metavar='SECONDS',
        help='how long a token is valid (default: %(default)s)',
    )

    run = commands.add_parser(
        'run',
        parents=[which(choice.PARTS), how],
        help='start parts, run a command, stop the parts',
    )
    run.add_argument(
        '--in-memory',
        action='store_true',
        help='have temporary folders, those of the command too, in memory '
        'where that has room',
    )
    run.add_argument('command', nargs='+', metavar='COMMAND')
    commands.add_parser(
        'up',
        parents=[which(choice.PARTS), how],
        help='start parts and keep them until Ctrl-C',
    )
    commands.add_parser(
        'fetch',
        parents=[which(choice.DOWNLOADS)],
        help='download what the parts need',
    )
    token = commands.add_parser(
        'token', help='print a new token from the running Keystone'
    )
    token.add_argument('user', choices=['admin', *identity.USERS])
    token.add_argument('project', nargs='?')
    return top


@contextlib.contextmanager
def running(args: argparse.Namespace) -> Iterator[list[AnyPart]]:
    """Start the wanted parts side by side, and close them at the end.

    :param args: the command line.
    :returns: the parts, ready.
    :raises: PartError if one cannot be started.
    """
    options = {
        'keystone': {
            'billing_url': args.billing_url,
            'token_expiration': args.token_expiration,
        }
    }
    with contextlib.ExitStack() as stack:
        parts = []
        for name in args.only:
            each = choice.choose(
                name, args.data, os.environ, **options.get(name, {})
            )
            stack.callback(each.close)
            parts.append(each)
        stack.callback(_ignore_signals)
        started = time.monotonic()
        for each in parts:
            each.launch()
        for each in parts:
            each.wait()
            say(
                f'{each.name} is at {each.address.host}:{each.address.port} '
                f'({time.monotonic() - started:.1f} s)'
            )
        yield parts


def run(args: argparse.Namespace) -> int:
    """Start parts, run a command, stop the parts.

    :param args: the command line.
    :returns: the command's exit status.
    :raises: PartError if a part or the command cannot be started.
    """
    # The command itself is started by a helper that could not tell us.
    if not shutil.which(args.command[0]):
        raise errors.PartError(f'{args.command[0]}: command not found')
    if args.in_memory:
        say(memory.use_for_temporary_folders())
    with running(args) as parts:
        env = dict(os.environ)
        for each in parts:
            env.update(each.environment)
        child = process.spawn(args.command, env=env)
        try:
            status = child.wait()
        except Stopped as e:
            # A Ctrl-C has reached the command already, through the terminal.
            if e.number != signal.SIGINT:
                child.terminate()
            _end(child)
            raise
    return status if status >= 0 else 128 - status


def _end(child: subprocess.Popen) -> None:
    for act in (child.terminate, child.kill):
        try:
            child.wait(PATIENCE)
            return
        except subprocess.TimeoutExpired:
            act()
    child.wait()


def up(args: argparse.Namespace) -> int:
    """Start parts, tell where they are, and stay until a signal.

    :param args: the command line.
    :returns: 0.
    :raises: PartError if a part cannot be started, or ends by itself.
    """
    try:
        with running(args) as parts:
            for each in parts:
                for name, value in each.environment.items():
                    if name not in os.environ:
                        print(f'export {name}={shlex.quote(value)}')
            sys.stdout.flush()
            say('stop with Ctrl-C')
            while True:
                time.sleep(0.5)
                for each in parts:
                    each.check()
    except Stopped:
        say('stopped')
    return 0


def fetch(args: argparse.Namespace) -> int:
    """Download what the wanted parts need.

    :param args: the command line.
    :returns: 0.
    :raises: PartError if something cannot be had.
    """
    for name in args.only:
        kind = choice.DOWNLOADS[name]
        if not os.environ.get(kind.variable):
            kind.fetch()
        say(f'{name} is ready')
    return 0


def token(args: argparse.Namespace) -> int:
    """Print a new token.

    :param args: the command line.
    :returns: 0.
    :raises: PartError if there is no Keystone, or it refuses.
    """
    keystone = identity.Identity.from_environment()
    if not keystone:
        raise errors.PartError(f'{identity.VARIABLE} names no Keystone')
    try:
        print(keystone.token(args.user, args.project))
    except exceptions.ClientException as e:
        raise errors.PartError(f'keystone gives no token: {e}') from e
    return 0


def main() -> int:
    """Run the command line.

    :returns: the exit status.
    """
    args = parser().parse_args()
    # The driver logs a traceback for every failed look at a server.
    logging.getLogger('clickhouse_driver').addHandler(logging.NullHandler())
    for each in STOP_SIGNALS:
        # One who runs this under nohup wants it to survive a hang-up.
        ignored = signal.getsignal(each) == signal.SIG_IGN
        if each != signal.SIGHUP or not ignored:
            signal.signal(each, _on_signal)
    action = {'run': run, 'up': up, 'fetch': fetch, 'token': token}
    try:
        return action[args.action](args)
    except errors.PartError as e:
        say(str(e))
        return 1
    except Stopped as e:
        say('stopped')
        return 128 + e.number


if __name__ == '__main__':
    sys.exit(main())
