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
    # What a file system in memory may take is often more than there is.
    if min(status.f_bavail * status.f_frsize, _available()) < ROOM:
        return f'{folder} has less than {ROOM >> 30} GiB free'
    return None


def _available() -> int:
    """The bytes of memory that this process can still have."""
    [kibibytes] = re.findall(r'MemAvailable: *(\d+)', _MEMORY.read_text())
    available = int(kibibytes) << 10
    try:
        limit = int((_CGROUP / 'memory.max').read_text())
        used = int((_CGROUP / 'memory.current').read_text())
    except (OSError, ValueError):
        # There is no group, or it has no limit.
        return available
    return min(available, limit - used)
