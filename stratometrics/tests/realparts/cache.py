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

"""What is downloaded or built once and kept outside the source tree."""

from collections.abc import Callable, Iterator
import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile

from stratometrics.tests.realparts import errors


def folder() -> pathlib.Path:
    """Return the cache folder, made if it is not there.

    :returns: ``stratometrics`` in the user's cache folder.
    :raises: PartError if it cannot be made.
    """
    base = os.environ.get('XDG_CACHE_HOME') or '~/.cache'
    path = pathlib.Path(base).expanduser() / 'stratometrics'
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise errors.PartError(
            f'cannot make the cache folder {path}: {e.strerror}'
        ) from e
    return path


@contextlib.contextmanager
def lock(path: pathlib.Path, busy: str | None = None) -> Iterator[None]:
    """Hold a file lock that the kernel drops when its holder dies.

    :param path: the lock file; it stays when the lock is released, because
        removing it would let two processes lock two different files.
    :param busy: fail with this message instead of waiting for the lock.
    :raises: PartError if the lock is held elsewhere and `busy` was given.
    """
    with path.open('w') as file:
        how = fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0)
        try:
            fcntl.flock(file, how)
        except BlockingIOError:
            raise errors.PartError(str(busy)) from None
        yield


def prepared(
    name: str, proof: str, build: Callable[[pathlib.Path], None]
) -> pathlib.Path:
    """Return a folder of the cache, building it if it is not there.

    Whoever comes first builds; the others wait for it. An interrupted build
    leaves nothing that could pass for a finished one.

    :param name: the folder's name; it should name all that went into it.
    :param proof: a file in the folder; without it, the folder is rebuilt.
    :param build: fills a new, empty folder.
    :returns: the folder.
    """
    root = folder()
    target = root / name
    if (target / proof).exists():
        return target
    with lock(root / f'{name}.lock'):
        if (target / proof).exists():
            return target
        shutil.rmtree(target, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix='building.', dir=root) as work:
            new = pathlib.Path(work, name)
            new.mkdir()
            build(new)
            new.rename(target)
    return target
