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
"""What a client needs of Nova and Glance to create one server and delete it.

A real Nova takes a hypervisor, a network and minutes.
"""

from collections.abc import Callable
from http import server
import json
import threading
from typing import Any
from urllib import parse

from stratometrics.tests.realparts import ports


class Cloud:
    """Has one image, one flavor, and at most one server.

    :param server_id: the id that the server gets.
    :param created: is called when it is created, and before it is active.
    :param deleted: is called when it is deleted.
    """

    def __init__(
        self,
        server_id: str,
        created: Callable[[], None],
        deleted: Callable[[], None],
    ) -> None:
        self._id = server_id
        self._created = created
        self._deleted = deleted
        self._there = False
        #: What the server was created of.
        self.asked: dict[str, Any] = {}
        cloud = self

        class Handler(server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                cloud._answer(self)

            do_POST = do_DELETE = do_GET  # noqa: N815

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = server.ThreadingHTTPServer((ports.HOST, 0), Handler)
        self.url = f'http://{ports.HOST}:{self._server.server_port}'
        threading.Thread(
            target=self._server.serve_forever, daemon=True
        ).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: server.BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get('Content-Length') or 0)
        body = request.rfile.read(length)
        path = parse.urlsplit(request.path).path.rstrip('/')
        status, answer = self._do(request.command, path, body)
        text = json.dumps(answer).encode() if answer is not None else b''
        request.send_response(status)
        request.send_header('Content-Type', 'application/json')
        request.send_header('Content-Length', str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def _do(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        here = {'id': self._id, 'name': 'one', 'status': 'ACTIVE'}
        match method, path:
            case 'GET', '/image/v2' | '/image':
                return 200, {'versions': [self._version('v2.9', 'image/v2')]}
            case 'GET', '/compute/v2.1' | '/compute':
                version = self._version('v2.1', 'compute/v2.1')
                return 200, {
                    'version': {
                        **version,
                        'version': '2.96',
                        'min_version': '2.1',
                    }
                }
            case 'GET', '/image/v2/images':
                return 200, {'images': [{'id': 'i', 'status': 'active'}]}
            case 'GET', '/compute/v2.1/flavors/detail' | (
                '/compute/v2.1/flavors'
            ):
                return 200, {'flavors': [{'id': 'f', 'name': 'm1.tiny'}]}
            case 'POST', '/compute/v2.1/servers':
                self.asked = json.loads(body)['server']
                self._created()
                self._there = True
                return 202, {'server': here}
            case 'GET', _ if self._is_server(path):
                return 200, {'server': here}
            case 'DELETE', _ if self._is_server(path):
                self._there = False
                self._deleted()
                return 204, None
        return 404, {'itemNotFound': {'code': 404, 'message': path}}

    def _is_server(self, path: str) -> bool:
        return self._there and path == f'/compute/v2.1/servers/{self._id}'

    def _version(self, name: str, path: str) -> dict[str, Any]:
        return {
            'id': name,
            'status': 'CURRENT',
            'links': [{'rel': 'self', 'href': f'{self.url}/{path}/'}],
        }
