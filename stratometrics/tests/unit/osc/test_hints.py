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
"""What people are told to do next."""

import testtools

from stratometrics import version
from stratometrics.client import errors
from stratometrics.osc import credentials
from stratometrics.osc import hints


def refused(kind, status, code='stratometrics.code'):
    return kind(status, code, 'title', 'What is wrong.', 'req-1')


class _Client:
    """Stands for a client: which release a service is cannot be chosen."""

    def __init__(self, release):
        self.release = release

    def capabilities(self):
        if self.release is None:
            raise errors.Unreachable('away')
        return self


class TestHints(testtools.TestCase):
    def test_what_is_wrong_comes_first(self):
        for error in (
            errors.NoEndpoint('What is wrong.'),
            errors.NotAuthenticated('What is wrong.'),
            credentials.NoCredentials('What is wrong.'),
            credentials.Rejected('What is wrong.'),
            credentials.NoKeystone('What is wrong.'),
            errors.Unreachable('What is wrong.'),
            errors.Untrusted('What is wrong.'),
            credentials.UntrustedKeystone('What is wrong.'),
            errors.UnexpectedAnswer('What is wrong.'),
            refused(errors.Unauthorized, 401),
            refused(errors.Forbidden, 403),
            refused(errors.BadRequest, 400, 'stratometrics.no-project'),
            refused(errors.TooLarge, 413),
            refused(errors.Unavailable, 503),
            refused(errors.Refused, 500),
            refused(errors.NotFound, 404, ''),
        ):
            first, second = hints.told(error).split('\n')
            self.assertTrue(first.startswith('What is wrong.'), first)
            self.assertRegex(second, r'[.?]$')

    def test_a_token_that_is_for_no_project(self):
        self.assertIn(
            'Give your credentials a project',
            hints.told(errors.EmptyCatalog('The catalog is empty.')),
        )

    def test_a_certificate_that_is_not_trusted(self):
        for kind in (errors.Untrusted, credentials.UntrustedKeystone):
            self.assertIn('OS_CACERT', hints.told(kind('What is wrong.')))

    def test_too_much_for_the_service_or_its_proxy(self):
        for code in ('stratometrics.request-entity-too-large', ''):
            told = hints.told(refused(errors.TooLarge, 413, code))
            self.assertIn('max_request_body_size', told)
            self.assertIn('[oslo_middleware]', told)
            self.assertIn('"stratometrics-manage prices import"', told)

    def test_nothing_moves_the_cursor(self):
        error = errors.Conflict(
            409, 'stratometrics.x', 'title', '\x1b[2Jno\r\nnever', 'req-\x07'
        )
        self.assertEqual('\\x1b[2Jno\\r\nnever (req-\\x07)', hints.told(error))

    def test_what_explains_itself_has_no_hint(self):
        for error in (
            refused(errors.BadRequest, 400),
            refused(errors.Conflict, 409),
            refused(errors.NotFound, 404),
        ):
            self.assertEqual('What is wrong. (req-1)', hints.told(error))

    def test_a_release_that_is_another_one(self):
        own = version.version_info.release_string()
        error = refused(errors.MethodNotAllowed, 405)
        for release, wanted in (
            ('0.0.1', f'release 0.0.1, and this client {own}'),
            ('', f'older than this client, {own}'),
        ):
            told = hints.told(error, _Client(release))
            self.assertIn(wanted, told)
        for release in (own, None):
            self.assertEqual(str(error), hints.told(error, _Client(release)))
