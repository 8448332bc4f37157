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
"""Where files of users are written."""

from collections.abc import Iterable, Iterator
import contextlib
import pathlib
import signal
import sys
from typing import NoReturn

from osc_lib import exceptions

from stratometrics import whole_files

#: The path that stands for the standard output.
STDOUT = '-'
#: What ends a command: somebody's kill, and a terminal that is closed.
_ENDING = (signal.SIGTERM, signal.SIGHUP)


def require_free(path: pathlib.Path, force: bool) -> None:
    """See that a file may be written.

    :param force: whether one that is there may be replaced.
    :raises osc_lib.exceptions.CommandError: it may not.
    """
    there = path.exists() or path.is_symlink()
    if path.exists() and not path.is_file():
        # To replace a device would break the machine.
        raise exceptions.CommandError(f'{path} is there, and is no file')
    if there and not force:
        raise exceptions.CommandError(
            f'{path} is there already: replace it with --force, or name '
            'another one with --file'
        )


def require_no_terminal(what: str) -> None:
    """See that nobody looks at bytes that are no text.

    :param what: those.
    :raises osc_lib.exceptions.CommandError: somebody would.
    """
    if sys.stdout.isatty():
        raise exceptions.CommandError(
            f'{what} is not for a terminal: name a file with --file'
        )


def write(pieces: Iterable[bytes], path: pathlib.Path, force: bool) -> None:
    """Write a file, which is there whole or not at all.

    :param force: whether one that is there may be replaced.
    :raises osc_lib.exceptions.CommandError: it cannot be written.
    """
    try:
        with _ending_in_order(), whole_files.replacing(path) as file:
            file.writelines(pieces)
            # Another one may have been written meanwhile.
            require_free(path, force)
    except OSError as error:
        raise exceptions.CommandError(
            f'{path} cannot be written: {error}'
        ) from error


@contextlib.contextmanager
def _ending_in_order() -> Iterator[None]:
    """Have some signals undo what is half done, as Ctrl-C does."""
    ours = [
        number
        for number in _ENDING
        # Who ignores it, or does something else about it, keeps doing so.
        if signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in ours:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _frame: object) -> NoReturn:
    # As a shell tells that a signal ended a command.
    sys.exit(128 + number)


def show(pieces: Iterable[bytes]) -> None:
    """Write to the standard output."""
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
