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
"""stratometrics-api: the API in a server of its own."""

from collections.abc import Sequence
import logging as python_logging
import socket
import struct
import sys
from typing import Any
from wsgiref import types as wsgi

from gunicorn import config
from gunicorn import glogging
from gunicorn.app import base
from oslo_config import cfg
from oslo_log import log as logging

from stratometrics import meditation
from stratometrics import policy
from stratometrics import service
from stratometrics.api import app
from stratometrics.api.middleware import admission
from stratometrics.api.middleware import sending
from stratometrics.notifications import errors as notification_errors

LOG = logging.getLogger(__name__)

NAME = 'stratometrics-api'

#: Gunicorn's longest request line; a request has a query string and no body.
REQUEST_LINE = 8190

#: Seconds that a client may keep silent in the middle of a request.
SLOWEST_CLIENT = 5

#: Threads of each process for those that need no token, and to turn away
#: those that there is no room for.
SPARE_THREADS = 8

#: What is wrong with the configuration rather than with the service.
UNUSABLE = (
    app.ConfigurationError,
    cfg.Error,
    notification_errors.DefinitionError,
    policy.PolicyFileError,
)


class ServerLogger(glogging.Logger):
    """Leaves Gunicorn's own messages to oslo.log, and requests to the API."""

    def setup(self, cfg: config.Config) -> None:
        self.cfg = cfg
        self.error_log.propagate = True
        self.error_log.setLevel(python_logging.NOTSET)

    def access(self, *request: Any) -> None:
        pass

    def reopen_files(self) -> None:
        pass

    def close_on_exec(self) -> None:
        pass


class Server(base.BaseApplication):
    """Gunicorn with the settings of the [api] options.

    The application is made before the workers are forked, so that whatever
    is wrong with its configuration shows at once. It has no connections yet.

    :param argv: the arguments that the configuration was read with.
    :param listener: a bound socket; it is handed over.
    """

    def __init__(
        self,
        argv: Sequence[str],
        conf: cfg.ConfigOpts,
        application: wsgi.WSGIApplication,
        listener: socket.socket,
    ) -> None:
        self._argv = argv
        self._options = conf.api
        self._reporter = meditation.Reporter(NAME, conf)
        self._application = application
        self._bind = f'fd://{listener.detach()}'
        super().__init__(prog=NAME)

    def load_config(self) -> None:
        settings = {
            'bind': self._bind,
            'worker_class': 'gthread',
            'workers': self._options.workers,
            'threads': threads(self._options),
            'graceful_timeout': self._options.graceful_timeout,
            'limit_request_line': REQUEST_LINE,
            'logger_class': ServerLogger,
            'proc_name': NAME,
            'control_socket_disable': True,
            # oslo.middleware decides which headers of a proxy count.
            'forwarded_allow_ips': '',
            'secure_scheme_headers': {},
            # In place of what Gunicorn does on SIGUSR2: it would start
            # itself anew beside itself, and find the port taken.
            'when_ready': self._obey,
            'post_worker_init': self._obey,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def _obey(self, process: object) -> None:
        self._reporter.obey()

    def load(self) -> wsgi.WSGIApplication:
        return self._application

    def reload(self) -> None:
        """On SIGHUP: the next workers are made by the files as they are now.

        Files that cannot be used change nothing. The address stays.
        """
        try:
            conf = service.prepare(self._argv)
            self._application = app.load(conf)
            self._options = conf.api
            self._reporter.conf = conf
        except UNUSABLE as error:
            LOG.error('The configuration stays as it was: %s', error)
        self.callable = None
        super().reload()


def threads(options: Any) -> int:
    """One for each request that there is room for, and some that look on.

    :param options: the ``[api]`` option group.
    """
    return admission.Capacity.from_options(options).total + SPARE_THREADS


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to an address.

    :param host: a name, or an address of either kind.
    :raises OSError: the address is taken, or is none of this machine.
    """
    [(family, *_), *_] = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    listener = socket.create_server((host, port), family=family)
    # Accepted sockets inherit them. Without them a client that never ends its
    # headers, or never takes its answer, keeps a thread for ever, and maybe a
    # connection to the storage.
    for option, seconds in (
        (socket.SO_RCVTIMEO, SLOWEST_CLIENT),
        (socket.SO_SNDTIMEO, sending.SLOWEST_READER),
    ):
        listener.setsockopt(
            socket.SOL_SOCKET, option, struct.pack('ll', seconds, 0)
        )
    return listener


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until a signal says to stop.

    :param argv: the arguments; by default those of the process.
    :returns: the exit status.
    """
    argv = sys.argv[1:] if argv is None else argv
    try:
        conf = service.prepare(argv)
        application = app.load(conf)
    except UNUSABLE as error:
        print(f'{NAME}: {error}', file=sys.stderr)
        return 1
    host, port = conf.api.bind_host, conf.api.bind_port
    try:
        listener = listen(host, port)
    except OSError as error:
        print(
            f'{NAME}: cannot listen on {host} port {port}: {error.strerror}',
            file=sys.stderr,
        )
        return 1
    Server(argv, conf, application, listener).run()
    return 0


if __name__ == '__main__':
    sys.exit(main())
