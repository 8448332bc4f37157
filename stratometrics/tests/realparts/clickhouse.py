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

"""ClickHouse, on its native protocol."""

from collections.abc import Sequence
import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
from xml.sax import saxutils

import clickhouse_driver
from clickhouse_driver import errors as driver_errors

from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import chdb
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import part
from stratometrics.tests.realparts import ports

OLDEST = (24, 3)
REFUSED = 516
ENGINE = pathlib.Path(__file__).with_name('engine.py')

# The engine listens only when told to, and lives as long as its query runs.
LISTEN = (
    'SYSTEM START LISTEN TCP; '
    'SELECT sleepEachRow(3600) FROM numbers(1000000) FORMAT Null '
    'SETTINGS function_sleep_max_microseconds_per_block = 0'
)

# Small caches and few threads: many of these may run on one small machine.
CONFIG = """\
<clickhouse>
  <logger>
    <level>warning</level>
    <log>{folder}/clickhouse.log</log>
    <errorlog>{folder}/clickhouse.err.log</errorlog>
    <size>20M</size>
    <count>2</count>
  </logger>
  <listen_host>{host}</listen_host>
  <tcp_port>{port}</tcp_port>
  <path>{folder}/store/</path>
  <tmp_path>{folder}/tmp/</tmp_path>
  <user_files_path>{folder}/user_files/</user_files_path>
  <user_directories>
    <users_xml>
      <path>{folder}/users.xml</path>
    </users_xml>
    <local_directory>
      <path>{folder}/access/</path>
    </local_directory>
  </user_directories>
  <max_server_memory_usage>{memory}</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <background_pool_size>4</background_pool_size>
  <background_schedule_pool_size>8</background_schedule_pool_size>
  {extra}
</clickhouse>
"""

# The engine's own query runs as `default` without a password, so that user may
# do nothing else.
USERS = """\
<clickhouse>
  <profiles>
    <default/>
  </profiles>
  <quotas>
    <default/>
  </quotas>
  <users>
    <default>
      <password/>
      <networks>
        <ip>127.0.0.1</ip>
      </networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
      </grants>
    </default>
{users}
  </users>
</clickhouse>
"""

USER = """\
    <{name}>
      <password_sha256_hex>{digest}</password_sha256_hex>
      <networks>
        <ip>127.0.0.1</ip>
      </networks>
      <profile>default</profile>
      <quota>default</quota>
      {rights}
    </{name}>
"""


@dataclasses.dataclass(frozen=True)
class User:
    """One more user of a server."""

    name: str
    password: str
    #: What it may do, for example ``GRANT SELECT ON billing.*``; everything,
    #: if nothing is named.
    grants: tuple[str, ...] = ()

    def xml(self) -> str:
        """Return its section of the users' file."""
        rights = '<access_management>1</access_management>'
        if self.grants:
            queries = ''.join(
                f'<query>{saxutils.escape(grant)}</query>'
                for grant in self.grants
            )
            rights = f'<grants>{queries}</grants>'
        digest = hashlib.sha256(self.password.encode()).hexdigest()
        return USER.format(name=self.name, digest=digest, rights=rights)


def program() -> list[str] | None:
    """Find an installed ClickHouse server that is new enough.

    :returns: the command that runs it, or None.
    """
    for name, arguments in (
        ('clickhouse', ['server']),
        ('clickhouse-server', []),
    ):
        path = shutil.which(name)
        if path and version([path, *arguments, '--version']) >= OLDEST:
            return [path, *arguments]
    return None


def version(command: Sequence[str]) -> tuple[int, int]:
    """Ask a ClickHouse program for its version.

    :param command: the program, with the arguments that make it tell.
    :returns: year and month of the release; (0, 0) if it does not tell.
    """
    try:
        said = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0
    found = re.search(r'version (\d+)\.(\d+)\.', said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


class ClickHouse(part.Part):
    """A ClickHouse server of our own."""

    name = 'clickhouse'
    variable = 'STRATO_CLICKHOUSE_URL'
    default_port = 9000

    def __init__(
        self,
        data_dir: str | pathlib.Path | None = None,
        port: int | None = None,
        *,
        user: str = 'strato',
        password: str = 'secret',
        users: Sequence[User] = (),
        memory: int = 4 << 30,
        extra_config: str = '',
    ) -> None:
        """Choose its settings; start() starts it.

        :param data_dir: see Part.
        :param port: see Part; this is the native protocol's port.
        :param user: the name of the main user, who may do everything.
        :param password: the main user's password.
        :param users: further users. The packaged engine has no CREATE USER.
        :param memory: bytes that its queries may use together.
        :param extra_config: XML for its configuration file, for example a
            ``remote_servers`` section.
        """
        super().__init__(data_dir, port)
        self.user = user
        self.password = password
        self._users = [User(user, password), *users]
        self._memory = memory
        #: May be changed until it is started.
        self.extra_config = extra_config

    @property
    def address(self) -> addresses.Address:
        return addresses.Address(
            'clickhouse', self.host, self.port, self.user, self.password
        )

    @classmethod
    def fetch(cls) -> None:
        if not program():
            chdb.library()

    @staticmethod
    def answers(where: addresses.Address) -> bool:
        # The driver logs a traceback for a refused connection.
        if not ports.accepts(where.port, where.host):
            return False
        client = clickhouse_driver.Client.from_url(where.url)
        try:
            client.execute('SELECT 1')
        except driver_errors.ServerException as e:
            # Others, such as an unknown database, are an answer as well.
            if e.code == REFUSED:
                raise errors.PartError(
                    f'clickhouse at {where.host}:{where.port} refuses user '
                    f'{where.user}'
                ) from e
        except (driver_errors.Error, EOFError, OSError):
            return False
        finally:
            client.disconnect()
        return True

    def client(self, **kwargs: object) -> clickhouse_driver.Client:
        """Return a new client of the main user.

        :param kwargs: passed on to the client; they win over the address.
        :returns: a client that connects with its first query.
        """
        given = {
            'host': self.host,
            'port': self.port,
            'user': self.user,
            'password': self.password,
            **kwargs,
        }
        return clickhouse_driver.Client(**given)

    def _launch(self) -> None:
        self._configure()
        installed = program()
        if installed:
            command = [*installed, f'--config-file={self.data_dir}/config.xml']
        else:
            command = [
                sys.executable,
                str(ENGINE),
                str(chdb.library()),
                f'--config-file={self.data_dir}/config.xml',
                '--log-level=warning',
                '--multiquery',
                '--query',
                LISTEN,
            ]
        # Without it, the program forks and its child does the work.
        env = {**os.environ, 'CLICKHOUSE_WATCHDOG_ENABLE': '0'}
        self._spawn(self.name, command, env)

    def _configure(self) -> None:
        (self.data_dir / 'users.xml').write_text(
            USERS.format(
                users=''.join(user.xml() for user in self._users).rstrip()
            )
        )
        (self.data_dir / 'config.xml').write_text(
            CONFIG.format(
                folder=saxutils.escape(str(self.data_dir)),
                host=self.host,
                port=self.port,
                memory=self._memory,
                extra=self.extra_config,
            )
        )
