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
"""The price list, before a real Keystone and in a real ClickHouse."""

from typing import Any

import requests

from stratometrics.model import timestamps
from stratometrics.tests.functional.api import base

PRICE = {
    'resource_type': 'instance',
    'match': {'type': ['m1.small', "it's"], 'state': 'active'},
    'measure': 'vcpus',
    'tiers': [
        {'up_to': '100', 'price': '0.10'},
        {'price': '0.000000000001'},
    ],
    'tier_mode': 'volume',
    'included': '10',
    'minimum': '0.5',
    'equivalents': {'aws': {'name': 't3a.medium', 'price': '0.0397'}},
    'description': 'Kleiner Server – günstig',
    'per': 'hour',
    'currency': 'EUR',
    'valid_from': '2026-10-01T00:00:00.000001+02:00',
    'valid_to': '2027-01-01T00:00:00+01:00',
}


class PricesTestCase(base.ServerTestCase):
    def send(
        self, method: str, path: str, as_token: str, body: Any = None
    ) -> requests.Response:
        return requests.request(
            method,
            self.server.url + path,
            json=body,
            headers={'X-Auth-Token': as_token},
            timeout=30,
        )

    def create(self, **changes: Any) -> dict[str, Any]:
        response = self.send(
            'POST', '/v1/prices', base.admin(), {**PRICE, **changes}
        )
        self.assertEqual(201, response.status_code, response.text)
        return response.json()

    def listed(self, token: str, **params: str) -> list[dict[str, Any]]:
        response = self.get('/v1/prices', token, params)
        self.assertEqual(200, response.status_code, response.text)
        return response.json()['prices']


class TestPrices(PricesTestCase):
    def test_the_life_of_a_price(self) -> None:
        response = self.send('POST', '/v1/prices', base.admin(), PRICE)
        self.assertEqual(201, response.status_code, response.text)
        price = response.json()
        self.assertEqual(
            {
                'id': price['id'],
                'resource_type': 'instance',
                'measure': 'vcpus',
                'match': {
                    'state': ['active'],
                    'type': ["it's", 'm1.small'],
                },
                'project_id': '',
                'domain_id': '',
                'valid_from': '2026-09-30T22:00:00.000001Z',
                'valid_to': '2026-12-31T23:00:00Z',
                'currency': 'EUR',
                'per': 'hour',
                'tiers': [
                    {'up_to': '100', 'price': '0.1'},
                    {'price': '0.000000000001'},
                ],
                'tier_mode': 'volume',
                'included': '10',
                'minimum': '0.5',
                'equivalents': {
                    'aws': {'name': 't3a.medium', 'price': '0.0397'}
                },
                'description': 'Kleiner Server – günstig',
            },
            price,
        )
        path = f'/v1/prices/{price["id"]}'
        self.assertEqual(self.server.url + path, response.headers['Location'])
        self.assertEqual(price, self.get(path, base.alice()).json())

        detail = self.assert_error(
            self.send('POST', '/v1/prices', base.admin(), PRICE),
            409,
            'conflict',
        )
        self.assertIn(price['id'], detail)

        response = self.send(
            'PATCH', path, base.admin(), {'valid_to': None, 'description': ''}
        )
        amended = {**price, 'valid_to': None, 'description': ''}
        self.assertEqual(amended, response.json())
        self.assertEqual([amended], self.listed(base.alice()))

        response = self.send('DELETE', path, base.admin())
        self.assertEqual(204, response.status_code, response.text)
        self.assertEqual('', response.text)
        self.assertEqual([], self.listed(base.alice()))
        self.assert_error(self.get(path, base.admin()), 404, 'not-found')

        history = self.get(
            '/v1/prices', base.admin(), {'history': 'true'}
        ).json()['history']
        self.assertEqual(
            [('created', price), ('amended', amended), ('withdrawn', amended)],
            [(each['change'], each['price']) for each in history],
        )
        admin_id = base.keystone().session('admin', 'admin').get_user_id()
        self.assertEqual({admin_id}, {each['by'] for each in history})

    def test_who_may_see_what(self) -> None:
        session = base.keystone().session('alice', 'acme')
        acme = session.get_project_id()
        self.create(description='all')
        self.create(description='acme', project_id=acme)
        self.create(
            description='globex', project_id=base.project_id('bob', 'globex')
        )
        self.create(description='domain', domain_id='default')
        self.create(description='other', domain_id='other')
        for name, token, expected in (
            ('alice', base.alice(), {'all', 'acme', 'domain'}),
            ('bob', base.bob(), {'all', 'globex', 'domain'}),
            (
                'admin',
                base.admin(),
                {'all', 'acme', 'globex', 'domain', 'other'},
            ),
            (
                'billing',
                base.token('billing', 'service'),
                {'all', 'acme', 'globex', 'domain', 'other'},
            ),
        ):
            with self.subTest(name):
                self.assertEqual(
                    expected,
                    {each['description'] for each in self.listed(token)},
                )
        [own] = self.listed(base.alice(), project_id=acme)
        self.assertEqual('acme', own['description'])
        self.assert_error(
            self.get('/v1/prices', base.bob(), {'project_id': acme}),
            403,
            'forbidden',
        )
        path = f'/v1/prices/{own["id"]}'
        self.assertEqual(own, self.get(path, base.alice()).json())
        self.assert_error(self.get(path, base.bob()), 404, 'not-found')
        stranger = base.token('eve', None)
        for where in ('/v1/prices', path):
            self.assert_error(self.get(where, stranger), 400, 'no-project')
            self.assert_error(self.get(where), 401, 'unauthorized')
        for token in (base.alice(), base.token('billing', 'service')):
            for method, where, body in (
                ('POST', '/v1/prices', PRICE),
                ('PATCH', path, {'valid_to': None}),
                ('DELETE', path, None),
            ):
                with self.subTest(method):
                    response = self.send(method, where, token, body)
                    self.assert_error(response, 403, 'forbidden')
        self.assert_error(
            self.get('/v1/prices', base.alice(), {'history': 'true'}),
            403,
            'forbidden',
        )

    def test_a_body_that_is_no_price(self) -> None:
        for body, detail in (
            ({**PRICE, 'included': 0.5}, 'included: expected a string'),
            ({'prices': [PRICE, {}]}, 'prices[1]: expected either'),
        ):
            with self.subTest(detail):
                response = self.send('POST', '/v1/prices', base.admin(), body)
                told = self.assert_error(response, 400, 'invalid-body')
                self.assertIn(detail, told)
        response = self.send(
            'POST', '/v1/prices', base.admin(), {'description': 'x' * 200_000}
        )
        self.assert_error(response, 413, 'request-entity-too-large')


class TestChanges(PricesTestCase):
    """Several changes at once."""

    def change(
        self, *changes: dict[str, Any], query: str = ''
    ) -> requests.Response:
        return self.send(
            'PATCH',
            f'/v1/prices{query}',
            base.admin(),
            {'changes': changes},
        )

    def test_a_price_rise(self) -> None:
        """What is in force ends, and what was planned makes room."""
        rise = '2026-11-30T23:00:00Z'
        current = self.create(description='current')
        planned = self.create(
            description='planned', valid_from=PRICE['valid_to'], valid_to=None
        )
        before = self.listed(base.admin())
        changes = (
            {
                'change': 'created',
                'price': {**PRICE, 'valid_from': rise, 'valid_to': None},
            },
            {'change': 'amended', 'id': current['id'], 'valid_to': rise},
            {'change': 'withdrawn', 'id': planned['id']},
        )
        rehearsed = self.change(*changes, query='?dry_run=true')
        self.assertEqual(200, rehearsed.status_code, rehearsed.text)
        self.assertEqual(before, self.listed(base.admin()))

        response = self.change(*changes)
        self.assertEqual(200, response.status_code, response.text)
        done = response.json()['changes']
        created = done[0]['price']
        amended = {**current, 'valid_to': rise}
        self.assertEqual(
            [
                {'change': 'created', 'price': created},
                {'change': 'amended', 'price': amended},
                {'change': 'withdrawn', 'price': planned},
            ],
            done,
        )
        self.assertEqual(
            [{'change': 'created', 'price': {**created, 'id': ''}}, *done[1:]],
            rehearsed.json()['changes'],
        )
        self.assertEqual([amended, created], self.listed(base.admin()))
        history = self.get(
            '/v1/prices', base.admin(), {'history': 'true'}
        ).json()['history'][2:]
        self.assertEqual(
            sorted(each['change'] for each in done),
            sorted(each['change'] for each in history),
        )
        self.assertEqual(1, len({each['at'] for each in history}))

    def test_one_that_cannot_be_made_leaves_all_undone(self) -> None:
        price = self.create()
        path = f'/v1/prices/{price["id"]}'
        amended = {'change': 'amended', 'id': price['id'], 'valid_to': None}
        for other, status, code, words in (
            (
                {'change': 'withdrawn', 'id': 'x'},
                *(400, 'invalid-body', "changes[1].id: there is no price 'x'"),
            ),
            (
                {'change': 'created', 'price': PRICE},
                *(409, 'conflict', price['id']),
            ),
        ):
            for query in ('', '?dry_run=true'):
                with self.subTest(code, query=query):
                    told = self.assert_error(
                        self.change(amended, other, query=query), status, code
                    )
                    self.assertIn(words, told)
                    self.assertEqual(
                        price, self.get(path, base.admin()).json()
                    )

    def test_no_changes(self) -> None:
        response = self.change()
        self.assertEqual(200, response.status_code, response.text)
        self.assertEqual({'changes': []}, response.json())


class TestEarlierLists(PricesTestCase):
    def start(self) -> None:
        self.server.configure(api='settling_time = 0')
        super().start()

    def test_the_list_as_of_a_time(self) -> None:
        before = timestamps.isoformat(timestamps.now())
        price = self.create()
        path = f'/v1/prices/{price["id"]}'
        [entry] = self.storage.price_entries()
        created = timestamps.isoformat(entry.at)
        self.send('DELETE', path, base.admin())
        self.assertEqual([], self.listed(base.admin()))
        for as_of, expected in ((before, []), (created, [price])):
            with self.subTest(as_of):
                self.assertEqual(
                    expected, self.listed(base.admin(), as_of=as_of)
                )
        response = self.get(path, base.admin(), {'as_of': created})
        self.assertEqual(price, response.json())
