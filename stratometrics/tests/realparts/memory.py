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
import tempfile

FOLDER = pathlib.Path('/dev/shm')

#: Bytes that must be free.
ROOM = 8 << 30


def use_for_temporary_folders(folder: pathlib.Path = FOLDER) -> str:
    """Have this process and those that it starts use it, if it will do.

    A folder that the environment names is left as it is.

    :param folder: a file system in memory.
    :returns: where temporary folders are, and why.
    """
    if 'TMPDIR' in os.environ:
        reason = 'as TMPDIR has it'
    elif not folder.is_dir():
        reason = f'there is no {folder}'
    else:
        status = os.statvfs(folder)
        if status.f_flag & os.ST_NOEXEC:
            reason = f'{folder} lets no program run'
        elif status.f_bavail * status.f_frsize < ROOM:
            reason = f'{folder} has less than {ROOM >> 30} GiB free'
        elif not os.access(folder, os.W_OK | os.X_OK):
            reason = f'{folder} cannot be written to'
        else:
            os.environ['TMPDIR'] = tempfile.tempdir = str(folder)
            reason = 'in memory'
    return f'temporary folders are in {tempfile.gettempdir()}: {reason}'
