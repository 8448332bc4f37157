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

"""Temporary folders in memory instead of on a disk.

Tests make and remove a great many small files, and a disk's file system may
need longer for that than the servers for their work: ext4 passes over what was
removed in the last seconds whenever it makes a file.
"""

import os
import pathlib
import re
import tempfile

FOLDER = pathlib.Path('/dev/shm')

#: Bytes that must be free.
ROOM = 8 << 30

#: How a user names another folder, as tempfile has it.
_NAMES = ('TMPDIR', 'TEMP', 'TMP')

_MEMORY = pathlib.Path('/proc/meminfo')
_CGROUP = pathlib.Path('/sys/fs/cgroup')


def use_for_temporary_folders(folder: pathlib.Path = FOLDER) -> str:
    """Have this process and those that it starts use it, if it will do.

    A folder that the environment names is left as it is.

    :param folder: a file system in memory.
    :returns: where temporary folders are, and why.
    """
    reason = _against(folder)
    if not reason:
        os.environ['TMPDIR'] = tempfile.tempdir = str(folder)
        reason = 'in memory'
    return f'temporary folders are in {tempfile.gettempdir()}: {reason}'


def _against(folder: pathlib.Path) -> str | None:
    for name in _NAMES:
        if os.environ.get(name):
            return f'as {name} has it'
    if not folder.is_dir():
        return f'there is no {folder}'
    if not os.access(folder, os.W_OK | os.X_OK):
        return f'{folder} cannot be written to'
    status = os.statvfs(folder)
    if status.f_flag & os.ST_NOEXEC:
        return f'{folder} lets no program run'
    if status.f_bavail * status.f_frsize < ROOM:
        return f'{folder} has less than {ROOM >> 30} GiB free'
    # What a file system in memory may take is often more than there is.
    if _available() < ROOM:
        return f'less than {ROOM >> 30} GiB of memory are free'
    return None


def _available() -> int:
    """The bytes of memory that are free, in a container those of its own.

    0 if that is not told.
    """
    try:
        available = _told(_MEMORY, r'MemAvailable: *(\d+)') << 10
    except (OSError, ValueError):
        return 0
    try:
        limit = _told(_CGROUP / 'memory.max', r'(\d+)')
        used = _told(_CGROUP / 'memory.current', r'(\d+)')
        # Files that were read, which give way.
        used -= _told(_CGROUP / 'memory.stat', r'\binactive_file (\d+)')
    except (OSError, ValueError):
        # No limit, or none that version 2 of control groups tells.
        return available
    return min(available, limit - used)


def _told(path: pathlib.Path, pattern: str) -> int:
    found = re.search(pattern, path.read_text())
    if not found:
        raise ValueError(path)
    return int(found[1])
