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
"""The API when more is asked than it can do, or longer than it may."""

from collections.abc import Callable, Iterator
from concurrent import futures
import contextlib
import http.server
import socket
import threading
import time
from urllib import request as urllib_request

from stratometrics.storage.clickhouse import client
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_server
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.realparts import keystone
from stratometrics.tests.realparts import ports

PERIOD = test_usage.PERIOD

#: Lets whoever reads events wait a little for each. ClickHouse tells of its
#: progress meanwhile.
_SLOW = (
    'ALTER TABLE $database.events RENAME COLUMN phase TO kept',
    """
    ALTER TABLE $database.events ADD COLUMN phase {kind}
    ALIAS if(sleepEachRow({pause}) = 0, kept, kept)
    """,
)

_KIND = """
SELECT type FROM system.columns
WHERE database = {database:String} AND table = 'events' AND name = 'phase'
"""

_RUNNING = """
SELECT count() FROM system.processes
WHERE is_initial_query AND query LIKE concat('%', {name:String}, '.events%')
AND query NOT LIKE '%system.processes%'
"""


class SlowTestCase(base.ServerTestCase):
    """Every query of a project takes a second and a half, or more of them.

    :cvar months: that there are events in. ClickHouse reads a few of them at
        the same time, and waits no longer than three seconds for one.
    """

    api = ''
    months = 1
    _rows = 10

    def setUp(self) -> None:
        super().setUp()
        self.pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(self.pool.close)
        self.storage.write_events(
            [
                test_usage.event(
                    f'{name}-{month}-{number}',
                    -31 * test_usage.DAY * month,
                    number,
                    **facts,
                )
                for name, facts in (
                    ('alice', {}),
                    (
                        'bob',
                        {'project_id': base.project_id('bob', 'globex')},
                    ),
                )
                for month in range(self.months)
                for number in range(self._rows)
            ],
            received_at=test_usage.OCTOBER,
        )
        [(kind,)] = self.pool.execute(
            _KIND, {'database': self.conf.clickhouse.database}
        )
        for statement in _SLOW:
            self.pool.execute(
                statement.format(kind=kind, pause=1.4 / self._rows)
            )
        # Keystone is asked now, and not while something is timed.
        for token in (base.alice(), base.bob()):
            self.get('/v1/', token)

    def start(self) -> None:
        self.server.configure(api=self.api)
        super().start()

    def running(self) -> int:
        """Queries of the server that run now."""
        [(count,)] = self.pool.execute(
            _RUNNING, {'name': self.conf.clickhouse.database}
        )
        return count

    def eventually(self, check: Callable[[], object], seconds: float) -> None:
        self.assertTrue(test_server.eventually(check, seconds))


class TestTime(SlowTestCase):
    api = 'request_timeout = 1'

    def test_all_queries_of_a_request_share_it(self):
        """Those of statements and costs, too, which have no other limit."""
        for path, params in (
            ('/v1/instances', PERIOD),
            ('/v1/costs', PERIOD),
            ('/v1/costs', {'month': '2026-10', 'format': 'csv'}),
            ('/v1/costs', {'month': '2026-10', 'format': 'focus-csv'}),
            ('/v1/statements', {'month': '2026-10'}),
            ('/v1/resources', PERIOD),
        ):
            with self.subTest(path=path, **params):
                begin = time.monotonic()
                response = self.get(path, base.alice(), params)
                self.assert_error(response, 400, 'query-too-expensive')
                self.assertLess(time.monotonic() - begin, 3)
                self.assertEqual(0, self.running())


class TestLeaving(SlowTestCase):
    months = 12
    api = 'max_working = 2\nmax_waiting = 2\nproject_share = 50'

    def connection(self, path: str) -> socket.socket:
        """A connection with a request on it."""
        sock = socket.create_connection((ports.HOST, self.server.port))
        self.addCleanup(sock.close)
        sock.sendall(
            f'GET {path} HTTP/1.1\r\nHost: x\r\n'
            f'X-Auth-Token: {base.alice()}\r\n\r\n'.encode()
        )
        return sock

    def test_the_query_of_a_client_that_leaves_is_cancelled(self):
        sock = self.connection(
            f'/v1/instances?from={PERIOD["from"]}&to={PERIOD["to"]}'
        )
        self.eventually(lambda: self.running() == 1, 20)
        left = time.monotonic()
        sock.close()
        self.eventually(lambda: self.running() == 0, 3)
        self.assertLess(time.monotonic() - left, 3)
        self.eventually(
            lambda: 'status: 499' in self.server.log.read_text(), 5
        )
        log = self.server.log.read_text()
        self.assertNotIn('Traceback', log)
        # One of a project may work: its place is free again.
        self.assertEqual(200, self.get('/v1/', base.alice()).status_code)

    def test_nobody_works_for_one_that_left_while_it_waited(self):
        path = f'/v1/instances?from={PERIOD["from"]}&to={PERIOD["to"]}'
        first = self.connection(path)
        self.eventually(lambda: self.running() == 1, 20)
        second = self.connection(path)
        time.sleep(0.5)
        second.close()
        first.close()
        self.eventually(
            lambda: self.server.log.read_text().count('status: 499') == 2, 6
        )
        self.assertEqual(0, self.running())


class TestBusy(SlowTestCase):
    # A query that lasts until all has been asked, on slow machines as well.
    months = 12
    api = 'max_working = 1\nmax_waiting = 1\nproject_share = 100'

    def test_who_finds_no_room_is_told_at_once(self):
        with futures.ThreadPoolExecutor(3) as crowd:
            working = crowd.submit(
                self.server.fresh, '/v1/instances', base.alice(), PERIOD
            )
            self.eventually(lambda: self.running() == 1, 20)
            # Whoever comes first waits, and there is no room for the other.
            ended, waiting = futures.wait(
                [
                    crowd.submit(self.server.fresh, '/v1/', base.bob())
                    for _ in range(2)
                ],
                return_when=futures.FIRST_COMPLETED,
            )
            for path in ('/', '/healthcheck'):
                self.assertEqual(200, self.server.fresh(path).status_code)
            self.assertFalse(working.done())
            [refused] = (each.result() for each in ended)
            self.assert_error(refused, 503, 'busy')
            self.assertEqual('5', refused.headers['Retry-After'])
            for each in (working, *waiting):
                self.assertEqual(200, each.result().status_code)


class TestFairness(SlowTestCase):
    api = 'max_working = 2\nmax_waiting = 8\nproject_share = 50'

    def test_one_project_does_not_keep_the_others_out(self):
        with futures.ThreadPoolExecutor(4) as crowd:
            several = [
                crowd.submit(
                    self.server.fresh, '/v1/instances', base.alice(), PERIOD
                )
                for _ in range(4)
            ]
            self.eventually(lambda: self.running() == 1, 20)
            time.sleep(0.3)
            self.assertEqual(1, self.running())
            response = self.server.fresh('/v1/instances', base.bob(), PERIOD)
            self.assertEqual(200, response.status_code, response.text)
            self.assertTrue(any(not each.done() for each in several))
            for each in several:
                self.assertEqual(200, each.result().status_code)


class TestSlowReaders(base.ServerTestCase):
    """Clients that take a large answer, but only a little at a time."""

    #: Of one project there is room for two.
    api = 'max_working = 2\nmax_waiting = 2\nrequest_timeout = 8'
    path = (
        '/v1/instances?group_by=resource_id&granularity=1h'
        '&from=2026-10-01T00:00:00Z&to=2026-11-20T00:00:00Z'
    )

    def setUp(self) -> None:
        super().setUp()
        self.storage.write_events(
            [test_usage.event(f'id-{n}', 0, n) for n in range(40)],
            received_at=test_usage.OCTOBER,
        )
        for token in (base.alice(), base.bob()):
            self.get('/v1/', token)
        self.ended = threading.Event()
        self.addCleanup(self.ended.set)

    def start(self) -> None:
        self.server.configure(api=self.api)
        super().start()

    def read_slowly(self) -> None:
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect((ports.HOST, self.server.port))
        sock.sendall(
            f'GET {self.path} HTTP/1.1\r\nHost: x\r\n'
            f'X-Auth-Token: {base.alice()}\r\n\r\n'.encode()
        )

        def read() -> None:
            with contextlib.suppress(OSError):
                while not self.ended.wait(0.2) and sock.recv(4096):
                    pass

        threading.Thread(target=read, daemon=True).start()

    def alices(self) -> int:
        return self.server.fresh('/v1/', base.alice()).status_code

    def test_they_take_room_of_their_own_project_and_not_for_ever(self):
        begin = time.monotonic()
        for _ in range(4):
            self.read_slowly()
        self.assertTrue(
            test_server.eventually(lambda: self.alices() == 503, 8)
        )
        self.assertEqual(
            200, self.server.fresh('/v1/', base.bob()).status_code
        )
        self.assertTrue(
            test_server.eventually(lambda: self.alices() == 200, 20)
        )
        self.assertGreater(time.monotonic() - begin, 7)


class _Counting(http.server.BaseHTTPRequestHandler):
    """Passes requests on to Keystone, and counts the tokens it is asked of.

    Whoever asks for the catalog as well is not counted.
    """

    protocol_version = 'HTTP/1.1'
    target = ''
    checked = '/v3/auth/tokens?nocatalog'
    asked: list[str]

    def _pass_on(self) -> None:
        if self.command == 'GET' and self.path == self.checked:
            self.asked.append(self.headers['X-Subject-Token'])
        length = int(self.headers.get('Content-Length', 0))
        passed = urllib_request.Request(
            self.target + self.path,
            data=self.rfile.read(length) if length else None,
            headers=dict(self.headers),
            method=self.command,
        )
        try:
            answer = urllib_request.urlopen(passed)
        except urllib_request.HTTPError as error:
            answer = error
        with answer:
            body = answer.read()
            self.send_response(answer.status)
            for name in ('Content-Type', 'X-Subject-Token', 'Location'):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    do_GET = do_POST = do_HEAD = _pass_on  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def counted(own: keystone.Keystone) -> Iterator[list[str]]:
    """The tokens that Keystone was asked of, each time."""
    asked: list[str] = []
    handler = type(
        'Handler',
        (_Counting,),
        {'target': f'http://{ports.HOST}:{own.port}', 'asked': asked},
    )
    with http.server.ThreadingHTTPServer((ports.HOST, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        port = server.server_address[1]
        own.identity.point(
            'keystone', 'identity', f'http://{ports.HOST}:{port}'
        )
        yield asked
        server.shutdown()
        thread.join()


class TestTokens(base.ServerTestCase):
    """Keystone is not asked again of a token that it has confirmed."""

    workers = 2

    def start(self) -> None:
        own = keystone.Keystone()
        self.addCleanup(own.close)
        own.start()
        self.asked = self.enterContext(counted(own))
        self.identities = own.identity
        self.server.close()
        self.server = base.Server(self.conf, own.identity, self.workers)
        self.addCleanup(self.server.close)
        super().start()

    def many(self, token: str, count: int) -> None:
        with futures.ThreadPoolExecutor(8) as crowd:
            answers = [
                crowd.submit(self.server.fresh, '/v1/', token)
                for _ in range(count)
            ]
            for each in answers:
                self.assertEqual(200, each.result().status_code)

    def test_each_process_asks_once(self):
        tokens = [self.identities.token('alice', 'acme') for _ in range(2)]
        for token in tokens:
            # One after another, until all processes know it.
            for _ in range(30):
                self.server.fresh('/v1/', token)
            self.many(token, 100)
        for token in tokens:
            self.assertTrue(
                1 <= self.asked.count(token) <= self.workers, self.asked
            )
        self.assertNotIn('in-process token cache', self.server.log.read_text())
