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
"""Who asks, where, and page by page; files; changes of the price list."""

import datetime

import requests

from stratometrics.client import errors
from stratometrics.tests.functional.api import base as api
from stratometrics.tests.functional.client import base
from stratometrics.tests.realparts import identity

UTC = datetime.UTC
BEGIN = datetime.datetime(2026, 10, 1, tzinfo=UTC)
END = datetime.datetime(2026, 11, 1, tzinfo=UTC)
PERIOD = {'begin': BEGIN, 'end': END}
PRICE = {
    'resource_type': 'image',
    'price': '0.000000000001',
    'per': 'hour',
    'currency': 'EUR',
    'valid_from': '2026-10-01T00:00:00Z',
}


class TestCallers(base.ClientTestCase):
    def test_each_sees_their_own(self):
        for client, found in (
            (self.alice(), {'web', 'big', '100%', 'free'}),
            (self.bob(), {'100%', 'other'}),
            (self.admin(), set()),
        ):
            self.assertEqual(
                found,
                {each.resource_id for each in client.resources(**PERIOD)},
            )
        everything = self.admin().usage(
            'instances', **PERIOD, all_projects=True, group_by='project_id'
        )
        self.assertEqual(
            {self.acme, self.globex},
            {each.keys['project_id'] for each in everything},
        )

    def test_what_is_not_theirs(self):
        bob = self.bob()
        for ask in (
            lambda: bob.usage(project_ids=[self.acme]),
            lambda: bob.costs(all_projects=True),
            lambda: bob.resources(all_projects=True),
            lambda: bob.preview_statement(project_id=self.acme),
            lambda: bob.statements(all_projects=True),
            lambda: bob.issue_statement(base.MONTH, self.globex),
            lambda: bob.create_price(PRICE),
            lambda: bob.revise_prices([]),
            lambda: bob.withdraw_price('instance'),
            lambda: bob.prices(history=True),
            bob.coverage,
        ):
            error = self.assertRaises(errors.Forbidden, ask)
            self.assertEqual('stratometrics.forbidden', error.code)
            self.assertRegex(error.request_id, '^req-')
        for ask in (
            lambda: bob.timeline('web', **PERIOD),
            lambda: bob.statement(f'{base.MONTH}-{self.acme}'),
            lambda: bob.price('none'),
        ):
            self.assertRaises(errors.NotFound, ask)

    def test_strangers(self):
        eve = self.client('eve', None)
        self.assertEqual('ok', eve.health().status)
        self.assertRaises(errors.Refused, eve.usage)
        error = self.assertRaises(
            errors.NotAuthenticated, self.client('nobody', 'acme').usage
        )
        self.assertIn('Keystone', str(error))

    def test_what_cannot_be_answered(self):
        alice = self.alice()
        for question, code in (
            ({'filters': {'state': ''}}, 'invalid-parameter'),
            ({'filters': {'colour': 'red'}}, 'unknown-parameter'),
            ({'begin': END, 'end': BEGIN}, 'invalid-period'),
        ):
            error = self.assertRaises(
                errors.BadRequest, alice.usage, **question
            )
            self.assertEqual(f'stratometrics.{code}', error.code)
        # The path ends where a slash is, however it is spelled.
        self.assertRaises(errors.NotFound, alice.timeline, 'a/b')
        self.assertRaises(errors.NotFound, alice.usage, 'pyramids')


class TestPages(base.ClientTestCase):
    def assert_same(self, paged, whole):
        found = list(paged)
        self.assertEqual(list(whole), found)
        self.assertLess(1, len(found))
        # One page for each, and the whole.
        self.assertEqual(len(found) + 1, len(self.bodies))
        self.bodies.clear()

    def test_small_pages_are_the_whole(self):
        admin = self.admin()
        every = {'all_projects': True, 'as_of': END, **PERIOD}
        groups = {'group_by': ['resource_type', 'project_id'], **every}
        self.assert_same(admin.usage(**groups, limit=1), admin.usage(**groups))
        self.assert_same(
            admin.resources(**every, page_size=1), admin.resources(**every)
        )
        self.assert_same(
            admin.timeline('web', **every, page_size=1),
            admin.timeline('web', **every),
        )
        for project_id in (self.acme, self.globex):
            admin.issue_statement(base.MONTH, project_id, allow_unpriced=True)
        self.bodies.clear()
        self.assert_same(
            admin.statements(all_projects=True, page_size=1),
            admin.statements(all_projects=True),
        )

    def test_each_group_keeps_its_buckets(self):
        question = {
            'collection': 'instances',
            'granularity': '1d',
            'group_by': 'state',
            'as_of': END,
            **PERIOD,
        }
        alice = self.alice()
        whole = list(alice.usage(**question))
        self.assertEqual(whole, list(alice.usage(**question, limit=1)))
        self.assertLess(31, len(whole))


class TestFiles(base.ClientTestCase):
    def assert_file(self, download, path, media_type, **query):
        with download:
            content = b''.join(download)
            self.assertEqual(media_type, download.media_type)
            self.assertRegex(download.request_id, '^req-')
            if download.length is not None:
                self.assertEqual(len(content), download.length)
        token = api.admin()
        same = requests.get(
            self.server.url + path,
            params=query,
            headers={'X-Auth-Token': token},
            timeout=60,
        )
        self.assertEqual(200, same.status_code, same.text)
        self.assertTrue(content)
        if media_type not in ('application/pdf', 'text/html'):
            self.assertEqual(same.content, content)
        else:
            # They tell when they were made.
            self.assertEqual(same.content[:5], content[:5])

    def test_every_form(self):
        admin = self.admin()
        scope = {'month': base.MONTH, 'project_id': self.acme}
        at = {'as_of': '2026-11-01T00:00:00Z'}
        self.assert_file(
            admin.usage_csv(**PERIOD, project_ids=self.acme),
            '/v1/usage',
            'text/csv',
            **{'from': '2026-10-01T00:00:00Z', 'to': '2026-11-01T00:00:00Z'},
            project_id=self.acme,
            format='csv',
        )
        costs = {'month': base.MONTH, 'project_ids': self.acme, 'as_of': END}
        self.assert_file(
            admin.costs_file('csv', **costs),
            '/v1/costs',
            'text/csv',
            **scope,
            **at,
            format='csv',
        )
        self.assert_file(
            admin.costs_file('focus-csv', focus_version='1.2', **costs),
            '/v1/costs',
            'text/csv',
            **scope,
            **at,
            format='focus-csv',
            focus_version='1.2',
        )
        with admin.costs_file('focus-parquet', **costs) as download:
            self.assertEqual(b'PAR1', b''.join(download)[:4])
        receipt = admin.issue_statement(
            base.MONTH, self.acme, allow_unpriced=True
        )
        path = f'/v1/statements/{receipt.number}'
        preview = {'month': base.MONTH, 'project_id': self.acme, 'as_of': END}
        for form, media_type in (
            ('csv', 'text/csv'),
            ('html', 'text/html'),
            ('pdf', 'application/pdf'),
            ('json', 'application/json'),
        ):
            self.assert_file(
                admin.statement_file(receipt.number, form),
                path,
                media_type,
                format=form,
            )
            self.assert_file(
                admin.preview_file(form, **preview),
                '/v1/statements',
                media_type,
                **scope,
                **at,
                format=form,
            )

    def test_a_language(self):
        preview = {'month': base.MONTH, 'project_id': self.acme}
        with self.admin().preview_file(
            'html', locale='fr', **preview
        ) as download:
            self.assertIn(b'lang="fr"', b''.join(download))

    def test_a_form_that_is_not_to_be_had(self):
        error = self.assertRaises(
            errors.Refused, self.alice().costs_file, 'papyrus'
        )
        self.assertLess(error.status, 500)


class TestPrices(base.ClientTestCase):
    def test_the_life_of_a_price(self):
        admin = self.admin()
        price = admin.create_price(PRICE)
        self.assert_counterpart(price)
        self.assertRaises(errors.Conflict, admin.create_price, PRICE)
        self.assertRaises(
            errors.BadRequest, admin.create_price, {**PRICE, 'price': 0.1}
        )
        amended = admin.amend_price(price.id, {'description': 'Bilder'})
        self.assert_counterpart(amended)
        self.assertEqual('Bilder', admin.price(price.id).description)
        self.assertIsNone(admin.withdraw_price(price.id))
        self.assertRaises(errors.NotFound, admin.price, price.id)
        self.assertRaises(errors.NotFound, admin.withdraw_price, price.id)

    def test_several_at_once(self):
        admin = self.admin()
        share, snapshot = admin.create_prices(
            [
                {**PRICE, 'resource_type': 'share'},
                {**PRICE, 'resource_type': 'snapshot'},
            ]
        )
        self.assert_counterpart((share, snapshot), self.bodies[-1]['prices'])
        changes = [
            {'change': 'withdrawn', 'id': share.id},
            {
                'change': 'amended',
                'id': snapshot.id,
                'valid_to': '2027-01-01T00:00:00Z',
            },
        ]
        read = admin.prices().generation
        would = admin.revise_prices(changes, generation=read, dry_run=True)
        self.assertEqual(share, admin.price(share.id))
        found = admin.revise_prices(changes, generation=read)
        self.assert_counterpart(found, self.bodies[-1]['changes'])
        self.assertEqual(would, found)
        self.assertEqual(
            [('withdrawn', share.id), ('amended', snapshot.id)],
            [(each.change, each.price.id) for each in found],
        )
        self.assertRaises(errors.NotFound, admin.price, share.id)
        self.assertRaises(
            errors.Conflict, admin.revise_prices, [], generation=read
        )
        admin.withdraw_price(snapshot.id)


class TestCatalog(base.ClientTestCase):
    #: Others ask for the endpoint of the real type at the same time.
    service_type = 'billing-of-a-test'

    def ask(self, url, **options):
        api.keystone().point('client-test', self.service_type, url)
        options = {
            'endpoint_override': None,
            'service_type': self.service_type,
            **options,
        }
        return self.client('alice', 'acme', **options).capabilities()

    def test_an_endpoint_of_a_real_catalog(self):
        for url in (self.server.url, f'{self.server.url}/v1/'):
            for options in (
                {},
                {'region_name': identity.REGION},
                {'interface': 'internal'},
            ):
                self.assertEqual('UTC', self.ask(url, **options).timezone)

    def test_a_region_that_is_not_there(self):
        error = self.assertRaises(
            errors.NoEndpoint,
            self.ask,
            self.server.url,
            region_name='Atlantis',
        )
        self.assertIn('Atlantis', str(error))

    def test_a_token_of_no_project_has_no_catalog(self):
        client = self.client('alice', None, endpoint_override=None)
        self.assertRaises(errors.NoEndpoint, client.capabilities)
