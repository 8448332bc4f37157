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
"""/v1/prices: what it takes, and what it says."""

import dataclasses
import json
from unittest import mock

import webob

from stratometrics.model import instants
from stratometrics.model import prices
from stratometrics.pricing import documents
from stratometrics.rating import ledger
from stratometrics.storage import errors as storage_errors
from stratometrics.tests.unit.api import base

PRICE = {
    'resource_type': 'instance',
    'match': {'type': 'm1.small'},
    'price': '0.0250',
    'per': 'hour',
    'currency': 'EUR',
    'valid_from': '2026-10-01T00:00:00+02:00',
}
VOLUME = {
    'resource_type': 'volume',
    'measure': 'size_gib',
    'tiers': [{'up_to': '100', 'price': '0.10'}, {'price': '0.080'}],
    'per': 'month',
    'currency': 'USD',
    'valid_from': '2026-10-01T00:00:00Z',
    'valid_to': '2027-01-01T00:00:00Z',
}


class PricesTestCase(base.ApiTestCase):
    def send(
        self,
        method,
        path,
        body=None,
        token='admin',
        content_type='application/json',
    ):
        """Send a request with a body, which is JSON unless it is bytes."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = webob.Request.blank(
            path,
            method=method,
            body=b'' if body is None else raw,
            content_type=content_type,
            headers={'X-Auth-Token': token},
        )
        return request.get_response(self.application)

    def post(self, body, **more):
        return self.send('POST', '/v1/prices', body, **more)

    def created(self, body):
        """Create a price; give its id."""
        response = self.post(body)
        self.assertEqual(201, response.status_int, response.text)
        return response.json['id']

    def listed(self, token='admin', **parameters):
        """What a caller sees of the list."""
        response = self.ask('/v1/prices', token, **parameters)
        self.assertEqual(200, response.status_int, response.text)
        return response.json['prices']

    def types(self, token='admin', **parameters):
        return [
            each['resource_type'] for each in self.listed(token, **parameters)
        ]


class TestCreation(PricesTestCase):
    def test_one(self):
        response = self.post(PRICE)
        self.assertEqual(201, response.status_int, response.text)
        price = response.json
        self.assertEqual(
            f'http://localhost/v1/prices/{price["id"]}', response.location
        )
        self.assertEqual(
            {
                'id': price['id'],
                'resource_type': 'instance',
                'measure': '',
                'match': {'type': ['m1.small']},
                'project_id': '',
                'domain_id': '',
                'valid_from': '2026-09-30T22:00:00Z',
                'valid_to': None,
                'currency': 'EUR',
                'per': 'hour',
                'tiers': [{'price': '0.025'}],
                'tier_mode': 'graduated',
                'included': '0',
                'minimum': '0',
                'equivalents': {},
                'description': '',
            },
            price,
        )
        self.assertEqual([price], self.listed())
        self.assertEqual(price, self.ask(response.location, 'admin').json)
        [entry] = self.storage.entries
        self.assertEqual(
            (prices.Change.CREATED, 'admin-id', price['id']),
            (entry.change, entry.by, entry.price.id),
        )

    def test_what_is_shown_can_be_sent_back(self):
        shown = self.post(VOLUME).json
        self.send('DELETE', f'/v1/prices/{shown.pop("id")}')
        again = self.post(shown).json
        again.pop('id')
        self.assertEqual(shown, again)

    def test_several_at_once(self):
        response = self.post(
            {
                'currency': 'JPY',
                'prices': [
                    VOLUME,
                    {key: PRICE[key] for key in PRICE if key != 'currency'},
                ],
            }
        )
        self.assertEqual(201, response.status_int, response.text)
        self.assertNotIn('Location', response.headers)
        self.assertEqual(
            ['USD', 'JPY'],
            [price['currency'] for price in response.json['prices']],
        )
        self.assertEqual(1, len({each.at for each in self.storage.entries}))

    def test_all_or_none(self):
        for body, status, code, words in (
            (
                {'prices': [VOLUME, {**PRICE, 'price': 0.025}]},
                400,
                'invalid-body',
                ('prices[1].price: ', 'binary'),
            ),
            (
                {'prices': [VOLUME, {**PRICE, 'match': {'colour': 'red'}}]},
                400,
                'invalid-body',
                ('prices[1].match: ', "'colour'"),
            ),
            (
                {'prices': [PRICE, VOLUME, PRICE]},
                409,
                'conflict',
                ('new price (instance, type m1.small',),
            ),
        ):
            with self.subTest(words):
                detail = self.assert_error(self.post(body), status, code)
                for word in words:
                    self.assertIn(word, detail)
                self.assertEqual([], self.storage.entries)

    def test_a_conflict_names_the_other_price(self):
        first = self.created(PRICE)
        detail = self.assert_error(
            self.post({**PRICE, 'valid_from': '2027-01-01T00:00:00Z'}),
            409,
            'conflict',
        )
        self.assertIn(f'price {first} ', detail)
        self.assertEqual([first], [price['id'] for price in self.listed()])

    def test_what_is_malformed(self):
        for body, words in (
            (b'', 'no JSON'),
            (b'{', 'no JSON'),
            (b'\xff', 'no JSON'),
            (b'[' * 50_000, 'no JSON'),
            (b'{"price": ' + b'1' * 5000 + b'}', 'no JSON'),
            (b'{"per": "hour", "per": "month"}', "'per' comes twice"),
            ([], 'expected a mapping'),
            (None, 'no JSON'),
            ({**PRICE, 'colour': 'red'}, "unknown key 'colour'"),
            ({**PRICE, 'id': 'mine'}, "unknown key 'id'"),
            ({**PRICE, 'price': 0.025}, 'price: expected a string'),
            ({**PRICE, 'price': float('nan')}, 'price: expected a string'),
            ({**PRICE, 'price': '-1'}, 'price: must not be negative'),
            ({**PRICE, 'resource_type': 'x'}, 'resource_type: '),
            ({**PRICE, 'description': '\ud800'}, 'description: '),
            ({'prices': PRICE}, 'prices: expected a list'),
            ({'prices': [], **PRICE}, 'unknown key'),
        ):
            with self.subTest(words=words):
                response = self.post(body)
                detail = self.assert_error(response, 400, 'invalid-body')
                self.assertIn(words, detail)
        self.assertEqual([], self.storage.entries)

    def test_other_media_types(self):
        for content_type in (
            '',
            'text/yaml',
            'application/x-www-form-urlencoded',
        ):
            with self.subTest(content_type):
                self.assert_error(
                    self.post(PRICE, content_type=content_type),
                    415,
                    'unsupported-media-type',
                )
        charset = 'application/json; charset=UTF-8'
        response = self.post(PRICE, content_type=charset)
        self.assertEqual(201, response.status_int, response.text)

    def test_a_body_that_is_too_large(self):
        response = self.post(b' ' * 200_000)
        self.assert_error(response, 413, 'request-entity-too-large')

    def test_no_parameters(self):
        response = self.send('POST', '/v1/prices?dry_run=true', PRICE)
        self.assert_error(response, 400, 'unknown-parameter')

    def test_somebody_else_is_at_it(self):
        self.storage.leased = True
        with (
            mock.patch.object(ledger, '_PATIENCE', 0.01),
            mock.patch.object(ledger, '_PAUSE', 0.01),
        ):
            response = self.post(PRICE)
        self.assert_error(response, 503, 'unavailable')
        self.assertEqual('1', response.headers['Retry-After'])
        self.assertEqual([], self.storage.entries)

    def test_the_right_is_given_back(self):
        self.created(PRICE)
        self.assertFalse(self.storage.leased)
        away = storage_errors.StorageUnavailable('away')
        with mock.patch.object(
            self.storage, 'record_prices', side_effect=away
        ):
            response = self.post(VOLUME)
        self.assert_error(response, 503, 'unavailable')
        self.assertFalse(self.storage.leased)

    def test_what_cannot_be_done_waits_for_nobody(self):
        self.created(PRICE)
        self.storage.leased = True
        with mock.patch.object(ledger, '_PATIENCE', 0):
            self.assert_error(self.post(PRICE), 409, 'conflict')
            response = self.send('DELETE', '/v1/prices/none', None)
            self.assert_error(response, 404, 'not-found')

    def test_what_is_done_is_done(self):
        # The storage goes away in between.
        away = storage_errors.StorageUnavailable('away')
        with mock.patch.object(base.MemoryLease, 'release', side_effect=away):
            self.created(PRICE)
        self.assertEqual(1, len(self.storage.entries))


class TestAmendment(PricesTestCase):
    def setUp(self):
        super().setUp()
        self.path = f'/v1/prices/{self.created(VOLUME)}'

    def amend(self, body, **more):
        return self.send('PATCH', self.path, body, **more)

    def test_end_and_description(self):
        response = self.amend({'valid_to': None, 'description': 'Disk'})
        self.assertEqual(200, response.status_int, response.text)
        self.assertEqual(
            (None, 'Disk'),
            (response.json['valid_to'], response.json['description']),
        )
        self.assertEqual([response.json], self.listed())
        self.assertEqual(
            prices.Change.AMENDED, self.storage.entries[-1].change
        )

    def test_nothing_changes_nothing(self):
        self.amend({'description': ''})
        self.assertEqual(1, len(self.storage.entries))

    def test_what_cannot_be_amended(self):
        for body, words in (
            ({'tiers': []}, "unknown key 'tiers'; expected valid_to"),
            ({}, 'valid_to or description'),
            (
                {'valid_to': '2026-10-01T00:00:00Z'},
                'valid_to: must be later than valid_from',
            ),
            ({'valid_to': '2026-11-01T00:00:00'}, 'valid_to: '),
        ):
            with self.subTest(words):
                detail = self.assert_error(
                    self.amend(body), 400, 'invalid-body'
                )
                self.assertIn(words, detail)

    def test_into_the_time_of_the_next_one(self):
        following = self.created(
            {**VOLUME, 'valid_from': VOLUME['valid_to'], 'valid_to': None}
        )
        detail = self.assert_error(
            self.amend({'valid_to': '2027-01-01T00:00:00.000001Z'}),
            409,
            'conflict',
        )
        self.assertIn(following, detail)
        ended = self.amend({'valid_to': '2026-12-01T00:00:00Z'})
        self.assertEqual(200, ended.status_int)

    def test_of_none(self):
        response = self.send('PATCH', '/v1/prices/x', {'valid_to': None})
        self.assert_error(response, 404, 'not-found')


class TestWithdrawal(PricesTestCase):
    def test_it_is_as_if_it_had_never_been(self):
        path = f'/v1/prices/{self.created(PRICE)}'
        response = self.send('DELETE', path)
        self.assertEqual((204, b''), (response.status_int, response.body))
        self.assertEqual([], self.listed())
        for method in ('GET', 'DELETE'):
            self.assert_error(self.send(method, path), 404, 'not-found')
        self.created(PRICE)


class TestQuestions(PricesTestCase):
    def setUp(self):
        super().setUp()
        self.created(PRICE)
        self.created(VOLUME)

    def test_filters(self):
        acme = {**PRICE, 'resource_type': 'image', 'project_id': 'acme'}
        self.created({**acme, 'match': {}})
        every = ['image', 'instance', 'volume']
        for parameters, expected in (
            ({}, every),
            ({'resource_type': 'volume'}, ['volume']),
            ({'resource_type': ['volume', 'image']}, ['image', 'volume']),
            ({'currency': 'EUR'}, ['image', 'instance']),
            ({'project_id': 'acme'}, ['image']),
            ({'project_id': 'globex'}, []),
            ({'valid_at': '2026-09-30T21:59:59.999999Z'}, []),
            ({'valid_at': '2026-09-30T22:00:00Z'}, ['image', 'instance']),
            ({'valid_at': '2026-12-31T23:59:59.999999Z'}, every),
            ({'valid_at': '2027-01-01T00:00:00Z'}, ['image', 'instance']),
            ({'resource_type': 'image', 'currency': 'USD'}, []),
        ):
            with self.subTest(parameters):
                self.assertEqual(expected, self.types(**parameters))

    def test_as_of(self):
        old = dataclasses.replace(
            self.storage.entries[0],
            at=instants.parse('2026-10-05T00:00:00Z'),
        )
        self.storage.entries[0] = old
        path = f'/v1/prices/{self.storage.entries[1].price.id}'
        as_of = '2026-10-05T00:00:00Z'
        response = self.ask('/v1/prices', 'admin', as_of=as_of)
        self.assertEqual(as_of, response.json['as_of'])
        self.assertEqual(
            ['instance'],
            [price['resource_type'] for price in response.json['prices']],
        )
        self.assertEqual(200, self.ask(path, 'admin').status_int)
        response = self.ask(path, 'admin', as_of=as_of)
        self.assert_error(response, 404, 'not-found')
        response = self.ask(
            '/v1/prices', 'admin', as_of='2026-10-04T23:59:59.999999Z'
        )
        self.assertEqual([], response.json['prices'])
        for asked in ('/v1/prices', path):
            response = self.ask(asked, 'admin', as_of='2100-01-01T00:00:00Z')
            self.assert_error(response, 400, 'invalid-parameter')

    def test_history(self):
        [volume] = self.listed(resource_type='volume')
        path = f'/v1/prices/{volume["id"]}'
        self.send('PATCH', path, {'description': 'Disk'})
        of_one = self.ask(path, 'admin', history='true').json['history']
        self.assertEqual(
            [('created', 'admin-id', ''), ('amended', 'admin-id', 'Disk')],
            [
                (each['change'], each['by'], each['price']['description'])
                for each in of_one
            ],
        )
        self.send('DELETE', path)
        response = self.ask(
            '/v1/prices', 'admin', history='true', resource_type='volume'
        )
        self.assertEqual([], response.json['prices'])
        self.assertEqual(
            ['created', 'amended', 'withdrawn'],
            [each['change'] for each in response.json['history']],
        )
        times = [each['at'] for each in response.json['history']]
        self.assertEqual(times, sorted(set(times)))
        self.assertNotIn('history', self.ask('/v1/prices', 'admin').json)

    def test_what_is_not_understood(self):
        for parameters, code in (
            ({'colour': 'red'}, 'unknown-parameter'),
            ({'valid_at': '2026-10-01'}, 'invalid-parameter'),
            ({'history': 'perhaps'}, 'invalid-parameter'),
            ({'currency': ''}, 'invalid-parameter'),
        ):
            with self.subTest(parameters):
                response = self.ask('/v1/prices', 'admin', **parameters)
                self.assert_error(response, 400, code)
        [first, _] = self.listed()
        response = self.ask(f'/v1/prices/{first["id"]}?currency=EUR', 'admin')
        self.assert_error(response, 400, 'unknown-parameter')

    def test_no_storage(self):
        self.storage.failure = storage_errors.StorageUnavailable('away')
        response = self.ask('/v1/prices', 'admin')
        self.assert_error(response, 503, 'unavailable')


class TestWhoMay(PricesTestCase):
    def setUp(self):
        super().setUp()
        self.created(PRICE)
        for scope in (
            {'project_id': 'acme'},
            {'project_id': 'globex'},
            {'domain_id': 'default'},
            {'domain_id': 'other'},
        ):
            self.created({**PRICE, **scope})

    def seen(self, token, **parameters):
        return {
            price['project_id'] or price['domain_id']
            for price in self.listed(token, **parameters)
        }

    def test_read(self):
        every = {'', 'acme', 'globex', 'default', 'other'}
        for token, expected in (
            ('alice', {'', 'acme', 'default'}),
            ('bob', {'', 'globex', 'default'}),
            ('admin', every),
            ('billing', every),
            ('system-admin', every),
        ):
            with self.subTest(token):
                self.assertEqual(expected, self.seen(token))
        self.assertEqual({'acme'}, self.seen('alice', project_id='acme'))
        for token, code in (
            ('member', 'forbidden'),
            ('eve', 'no-project'),
            ('system-reader', 'no-project'),
        ):
            with self.subTest(token):
                response = self.ask('/v1/prices', token)
                status = 403 if code == 'forbidden' else 400
                self.assert_error(response, status, code)
        response = self.ask('/v1/prices?project_id=globex', 'alice')
        self.assert_error(response, 403, 'forbidden')

    def test_who_does_not_see_all_is_not_told_of_changes(self):
        self.assertEqual(
            len(self.storage.entries),
            self.ask('/v1/prices', 'admin').json['generation'],
        )
        earlier = self.ask('/v1/prices', 'admin', as_of='2026-10-05T00:00:00Z')
        for told in (self.ask('/v1/prices', 'alice'), earlier):
            self.assertEqual(200, told.status_int, told.text)
            self.assertNotIn('generation', told.json)

    def test_what_one_may_not_see_is_not_there(self):
        for price in self.listed():
            owner = price['project_id'] or price['domain_id']
            with self.subTest(owner):
                response = self.ask(f'/v1/prices/{price["id"]}', 'alice')
                if owner in ('', 'acme', 'default'):
                    self.assertEqual(price, response.json)
                else:
                    self.assert_error(response, 404, 'not-found')

    def test_history_is_not_for_all(self):
        [price] = self.listed(project_id='acme')
        for path in ('/v1/prices', f'/v1/prices/{price["id"]}'):
            response = self.ask(path, 'alice', history='true')
            self.assert_error(response, 403, 'forbidden')

    def test_write(self):
        path = f'/v1/prices/{self.listed()[0]["id"]}'
        entries = list(self.storage.entries)
        for token in ('alice', 'member', 'billing', 'eve', 'system-reader'):
            for method, where, body in (
                ('POST', '/v1/prices', VOLUME),
                ('POST', '/v1/prices', b'{'),
                ('PATCH', path, {'valid_to': None}),
                ('PATCH', '/v1/prices/x', {'valid_to': None}),
                ('DELETE', path, None),
                ('DELETE', '/v1/prices/x', None),
            ):
                with self.subTest(token=token, method=method, where=where):
                    response = self.send(method, where, body, token)
                    self.assert_error(response, 403, 'forbidden')
        self.assertEqual(entries, self.storage.entries)
        for token in ('admin', 'system-admin'):
            response = self.send('PATCH', path, {'description': token}, token)
            self.assertEqual(200, response.status_int, response.text)

    def test_rules_of_their_own(self):
        (self.folder / 'policy.yaml').write_text(
            '"price:create": "role:reader"\n"price:get_all": "!"\n'
        )
        self.assertEqual(201, self.post(VOLUME, token='alice').status_int)
        self.assert_error(
            self.ask('/v1/prices?history=true', 'admin'), 403, 'forbidden'
        )


class TestLedger(PricesTestCase):
    """What the API cannot be brought to show."""

    def test_time_does_not_go_back(self):
        clock = iter([1000, 900, 900])
        kept = ledger.Ledger(self.storage, now=lambda: next(clock))
        first, second = (
            documents.read_price(body) for body in (PRICE, VOLUME)
        )
        [added] = kept.add([first], 'me')
        kept.add([second], 'me')
        kept.withdraw(added.id, 'me')
        self.assertEqual(
            [1000, 1001, 1002], [entry.at for entry in self.storage.entries]
        )
