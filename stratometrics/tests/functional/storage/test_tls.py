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
"""TLS to ClickHouse.

The packaged engine that the tests run cannot listen with TLS, so a proxy in
this process ends it: certificates, handshake and verification are real, and
so is the ClickHouse behind the proxy.
"""

import contextlib
import pathlib
import select
import socket
import ssl
import subprocess
import threading

import fixtures
import testtools

from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client
from stratometrics.tests.functional import base


class TLSProxy:
    """Forwards what arrives by TLS to a server that speaks without."""

    def __init__(self, target: tuple[str, int], folder: pathlib.Path) -> None:
        self._target = target
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / 'cert.pem', folder / 'key.pem')
        self._listener = context.wrap_socket(
            socket.create_server(('127.0.0.1', 0)), server_side=True
        )
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except ssl.SSLError:
                continue
            except OSError:
                return
            threading.Thread(
                target=self._forward, args=(near,), daemon=True
            ).start()

    def _forward(self, near: ssl.SSLSocket) -> None:
        # One thread for both directions: OpenSSL does not allow two of them
        # to use a connection at once.
        with (
            contextlib.suppress(OSError),
            near,
            socket.create_connection(self._target) as far,
        ):
            while True:
                ready, _, _ = select.select([near, far], [], [])
                for source, sink in ((near, far), (far, near)):
                    if source in ready:
                        data = source.recv(65536)
                        if not data:
                            return
                        sink.sendall(data)

    def close(self) -> None:
        self._listener.close()


class TLSTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        subprocess.run(
            [
                *('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes'),
                *('-keyout', folder / 'key.pem', '-out', folder / 'cert.pem'),
                *('-days', '2', '-subj', '/CN=localhost'),
                *('-addext', 'subjectAltName=IP:127.0.0.1'),
            ],
            check=True,
            capture_output=True,
        )
        where = base.address('clickhouse')
        proxy = TLSProxy((where.host, where.port), folder)
        self.addCleanup(proxy.close)
        self.conf = base.configuration()
        self.conf.set_override('port', proxy.port, 'clickhouse')
        self.conf.set_override('hosts', ['127.0.0.1'], 'clickhouse')
        self.conf.set_override('secure', True, 'clickhouse')
        self.certificate = str(folder / 'cert.pem')

    def ask(self) -> list[tuple]:
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        return pool.execute('SELECT 1')

    def test_a_trusted_server_answers(self) -> None:
        self.conf.set_override('cafile', self.certificate, 'clickhouse')
        self.assertEqual([(1,)], self.ask())

    def test_an_untrusted_server_is_refused(self) -> None:
        self.assertRaises(errors.StorageUnavailable, self.ask)

    def test_verification_can_be_switched_off(self) -> None:
        self.conf.set_override('insecure', True, 'clickhouse')
        self.assertEqual([(1,)], self.ask())
