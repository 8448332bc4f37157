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
"""A stack.sh that runs the plugin, and what it did.

There is no DevStack here: stack.sh and functions.sh beside this stand in for
it. Files are really written, below a folder. Programs are those that DevStack
can take for granted; all others are missing, and fail the test.
"""

from collections.abc import Mapping, Sequence
import configparser
import pathlib
import shlex
import shutil
import subprocess

HERE = pathlib.Path(__file__).parent
REPOSITORY = HERE.parents[2]

#: Of coreutils and the like.
PROGRAMS = (
    *('awk', 'basename', 'bash', 'cat', 'chmod', 'cp', 'cut', 'dirname'),
    *('grep', 'ls', 'mkdir', 'mktemp', 'od', 'rm', 'sed', 'sh', 'sha256sum'),
    *('sleep', 'tee', 'timeout', 'touch', 'tr', 'which'),
)

#: The password of RabbitMQ, and that of the users of services.
PASSWORD = 'secret-of-the-stack'  # noqa: S105

RECORD = """\
#!/bin/sh
for each in "${0##*/}" "$@"; do printf '%s ' "$each"; done >>"$RECORD"
echo >>"$RECORD"
"""

#: Programs that are not run, but written down. What follows is what they say.
RECORDED = {
    'curl': 'while [ "$1" != --output ]; do shift; done; echo key >"$2"',
    'gpg': 'while [ "$1" != --output ]; do shift; done; cp "$3" "$2"',
    'dpkg': 'echo amd64',
    'uwsgi': '',
    'python3': '',
    'openstack': 'case "$*" in *"endpoint list"*) ;; *) echo 1d ;; esac',
    'stratometrics-manage': 'case "$*" in *" db version"*) '
    'echo "${SCHEMA:-0} (newest: 9)" ;; esac',
}

#: For files whose owner may not be changed here.
INSTALL = """\
#!/bin/sh
echo "install $*" >>"$RECORD"
kept=
while [ $# -gt 0 ]; do
    case "$1" in -o|-g) shift ;; *) kept="$kept $1" ;; esac
    shift
done
exec {install} $kept
"""

FOLDERS = (
    'etc/apache2/sites-available',
    'etc/apt/sources.list.d',
    'etc/clickhouse-server',
    'etc/yum.repos.d',
    'usr/share/keyrings',
    'var/lib/clickhouse',
)


class Stack:
    """One machine that is stacked.

    :param folder: an empty folder for everything.
    :param localrc: what local.conf has in its section of that name.
    :param plugins: other plugins that are enabled.
    :param ours: whether ours is the ``first`` or the ``last`` of them.
    :param packages: ``deb`` or ``rpm``.
    :param programs: commands that are really run, by the name of a program.
    :param environment: more variables, for these programs.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        localrc: str = '',
        *,
        plugins: Sequence[str] = (),
        ours: str = 'last',
        packages: str = 'deb',
        programs: Mapping[str, Sequence[str]] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.root = folder / 'root'
        self.conf_dir = self.root / 'etc/stratometrics'
        self._bin = folder / 'bin'
        self._record = folder / 'record'
        self._environment = {
            'PATH': str(self._bin),
            'PYTHON': str(self._bin / 'python3'),
            'SANDBOX': str(folder),
            'ROOT': str(self.root),
            'RECORD': str(self._record),
            'DEST': str(folder),
            'TMPDIR': str(folder / 'tmp'),
            'HOME': str(folder),
            'PROGRAMS': str(self._bin),
            'PACKAGES': packages,
            'OURS': ours,
            **(environment or {}),
        }
        for name in ('packages', 'units', 'run', 'tmp', 'bin'):
            (folder / name).mkdir()
        for name in FOLDERS:
            (self.root / name).mkdir(parents=True)
        (folder / 'stratometrics').symlink_to(REPOSITORY)
        (folder / 'localrc').write_text(
            f'RABBIT_HOST=192.0.2.1\n'
            f'RABBIT_PASSWORD={PASSWORD}\n'
            f'SERVICE_PASSWORD={PASSWORD}\n'
            f'STRATOMETRICS_CONF_DIR={self.conf_dir}\n'
            f'DEVSTACK_PLUGINS={",".join(plugins)}\n'
            f'{localrc}\n'
        )
        self._link(PROGRAMS, programs or {})

    def _link(
        self, taken: Sequence[str], programs: Mapping[str, Sequence[str]]
    ) -> None:
        for name in taken:
            (self._bin / name).symlink_to(shutil.which(name))
        install = shutil.which('install')
        self._write('install', INSTALL.replace('{install}', install))
        for name in RECORDED:
            if name not in programs:
                self.only_record(name)
        for name, command in programs.items():
            self._write(name, f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')

    def only_record(self, program: str) -> None:
        """Have a program not run from now on, but written down."""
        self._write(program, f'{RECORD}{RECORDED[program]}\n')

    def _write(self, name: str, text: str) -> None:
        path = self._bin / name
        path.write_text(text)
        path.chmod(0o755)

    def try_to(
        self, mode: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run it.

        :param mode: ``stack``, ``unstack`` or ``clean``.
        :param environment: more variables.
        """
        self._record.write_text('')
        return subprocess.run(
            [shutil.which('bash'), str(HERE / 'stack.sh'), mode],
            env={**self._environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def run(self, mode: str, **environment: str) -> str:
        """The same.

        :returns: what it said.
        :raises AssertionError: it failed.
        """
        ran = self.try_to(mode, **environment)
        said = ran.stdout + ran.stderr
        if ran.returncode:
            trace = self.trace().splitlines()[-15:]
            raise AssertionError(
                f'status {ran.returncode}\n{said}\n' + '\n'.join(trace)
            )
        return said

    def trace(self) -> str:
        """What DevStack's log would show of the shell."""
        path = self.folder / 'trace'
        return path.read_text() if path.exists() else ''

    def done(self) -> list[list[str]]:
        """Everything that the last run would have done, word by word."""
        return [
            shlex.split(line) for line in self._record.read_text().splitlines()
        ]

    def ran(self, *words: str) -> list[list[str]]:
        """What of it began with these words."""
        return [each for each in self.done() if each[: len(words)] == [*words]]

    def ini(self, name: str) -> dict[str, dict[str, str]]:
        """The sections of a file that was written below /etc."""
        parser = configparser.RawConfigParser(default_section='')
        parser.optionxform = str
        with (self.root / 'etc' / name).open() as file:
            parser.read_file(file)
        return {name: dict(parser[name]) for name in parser.sections()}

    def files(self) -> list[str]:
        """Everything that is below the root of this machine."""
        return sorted(
            str(path.relative_to(self.root))
            for path in self.root.rglob('*')
            if path.is_file()
        )

    @property
    def units(self) -> dict[str, str]:
        """The commands of the services that run, by name."""
        return {
            path.name.removeprefix('devstack@').removesuffix(
                '.service'
            ): path.read_text().strip()
            for path in (self.folder / 'units').iterdir()
        }
