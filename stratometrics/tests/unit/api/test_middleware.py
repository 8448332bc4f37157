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
import re
import threading
import time

import webob

from stratometrics.api import health
from stratometrics.storage import errors as storage_errors
from stratometrics.tests.unit.api import base


class TestRequestLog(base.ApiTestCase):
    def lines(self):
        return [
            line
            for line in self.log.output.splitlines()
            if 'request_log' in line
        ]

    def test_one_line_for_each_request(self):
        for path, token, status in (
            ('/v1/usage?state=active', 'alice', 200),
            ('/', None, 200),
            ('/v1/usage', None, 401),
            ('/v1/none', 'alice', 404),
            ('/v1/usage?project_id=x', 'alice', 403),
        ):
            with self.subTest(path=path, token=token):
                before = len(self.lines())
                response = self.ask(path, token)
                [line] = self.lines()[before:]
                project = 'acme' if token else '-'
                user = 'alice-id' if token else '-'
                self.assertRegex(
                    line,
                    f'"GET {re.escape(path)}" status: {status} '
                    f'length: {response.content_length} '
                    rf'time: 0\.\d{{6}} project: {project} user: {user} '
                    f'request: {response.headers["X-OpenStack-Request-ID"]}$',
                )

    def test_a_failure_has_its_line_as_well(self):
        self.storage.failure = RuntimeError('boom')
        self.ask('/v1/usage')
        self.assertIn('status: 500', self.lines()[-1])

    def test_no_token_and_no_forged_caller(self):
        self.ask('/v1/usage?token=geheim&auth_token=geheim', 'gehe1m')
        self.ask(
            '/',
            token=None,
            headers={'X-Project-Id': 'forged', 'X-Service-Token': 'gehe1m'},
        )
        self.assertEqual(2, len(self.lines()))
        for secret in ('geheim', 'gehe1m', 'forged'):
            self.assertNotIn(secret, self.log.output)

    def test_nobody_writes_lines_of_his_own(self):
        request = webob.Request.blank('/')
        request.environ['PATH_INFO'] = '/v1/a\nb\r\x1b[31m"%41'
        request.environ['QUERY_STRING'] = 'x=\n"\x7f\xff%0a'
        request.environ['REQUEST_METHOD'] = 'GET\nX'
        request.get_response(self.application)
        [line] = self.lines()
        self.assertIn(
            '"GET%0AX /v1/a%0Ab%0D%1B%5B31m%22%2541?x=%0A%22%7F%FF%0a"', line
        )

    def test_a_line_does_not_name_the_caller_of_another_request(self):
        self.ask('/v1/usage', 'alice')
        self.ask('/v1/usage', 'forged')
        self.assertNotIn('alice', self.lines()[-1])


class TestRequestId(base.ApiTestCase):
    def test_each_request_has_its_own(self):
        ids = {
            self.ask(path, token).headers['X-OpenStack-Request-ID']
            for path in ('/', '/v1/', '/none')
            for token in ('alice', None)
        }
        self.assertEqual(6, len(ids))


class TestCors(base.ApiTestCase):
    config = """
[cors]
allowed_origin = https://horizon.example.com
"""
    ORIGIN = 'https://horizon.example.com'

    def preflight(self, path='/v1/usage', **headers):
        return self.ask(
            path,
            token=None,
            method='OPTIONS',
            headers={
                'Origin': self.ORIGIN,
                'Access-Control-Request-Method': 'GET',
                'Access-Control-Request-Headers': 'X-Auth-Token',
                **{
                    name.replace('_', '-'): value
                    for name, value in headers.items()
                },
            },
        )

    def test_a_preflight_needs_no_token(self):
        response = self.preflight()
        self.assertEqual(204, response.status_int)
        self.assertEqual(
            self.ORIGIN, response.headers['Access-Control-Allow-Origin']
        )
        self.assertEqual(
            'GET', response.headers['Access-Control-Allow-Methods']
        )
        self.assertEqual(
            'X-Auth-Token', response.headers['Access-Control-Allow-Headers']
        )
        self.assertEqual([], self.storage.questions)

    def test_what_is_not_permitted(self):
        for headers in (
            {'Origin': 'https://evil.example.com'},
            {'Access_Control_Request_Method': 'DELETE'},
            {'Access_Control_Request_Headers': 'X-Strange'},
        ):
            with self.subTest(**headers):
                self.assertNotIn(
                    'Access-Control-Allow-Origin',
                    self.preflight(**headers).headers,
                )

    def test_answers_and_errors_may_be_read(self):
        for token, status in (('alice', 200), ('forged', 401)):
            response = self.ask(
                '/v1/usage', token, headers={'Origin': self.ORIGIN}
            )
            self.assertEqual(status, response.status_int)
            self.assertEqual(
                self.ORIGIN, response.headers['Access-Control-Allow-Origin']
            )
            self.assertIn(
                'X-OpenStack-Request-ID',
                response.headers['Access-Control-Expose-Headers'],
            )

    def test_without_an_origin_there_is_nothing_to_say(self):
        response = self.ask('/v1/usage')
        self.assertNotIn('Access-Control-Allow-Origin', response.headers)


class TestOptions(base.ApiTestCase):
    def test_it_tells_the_methods(self):
        for path in ('/', '/healthcheck', '/v1/', '/v1/usage'):
            response = self.ask(path, token=None, method='OPTIONS')
            self.assertEqual(204, response.status_int)
            self.assertEqual({'GET', 'HEAD', 'OPTIONS'}, set(response.allow))
            self.assertEqual(b'', response.body)


class TestHealth(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.patch(health, 'MAX_AGE', 0.0)

    def test_it_needs_no_token(self):
        response = self.ask('/healthcheck', token=None)
        self.assertEqual(200, response.status_int)
        self.assertEqual(
            {'status': 'ok', 'checks': ['storage']}, response.json
        )

    def test_it_follows_the_storage(self):
        self.storage.failure = storage_errors.StorageUnavailable(
            'clickhouse.internal:9000'
        )
        response = self.ask('/healthcheck', token=None)
        detail = self.assert_error(response, 503, 'unavailable')
        self.assertEqual('These checks failed: storage.', detail)
        self.assertNotIn('internal:', response.text)
        self.assertIn('clickhouse.internal:9000', self.log.output)
        self.storage.failure = None
        self.assertEqual(200, self.ask('/healthcheck').status_int)

    def test_the_log_tells_a_failure_once(self):
        self.storage.failure = storage_errors.StorageUnavailable('away')
        for _ in range(3):
            self.ask('/healthcheck')
        self.assertEqual(1, self.log.output.count('away'))


class TestTakenOutOfService(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.file = self.folder / 'out-of-service'
        self.config = f'[api]\nhealthcheck_disable_file = {self.file}\n'

    def test_a_file_takes_it_out(self):
        self.assertEqual(200, self.ask('/healthcheck', None).status_int)
        self.file.touch()
        response = self.ask('/healthcheck', None)
        detail = self.assert_error(response, 503, 'unavailable')
        self.assertIn('operator', detail)
        response = self.ask('/healthcheck', None, method='HEAD')
        self.assertEqual((503, b''), (response.status_int, response.body))
        # Who asks is answered meanwhile.
        self.assertEqual(200, self.ask('/').status_int)
        self.assertEqual(200, self.ask('/v1/usage').status_int)
        self.file.unlink()
        self.assertEqual(200, self.ask('/healthcheck', None).status_int)


class TestHealthIsCheap(base.ApiTestCase):
    def test_it_does_not_ask_again_at_once(self):
        for _ in range(10):
            self.ask('/healthcheck', token=None)
        self.assertEqual(1, self.storage.checks)

    def test_it_does_ask_again(self):
        self.patch(health, 'MAX_AGE', 0.01)
        self.ask('/healthcheck', token=None)
        time.sleep(0.02)
        self.ask('/healthcheck', token=None)
        self.assertEqual(2, self.storage.checks)

    def test_a_slow_check_holds_nobody_up(self):
        self.patch(health, 'MAX_AGE', 0.0)
        checking, go_on = threading.Event(), threading.Event()
        checks = health.Health(self.storage)
        self.assertEqual([], checks.failed())

        def check():
            checking.set()
            self.assertTrue(go_on.wait(10))
            raise storage_errors.StorageUnavailable('after a long time')

        self.storage.check = check
        slow = threading.Thread(target=checks.failed)
        slow.start()
        self.assertTrue(checking.wait(10))
        self.assertEqual([], checks.failed())
        go_on.set()
        slow.join()
        self.patch(health, 'MAX_AGE', 60.0)
        self.assertEqual(['storage'], checks.failed())
