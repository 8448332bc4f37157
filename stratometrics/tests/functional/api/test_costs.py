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
"""What things cost, asked of the real API."""

import csv
import decimal
import io

from pyarrow import parquet
import requests

from stratometrics.model import event as event_model
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.tests import focus
from stratometrics.tests.functional.api import base

HOUR = 3600 * timestamps.MICROSECONDS
DAY = 24 * HOUR
#: 2026-10-01T00:00:00Z
OCTOBER = 1_790_812_800 * timestamps.MICROSECONDS
MONTH = {'month': '2026-10'}
EVERYTHING = MONTH | {'all_projects': 'true'}


def event(project_id, resource_id, time, state='active', **facts):
    ended = state == 'deleted'
    return event_model.Event(
        **{
            'resource_type': 'instance',
            'resource_id': resource_id,
            'project_id': project_id,
            'event_time': OCTOBER + time,
            'message_id': f'{resource_id}-{time}',
            'rank': (
                event_model.RANK_DELETION if ended else event_model.RANK_EVENT
            ),
            'phase': (
                event_model.Phase.ENDED if ended else event_model.Phase.BILLED
            ),
            'state': state,
            'event_type': 'test',
            'region': 'Bern',
            'type': 'm1.small',
        }
        | facts
    )


def price(resource_type, cost, **changes):
    return prices.Price(
        id=resource_type,
        resource_type=resource_type,
        valid_from=0,
        currency='EUR',
        per=prices.Per.HOUR,
        tiers=(prices.Tier(decimal.Decimal(cost)),),
        **changes,
    )


class CostsTest(base.SharedServerTestCase):
    @classmethod
    def fill(cls):
        acme = base.project_id('alice', 'acme')
        globex = base.project_id('bob', 'globex')
        cls.storage.write_events(
            [
                # 36 hours on two days.
                event(acme, 'i1', 12 * HOUR, name='=web'),
                event(acme, 'i1', 2 * DAY, 'deleted'),
                event(acme, 'f1', 0, resource_type='floating-ip', type=''),
                event(acme, 'f1', DAY, 'deleted', resource_type='floating-ip'),
                event(globex, 'i2', 0),
                event(globex, 'i2', 10 * HOUR, 'deleted'),
            ],
            received_at=OCTOBER + 3 * DAY,
        )
        aws = prices.Equivalent('t3a.medium', decimal.Decimal('0.0397'))
        cls.storage.record_prices(
            [
                prices.Entry(
                    change=prices.Change.CREATED,
                    at=OCTOBER,
                    by='admin',
                    price=each,
                )
                for each in (
                    price('instance', '0.0251', equivalents={'aws': aws}),
                    price('volume', '1'),
                )
            ]
        )

    def costs(self, token, **asked):
        response = self.get('/v1/costs', token, asked)
        self.assertEqual(200, response.status_code, response.text)
        return response

    def test_a_report(self):
        body = self.costs(base.alice(), equivalent='aws', **MONTH).json()
        body.pop('as_of')
        told = {
            'currency': 'EUR',
            'cost': '0.903600000000',
            'equivalents': {
                'aws': {
                    'cost': '0.903600000000',
                    'equivalent': '1.429200000000',
                    'saving': '0.525600000000',
                    'without_equivalent': '0.000000000000',
                }
            },
        }
        self.assertEqual(
            {
                'period': {
                    'from': '2026-10-01T00:00:00Z',
                    'to': '2026-11-01T00:00:00Z',
                },
                'results': [
                    {'resource_type': 'instance', 'type': 'm1.small'} | told
                ],
                'totals': [told],
                'unpriced': [
                    {
                        'resource_type': 'floating-ip',
                        'type': '',
                        'state': 'active',
                        'usage': '86400.000000',
                    }
                ],
            },
            body,
        )

    def test_days_of_all_projects_as_csv(self):
        response = self.costs(
            base.admin(),
            granularity='1d',
            group_by='project_id,name',
            format='csv',
            **EVERYTHING,
        )
        self.assertEqual(
            'text/csv; charset=UTF-8', response.headers['Content-Type']
        )
        acme = base.project_id('alice', 'acme')
        globex = base.project_id('bob', 'globex')
        self.assertEqual(
            sorted(
                [
                    (acme, "'=web", '2026-10-01T00:00:00Z', '0.301200000000'),
                    (acme, "'=web", '2026-10-02T00:00:00Z', '0.602400000000'),
                    (globex, '', '2026-10-01T00:00:00Z', '0.251000000000'),
                ]
            ),
            sorted(
                (row['project_id'], row['name'], row['from'], row['cost'])
                for row in csv.DictReader(io.StringIO(response.text))
            ),
        )

    def test_focus(self):
        asked = EVERYTHING | {'granularity': '1h'}
        response = self.costs(base.admin(), format='focus-csv', **asked)
        rows = focus.read(response.content.decode())
        self.assertEqual([], focus.violations(rows))
        used = [row for row in rows if row['ChargeCategory'] == 'Usage']
        self.assertEqual(46, len(used))
        self.assertEqual({'3600'}, {row['ConsumedQuantity'] for row in used})
        # 0.9036 and 0.2510, each rounded to cents.
        self.assertEqual(
            decimal.Decimal('1.15'),
            sum(decimal.Decimal(row['BilledCost']) for row in rows),
        )
        response = self.costs(base.admin(), format='focus-parquet', **asked)
        self.assertEqual(
            'application/vnd.apache.parquet', response.headers['Content-Type']
        )
        read = parquet.read_table(io.BytesIO(response.content))
        self.assertEqual(
            [row['ResourceId'] or None for row in rows],
            read['ResourceId'].to_pylist(),
        )
        self.assertEqual(
            decimal.Decimal('1.15'), sum(read['BilledCost'].to_pylist())
        )

    def test_accept_chooses_the_report(self):
        for accept, kind in (
            ('text/csv', 'text/csv'),
            ('application/json', 'application/json'),
            (
                'application/vnd.apache.parquet',
                'application/vnd.apache.parquet',
            ),
        ):
            response = requests.get(
                f'{self.server.url}/v1/costs?month=2026-10',
                headers={'X-Auth-Token': base.alice(), 'Accept': accept},
                timeout=30,
            )
            self.assertEqual(200, response.status_code, response.text)
            self.assertTrue(
                response.headers['Content-Type'].startswith(kind), kind
            )
            if kind == 'text/csv':
                self.assertTrue(response.text.startswith('resource_type,'))

    def test_who_sees_what(self):
        globex = base.project_id('bob', 'globex')
        for form in ('json', 'csv', 'focus-csv', 'focus-parquet'):
            for asked in (
                {'all_projects': 'true'},
                {'project_id': globex},
                {'project_id': [base.project_id('alice', 'acme'), globex]},
            ):
                self.assert_error(
                    self.get(
                        '/v1/costs',
                        base.alice(),
                        MONTH | asked | {'format': form},
                    ),
                    403,
                    'forbidden',
                )
        rows = focus.read(
            self.costs(base.bob(), format='focus-csv', **MONTH).text
        )
        self.assertEqual({globex}, {row['BillingAccountId'] for row in rows})
        response = self.get('/v1/costs')
        self.assertEqual(401, response.status_code)

    def test_refused(self):
        for asked, code, words in (
            ({'month': '2026-13'}, 'invalid-parameter', 'month is not'),
            (
                MONTH | {'from': '2026-10-01T00:00:00Z'},
                'invalid-parameter',
                'month excludes from and to',
            ),
            (
                MONTH | {'equivalent': 'gcp'},
                'invalid-parameter',
                'there are aws',
            ),
            (
                MONTH | {'group_by': 'nonsense'},
                'invalid-parameter',
                "'nonsense' is none of",
            ),
            (MONTH | {'type': 'x'}, 'unknown-parameter', "unknown: 'type'"),
            (
                MONTH | {'format': 'focus-csv', 'granularity': '1w'},
                'invalid-parameter',
                'granularity must be one of 1h, 1d',
            ),
            (
                MONTH | {'format': 'focus-csv', 'focus_version': '0.9'},
                'invalid-parameter',
                'focus_version must be one of 1.2, 1.3',
            ),
            (
                MONTH | {'format': 'focus-csv', 'group_by': 'type'},
                'unknown-parameter',
                "unknown: 'group_by'",
            ),
            (
                {
                    'format': 'focus-csv',
                    'from': '2026-10-01T00:00:00Z',
                    'to': '2026-10-02T00:00:00Z',
                },
                'invalid-period',
                'whole calendar months in UTC',
            ),
        ):
            detail = self.assert_error(
                self.get('/v1/costs', base.alice(), asked), 400, code
            )
            self.assertIn(words, detail)

    def test_two_months_of_focus(self):
        rows = focus.read(
            self.costs(
                base.alice(),
                format='focus-csv',
                **{
                    'from': '2026-09-01T00:00:00Z',
                    'to': '2026-11-01T00:00:00Z',
                },
            ).text
        )
        self.assertEqual(
            {'2026-10-01T00:00:00Z'},
            {row['BillingPeriodStart'] for row in rows},
        )
        self.assertEqual(3, len(rows))
