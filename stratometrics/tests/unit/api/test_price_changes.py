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
"""PATCH /v1/prices: several changes at once."""

from unittest import mock

from stratometrics.model import prices
from stratometrics.rating import ledger
from stratometrics.tests.unit.api import test_prices

PRICE = test_prices.PRICE
VOLUME = test_prices.VOLUME
IMAGE = {**PRICE, 'resource_type': 'image', 'match': {}}
LATER = '2027-01-01T00:00:00Z'


def create(price):
    return {'change': 'created', 'price': price}


def amend(price_id, **changed):
    return {'change': 'amended', 'id': price_id, **changed}


def withdraw(price_id):
    return {'change': 'withdrawn', 'id': price_id}


class ChangesTestCase(test_prices.PricesTestCase):
    def setUp(self):
        super().setUp()
        self.instance = self.created(PRICE)
        self.volume = self.created(VOLUME)
        self.before = self.listed()
        self.entries = list(self.storage.entries)

    def change(self, *changes, query='', **more):
        return self.send(
            'PATCH', f'/v1/prices{query}', {'changes': changes}, **more
        )

    def assert_untouched(self):
        self.assertEqual(self.entries, self.storage.entries)


class TestChanges(ChangesTestCase):
    def test_one_of_each(self):
        response = self.change(
            create(IMAGE),
            amend(self.instance, valid_to=LATER, description='Small'),
            withdraw(self.volume),
        )
        self.assertEqual(200, response.status_int, response.text)
        created, amended, withdrawn = response.json['changes']
        [instance, volume] = self.before
        self.assertEqual(
            {
                'change': 'amended',
                'price': {
                    **instance,
                    'valid_to': LATER,
                    'description': 'Small',
                },
            },
            amended,
        )
        self.assertEqual({'change': 'withdrawn', 'price': volume}, withdrawn)
        self.assertEqual('created', created['change'])
        self.assertTrue(created['price']['id'])
        self.assertEqual([created['price'], amended['price']], self.listed())
        done = self.storage.entries[len(self.entries) :]
        self.assertEqual(
            [(each, 'admin-id') for each in prices.Change],
            [(entry.change, entry.by) for entry in done],
        )
        self.assertEqual(1, len({entry.at for entry in done}))

    def test_all_or_none(self):
        for change, status, code, words in (
            (create(PRICE), 409, 'conflict', self.instance),
            (create({}), 400, 'invalid-body', 'changes[1].price: '),
            (withdraw('x'), 400, 'invalid-body', 'changes[1].id: there is no'),
        ):
            with self.subTest(words):
                response = self.change(withdraw(self.volume), change)
                detail = self.assert_error(response, status, code)
                self.assertIn(words, detail)
                self.assert_untouched()

    def test_what_makes_room_may_come_last(self):
        response = self.change(
            create({**PRICE, 'price': '0.03', 'valid_from': LATER}),
            amend(self.instance, valid_to=LATER),
        )
        self.assertEqual(200, response.status_int, response.text)
        self.assertEqual(3, len(self.listed()))

    def test_what_stays_as_it_is_is_left_out(self):
        response = self.change(
            amend(self.volume, valid_to=LATER), withdraw(self.instance)
        )
        self.assertEqual(
            ['withdrawn'],
            [each['change'] for each in response.json['changes']],
        )
        self.assertEqual(len(self.entries) + 1, len(self.storage.entries))

    def test_no_changes(self):
        response = self.change()
        self.assertEqual(200, response.status_int, response.text)
        self.assertEqual({'changes': []}, response.json)
        self.assert_untouched()

    def test_what_is_malformed(self):
        for body, words in (
            (b'{', 'no JSON'),
            ([], 'expected a mapping'),
            ({}, 'changes: expected a list of changes'),
            ({'changes': {}}, 'changes: expected a list of changes'),
            ({'changes': [], 'dry_run': True}, "unknown key 'dry_run'"),
        ):
            with self.subTest(words):
                response = self.send('PATCH', '/v1/prices', body)
                detail = self.assert_error(response, 400, 'invalid-body')
                self.assertIn(words, detail)
        for change, words in (
            ([], 'changes[0]: expected a mapping'),
            ({'id': 'x'}, 'changes[0].change: missing'),
            ({'change': 'deleted'}, 'changes[0].change: expected one of cre'),
            ({'change': ['created']}, 'changes[0].change: expected one of'),
            ({**withdraw('x'), 'at': LATER}, "changes[0]: unknown key 'at'"),
            ({**create(IMAGE), 'id': 'x'}, "changes[0]: unknown key 'id'"),
            (
                {**withdraw('x'), 'valid_to': LATER},
                "changes[0]: unknown key 'valid_to'; expected change, id",
            ),
            ({'change': 'created'}, 'changes[0].price: missing'),
            ({'change': 'withdrawn'}, 'changes[0].id: missing'),
            (withdraw(1), 'changes[0].id: expected a string'),
            (withdraw(''), 'changes[0].id: must not be empty'),
            (amend(self.volume), 'changes[0]: expected valid_to or'),
            (
                amend(self.volume, valid_to='2026-11-01'),
                'changes[0].valid_to: ',
            ),
            (
                amend(self.volume, valid_to=VOLUME['valid_from']),
                'changes[0].valid_to: must be later than valid_from',
            ),
            (
                create({**IMAGE, 'price': 0.5}),
                'changes[0].price.price: expected a string',
            ),
            (
                create({**IMAGE, 'per': 'unit'}),
                'changes[0].price.per: image can be priced per hour',
            ),
        ):
            with self.subTest(words):
                detail = self.assert_error(
                    self.change(change), 400, 'invalid-body'
                )
                self.assertIn(words, detail)
        self.assert_untouched()

    def changed_for(self, generation, *changes):
        body = {'generation': generation, 'changes': changes}
        return self.send('PATCH', '/v1/prices', body)

    def test_of_the_list_as_it_was_read(self):
        read = self.ask('/v1/prices', 'admin').json['generation']
        self.assertEqual(len(self.entries), read)
        response = self.changed_for(read, withdraw(self.volume))
        self.assertEqual(200, response.status_int, response.text)
        self.entries = list(self.storage.entries)
        for query in ('', '?dry_run=true'):
            response = self.send(
                'PATCH',
                f'/v1/prices{query}',
                {'generation': read, 'changes': [withdraw(self.instance)]},
            )
            detail = self.assert_error(response, 409, 'conflict')
            self.assertIn('was changed meanwhile', detail)
            self.assert_untouched()

    def test_what_is_no_generation(self):
        for value in (None, '3', 3.0, True, -1, [3]):
            with self.subTest(value):
                response = self.changed_for(value, withdraw(self.volume))
                detail = self.assert_error(response, 400, 'invalid-body')
                self.assertIn('generation: ', detail)
                self.assert_untouched()

    def test_no_price_is_changed_twice(self):
        response = self.change(
            amend(self.volume, description='x'),
            create(IMAGE),
            withdraw(self.volume),
        )
        detail = self.assert_error(response, 400, 'invalid-body')
        self.assertIn(f"changes[2].id: '{self.volume}' comes twice", detail)
        self.assert_untouched()

    def test_unknown_parameters(self):
        response = self.change(query='?force=true')
        detail = self.assert_error(response, 400, 'unknown-parameter')
        self.assertIn('valid are dry_run', detail)
        response = self.change(query='?dry_run=perhaps')
        self.assert_error(response, 400, 'invalid-parameter')


class TestDryRun(ChangesTestCase):
    def rehearse(self, *changes):
        return self.change(*changes, query='?dry_run=true')

    def test_it_tells_the_same_and_does_nothing(self):
        changes = (
            create(IMAGE),
            amend(self.instance, valid_to=LATER),
            withdraw(self.volume),
        )
        rehearsed = self.rehearse(*changes)
        self.assertEqual(200, rehearsed.status_int, rehearsed.text)
        self.assert_untouched()
        done = self.change(*changes, query='?dry_run=false').json
        self.assertNotEqual('', done['changes'][0]['price']['id'])
        # There is no price yet, and so no id.
        done['changes'][0]['price']['id'] = ''
        self.assertEqual(done, rehearsed.json)

    def test_it_tells_what_is_wrong(self):
        for change, status, code in (
            (create(PRICE), 409, 'conflict'),
            (withdraw('x'), 400, 'invalid-body'),
            (create({**PRICE, 'price': 1}), 400, 'invalid-body'),
        ):
            with self.subTest(code):
                self.assert_error(self.rehearse(change), status, code)

    def test_it_waits_for_nobody(self):
        self.storage.leased = True
        with mock.patch.object(ledger, '_PATIENCE', 0):
            response = self.rehearse(create(IMAGE))
            self.assertEqual(200, response.status_int, response.text)
            response = self.change(create(IMAGE))
            self.assert_error(response, 503, 'unavailable')


class TestWhoMay(ChangesTestCase):
    def every(self):
        """A change of each kind."""
        return {
            'create': create(IMAGE),
            'amend': amend(self.instance, description='x'),
            'withdraw': withdraw(self.volume),
        }

    def test_nobody_else(self):
        for token in ('alice', 'member', 'billing', 'eve', 'system-reader'):
            for query in ('', '?dry_run=true'):
                for changes in (
                    *([each] for each in self.every().values()),
                    [],
                    [{}],
                ):
                    with self.subTest(token=token, changes=changes):
                        response = self.change(
                            *changes, query=query, token=token
                        )
                        self.assert_error(response, 403, 'forbidden')
        response = self.send('PATCH', '/v1/prices', b'{', 'alice')
        self.assert_error(response, 403, 'forbidden')
        self.assert_untouched()

    def test_each_kind_has_its_rule(self):
        for rule, own in self.every().items():
            (self.folder / 'policy.yaml').write_text(
                f'"price:{rule}": "role:reader"\n'
            )
            for other in self.every().values():
                with self.subTest(rule=rule, other=other):
                    allowed = self.change(
                        own, query='?dry_run=true', token='alice'
                    )
                    self.assertEqual(200, allowed.status_int, allowed.text)
                    if other == own:
                        continue
                    for changes in ([other], [own, other]):
                        refused = self.change(*changes, token='alice')
                        self.assert_error(refused, 403, 'forbidden')
        self.assert_untouched()
