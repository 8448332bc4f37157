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
"""The API behind a real nginx, with the file that is shipped for it."""

import getpass
import os
import pathlib
import shutil
import socket
import ssl

import requests

from stratometrics.tests import shipped
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_load
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.api import test_uwsgi
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process

SERVER = shipped.CONTRIB / 'nginx' / 'stratometrics.conf'

#: What a distribution has around it.
AROUND = """\
daemon off;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/stratometrics.conf;
}}
"""


def program() -> str:
    """Where nginx is, which Debian does not have on everybody's path."""
    path = os.pathsep.join((os.environ.get('PATH', ''), '/usr/sbin'))
    found = shutil.which('nginx', path=path)
    if not found:
        raise AssertionError('apt-get install nginx-light')
    return found


class Front:
    """nginx with TLS, and a certificate of its own.

    :param folder: where its files are.
    :param upstream: the port of the service.
    """

    def __init__(self, folder: pathlib.Path, upstream: int) -> None:
        self._folder = folder
        self._upstream = upstream
        self.port = ports.free_port()
        self.url = f'https://{ports.HOST}:{self.port}'
        self.certificate = folder / 'cert.pem'
        self._child = process.Child(
            'nginx',
            [
                program(),
                *('-c', str(folder / 'nginx.conf')),
                *('-e', 'stderr'),
                *('-p', str(folder)),
            ],
            folder / 'nginx.log',
        )

    def start(self) -> None:
        key = self._folder / 'key.pem'
        process.run(
            [
                *('openssl', 'req', '-x509', '-newkey', 'ec'),
                *('-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'),
                *('-days', '2', '-subj', '/CN=stratometrics'),
                *('-addext', f'subjectAltName=IP:{ports.HOST}'),
                *('-keyout', str(key), '-out', str(self.certificate)),
            ],
            'make a certificate',
        )
        text = shipped.adapted(
            SERVER.read_text(),
            ('server 127.0.0.1:9721;', f'server 127.0.0.1:{self._upstream};'),
            ('listen 443 ssl;', f'listen {ports.HOST}:{self.port} ssl;'),
            ('listen [::]:443 ssl;', ''),
            ('/etc/ssl/certs/stratometrics.pem', str(self.certificate)),
            ('/etc/ssl/private/stratometrics.key', str(key)),
        )
        (self._folder / 'stratometrics.conf').write_text(text)
        (self._folder / 'nginx.conf').write_text(
            AROUND.format(folder=self._folder, user=getpass.getuser())
        )
        self._child.start()
        self._child.wait_until(lambda: ports.accepts(self.port), 10)

    def close(self) -> None:
        self._child.stop()


class BehindNginx:
    """Puts nginx in front of a server; callers see nginx."""

    def start(self) -> None:
        super().start()
        folder = self.folder / 'nginx'
        folder.mkdir()
        self.front = Front(folder, self.port)
        self._cleanup.callback(self.front.close)
        self.front.start()
        self.url = self.front.url
        # Variables that name other certificates would count more.
        self._session.trust_env = False
        self._session.verify = str(self.front.certificate)

    def configure(self, api: str = '', more: str = '') -> None:
        super().configure(
            api,
            f'{more}\n[oslo_middleware]\nenable_proxy_headers_parsing = true',
        )


class Server(BehindNginx, base.Server):
    pass


class UWSGIServer(BehindNginx, test_uwsgi.Server):
    pass


class TestBehindNginx(base.ServerTestCase):
    serve = Server

    def start(self) -> None:
        self.server.configure()
        super().start()

    def link(self, **headers: str) -> str:
        [version] = self.get('/', headers=headers).json()['versions']
        return version['links'][0]['href']

    def test_links_are_as_callers_see_them(self):
        self.assertEqual(f'{self.server.url}/v1/', self.link())

    def test_callers_cannot_say_what_proxies_say(self):
        for name, value in (
            ('Forwarded', 'for=192.0.2.1;proto=http;host=evil.example'),
            ('X-Forwarded-Host', 'evil.example'),
            ('X-Forwarded-Proto', 'http'),
            ('X-Forwarded-Prefix', '/evil'),
            ('X-Forwarded-For', '192.0.2.1'),
        ):
            self.assertEqual(
                f'{self.server.url}/v1/', self.link(**{name: value})
            )
        log = self.server.log.read_text()
        self.assertIn(f'{ports.HOST} "GET /"', log)
        self.assertNotIn('192.0.2.1', log)

    def test_another_proxy_may_take_a_prefix_away(self):
        response = requests.get(
            f'http://{ports.HOST}:{self.server.port}/',
            headers={'X-Forwarded-Prefix': '/billing', 'Host': 'cloud'},
            timeout=30,
        )
        [version] = response.json()['versions']
        self.assertEqual(
            'http://cloud/billing/v1/', version['links'][0]['href']
        )

    def test_it_answers(self):
        self.assertEqual(200, self.get('/healthcheck').status_code)
        response = self.get('/v1/usage', base.alice())
        self.assertEqual(200, response.status_code, response.text)
        self.assert_error(self.get('/v1/usage'), 401, 'unauthorized')

    def test_a_request_line_may_be_as_long_as_without_it(self):
        for length, status in ((8000, 400), (9000, 414)):
            response = self.get(f'/v1/usage?x={"y" * length}', base.alice())
            self.assertEqual(status, response.status_code)

    def test_a_body_may_be_as_large_as_without_it(self):
        for size, status in ((114_688, 400), (114_689, 413)):
            response = self.server._session.post(
                f'{self.server.url}/v1/prices',
                data=b'x' * size,
                headers={
                    'X-Auth-Token': base.admin(),
                    'Content-Type': 'application/json',
                },
                timeout=30,
            )
            self.assertEqual(status, response.status_code, response.text)

    def test_the_service_is_away(self):
        self.server.child.stop()
        self.assertEqual(502, self.get('/healthcheck').status_code)


class TestBrokenTable(test_usage.TestBrokenTable):
    serve = Server


class TestBrokenTableOfUWSGI(test_usage.TestBrokenTable):
    serve = UWSGIServer


class TestLeaving(test_load.TestLeaving):
    serve = Server
    # The service itself sees to this, whatever is in front of it.
    test_nobody_works_for_one_that_left_while_it_waited = None

    def connection(self, path: str) -> socket.socket:
        context = ssl.create_default_context(
            cafile=str(self.server.front.certificate)
        )
        sock = context.wrap_socket(
            socket.create_connection((ports.HOST, self.server.front.port)),
            server_hostname=ports.HOST,
        )
        self.addCleanup(sock.close)
        sock.sendall(
            f'GET {path} HTTP/1.1\r\nHost: x\r\n'
            f'X-Auth-Token: {base.alice()}\r\n\r\n'.encode()
        )
        return sock
