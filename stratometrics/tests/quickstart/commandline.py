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

"""The real ``openstack billing``, run for its user to see."""

from collections.abc import Callable, Sequence
import itertools
import os
import pathlib
import shlex
import subprocess
import sys
import textwrap

from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import process

#: Where the command is, beside the interpreter that runs this.
FOLDER = pathlib.Path(sys.executable).parent

#: Between words that are to be on the same line; none has it.
_GLUE = '\0'


def require() -> None:
    """Fail if the command is not installed.

    :raises: PartError that tells what to do.
    """
    if not (FOLDER / 'openstack').exists():
        raise errors.PartError(
            f'{FOLDER} has no openstack: install the extra "cli" there'
        )


def _wrapped(words: Sequence[str]) -> Sequence[str]:
    """A command in lines of a terminal, each option beside its value."""
    line = ''
    for last, word in itertools.pairwise(('', *words)):
        glue = _GLUE if last.startswith('-') and word[:1] != '-' else ' '
        line += glue + shlex.quote(word)
    return [
        part.replace(_GLUE, ' ')
        for part in textwrap.wrap(
            line.strip(), 75, break_long_words=False, break_on_hyphens=False
        )
    ]


class CommandLine:
    """A shell in which ``openstack`` finds a clouds.yaml.

    :param clouds_file: that file.
    :param say: tells the user something.
    """

    def __init__(
        self, clouds_file: pathlib.Path, say: Callable[[str], None]
    ) -> None:
        self._clouds_file = clouds_file
        self._say = say

    def show(self, cloud: str, *command: str) -> None:
        """Show a command, and what it prints, as it prints it.

        :param cloud: who enters it.
        :param command: what follows ``openstack``.
        :raises: PartError if it fails; it has told why.
        """
        typed = ('openstack', *command)
        self._say('\n$ ' + ' \\\n      '.join(_wrapped(typed)))
        # Its output goes where ours does, so that it looks the same on a
        # terminal as when it is entered there.
        with process.spawn(
            [str(FOLDER / 'openstack'), *command],
            env=self._environment(cloud),
            stdin=subprocess.DEVNULL,
            # What it says beside a table belongs to it.
            stderr=subprocess.STDOUT,
        ) as child:
            try:
                status = child.wait()
            except BaseException:
                child.terminate()
                raise
        if status:
            raise errors.PartError(
                f'exit status {status} of {shlex.join(typed)}'
            )

    def _environment(self, cloud: str) -> dict[str, str]:
        # Credentials of other clouds would be preferred to those of the file.
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        return environment | self.variables(cloud)

    def variables(self, cloud: str) -> dict[str, str]:
        """What the command has to find in its environment."""
        return {
            'OS_CLIENT_CONFIG_FILE': str(self._clouds_file),
            'OS_CLOUD': cloud,
        }
