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

"""RabbitMQ, with an Erlang port mapper of its own."""

import dataclasses
import os
import pathlib
import shutil

import kombu

from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import part
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process

# Distributions put a wrapper on the PATH that insists on one system user and
# one data folder. The scripts behind it do not.
FOLDERS = ('/usr/lib/rabbitmq/bin', '/opt/rabbitmq/sbin')
# Where programs may be that an ordinary user's PATH leaves out.
PATH = '/usr/local/sbin:/usr/sbin:/sbin'

REFUSED = 403
LOOPBACK_ONLY = '-kernel inet_dist_use_interface {127,0,0,1}'

CONFIG = """\
listeners.tcp.1 = {host}:{port}
default_user = {user}
default_pass = {password}
default_user_tags.administrator = true
loopback_users = none
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 20MB
"""


def tool(name: str) -> str:
    """Find one of RabbitMQ's or Erlang's programs.

    :param name: the program.
    :returns: its path.
    :raises: MissingTool if it is not installed.
    """
    for path in (':'.join(FOLDERS), os.environ.get('PATH', ''), PATH):
        found = shutil.which(name, path=path)
        if found:
            return found
    raise errors.MissingTool(
        name,
        'rabbitmq',
        'apt-get install rabbitmq-server; or name a server '
        'with STRATO_AMQP_URL',
    )


class RabbitMQ(part.Part):
    """A RabbitMQ broker of our own."""

    name = 'rabbitmq'
    variable = 'STRATO_AMQP_URL'
    default_port = 5672

    def __init__(
        self,
        data_dir: str | pathlib.Path | None = None,
        port: int | None = None,
        *,
        user: str = 'strato',
        password: str = 'secret',
    ) -> None:
        """Choose its settings; start() starts it.

        :param data_dir: see Part.
        :param port: see Part; this is AMQP's port.
        :param user: the name of the administrator; a folder that was used
            before keeps the user that it was made with.
        :param password: the administrator's password.
        """
        super().__init__(data_dir, port)
        self.user = user
        self.password = password
        self._mapper_port = ports.free_port()
        self._nodes_port = ports.free_port()

    @property
    def address(self) -> addresses.Address:
        return addresses.Address(
            'amqp', self.host, self.port, self.user, self.password
        )

    @property
    def transport_url(self) -> str:
        """The address as oslo.messaging writes it."""
        return self.environment['STRATO_TRANSPORT_URL']

    @classmethod
    def exports(cls, where: addresses.Address) -> dict[str, str]:
        transport = dataclasses.replace(where, scheme='rabbit')
        return {
            **super().exports(where),
            'STRATO_TRANSPORT_URL': transport.url,
        }

    @classmethod
    def fetch(cls) -> None:
        tool('rabbitmq-server')

    @staticmethod
    def answers(where: addresses.Address) -> bool:
        if not ports.accepts(where.port, where.host):
            return False
        connection = kombu.Connection(where.url, connect_timeout=5)
        try:
            connection.connect()
        except (
            *connection.connection_errors,
            *connection.channel_errors,
        ) as e:
            if getattr(e, 'code', None) == REFUSED:
                raise errors.PartError(
                    f'rabbitmq at {where.host}:{where.port} refuses user '
                    f'{where.user}'
                ) from e
            return False
        finally:
            connection.release()
        return True

    def rabbitmqctl(self, *arguments: str) -> str:
        """Run RabbitMQ's administration command against this broker.

        :param arguments: for example ``'list_queues', 'name'``.
        :returns: what it printed.
        :raises: PartError if it failed.
        """
        return process.run(
            [tool('rabbitmqctl'), '-q', *arguments],
            f'run rabbitmqctl {arguments[0]}',
            env=self._process_environment(),
        )

    def _launch(self) -> None:
        for port in (self._mapper_port, self._nodes_port):
            ports.require_free(port, self.name)
        (self.data_dir / 'rabbitmq.conf').write_text(
            CONFIG.format(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
            )
        )
        env = self._process_environment()
        # Started here, or the broker would leave one running behind it.
        mapper = self._spawn(
            'epmd',
            [
                tool('epmd'),
                '-address',
                self.host,
                '-port',
                str(self._mapper_port),
            ],
            env,
        )
        mapper.wait_until(
            lambda: ports.accepts(self._mapper_port), self.start_timeout
        )
        self._spawn(self.name, [tool('rabbitmq-server')], env)

    def _process_environment(self) -> dict[str, str]:
        folder = str(self.data_dir)
        # The settings of another broker, or of a service manager, would
        # otherwise find their way in.
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(('RABBITMQ_', 'ERL_', 'NOTIFY_'))
        }
        return {
            **env,
            # Where Erlang looks for the cookie, and makes one.
            'HOME': folder,
            'ERL_EPMD_ADDRESS': self.host,
            'ERL_EPMD_PORT': str(self._mapper_port),
            'ERL_CRASH_DUMP': f'{folder}/erl_crash.dump',
            'RABBITMQ_NODENAME': 'stratometrics@localhost',
            'RABBITMQ_DIST_PORT': str(self._nodes_port),
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': LOOPBACK_ONLY,
            # Any free port, since several may run at a time.
            'RABBITMQ_CTL_DIST_PORT_MIN': '0',
            'RABBITMQ_CTL_DIST_PORT_MAX': '0',
            'RABBITMQ_CONF_ENV_FILE': f'{folder}/none',
            'RABBITMQ_CONFIG_FILE': f'{folder}/rabbitmq.conf',
            'RABBITMQ_CONFIG_FILES': f'{folder}/none',
            'RABBITMQ_ADVANCED_CONFIG_FILE': f'{folder}/none',
            'RABBITMQ_ENABLED_PLUGINS_FILE': f'{folder}/enabled_plugins',
            'RABBITMQ_GENERATED_CONFIG_DIR': f'{folder}/generated',
            'RABBITMQ_PLUGINS_EXPAND_DIR': f'{folder}/plugins',
            'RABBITMQ_LOG_BASE': f'{folder}/log',
            'RABBITMQ_MNESIA_BASE': f'{folder}/mnesia',
            'RABBITMQ_PID_FILE': f'{folder}/pid',
            # Makes the start script become the broker, not its parent.
            'RUNNING_UNDER_SYSTEMD': 'true',
        }
