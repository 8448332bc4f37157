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
"""Tokens of a real Keystone, and what policy makes of them."""

import time

from stratometrics.tests.functional import base as functional_base
from stratometrics.tests.functional.api import base
from stratometrics.tests.realparts import keystone

ALL = {'all_projects': 'true'}


def system_token() -> str:
    """An administrator's token for the whole system."""
    return base.keystone().token('admin', system=True)


class TestCallers(base.SharedServerTestCase):
    def test_nobody(self):
        forged = base.alice()[:-8] + 'AAAAAAAA'
        for token in (None, 'x', forged, "'; --"):
            with self.subTest(token):
                response = self.get('/v1/usage', token)
                self.assert_error(response, 401, 'unauthorized')
                self.assertEqual(
                    f'Keystone uri="{base.keystone().url}"',
                    response.headers['WWW-Authenticate'],
                )
        self.assertEqual(200, self.get('/').status_code)
        self.assertEqual(200, self.get('/healthcheck').status_code)

    def test_everybody_with_a_token_sees_the_capabilities(self):
        for user, project in (
            ('alice', 'acme'),
            ('eve', None),
            ('billing', 'service'),
        ):
            with self.subTest(user):
                response = self.get('/v1/', base.token(user, project))
                self.assertEqual(200, response.status_code, response.text)

    def test_who_may_ask_for_what(self):
        acme = {'project_id': base.project_id('alice', 'acme')}
        globex = {'project_id': base.project_id('bob', 'globex')}
        billing = base.token('billing', 'service')
        for name, token, allowed in (
            ('alice', base.alice(), [{}, acme]),
            ('bob', base.bob(), [{}, globex]),
            ('admin', base.admin(), [{}, acme, globex, ALL]),
            ('billing', billing, [{}, acme, globex, ALL]),
            ('system', system_token(), [acme, globex, ALL]),
        ):
            for params in ({}, acme, globex, ALL):
                with self.subTest(name, **params):
                    response = self.get('/v1/instances', token, params)
                    if params in allowed:
                        self.assertEqual(
                            200, response.status_code, response.text
                        )
                    elif params:
                        self.assert_error(response, 403, 'forbidden')
                    else:
                        self.assert_error(response, 400, 'no-project')

    def test_who_may_see_how_the_cloud_is_covered(self):
        for token in (None, base.admin()[:-8] + 'AAAAAAAA'):
            response = self.get('/v1/coverage', token)
            self.assert_error(response, 401, 'unauthorized')
        for name, token, status in (
            ('alice', base.alice(), 403),
            ('admin', base.admin(), 200),
            ('billing', base.token('billing', 'service'), 200),
            ('system', system_token(), 200),
        ):
            with self.subTest(name):
                response = self.get('/v1/coverage', token)
                if status == 200:
                    self.assertEqual(200, response.status_code, response.text)
                    self.assertIn(
                        'image',
                        {
                            line['resource_type']
                            for line in response.json()['coverage']
                        },
                    )
                else:
                    self.assert_error(response, 403, 'forbidden')

    def test_a_user_without_a_role(self):
        eve = base.token('eve', None)
        acme = {'project_id': base.project_id('alice', 'acme')}
        self.assert_error(self.get('/v1/usage', eve), 400, 'no-project')
        for params in (acme, ALL):
            response = self.get('/v1/usage', eve, params)
            self.assert_error(response, 403, 'forbidden')

    def test_a_policy_file_opens_and_closes(self):
        def statuses():
            return [
                self.get('/v1/usage', token, params).status_code
                for token, params in (
                    (base.alice(), {}),
                    (base.alice(), ALL),
                    (base.admin(), ALL),
                )
            ]

        self.addCleanup(self.server.policy, '{}\n')
        self.assertEqual([200, 403, 200], statuses())
        acme = base.project_id('alice', 'acme')
        self.server.policy(f'"usage:get_all_projects": "project_id:{acme}"\n')
        self.assertEqual([200, 200, 403], statuses())
        self.server.policy('"usage:get": "!"\n')
        self.assertEqual([403, 403, 200], statuses())
        self.server.policy('{}\n')
        self.assertEqual([200, 403, 200], statuses())

    def test_no_token_reaches_the_log(self):
        for token in (base.alice(), base.admin()):
            self.get('/v1/usage?name=logged', token)
        log = self.server.log.read_text()
        self.assertEqual(2, log.count('usage?name=logged" status: 200'))
        self.assertIn(base.project_id('alice', 'acme'), log)
        for secret in (
            base.alice(),
            base.admin(),
            base.keystone().password + '\n',
        ):
            self.assertNotIn(secret, log)


class TestExpiry(functional_base.StorageTestCase):
    def test_a_token_expires_although_it_is_cached(self):
        own = keystone.Keystone(token_expiration=12)
        self.addCleanup(own.close)
        own.start()
        server = base.Server(self.conf, own.identity)
        self.addCleanup(server.close)
        server.start()
        token = own.token('alice', 'acme')
        self.assertEqual(200, server.get('/v1/usage', token).status_code)
        deadline = time.monotonic() + 14
        while server.get('/v1/usage', token).status_code == 200:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)
        self.assertEqual(401, server.get('/v1/usage', token).status_code)

    def test_keystone_is_away(self):
        own = keystone.Keystone()
        self.addCleanup(own.close)
        own.start()
        server = base.Server(self.conf, own.identity)
        server.configure(more='http_request_max_retries = 0')
        self.addCleanup(server.close)
        server.start()
        token = own.token('alice', 'acme')
        own.stop()
        response = server.get('/v1/usage', token)
        self.assertEqual(503, response.status_code, response.text)
        [error] = response.json()['errors']
        self.assertIn('identity service', error['detail'])
        self.assertEqual(200, server.get('/healthcheck').status_code)
        own.start()
        self.assertEqual(200, server.get('/v1/usage', token).status_code)
