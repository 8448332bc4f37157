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
"""A server that answers what it is told, as the service would not.

It is a real one, of the standard library: what a connection does when it is
cut off, or when nobody listens, is not to be made up.
"""

from collections.abc import Mapping
import dataclasses
from http import server as http_server
import json
import socket
import threading
from typing import Any

from keystoneauth1 import session
from keystoneauth1 import token_endpoint
import testtools

from stratometrics.client import connection
from stratometrics.client import v1

TOKEN = 'a-token'
REQUEST_ID = 'req-of-the-service'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What is answered to one request.

    :param missing: how many bytes of the body are announced and do not come.
    :param hangs_up: whether nothing is answered at all.
    :param after: seconds until it is answered.
    """

    status: int = 200
    body: bytes = b'{}'
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    missing: int = 0
    hangs_up: bool = False
    after: float = 0


def of_json(body: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(
        status=status,
        body=json.dumps(body).encode(),
        headers={
            'Content-Type': 'application/json',
            'X-OpenStack-Request-ID': REQUEST_ID,
            **{name.replace('_', '-'): each for name, each in headers.items()},
        },
    )


def refusal(status: int, code: str = 'not-found', **headers: str) -> Answer:
    """An error as the service tells it."""
    error = {
        'request_id': 'req-of-the-error',
        'code': f'stratometrics.{code}',
        'status': status,
        'title': 'A title',
        'detail': 'A detail.',
    }
    return of_json({'errors': [error]}, status, **headers)


@dataclasses.dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class _Handler(http_server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server: 'Server'

    def do_GET(self) -> None:
        length = int(self.headers.get('Content-Length', 0))
        self.server.asked.append(
            Asked(
                self.command,
                self.path,
                dict(self.headers),
                self.rfile.read(length),
            )
        )
        answer = self.server.answers.pop(0)
        if answer.hangs_up or self.server.stopping.wait(answer.after):
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header(
            'Content-Length', str(len(answer.body) + answer.missing)
        )
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = bool(answer.missing)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(http_server.ThreadingHTTPServer):
    """Gives the answers one after the other.

    :ivar asked: the requests that came.
    """

    def __init__(self, *answers: Answer) -> None:
        super().__init__(('127.0.0.1', 0), _Handler)
        self.answers = list(answers)
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self.url = f'http://127.0.0.1:{self.server_port}'
        threading.Thread(
            target=self.serve_forever, args=(0.01,), daemon=True
        ).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is none; of others, its test tells."""

    def close(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return found.getsockname()[1]


class ClientTestCase(testtools.TestCase):
    """A test of what a client makes of answers."""

    def serve(self, *answers: Answer) -> Server:
        server = Server(*answers)
        self.addCleanup(server.close)
        return server

    def client_of(self, url: str, **options: Any) -> v1.Client:
        """A client with a token and an endpoint, without a Keystone."""
        timeout = options.pop('timeout', None)
        made = session.Session(
            auth=token_endpoint.Token(url, TOKEN), timeout=timeout
        )
        self.addCleanup(made.close)
        return v1.Client(made, **{'retry_delay': 0, **options})

    def client(self, *answers: Answer, **options: Any) -> v1.Client:
        """The same of a server that gives these answers."""
        self.server = self.serve(*answers)
        return self.client_of(self.server.url, **options)

    def connection(
        self, *answers: Answer, **options: Any
    ) -> connection.Connection:
        return self.client(*answers, **options)._connection

    def paths(self) -> list[str]:
        return [each.path for each in self.server.asked]
