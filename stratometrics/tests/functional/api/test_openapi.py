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
"""The API is as it describes itself, whatever it is asked."""

import decimal
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Any

import requests
import schemathesis

from stratometrics.model import prices
from stratometrics.tests import priced
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_usage

DAY = test_usage.DAY
OCTOBER = test_usage.OCTOBER
event = test_usage.event

PATH = '/v1/openapi.json'
MONTH = {'month': '2026-10'}
PERIOD = test_usage.PERIOD

#: Of all collections, which are alike, only this one is asked about each
#: value that its parameters can have; all others are asked at random.
REPRESENTATIVE = '/v1/images'
#: How often at random.
EXAMPLES = 5

CHECKS = (
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_headers_conformance',
    'response_schema_conformance',
    'negative_data_rejection',
    'unsupported_method',
)

#: The token is not written down.
CONFIG = """\
headers = {{ X-Auth-Token = "${{TOKEN}}" }}

[generation]
deterministic = true
max-examples = {examples}

[phases.examples]
enabled = false

[phases.stateful]
enabled = false

[checks]
# Too long an address is refused before anybody looks what is in it.
negative_data_rejection.expected-statuses = [
    400, 401, 403, 404, 405, 406, 409, 413, 414, 415
]

[[operations]]
include-path = {at_random}
phases.coverage.enabled = false
"""


class OpenAPITest(base.SharedServerTestCase):
    @classmethod
    def fill(cls):
        globex = base.project_id('bob', 'globex')
        small = {'type': 'm1.small', 'measures': {'vcpus': 2}}
        cls.storage.write_events(
            [
                event('web', -40 * DAY, 1, name='web', **small),
                event('web', 2 * DAY, 2, 'stopped', name='web', **small),
                event('web', 9 * DAY, 3, 'deleted', name='web', **small),
                event('web', 10 * DAY, 4, name='web', **small),
                event('disk', DAY, 5, resource_type='volume', type='ceph'),
                event('other', 0, 6, project_id=globex, **small),
            ],
            received_at=OCTOBER + 10 * DAY,
        )
        cls.storage.record_prices(
            [
                priced.created(
                    priced.price(
                        'small',
                        match={'type': ('m1.small',)},
                        valid_from=0,
                        tiers=(
                            prices.Tier(
                                decimal.Decimal('0.02'), decimal.Decimal(100)
                            ),
                            prices.Tier(decimal.Decimal('0.01')),
                        ),
                        included=decimal.Decimal(7),
                        equivalents={
                            'aws': prices.Equivalent(
                                't3a.medium', decimal.Decimal('0.0397')
                            )
                        },
                    ),
                    OCTOBER - 90 * DAY,
                )
            ]
        )

    def document(self) -> dict[str, Any]:
        return self.get(PATH, base.admin()).json()


class TestWhateverIsAsked(OpenAPITest):
    def test_by_an_administrator(self):
        paths = self.document()['paths']
        usage = paths['/v1/usage']['get']['x-openstack-policies']
        self.ask_whatever(
            base.admin(),
            [
                path
                for path, item in paths.items()
                if path != REPRESENTATIVE
                and item.get('get', {}).get('x-openstack-policies') == usage
            ],
        )

    def test_by_a_reader(self):
        self.ask_whatever(base.alice(), list(self.document()['paths']))

    def ask_whatever(self, token: str, at_random: list[str]) -> None:
        """Ask at random, and about each value that a parameter can have.

        :param at_random: paths that are asked in the first way only.
        """
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / 'schemathesis.toml'
            config.write_text(
                CONFIG.format(
                    at_random=json.dumps(at_random), examples=EXAMPLES
                )
            )
            done = subprocess.run(
                [
                    sys.executable,
                    *('-m', 'schemathesis.cli'),
                    *('--config-file', str(config), 'run'),
                    *('--checks', ','.join(CHECKS)),
                    *('--suppress-health-check', 'all'),
                    *('--request-timeout', '30', '--no-color'),
                    self.server.url + PATH,
                ],
                cwd=folder,
                env={**os.environ, 'TOKEN': token},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
            )
        self.assertEqual(0, done.returncode, done.stdout)
        # It may leave out where the document is.
        number = sum(map(len, self.document()['paths'].values())) - 1
        [tested] = re.findall('Tested: ([0-9]+)', done.stdout)
        self.assertLessEqual(number, int(tested))


class TestAnswers(OpenAPITest):
    """What chance does not find: answers with much in them."""

    def setUp(self):
        super().setUp()
        self.schema = schemathesis.openapi.from_dict(self.document())

    def ask(
        self,
        path: str,
        described: str = '',
        method: str = 'GET',
        headers: dict[str, str] | None = None,
        json: Any = None,
        **params: str,
    ) -> requests.Response:
        """See that an answer is as it is described.

        :param described: the path in the document, if it is another one.
        """
        response = requests.request(
            method,
            self.server.url + path,
            params=params,
            json=json,
            headers={'X-Auth-Token': base.admin(), **(headers or {})},
            timeout=30,
        )
        self.assertLess(response.status_code, 400, response.text)
        operation = self.schema[described or path][method]
        try:
            operation.validate_response(response)
        except BaseExceptionGroup as failures:
            # It is none that a test may end with.
            self.fail('\n'.join(map(str, failures.exceptions)))
        told = operation.definition.raw['responses']
        self.assertIn(str(response.status_code), told)
        return response

    def test_what_needs_no_token(self):
        for path in ('/', '/healthcheck', '/v1/', PATH, '/v1/coverage'):
            self.ask(path)

    def test_usage(self):
        for path in ('/v1/usage', '/v1/instances', '/v1/object-requests'):
            asked = {**PERIOD, 'all_projects': 'true'}
            found = self.ask(
                path, **asked, group_by='project_id,state,user_id'
            )
            self.ask(path, **asked, granularity='1d')
            self.ask(path, **asked, compare_to='previous', sort='-usage')
            self.ask(path, **asked, as_of='2026-10-20T00:00:00Z', limit='1')
        self.assertEqual([], found.json()['results'])

    def test_resources(self):
        asked = {**PERIOD, 'all_projects': 'true'}
        found = self.ask('/v1/resources', **asked, limit='1').json()
        self.assertTrue(found['resources'])
        self.assertTrue(found['links'])
        found = self.ask(
            '/v1/resources/web/timeline',
            '/v1/resources/{id}/timeline',
            **asked,
            as_of='2026-10-20T00:00:00Z',
        ).json()
        self.assertTrue(found['intervals'])
        self.assertTrue(found['void'])

    def test_prices(self):
        found = self.ask('/v1/prices', history='true').json()
        self.assertTrue(found['history'])
        self.ask('/v1/prices/small', '/v1/prices/{id}', history='true')
        price = {
            'resource_type': 'volume',
            'per': 'month',
            'currency': 'EUR',
            'valid_from': '2026-01-01T00:00:00Z',
            'price': '1.00',
        }
        added = self.ask('/v1/prices', method='POST', json=price).json()
        path = f'/v1/prices/{added["id"]}'
        for method, body in (
            ('PATCH', {'valid_to': '2026-09-01T00:00:00Z'}),
            ('DELETE', None),
        ):
            self.ask(path, '/v1/prices/{id}', method, json=body)
        self.ask('/v1/prices', method='POST', json={'prices': [price]})

    def test_changes_of_prices(self):
        wanted = [
            {'change': 'amended', 'id': 'small', 'description': 'Small'},
            {
                'change': 'created',
                'price': {
                    'resource_type': 'image',
                    'per': 'month',
                    'currency': 'EUR',
                    'valid_from': '2026-01-01T00:00:00Z',
                    'price': '1.00',
                },
            },
        ]
        for dry_run in ('true', 'false'):
            done = self.ask(
                '/v1/prices',
                method='PATCH',
                json={'changes': wanted},
                dry_run=dry_run,
            ).json()
        [_, created] = done['changes']
        withdrawn = {'change': 'withdrawn', 'id': created['price']['id']}
        self.ask('/v1/prices', method='PATCH', json={'changes': [withdrawn]})

    def test_costs(self):
        asked = {**MONTH, 'all_projects': 'true'}
        found = self.ask('/v1/costs', **asked, equivalent='aws').json()
        self.assertTrue(found['totals'])
        self.assertTrue(found['unpriced'])
        self.ask('/v1/costs', **asked, granularity='1w', group_by='project_id')
        self.ask('/v1/costs', **asked, format='focus-csv')

    def test_statements(self):
        acme = base.project_id('alice', 'acme')
        asked = {**MONTH, 'project_id': acme}
        found = self.ask(
            '/v1/statements', **asked, detail='true', daily='true'
        )
        statement = found.json()['statement']
        for name in ('lines', 'unpriced', 'daily', 'totals'):
            self.assertTrue(statement[name], name)
        for form in ('csv', 'html'):
            self.ask('/v1/statements', **asked, format=form)
        order = {**asked, 'allow_unpriced': True}
        statuses = [
            self.ask('/v1/statements', method='POST', json=order).status_code
            for _ in range(2)
        ]
        self.assertEqual([201, 200], statuses)
        self.ask('/v1/statements', **MONTH, all_projects='true')
        path = f'/v1/statements/2026-10-{acme}'
        described = '/v1/statements/{number}'
        found = self.ask(path, described)
        again = self.ask(
            path,
            described,
            headers={'If-None-Match': found.headers['ETag']},
        )
        self.assertEqual(304, again.status_code)

    def test_the_document_may_be_kept(self):
        kept = {'If-None-Match': self.ask(PATH).headers['ETag']}
        self.assertEqual(304, self.ask(PATH, headers=kept).status_code)
