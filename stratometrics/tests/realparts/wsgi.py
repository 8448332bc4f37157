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

"""Parts that are web applications, each in an environment of its own."""

import pathlib
import shlex

import requests

from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import part
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import venv

GUNICORN = 'gunicorn>=27.0.1'

# In a file, because applications read the options of the process that they
# run in as their own.
SERVER = """\
wsgi_app = '{application}'
bind = '{host}:{port}'
workers = 1
threads = 4
graceful_timeout = 1
control_socket_disable = True
"""


class Application(part.Part):
    """An OpenStack service from the package index, served by gunicorn."""

    #: What is installed, as pip understands it.
    requirements: tuple[str, ...]
    #: Where the application is: its module, a colon and its name there.
    application: str

    @classmethod
    def installed(cls) -> pathlib.Path:
        """Return the virtual environment that it runs in.

        :returns: its folder, in the cache.
        :raises: PartError if it cannot be made.
        """
        return venv.prepared(cls.name, (*cls.requirements, GUNICORN))

    @staticmethod
    def answers(where: addresses.Address) -> bool:
        if not ports.accepts(where.port, where.host):
            return False
        try:
            return requests.get(where.url, timeout=10).ok
        except requests.RequestException:
            return False

    def _serve(self, settings: dict[str, str]) -> None:
        server = self.data_dir / 'gunicorn.conf.py'
        server.write_text(
            SERVER.format(
                application=self.application, host=self.host, port=self.port
            )
        )
        self._spawn(
            self.name,
            venv.command(self.installed(), 'gunicorn'),
            {
                **self._clean_environment(),
                **settings,
                'GUNICORN_CMD_ARGS': f'--config {shlex.quote(str(server))}',
            },
        )

    @staticmethod
    def _clean_environment() -> dict[str, str]:
        # The settings of other servers, and of a user's shell.
        return {
            name: value
            for name, value in venv.environment().items()
            if not name.startswith(('OS_', 'GUNICORN_'))
        }
