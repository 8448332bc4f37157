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
"""The client can ask all that the API describes, and nothing else."""

from collections.abc import Callable
import datetime
import inspect
import re
from typing import Any
from urllib import parse

from stratometrics.client import errors
from stratometrics.client import v1
from stratometrics.tests.unit.api import base as api
from stratometrics.tests.unit.client import base

AT = datetime.datetime(2026, 10, 1, tzinfo=datetime.UTC)

#: What only the links of pages ask with.
FOLLOWED = {'marker'}

PERIOD = {'begin': AT, 'end': AT, 'as_of': AT}
SCOPES = ({'project_ids': ['acme']}, {'all_projects': True})
COSTS = {
    'month': '2026-10',
    'granularity': '1d',
    'group_by': 'type',
    'equivalents': 'aws',
    **PERIOD,
}
LIVES = {'resource_types': ['volume'], 'page_size': 1, **PERIOD}
PREVIEW = {
    'month': '2026-10',
    'project_id': 'acme',
    'as_of': AT,
    'detail': True,
    'daily': True,
}

Call = Callable[[v1.Client], Any]

#: How each path is asked, with all that can be asked with.
CALLS: dict[tuple[str, str], list[Call]] = {
    ('/', 'GET'): [lambda client: client.versions()],
    ('/healthcheck', 'GET'): [lambda client: client.health()],
    ('/v1/', 'GET'): [lambda client: client.capabilities()],
    ('/v1/openapi.json', 'GET'): [lambda client: client.openapi()],
    ('/v1/coverage', 'GET'): [lambda client: client.coverage()],
    ('/v1/costs', 'GET'): [
        lambda client: client.costs(**COSTS, **SCOPES[0]),
        lambda client: client.costs_file(
            'focus-csv', focus_version='1.2', **COSTS, **SCOPES[1]
        ),
    ],
    ('/v1/resources', 'GET'): [
        lambda client: client.resources(**LIVES, **SCOPES[0]),
        lambda client: client.resources(names=['web'], **LIVES, **SCOPES[1]),
    ],
    ('/v1/resources/{id}/timeline', 'GET'): [
        lambda client: client.timeline('{id}', **LIVES, **SCOPES[0]),
        lambda client: client.timeline('{id}', **LIVES, **SCOPES[1]),
    ],
    ('/v1/prices', 'GET'): [
        lambda client: client.prices(
            as_of=AT,
            history=True,
            valid_at=AT,
            currencies=['EUR'],
            project_ids=['acme'],
            resource_types=['volume'],
        )
    ],
    ('/v1/prices', 'POST'): [
        lambda client: client.create_price({}),
        lambda client: client.create_prices([]),
    ],
    ('/v1/prices', 'PATCH'): [
        lambda client: client.revise_prices([], dry_run=True)
    ],
    ('/v1/prices/{id}', 'GET'): [
        lambda client: client.price('{id}', as_of=AT, history=True)
    ],
    ('/v1/prices/{id}', 'PATCH'): [
        lambda client: client.amend_price('{id}', {})
    ],
    ('/v1/prices/{id}', 'DELETE'): [
        lambda client: client.withdraw_price('{id}')
    ],
    ('/v1/statements', 'GET'): [
        lambda client: client.preview_statement(**PREVIEW),
        lambda client: client.preview_file('pdf', locale='fr', **PREVIEW),
        lambda client: client.statements(
            month='2026-10', page_size=1, **SCOPES[0]
        ),
        lambda client: client.statements(**SCOPES[1]),
    ],
    ('/v1/statements', 'POST'): [
        lambda client: client.issue_statement(
            '2026-10', 'acme', as_of=AT, allow_unpriced=True
        )
    ],
    ('/v1/statements/{number}', 'GET'): [
        lambda client: client.statement('{number}'),
        lambda client: client.statement_file('{number}', 'pdf', locale='fr'),
    ],
}


def of_usage(path: str, described: set[str]) -> list[Call]:
    """How a collection is asked, with filters by all its keys."""
    collection = path.rpartition('/')[2]
    excluded = {name.rstrip('!') for name in described if name[-1] == '!'}
    own = {'project_id', 'resource_type'}
    question = {
        'resource_types': ['volume'],
        'filters': dict.fromkeys(excluded - own, 'x'),
        'excluded': dict.fromkeys(excluded, 'x'),
        'group_by': ['type'],
        'granularity': '1d',
        'timezone': 'UTC',
        'compare_to': 'previous',
        'sort': ['usage'],
        'limit': 1,
        **PERIOD,
    }
    return [
        lambda client: client.usage(collection, **question, **SCOPES[0]),
        lambda client: client.usage_csv(collection, **question, **SCOPES[1]),
    ]


class TestRoutes(base.ClientTestCase, api.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.served = base.Server()
        self.addCleanup(self.served.close)
        self.asking = self.client_of(self.served.url)
        self.document = self.ask('/v1/openapi.json').json
        self.operations = {
            (path, method.upper()): operation
            for path, item in self.document['paths'].items()
            for method, operation in item.items()
        }

    def described(self, operation):
        """The names of the parameters of its query."""
        shared = self.document['components']['parameters']
        resolved = (
            shared[each['$ref'].rpartition('/')[2]] if '$ref' in each else each
            for each in operation['parameters']
        )
        return {each['name'] for each in resolved if each['in'] == 'query'}

    def calls(self, path, method, described):
        return CALLS.get((path, method)) or of_usage(path, described)

    def asked(self, call):
        """What a call sends: path, method and query."""
        self.served.asked.clear()
        self.served.answers = [base.refusal(404)]
        self.assertRaises(errors.NotFound, call, self.asking)
        [sent] = self.served.asked
        path, _, query = sent.path.partition('?')
        return (
            parse.unquote(path),
            sent.method,
            {name for name, _ in parse.parse_qsl(query)},
        )

    def test_each_operation_and_each_parameter(self):
        for (path, method), operation in self.operations.items():
            described = self.described(operation)
            names = set()
            with self.subTest(path=path, method=method):
                for call in self.calls(path, method, described):
                    there, way, given = self.asked(call)
                    self.assertEqual((path, method), (there, way))
                    names |= given
                self.assertEqual(described - FOLLOWED, names)

    def test_there_is_no_other_one(self):
        self.assertEqual(set(), set(CALLS) - set(self.operations))
        source = inspect.getsource(inspect.getmodule(type(self)))
        called = set(re.findall(r'client\.(\w+)\(', source))
        public = {
            name
            for name, _ in inspect.getmembers(v1.Client, inspect.isfunction)
            if not name.startswith('_')
        }
        self.assertEqual(public, called & public)

    def test_collections_are_asked_as_usage(self):
        collections = set(self.operations) - set(CALLS)
        self.assertIn(('/v1/instances', 'GET'), collections)
        self.assertEqual({'GET'}, {method for _, method in collections})
