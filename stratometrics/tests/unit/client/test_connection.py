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
"""What is sent, when it is sent again, and what is told if it fails."""

import dataclasses
import decimal
import json
import logging

import fixtures
from keystoneauth1 import fixture as tokens
from keystoneauth1 import identity
from keystoneauth1 import session
from keystoneauth1 import token_endpoint

from stratometrics import version
from stratometrics.client import errors
from stratometrics.client import v1
from stratometrics.tests.unit.client import base
from stratometrics.tests.unit.client import test_pages

HEALTHY = base.of_json({'status': 'ok', 'checks': []})
RECEIPT = base.of_json(
    {
        'number': '2026-10-acme',
        'project_id': 'acme',
        'period': {
            'from': '2026-10-01T00:00:00Z',
            'to': '2026-11-01T00:00:00Z',
        },
        'as_of': '2026-11-03T00:00:00Z',
        'issued_at': '2026-11-03T00:00:00Z',
        'issued_by': 'admin',
        'sha256': '00',
    }
)
CUT = base.Answer(body=b'{"status"', missing=10)
GONE = base.Answer(hangs_up=True)
PAGE = base.Answer(
    body=b'<html>', headers={'Content-Type': 'text/html; charset=UTF-8'}
)


def unavailable(**headers):
    return base.refusal(503, 'unavailable', **headers)


class TestRequests(base.ClientTestCase):
    def test_what_is_sent(self):
        self.client(HEALTHY, user_agent='a-program').health()
        [asked] = self.server.asked
        self.assertEqual(('GET', '/healthcheck'), (asked.method, asked.path))
        self.assertEqual(base.TOKEN, asked.headers['X-Auth-Token'])
        self.assertEqual('application/json', asked.headers['Accept'])
        release = version.version_info.version_string()
        self.assertIn(f'a-program/{release} ', asked.headers['User-Agent'])

    def test_who_asks_by_default(self):
        self.client(HEALTHY).health()
        [asked] = self.server.asked
        self.assertIn('stratometrics-client/', asked.headers['User-Agent'])

    def test_a_body(self):
        client = self.client(base.refusal(400, 'invalid-body'))
        self.assertRaises(
            errors.BadRequest, client.create_price, {'price': '0.1'}
        )
        [asked] = self.server.asked
        self.assertEqual('POST', asked.method)
        self.assertEqual({'price': '0.1'}, json.loads(asked.body))

    def test_an_endpoint_with_a_prefix_or_a_version(self):
        for suffix in ('', '/', '/v1', '/v1/', '/billing', '/billing/v1'):
            server = self.serve(HEALTHY)
            self.client_of(f'{server.url}{suffix}').health()
            prefix = '/billing' if 'billing' in suffix else ''
            self.assertEqual(f'{prefix}/healthcheck', server.asked[0].path)

    def test_ids_are_parts_of_the_path(self):
        for given, sent in (
            ('a/b', 'a%2Fb'),
            ('100%', '100%25'),
            ('a b?#', 'a%20b%3F%23'),
            ('\u00fc', '%C3%BC'),
            ('%2F', '%252F'),
        ):
            client = self.client(base.refusal(404))
            self.assertRaises(errors.NotFound, client.price, given)
            self.assertEqual([f'/v1/prices/{sent}'], self.paths())

    def test_what_would_be_another_path_is_not_sent(self):
        client = self.client()
        for given in ('', '.', '..'):
            for ask in (
                client.price,
                client.withdraw_price,
                client.statement,
                client.timeline,
                client.usage,
            ):
                self.assertRaises(errors.InvalidQuestion, ask, given)
        self.assertEqual([], self.server.asked)


class TestSendingAgain(base.ClientTestCase):
    def setUp(self):
        super().setUp()
        self.waited = []
        # Or else the tests would last as long as a service may say.
        self.useFixture(fixtures.MonkeyPatch('time.sleep', self.waited.append))
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.WARNING))

    def test_a_question_whose_connection_was_cut_off(self):
        client = self.client(GONE, GONE, HEALTHY, retry_delay=0.5)
        self.assertEqual('ok', client.health().status)
        self.assertEqual(3, len(self.server.asked))
        self.assertEqual([0.5, 1.0], self.waited)
        self.assertIn('Asking again in 0.5 s', self.log.output)
        self.assertNotIn(base.TOKEN, self.log.output)

    def test_not_for_ever(self):
        client = self.client(GONE, GONE, GONE)
        error = self.assertRaises(errors.Unreachable, client.health)
        self.assertTrue(error.reached)
        client = self.client(GONE, retries=0)
        self.assertRaises(errors.Unreachable, client.health)

    def test_what_changes_something_and_may_have_been_done(self):
        client = self.client(*[GONE] * 3)
        for change in (
            lambda: client.create_price({}),
            lambda: client.amend_price('x', {}),
            lambda: client.withdraw_price('x'),
        ):
            error = self.assertRaises(errors.Unreachable, change)
            self.assertTrue(error.reached)
        self.assertEqual(
            ['POST', 'PATCH', 'DELETE'],
            [each.method for each in self.server.asked],
        )
        client = self.client(unavailable())
        self.assertRaises(errors.Unavailable, client.create_price, {})
        self.assertEqual([], self.waited)

    def test_a_session_that_sends_everything_again(self):
        self.server = self.serve(GONE, GONE)
        made = session.Session(
            auth=token_endpoint.Token(self.server.url, base.TOKEN),
            connect_retries=5,
        )
        self.addCleanup(made.close)
        client = v1.Client(made)
        self.assertRaises(errors.Unreachable, client.create_price, {})
        self.assertEqual(1, len(self.server.asked))

    def test_a_statement_is_issued_once_however_often_it_is_asked_for(self):
        client = self.client(GONE, unavailable(), RECEIPT)
        receipt = client.issue_statement('2026-10', 'acme')
        self.assertEqual('2026-10-acme', receipt.number)

    def test_what_did_not_reach_the_service(self):
        port = base.closed_port()
        client = self.client_of(f'http://127.0.0.1:{port}', retry_delay=1)
        error = self.assertRaises(errors.Unreachable, client.create_price, {})
        self.assertFalse(error.reached)
        self.assertEqual([1, 2], self.waited)
        self.assertEqual(
            f'http://127.0.0.1:{port} does not answer: [Errno 111] '
            f'Connection refused.',
            str(error),
        )

    def test_as_late_as_the_service_says(self):
        client = self.client(
            unavailable(Retry_After='7'),
            unavailable(Retry_After='Wed, 21 Oct 2026 07:28:00 GMT'),
            HEALTHY,
            retry_delay=0.5,
        )
        self.assertEqual('ok', client.health().status)
        self.assertEqual([7, 1.0], self.waited)

    def test_not_if_it_wants_to_be_left_alone(self):
        for wanted in ('31', '99999999999999999999'):
            client = self.client(unavailable(Retry_After=wanted))
            self.assertRaises(errors.Unavailable, client.health)
        self.assertEqual([], self.waited)

    def test_the_last_refusal_is_told(self):
        client = self.client(*[unavailable()] * 3)
        error = self.assertRaises(errors.Unavailable, client.health)
        self.assertEqual('stratometrics.unavailable', error.code)

    def test_other_refusals_are_not_asked_twice(self):
        for status in (400, 403, 404, 409, 429, 500, 502, 504):
            client = self.client(base.refusal(status))
            self.assertRaises(errors.Refused, client.health)
            self.assertEqual(1, len(self.server.asked))


class TestDeadlines(base.ClientTestCase):
    def test_a_service_that_hangs_is_asked_once(self):
        client = self.client(base.Answer(after=30), HEALTHY, timeout=0.2)
        error = self.assertRaises(errors.Unreachable, client.health)
        self.assertIn('timed out', str(error))
        self.assertEqual(1, len(self.server.asked))

    def test_there_is_one_if_the_session_has_none(self):
        connecting, reading = self.connection()._timeout
        self.assertLess(0, connecting)
        self.assertLess(0, reading)


class TestErrors(base.ClientTestCase):
    def test_what_the_service_says(self):
        client = self.client(base.refusal(404))
        error = self.assertRaises(errors.NotFound, client.price, 'x')
        self.assertEqual(
            (404, 'stratometrics.not-found', 'A title', 'A detail.'),
            (error.status, error.code, error.title, error.detail),
        )
        self.assertEqual('req-of-the-error', error.request_id)
        self.assertEqual('A detail. (req-of-the-error)', str(error))

    def test_each_status(self):
        for status, kind in errors.BY_STATUS.items():
            client = self.client(base.refusal(status), retries=0)
            error = self.assertRaises(errors.Refused, client.health)
            self.assertIs(kind, type(error))
        client = self.client(base.refusal(418))
        error = self.assertRaises(errors.Refused, client.health)
        self.assertIs(errors.Refused, type(error))

    def test_what_a_proxy_says(self):
        for body in (
            b'<html>',
            b'',
            b'{}',
            b'[]',
            b'{"errors": []}',
            b'{"errors": ["no"]}',
            b'{"errors": [{}]}',
            b'\xff',
        ):
            client = self.client(
                base.Answer(
                    status=502,
                    body=body,
                    headers={'X-OpenStack-Request-ID': 'req-1'},
                )
            )
            error = self.assertRaises(errors.Refused, client.health)
            self.assertEqual((502, ''), (error.status, error.code))
            self.assertIn('502 Bad Gateway', str(error))
            self.assertEqual('req-1', error.request_id)

    def test_no_password_of_an_address_is_told(self):
        for answer in (
            base.Answer(status=502),
            base.Answer(status=503),
            base.Answer(body=b'<html>'),
            base.Answer(status=302, headers={'Location': 'http://there'}),
            base.Answer(status=302, headers={'Location': '/'}),
            None,
        ):
            port = base.closed_port()
            if answer:
                # Enough of them, for one that leads in a circle.
                port = self.serve(*[answer] * 5).server_port
            client = self.client_of(
                f'http://user:secret@127.0.0.1:{port}', retries=1
            )
            with fixtures.FakeLogger(level=logging.WARNING) as log:
                error = self.assertRaises(errors.ClientError, client.health)
            for told in (str(error), log.output):
                self.assertNotIn('secret', told)
            self.assertIn(f'127.0.0.1:{port}', str(error))

    def test_an_error_that_ends_in_the_middle(self):
        client = self.client(
            base.Answer(status=500, body=b'{"errors', missing=5)
        )
        error = self.assertRaises(errors.Refused, client.health)
        self.assertEqual(500, error.status)

    def test_an_answer_that_ends_in_the_middle(self):
        for level in (logging.INFO, logging.DEBUG):
            # keystoneauth reads what it logs.
            with fixtures.FakeLogger(level=level):
                answer = base.Answer(
                    body=b'{"status"',
                    missing=10,
                    headers={'Content-Type': 'application/json'},
                )
                client = self.client(answer)
                error = self.assertRaises(errors.Unreachable, client.health)
                self.assertIn('ended in the middle', str(error))

    def test_what_is_not_the_service(self):
        for body in (b'<html>', b'\xff', b'{', b'[' * 100_000):
            client = self.client(base.Answer(body=body))
            self.assertRaises(errors.UnexpectedAnswer, client.health)
        for body in (b'', b'[]', b'"x"', b'{}', b'null'):
            client = self.client(base.Answer(body=body))
            self.assertRaises(errors.UnexpectedAnswer, client.health)

    def test_what_is_not_understood_has_the_id_of_the_request(self):
        client = self.client(base.of_json({'status': 1}))
        error = self.assertRaises(errors.UnexpectedAnswer, client.health)
        self.assertEqual(base.REQUEST_ID, error.request_id)
        self.assertIn('/healthcheck', str(error))

    def test_no_number_becomes_a_float(self):
        found = self.client(base.Answer(body=b'{"a": 0.1}')).openapi()
        self.assertEqual(decimal.Decimal('0.1'), found['a'])

    def test_nothing_is_answered_to_a_withdrawal(self):
        client = self.client(base.Answer(status=204, body=b''))
        self.assertIsNone(client.withdraw_price('x'))


class TestRedirects(base.ClientTestCase):
    def to(self, location, status=301):
        return base.Answer(status=status, headers={'Location': location})

    def test_at_the_same_place(self):
        for status in (301, 302, 307, 308):
            client = self.client()
            there = f'{self.server.url}/there'
            self.server.answers = [self.to(there, status), RECEIPT]
            client.issue_statement('2026-10', 'acme')
            first, second = self.server.asked
            self.assertEqual(('POST', '/there'), (second.method, second.path))
            self.assertEqual(first.body, second.body)

    def test_a_relative_one(self):
        self.client(self.to('/there'), HEALTHY).health()
        self.assertEqual(['/healthcheck', '/there'], self.paths())

    def test_the_token_is_not_given_to_others(self):
        other = self.serve(*[HEALTHY] * 4)
        port = other.server_port
        for there in (
            f'http://localhost:{port}/',
            # Another port may be that of anybody with an account there.
            other.url,
            f'//127.0.0.1:{port}/',
        ):
            client = self.client(self.to(there))
            error = self.assertRaises(errors.UnexpectedAnswer, client.health)
            self.assertIn(f':{port}', str(error))
            self.assertIn('The token is not given', str(error))
        client = self.client()
        # Who reads this otherwise than what sends it takes it for here.
        there = f'http://localhost:{port}\\@{self.server.url[7:]}/'
        self.server.answers = [self.to(there)]
        self.assertRaises(errors.UnexpectedAnswer, client.health)
        self.assertEqual([], other.asked)

    def test_nor_anywhere_in_a_circle(self):
        client = self.client(*[self.to('/')] * 20)
        self.assertRaises(errors.UnexpectedAnswer, client.health)
        self.assertLess(len(self.server.asked), 10)

    def test_what_leads_nowhere(self):
        for status in (300, 304):
            client = self.client(base.Answer(status=status, body=b''))
            self.assertRaises(errors.UnexpectedAnswer, client.health)
        client = self.client(base.Answer(status=301), HEALTHY)
        self.assertRaises(errors.UnexpectedAnswer, client.usage_csv)
        for there in ('http://[', 'https:///', 'http://127.0.0.1:x/'):
            client = self.client(self.to(there))
            self.assertRaises(errors.UnexpectedAnswer, client.health)


class TestDownloads(base.ClientTestCase):
    def csv(self, **changes):
        return base.Answer(
            body=b'a,b\r\n',
            headers={
                'Content-Type': 'text/csv; charset=UTF-8',
                'X-OpenStack-Request-ID': base.REQUEST_ID,
            },
            **changes,
        )

    def test_what_comes(self):
        with self.client(self.csv()).usage_csv('volumes') as download:
            self.assertEqual(
                ('text/csv', 5, base.REQUEST_ID),
                (
                    download.media_type,
                    download.length,
                    download.request_id,
                ),
            )
            self.assertEqual(b'a,b\r\n', b''.join(download))
        self.assertEqual(['/v1/volumes?format=csv'], self.paths())

    def test_what_ends_in_the_middle(self):
        with self.client(self.csv(missing=3)).usage_csv() as download:
            error = self.assertRaises(
                errors.Unreachable, b''.join, iter(download)
            )
        self.assertEqual(base.REQUEST_ID, error.request_id)

    def page(self, **headers):
        return dataclasses.replace(PAGE, headers={**PAGE.headers, **headers})

    def test_a_statement_is_a_page_of_the_service(self):
        told = {'X-OpenStack-Request-ID': base.REQUEST_ID}
        client = self.client(self.page(**told))
        with client.preview_file('html') as download:
            self.assertEqual('text/html', download.media_type)

    def test_what_somebody_else_answers(self):
        for form, answer in (
            # A log-in page, whatever was asked for.
            ('html', self.page()),
            ('csv', self.page()),
            ('csv', self.page(**{'X-OpenStack-Request-ID': 'req-1'})),
            ('pdf', base.Answer(headers={'Content-Type': 'text/plain'})),
        ):
            client = self.client(answer)
            error = self.assertRaises(
                errors.UnexpectedAnswer, client.preview_file, form
            )
            self.assertIn('something stands before it', str(error))

    def test_what_is_refused(self):
        client = self.client(base.refusal(406, 'not-acceptable'))
        self.assertRaises(errors.NotAcceptable, client.costs_file, 'pdf')


class TestKeystone(base.ClientTestCase):
    """With Keystone's own answers; functional tests ask a real one."""

    def session(self, url):
        auth = identity.V3Password(
            f'{url}/v3',
            username='alice',
            password='secret',
            user_domain_id='default',
            project_name='acme',
            project_domain_id='default',
        )
        made = session.Session(auth=auth)
        self.addCleanup(made.close)
        return made

    def token(self, url=''):
        token = tokens.V3Token(user_domain_id='default')
        token.set_project_scope()
        if url:
            service = token.add_service('billing', 'stratometrics')
            service.add_endpoint('public', f'{url}/public', region='One')
            service.add_endpoint('internal', f'{url}/inside', region='One')
            service.add_endpoint('public', f'{url}/two/v1', region='Two')
        else:
            token.add_service('compute', 'nova').add_endpoint('public', 'x')
        return base.of_json(token, 201, X_Subject_Token='the-token')

    def test_who_is_asked(self):
        for options, prefix in (
            ({}, '/public'),
            ({'interface': 'internal'}, '/inside'),
            ({'region_name': 'Two'}, '/two'),
            ({'endpoint_override': '{url}/other/v1'}, '/other'),
        ):
            server = self.serve(HEALTHY)
            keystone = self.serve(self.token(server.url))
            options = {
                name: text.format(url=server.url)
                for name, text in options.items()
            }
            v1.Client(self.session(keystone.url), **options).health()
            [asked] = server.asked
            self.assertEqual(f'{prefix}/healthcheck', asked.path)
            self.assertEqual('the-token', asked.headers['X-Auth-Token'])

    def test_no_endpoint(self):
        for token, options, told in (
            (self.token(), {}, 'no public endpoint of the service type'),
            (
                self.token('http://x'),
                {'region_name': 'Three', 'interface': 'internal'},
                'no internal endpoint of the service type billing of region '
                'Three',
            ),
        ):
            keystone = self.serve(token)
            client = v1.Client(self.session(keystone.url), **options)
            error = self.assertRaises(errors.NoEndpoint, client.health)
            self.assertIn(told, str(error))

    def test_a_token_of_no_project(self):
        token = tokens.V3Token(user_domain_id='default')
        answer = base.of_json(token, 201, X_Subject_Token='the-token')
        client = v1.Client(self.session(self.serve(answer).url))
        error = self.assertRaises(errors.NoEndpoint, client.health)
        self.assertIn('no project', str(error))

    def refused(self):
        return base.of_json(
            {'error': {'message': 'Wrong password.', 'code': 401}}, 401
        )

    def test_wrong_credentials(self):
        server = self.serve()
        for options in ({}, {'endpoint_override': server.url}):
            keystone = self.serve(self.refused())
            client = v1.Client(self.session(keystone.url), **options)
            error = self.assertRaises(errors.NotAuthenticated, client.health)
            self.assertIn('Wrong password.', str(error))
            self.assertEqual(base.REQUEST_ID, error.request_id)
        self.assertEqual([], server.asked)

    def test_keystone_is_away(self):
        server = self.serve()
        away = f'http://127.0.0.1:{base.closed_port()}'
        for options in ({}, {'endpoint_override': server.url}):
            client = v1.Client(self.session(away), **options)
            error = self.assertRaises(errors.NotAuthenticated, client.health)
            self.assertIn('Connection refused', str(error))

    def test_a_token_that_is_not_taken_is_replaced_once(self):
        server = self.serve(base.refusal(401), HEALTHY)
        answer = self.token(server.url)
        keystone = self.serve(answer, answer)
        v1.Client(self.session(keystone.url)).health()
        self.assertEqual(2, len(server.asked))
        server = self.serve(base.refusal(401), base.refusal(401))
        keystone = self.serve(*[self.token(server.url)] * 2)
        client = v1.Client(self.session(keystone.url))
        self.assertRaises(errors.Unauthorized, client.health)

    def test_a_token_that_expires_between_two_pages(self):
        server = self.serve(
            test_pages.page('a', href='http://x/v1/usage?marker=a'),
            base.refusal(401),
            test_pages.page('b', href='http://x/v1/usage?marker=b'),
            test_pages.page('c'),
        )
        answer = self.token(server.url)
        later = dataclasses.replace(
            answer, headers={**answer.headers, 'X-Subject-Token': 'the-next'}
        )
        keystone = self.serve(answer, later)
        found = v1.Client(self.session(keystone.url)).usage()
        self.assertEqual(
            ['a', 'b', 'c'], [each.keys['type'] for each in found]
        )
        self.assertEqual(
            [
                ('/public/v1/usage', 'the-token'),
                ('/public/v1/usage?marker=a', 'the-token'),
                ('/public/v1/usage?marker=a', 'the-next'),
                ('/public/v1/usage?marker=b', 'the-next'),
            ],
            [
                (each.path, each.headers['X-Auth-Token'])
                for each in server.asked
            ],
        )

    def test_a_token_that_is_not_taken_and_no_other_one_given(self):
        server = self.serve(base.refusal(401))
        keystone = self.serve(self.token(server.url), self.refused())
        client = v1.Client(self.session(keystone.url))
        error = self.assertRaises(errors.NotAuthenticated, client.health)
        self.assertIn('Wrong password.', str(error))

    def test_a_session_without_credentials(self):
        made = session.Session()
        self.addCleanup(made.close)
        client = v1.Client(made, endpoint_override='http://x')
        self.assertRaises(errors.NotAuthenticated, client.health)
