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
"""Statements, before a real Keystone and out of a real ClickHouse."""

import decimal
from typing import Any
from urllib import parse

import requests

from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.rating.rendering import canonical
from stratometrics.storage import base as base_storage
from stratometrics.tests import priced
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_usage

DAY = test_usage.DAY
OCTOBER = test_usage.OCTOBER
event = test_usage.event


def fill_since_july(
    storage: base_storage.Storage, globex: str, hourly: str
) -> None:
    """Write servers of acme and globex, and the price of one.

    :param globex: the id of that project.
    :param hourly: the price of a server, in euros.
    """
    small = {'type': 'm1.small', 'measures': {'vcpus': 2}}
    storage.write_events(
        [
            # They live on since July.
            event('web', -80 * DAY, 1, name='web', **small),
            event('other', -80 * DAY, 2, project_id=globex, **small),
            # A day in August has no price.
            event('ip', -40 * DAY, 3, resource_type='floating-ip'),
            event('ip', -39 * DAY, 4, 'deleted', resource_type='floating-ip'),
        ],
        received_at=OCTOBER - 80 * DAY,
    )
    storage.record_prices(
        [
            priced.created(
                priced.price(
                    'small',
                    valid_from=0,
                    tiers=(prices.Tier(decimal.Decimal(hourly)),),
                ),
                OCTOBER - 90 * DAY,
            )
        ]
    )


class TestStatements(base.SharedServerTestCase):
    @classmethod
    def fill(cls):
        globex = base.project_id('bob', 'globex')
        fill_since_july(cls.storage, globex, '0.02')

    def order(
        self, month: str, token: str = '', **changes: Any
    ) -> requests.Response:
        body = {'month': month, 'project_id': self.acme, **changes}
        return requests.post(
            f'{self.server.url}/v1/statements',
            json=body,
            headers={'X-Auth-Token': token or base.admin()},
            timeout=30,
        )

    @property
    def acme(self) -> str:
        return base.project_id('alice', 'acme')

    def ask(self, path: str, token: str, **params: str) -> requests.Response:
        response = self.get(path, token, params)
        self.assertEqual(200, response.status_code, response.text)
        return response

    def test_what_is_previewed_is_issued_once(self):
        response = self.order('2026-10', as_of='2026-11-03T00:00:00Z')
        self.assertEqual(201, response.status_code, response.text)
        receipt = response.json()
        number = f'2026-10-{self.acme}'
        self.assertEqual(
            (number, '2026-11-03T00:00:00Z'),
            (receipt['number'], receipt['as_of']),
        )
        path = parse.urlsplit(response.headers['Location']).path
        self.assertEqual(f'/v1/statements/{number}', path)
        again = self.order('2026-10')
        self.assertEqual((200, receipt), (again.status_code, again.json()))
        issued = self.ask(path, base.alice())
        self.assertEqual(f'"{receipt["sha256"]}"', issued.headers['ETag'])
        # 744 hours; the digest is that of what was kept, to the byte.
        statement = issued.json()['statement']
        self.assertEqual('14.88', statement['totals'][0]['amount'])
        text = canonical.spelled(statement)
        self.assertIn(text, issued.text)
        self.assertEqual(receipt['sha256'], canonical.digest(text))
        self.assertEqual('issued', issued.json()['status'])
        preview = self.ask(
            '/v1/statements',
            base.alice(),
            month='2026-10',
            as_of='2026-11-03T00:00:00Z',
            daily='true',
        )
        self.assertIn(text, preview.text)
        self.assertEqual('preview', preview.json()['status'])
        unchanged = requests.get(
            self.server.url + path,
            headers={
                'X-Auth-Token': base.alice(),
                'If-None-Match': issued.headers['ETag'],
            },
            timeout=30,
        )
        self.assertEqual(304, unchanged.status_code)

    def test_every_form(self):
        self.order('2026-09')
        for path, query in (
            ('/v1/statements', {'month': '2026-09'}),
            (f'/v1/statements/2026-09-{self.acme}', {}),
        ):
            for form, media_type, begin in (
                ('csv', 'text/csv; charset=UTF-8', b'statement,'),
                ('html', 'text/html; charset=UTF-8', b'<!'),
                ('pdf', 'application/pdf', b'%PDF-'),
            ):
                found = self.ask(path, base.alice(), format=form, **query)
                self.assertEqual(media_type, found.headers['Content-Type'])
                self.assertTrue(found.content.startswith(begin))
        page = requests.get(
            f'{self.server.url}{path}',
            headers={
                'X-Auth-Token': base.alice(),
                'Accept': 'text/html',
                'Accept-Language': 'xx, de-CH;q=0.9, en;q=0.5',
            },
            timeout=30,
        )
        self.assertIn('lang="de-CH"', page.text)
        page = self.ask(path, base.alice(), format='html', locale='fr')
        self.assertIn('lang="fr"', page.text)

    def test_the_present_month_as_far_as_it_is_over(self):
        found = self.ask('/v1/statements', base.alice()).json()['statement']
        self.assertEqual(found['as_of'], found['period']['to'])
        self.assertEqual('m1.small', found['lines'][0]['type'])
        self.assertEqual('', found['lines'][0]['resource_id'])
        found = self.ask('/v1/statements', base.alice(), detail='true').json()
        line = found['statement']['lines'][0]
        self.assertEqual(('web', 'web'), (line['resource_id'], line['name']))

    def test_who_may_see_what(self):
        self.order('2026-07')
        self.order('2026-07', project_id=base.project_id('bob', 'globex'))
        mine = f'/v1/statements/2026-07-{self.acme}'
        self.ask(mine, base.alice())
        self.ask(mine, base.admin())
        for number in (mine, '/v1/statements/x', '/v1/statements/2026-07-'):
            self.assert_error(self.get(number, base.bob()), 404, 'not-found')
        for params in ({'project_id': self.acme}, {'all_projects': 'true'}):
            self.assert_error(
                self.get('/v1/statements', base.bob(), params),
                403,
                'forbidden',
            )
        self.assert_error(self.get(mine, None), 401, 'unauthorized')
        for token in (base.alice(), base.bob()):
            self.assert_error(self.order('2026-06', token), 403, 'forbidden')

        def owners(token, **params):
            found = self.ask(
                '/v1/statements', token, month='2026-07', **params
            )
            return {each['project_id'] for each in found.json()['statements']}

        both = {self.acme, base.project_id('bob', 'globex')}
        self.assertEqual({self.acme}, owners(base.alice(), issued='true'))
        self.assertEqual(both, owners(base.admin(), all_projects='true'))
        found, query = [], {'all_projects': 'true', 'limit': '1'}
        while query:
            page = self.ask('/v1/statements', base.admin(), **query).json()
            found += page['statements']
            query = {
                name: value
                for link in page.get('links', ())
                for name, value in parse.parse_qsl(
                    parse.urlsplit(link['href']).query
                )
            }
        whole = self.ask('/v1/statements', base.admin(), all_projects='true')
        self.assertEqual(whole.json()['statements'], found)
        self.assertGreaterEqual(len(found), 2)

    def test_usage_without_a_price(self):
        detail = self.assert_error(self.order('2026-08'), 409, 'conflict')
        self.assertIn('floating-ip active', detail)
        response = self.order('2026-08', allow_unpriced=True)
        self.assertEqual(201, response.status_code, response.text)

    def test_a_month_that_is_not_over(self):
        month = timestamps.to_datetime(timestamps.now()).strftime('%Y-%m')
        detail = self.assert_error(self.order(month), 409, 'conflict')
        self.assertIn('cannot be issued before 20', detail)

    def test_what_is_wrong_is_named(self):
        for params, text in (
            ({'month': '2026-13'}, 'month'),
            ({'month': '2199-01'}, '2199-01'),
            ({'locale': 'tlh'}, 'tlh'),
            ({'limit': '1'}, 'limit'),
            ({'issued': 'true', 'detail': 'true'}, 'detail'),
            ({'issued': 'true', 'format': 'csv'}, 'format'),
            ({'project_id': ['a', 'b']}, 'one project'),
            ({'as_of': '2199-01-01T00:00:00Z'}, 'as_of'),
            ({'group_by': 'type'}, 'group_by'),
        ):
            response = self.get('/v1/statements', base.admin(), params)
            self.assertEqual(400, response.status_code, response.text)
            self.assertIn(text, response.text)
        for changes, text in (
            ({'month': '2026-1'}, 'month'),
            ({'project_id': ''}, 'project_id'),
            ({'project_id': 7}, 'project_id'),
            ({'as_of': 'now'}, 'as_of'),
            ({'as_of': '2026-06-30T23:59:59Z'}, 'as_of'),
            ({'allow_unpriced': 'yes'}, 'allow_unpriced'),
            ({'colour': 'red'}, 'colour'),
        ):
            detail = self.assert_error(
                self.order(**{'month': '2026-06', **changes}),
                400,
                'invalid-body',
            )
            self.assertIn(text, detail)
        detail = self.assert_error(
            self.order('2026-06', project_id='nobody'), 409, 'conflict'
        )
        self.assertIn('nobody', detail)
