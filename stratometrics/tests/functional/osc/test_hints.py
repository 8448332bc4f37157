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
"""What people are told to do next, by the real command."""

import contextlib
import http.server
import json
import pathlib
import ssl
import subprocess
import tempfile
import threading

from stratometrics import version
from stratometrics.tests.functional.api import base as api_base
from stratometrics.tests.functional.osc import base
from stratometrics.tests.realparts import ports

LIST = ('resource', 'list', '--month', '2026-10')
_SCOPE = ('project_name', 'project_domain_id')


class HintsTest(base.CommandTestCase):
    @classmethod
    def clouds(cls, url):
        found = super().clouds(url)
        alice = found['alice']

        def add(name, *missing, billing=url, region='', **auth):
            said = {**alice['auth'], **auth}
            for each in missing:
                del said[each]
            found[name] = {
                **alice,
                'auth': said,
                'billing_endpoint_override': billing,
                'region_name': region or alice['region_name'],
            }

        nobody = f'http://{ports.HOST}:{ports.free_port()}'
        add('wrong-password', password='wrong')
        add('wrong-project', project_name='wrong')
        add('no-keystone', auth_url=f'{nobody}/v3')
        add('no-service', billing=nobody)
        stranger = cls.stranger()
        add('untrusted', billing=stranger)
        add('untrusted-keystone', auth_url=f'{stranger}/v3')
        add('no-user', 'username')
        add('no-endpoint', billing=None, region='nowhere')
        add('another-service', billing=alice['auth']['auth_url'])
        add('unscoped', *_SCOPE, username='eve')
        add('domain', *_SCOPE, username='domain-reader', domain_id='default')
        add('system', *_SCOPE, username='system-reader', system_scope='all')
        found['nobody'] = {'region_name': alice['region_name']}
        return found

    @classmethod
    def stranger(cls):
        """The address of a server with a certificate of its own making."""
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        key, certificate = (
            pathlib.Path(folder.name) / name for name in ('key', 'certificate')
        )
        subprocess.run(
            [
                *('openssl', 'req', '-x509', '-newkey', 'ec'),
                *('-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'),
                *('-keyout', key, '-out', certificate, '-days', '1'),
                *('-subj', '/CN=stranger'),
                *('-addext', f'subjectAltName=IP:{ports.HOST}'),
            ],
            check=True,
            capture_output=True,
        )
        server = http.server.ThreadingHTTPServer(
            (ports.HOST, 0), http.server.BaseHTTPRequestHandler
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        return f'https://{ports.HOST}:{server.server_port}'

    def said(self, cloud, *words):
        said = self.refusal(cloud, *(words or LIST))
        self.assertNotIn('Error(', said)
        self.assertNotIn('object at 0x', said)
        return said

    def test_wrong_credentials(self):
        for cloud in ('wrong-password', 'wrong-project'):
            said = self.said(cloud)
            self.assertIn('Keystone does not take the credentials', said)
            self.assertIn('Look at the user, the password, the project', said)

    def test_keystone_is_away(self):
        said = self.said('no-keystone')
        self.assertIn('Keystone does not answer: Connection refused', said)
        self.assertIn('OS_AUTH_URL', said)

    def test_nobody_says_who_asks(self):
        said = self.said('nobody')
        self.assertIn('Nobody says who asks', said)
        self.assertIn('OS_CLOUD', said)

    def test_who_asks_is_said_by_variables_alone(self):
        said = self.said_with_variables()
        self.assertIn('Expecting to find domain in user', said)
        said = self.said_with_variables(OS_USER_DOMAIN_ID='default')
        self.assertIn('The catalog is empty', said)
        self.assertIn('Give your credentials a project', said)

    def said_with_variables(self, **variables):
        keystone = api_base.keystone()
        run = subprocess.run(
            [base.OPENSTACK, 'billing', *LIST],
            # No clouds.yaml is here.
            cwd='/',
            env=self.environment(
                OS_AUTH_URL=keystone.url,
                OS_USERNAME='eve',
                OS_PASSWORD=keystone.password,
                **variables,
            ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(1, run.returncode)
        return run.stderr

    def test_what_the_command_line_says_itself_is_left(self):
        self.assertIn('OS_USERNAME', self.said('no-user'))
        self.assertIn('Cloud missing was not found', self.said('missing'))

    def test_a_certificate_that_is_not_trusted(self):
        for cloud in ('untrusted', 'untrusted-keystone'):
            said = self.said(cloud)
            self.assertIn('is not trusted', said)
            self.assertIn('CERTIFICATE_VERIFY_FAILED', said)
            self.assertIn('OS_CACERT', said)

    def test_the_service_is_away(self):
        said = self.said('no-service')
        self.assertIn('Connection refused', said)
        self.assertIn('whether the service runs', said)

    def test_the_catalog_has_no_endpoint(self):
        said = self.said('no-endpoint')
        self.assertIn('no public endpoint of the service type billing', said)
        self.assertIn('of region nowhere', said)
        self.assertIn('openstack catalog show billing', said)
        self.assertIn('OS_BILLING_ENDPOINT_OVERRIDE', said)

    def test_another_service_answers(self):
        said = self.said('another-service')
        self.assertIn('not as the billing service does', said)
        self.assertIn('billing_endpoint_override in clouds.yaml', said)

    def test_no_role(self):
        for cloud, words in (
            ('otto', LIST),
            ('alice', (*LIST, '--all-projects')),
        ):
            said = self.said(cloud, *words)
            self.assertIn('You are not allowed to see', said)
            self.assertIn('With the role "reader" in a project', said)

    def test_no_project(self):
        for cloud in ('unscoped', 'domain', 'system'):
            said = self.said(cloud)
            self.assertIn('The token is not for a project', said)
            self.assertIn('OS_PROJECT_NAME', said)


class _Older(http.server.BaseHTTPRequestHandler):
    """Answers as the class of the test says."""

    def do_GET(self):
        path = self.path.partition('?')[0]
        status, body = self.server.answers.get(
            path, (404, refusal(404, 'not-found', 'There is nothing.'))
        )
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        """Say nothing."""


def refusal(status, code, detail):
    return {
        'errors': [
            {
                'status': status,
                'code': f'stratometrics.{code}',
                'title': 'Title',
                'detail': detail,
                'request_id': 'req-1',
            }
        ]
    }


CAPABILITIES = {
    'resource_types': [],
    'units': 'seconds',
    'timezone': 'UTC',
    'granularities': [],
    'max_period_days': 1,
    'max_buckets': 1,
    'max_results': 1,
    'settling_time': 1,
}


class OlderTest(base.CommandTestCase):
    """Before a stand-in: a service of another release cannot be had."""

    @classmethod
    def clouds(cls, url):
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.older = http.server.ThreadingHTTPServer((ports.HOST, 0), _Older)
        stack.callback(cls.older.server_close)
        thread = threading.Thread(target=cls.older.serve_forever)
        thread.start()
        stack.callback(thread.join)
        stack.callback(cls.older.shutdown)
        return super().clouds(f'http://{ports.HOST}:{cls.older.server_port}')

    def said(self, status, body, **capabilities):
        self.older.answers = {
            '/v1/resources': (status, body),
            '/v1/': (200, {**CAPABILITIES, **capabilities}),
        }
        return self.refusal('alice', 'resource', 'list')

    def test_a_parameter_that_it_does_not_know(self):
        said = self.said(
            400,
            refusal(400, 'unknown-parameter', 'as_of is none.'),
            release='0.0.1',
        )
        own = version.version_info.release_string()
        self.assertIn('as_of is none. (req-1)', said)
        self.assertIn(
            f'The service is release 0.0.1, and this client {own}', said
        )

    def test_one_that_does_not_tell_its_release(self):
        for status, code in ((404, 'not-found'), (405, 'method-not-allowed')):
            said = self.said(status, refusal(status, code, 'No such thing.'))
            self.assertIn('No such thing.', said)
            self.assertIn('The service is older than this client', said)

    def test_an_answer_that_lacks_something(self):
        said = self.said(
            200,
            {'period': {'from': '2026-10-01T00:00:00Z'}},
            release='0.0.1',
        )
        self.assertIn('is not understood', said)
        self.assertIn('The service is release 0.0.1', said)

    def test_one_of_the_same_release_is_not_blamed(self):
        said = self.said(
            404,
            refusal(404, 'not-found', 'There is none.'),
            release=version.version_info.release_string(),
        )
        self.assertIn('There is none.', said)
        self.assertNotIn('release', said)

    def test_one_that_cannot_answer_now(self):
        said = self.said(
            503, refusal(503, 'unavailable', 'The storage is away.')
        )
        self.assertIn('The storage is away.', said)
        self.assertIn('Try again in a while', said)
