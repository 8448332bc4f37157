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
"""Every error has one shape and tells nothing of the inside."""

from unittest import mock

from keystoneauth1 import exceptions as keystone_exceptions
from keystonemiddleware import auth_token
import webob.exc

from stratometrics.storage import errors as storage_errors
from stratometrics.tests.unit.api import base

SECRET = "Code: 62. DB::Exception: SELECT * FROM events WHERE id = 's3cr3t'"


class TestErrors(base.ApiTestCase):
    def test_unauthorized(self):
        for token in (None, 'forged', '\u00fc'.encode().decode('latin-1')):
            for path in ('/v1', '/v1/', '/v1/usage', '/v1/none', '/none'):
                with self.subTest(token=token, path=path):
                    response = self.ask(path, token)
                    self.assert_error(response, 401, 'unauthorized')
                    self.assertEqual(
                        'Keystone uri="http://keystone.invalid"',
                        response.headers['WWW-Authenticate'],
                    )
        self.assertEqual([], self.storage.questions)

    def test_an_expired_token(self):
        self.tokens.add_token_data(
            token_id='old',
            user_id='alice-id',
            project_id='acme',
            role_list=['admin'],
            expires='2020-01-01T00:00:00.000000Z',
        )
        self.assert_error(self.ask('/v1/usage', 'old'), 401, 'unauthorized')

    def test_headers_make_nobody_an_administrator(self):
        response = self.ask(
            '/v1/usage?all_projects=true',
            token=None,
            headers={
                'X-Roles': 'admin',
                'X-User-Id': 'root',
                'X-Project-Id': 'acme',
                'X-Identity-Status': 'Confirmed',
            },
        )
        self.assert_error(response, 401, 'unauthorized')
        response = self.ask(
            '/v1/usage?all_projects=true', headers={'X-Roles': 'admin'}
        )
        self.assert_error(response, 403, 'forbidden')

    def test_not_found(self):
        for path in (
            '/none',
            '/v1/none',
            '/v1/instance',
            '/v1/usage/x',
            '/v1/instances/x/y',
            '/v1/instances.json',
            '/v2/',
            '/v1/index',
            '/v1/read',
            '/v1/get',
            '/v1/_route',
            '/v1/below/usage',
            '/v1/__class__',
            '/v1/_service/storage/check',
            "/v1/'",
            '/v1/%00',
            '/v1/%F0%9F%90%A7',
        ):
            with self.subTest(path):
                self.assert_error(self.ask(path), 404, 'not-found')

    def test_method_not_allowed(self):
        for method in ('POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'BREW'):
            for path in ('/', '/healthcheck', '/v1/', '/v1/usage'):
                with self.subTest(method=method, path=path):
                    response = self.ask(path, method=method)
                    self.assert_error(response, 405, 'method-not-allowed')
                    self.assertEqual(
                        {'GET', 'HEAD', 'OPTIONS'}, set(response.allow)
                    )

    def test_a_broken_body_is_not_looked_into(self):
        for content_type, body in (
            ('application/json', b'{'),
            ('application/json', b'[]'),
            ('application/json', b'\xff'),
            ('multipart/form-data', b'x'),
            ('application/x-www-form-urlencoded', b'%ff=%ff'),
        ):
            with self.subTest(content_type=content_type, body=body):
                request = webob.Request.blank(
                    '/v1/usage',
                    method='POST',
                    body=body,
                    content_type=content_type,
                    headers={'X-Auth-Token': 'alice'},
                )
                self.assert_error(
                    request.get_response(self.application),
                    405,
                    'method-not-allowed',
                )

    def test_not_acceptable(self):
        for accept in (
            'application/xml',
            'text/html',
            'text/html',
            'application/json;q=0, text/html',
        ):
            with self.subTest(accept):
                response = self.ask('/v1/usage', headers={'Accept': accept})
                self.assert_error(response, 406, 'not-acceptable')

    def test_acceptable(self):
        for accept in (
            'application/json',
            'application/*',
            '*/*',
            'text/html, application/json;q=0.1',
            'text/html,application/xhtml+xml,*/*;q=0.8',
            'not a header',
        ):
            with self.subTest(accept):
                for path in ('/', '/healthcheck', '/v1/', '/v1/usage'):
                    response = self.ask(path, headers={'Accept': accept})
                    self.assertEqual(200, response.status_int)
                    self.assertEqual('application/json', response.content_type)

    def test_bad_requests(self):
        for query, code in (
            ('form=2026-10-01T00:00:00Z', 'unknown-parameter'),
            ('from=2026-10-01', 'invalid-parameter'),
            ('from=2026-10-01T00:00:00', 'invalid-parameter'),
            ('from=2026-10-01T00:00:00+02:00', 'invalid-parameter'),
            (
                'from=2026-10-02T00:00:00Z&to=2026-10-01T00:00:00Z',
                'invalid-period',
            ),
            (
                'from=1980-01-01T00:00:00Z&to=2080-01-01T00:00:00Z',
                'invalid-period',
            ),
            ('state=', 'invalid-parameter'),
            ('all_projects=true&all_projects=true', 'invalid-parameter'),
            ('group_by=flavor', 'invalid-parameter'),
            ('name=%ff', 'bad-request'),
            ('%ff=x', 'bad-request'),
            ('name=%c3\xa9', 'bad-request'),
            ('name=' + 8000 * 'x', 'bad-request'),
        ):
            with self.subTest(query[:80]):
                response = self.ask(f'/v1/usage?{query}')
                self.assert_error(response, 400, code)
        self.assert_error(self.ask('/v1/%ff'), 400, 'bad-request')
        self.assertEqual([], self.storage.questions)

    def test_a_token_without_a_project(self):
        for token in ('eve', 'system-admin', 'system-reader'):
            with self.subTest(token):
                response = self.ask('/v1/usage', token)
                detail = self.assert_error(response, 400, 'no-project')
                self.assertIn('all_projects', detail)

    def test_a_body_that_is_too_large(self):
        for headers in ({'Content-Length': '1000000'},):
            response = self.ask('/v1/usage', method='POST', headers=headers)
            self.assert_error(response, 413, 'request-entity-too-large')

    def test_the_storage_is_away(self):
        self.storage.failure = storage_errors.StorageUnavailable(SECRET)
        response = self.ask('/v1/usage')
        self.assert_error(response, 503, 'unavailable')
        self.assertEqual('5', response.headers['Retry-After'])
        self.assert_secret_is_in_the_log_alone(response)

    def test_a_question_that_costs_too_much(self):
        self.storage.failure = storage_errors.QueryTooExpensive(SECRET)
        response = self.ask('/v1/usage')
        detail = self.assert_error(response, 400, 'query-too-expensive')
        self.assertIn('shorter period', detail)
        self.assert_secret_is_in_the_log_alone(response)

    def test_a_question_that_reaches_back_too_far(self):
        self.storage.failure = storage_errors.Purged(1_004_572_800_000_000)
        response = self.ask('/v1/usage')
        detail = self.assert_error(response, 400, 'purged')
        self.assertIn('2001-11-01T00:00:00Z', detail)

    def test_anything_unforeseen(self):
        for failure in (
            storage_errors.StorageError(SECRET),
            RuntimeError(SECRET),
            KeyError(SECRET),
            UnicodeDecodeError('utf-8', b'', 0, 1, SECRET),
        ):
            with self.subTest(failure=type(failure)):
                self.storage.failure = failure
                response = self.ask('/v1/usage')
                self.assert_error(response, 500, 'internal-error')
                self.assert_secret_is_in_the_log_alone(response)
                self.assertIn('Traceback', self.log.output)

    def assert_secret_is_in_the_log_alone(self, response):
        self.assertIn('s3cr3t', self.log.output)
        everything = response.text + str(response.headers)
        for inside in ('s3cr3t', 'SELECT', 'Traceback', 'File ', '.py'):
            self.assertNotIn(inside, everything)

    def test_keystone_is_away(self):
        # A Keystone that fails in this way cannot be had.
        for failure in (
            webob.exc.HTTPServiceUnavailable(SECRET),
            keystone_exceptions.EndpointNotFound(SECRET),
        ):
            with (
                self.subTest(failure=type(failure)),
                mock.patch.object(
                    auth_token.AuthProtocol,
                    'fetch_token',
                    side_effect=failure,
                ),
            ):
                response = self.ask('/v1/usage')
                detail = self.assert_error(response, 503, 'unavailable')
                self.assertIn('identity service', detail)
                self.assertNotIn('s3cr3t', response.text)
                self.assertIn('Retry-After', response.headers)


class TestDelayedDecision(base.ApiTestCase):
    config = 'delay_auth_decision = true\n'

    def test_nobody_gets_in_without_a_token(self):
        for token in (None, 'forged'):
            response = self.ask('/v1/', token)
            self.assert_error(response, 401, 'unauthorized')
            self.assertIn('WWW-Authenticate', response.headers)
        self.assertEqual(200, self.ask('/v1/').status_int)
