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

"""The clouds.yaml with which the ``openstack`` command asks these services.

Each cloud in it is somebody in a project of his own.
"""

from collections.abc import Iterator, Mapping
import contextlib
import os
import pathlib

import yaml

from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import identity

#: Of a file that begins with something else, we are not the owner.
_MARK = '# Of quickstart.sh, which removes it when it ends.\n'


def require_ours(path: pathlib.Path) -> None:
    """Fail if a file is there that is somebody else's.

    :raises: PartError that tells what to do.
    """
    if path.exists() and not path.read_text().startswith(_MARK):
        raise errors.PartError(
            f'{path} was not written by quickstart.sh, so it is left alone; '
            'name another folder with --data'
        )


@contextlib.contextmanager
def written(
    path: pathlib.Path,
    keystone: identity.Identity,
    members: Mapping[str, str],
) -> Iterator[None]:
    """Write the file; remove it at the end, when nobody answers any more.

    :param members: who has a role in a project, by the project's name; a
        cloud has the name of the user.
    :raises: PartError if another one's file is there.
    """
    require_ours(path)
    # Another one may have been left that more people can read.
    path.unlink(missing_ok=True)
    # It holds passwords.
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(made, 'w') as file:
            file.write(_MARK)
            yaml.safe_dump(
                {
                    'clouds': {
                        user: keystone.cloud(user, project)
                        for project, user in members.items()
                    }
                },
                file,
            )
        yield
    finally:
        path.unlink(missing_ok=True)
