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

"""What all parts have in common."""

import abc
from collections.abc import Mapping, Sequence
import contextlib
import pathlib
import shutil
import tempfile
from typing import Self

from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import cache
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process


class Part(abc.ABC):
    """A server of our own, with its data in one folder.

    As a context manager it is started, and closed at the end.
    """

    #: What messages and the command line call it.
    name: str
    #: The environment variable that tells where it is.
    variable: str

    #: The port that an address without a port means.
    default_port: int

    #: Seconds that it may take to become ready.
    start_timeout = 60.0

    def __init__(
        self,
        data_dir: str | pathlib.Path | None = None,
        port: int | None = None,
    ) -> None:
        """Choose the folder and the port; start() starts it.

        :param data_dir: where its data is kept; a temporary folder, removed
            by close(), if not given.
        :param port: the port; if not given, the one that the folder was used
            with before, or any free one.
        """
        self._temporary = data_dir is None
        if data_dir is None:
            data_dir = tempfile.mkdtemp(prefix=f'stratometrics-{self.name}-')
        self.data_dir = pathlib.Path(data_dir).resolve()
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as e:
            raise errors.PartError(
                f'cannot make the folder {self.data_dir}: {e.strerror}'
            ) from e
        self.host = ports.HOST
        self.port = port or ports.kept_port(self.data_dir / 'port')
        self._children: list[process.Child] = []
        self._started = contextlib.ExitStack()

    @property
    @abc.abstractmethod
    def address(self) -> addresses.Address:
        """Where it listens, and the credentials of its main user."""

    @property
    def url(self) -> str:
        """Where it listens, with credentials, in one line."""
        return self.address.url

    @property
    def environment(self) -> dict[str, str]:
        """The variables that tell a command where this part is."""
        return self.exports(self.address)

    @property
    def pids(self) -> list[int]:
        """The ids of its processes, without what those started."""
        return [child.pid for child in self._children if child.pid]

    @classmethod
    def exports(cls, where: addresses.Address) -> dict[str, str]:
        """Return the variables that tell a command where a part is.

        :param where: the part's address.
        :returns: values by name.
        """
        return {cls.variable: where.url}

    @staticmethod
    @abc.abstractmethod
    def answers(where: addresses.Address) -> bool:
        """Tell whether such a part is at an address, and lets us in.

        :param where: the address.
        :returns: True if it answered.
        :raises: PartError if it refuses the user.
        """

    @classmethod
    @abc.abstractmethod
    def fetch(cls) -> None:
        """Bring what this part needs into the cache.

        :raises: PartError if that is impossible.
        """

    def start(self) -> None:
        """Start it and wait until it answers.

        :raises: PartError if it cannot be started.
        """
        self.launch()
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def launch(self) -> None:
        """Start it without waiting for it to answer.

        :raises: PartError if it cannot be started.
        """
        self._started.enter_context(
            cache.lock(
                self.data_dir / 'lock',
                busy=f'{self.name}: {self.data_dir} is in use already',
            )
        )
        try:
            ports.require_free(self.port, self.name)
            self._launch()
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Wait until it answers.

        :raises: PartError if it ends, or takes too long.
        """
        self._server.wait_until(
            lambda: self.answers(self.address), self.start_timeout
        )

    def check(self) -> None:
        """Fail if it has ended by itself.

        :raises: PartError with the end of its log.
        """
        for child in self._children:
            child.check()

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs, else None."""
        return self._server.pid if self._children else None

    def stop(self) -> None:
        """Stop it gently; start() brings it back with the same data."""
        while self._children:
            self._children.pop().stop()
        self._started.close()

    def kill(self) -> None:
        """Stop it as a crash would; start() brings it back."""
        while self._children:
            self._children.pop().kill()
        self._started.close()

    def restart(self) -> None:
        """Stop it and start it on the same port with the same data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it and remove its folder, if that is a temporary one."""
        self.stop()
        if self._temporary:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    @abc.abstractmethod
    def _launch(self) -> None:
        """Start the processes, the server itself last."""

    def _spawn(
        self, name: str, command: Sequence[str], env: Mapping[str, str]
    ) -> process.Child:
        child = process.Child(
            name, command, self.data_dir / f'{name}.out', env
        )
        self._children.append(child)
        child.start()
        return child

    @property
    def _server(self) -> process.Child:
        return self._children[-1]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
