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
"""What costs may be asked for, and what is told of others."""

import decimal

import webob

from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.tests.unit.api import base

_HOUR = 3600 * timestamps.MICROSECONDS
#: 2026-01-01T00:00:00Z
_JANUARY = 1_767_225_600 * timestamps.MICROSECONDS


class Storage(base.MemoryStorage):
    """Nothing was issued."""

    def receipts(self, project_ids=None, month='', after='', limit=None):
        return []


class CostsTestCase(base.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.storage = Storage()
        for number in range(4):
            self.storage.stays.append(
                base.Stay(
                    _JANUARY,
                    _JANUARY + 3 * _HOUR,
                    {
                        'resource_type': 'instance',
                        'resource_id': f'server {number}',
                        'project_id': 'acme',
                        'domain_id': 'default',
                        'type': 'm1.small',
                        'state': 'active',
                    },
                )
            )

    def price(self, provider: str = '', **changes) -> None:
        equivalents = {}
        if provider:
            equivalents[provider] = prices.Equivalent(
                't3a', decimal.Decimal('0.05')
            )
        price = prices.Price(
            **{
                'id': f'price {len(self.storage.entries)}',
                'resource_type': 'instance',
                'valid_from': 0,
                'currency': 'EUR',
                'per': prices.Per.HOUR,
                'tiers': (prices.Tier(decimal.Decimal('0.02')),),
                'equivalents': equivalents,
                **changes,
            }
        )
        self.storage.entries.append(
            prices.Entry(
                change=prices.Change.CREATED, at=0, by='admin', price=price
            )
        )

    def costs(self, token: str = 'alice', **params: str) -> webob.Response:
        return self.ask('/v1/costs', token, month='2026-01', **params)


class TestProviders(CostsTestCase):
    def test_what_others_are_compared_with_is_not_told(self) -> None:
        self.price('aws')
        self.price('own', project_id='acme')
        self.price('domain', domain_id='default')
        self.price('theirs', project_id='globex')
        self.price('elsewhere', domain_id='other')
        for provider in ('aws', 'own', 'domain'):
            response = self.costs(equivalent=provider)
            self.assertEqual(200, response.status_int, response.text)
        told = {
            self.assert_error(
                self.costs(equivalent=provider), 400, 'invalid-parameter'
            ).replace(provider, '?')
            for provider in ('theirs', 'elsewhere', 'nobody')
        }
        [detail] = told
        self.assertIn('aws, domain, own', detail)
        response = self.costs(
            'admin', all_projects='true', equivalent='theirs'
        )
        self.assertEqual(200, response.status_int, response.text)


class TestLimits(CostsTestCase):
    config = """
[api]
max_results = 3
max_charges = 8
"""

    def test_groups_are_limited(self) -> None:
        self.price()
        detail = self.assert_error(
            self.costs(group_by='resource_id'), 400, 'query-too-expensive'
        )
        self.assertIn('fewer groups', detail)
        response = self.costs(group_by='resource_id', format='csv')
        self.assertEqual(5, len(response.text.splitlines()))

    def test_what_is_kept_in_memory_is_limited(self) -> None:
        self.price()
        for params in (
            {'group_by': 'resource_id', 'granularity': '1h'},
            {'format': 'focus-csv', 'granularity': '1h'},
        ):
            self.assert_error(
                self.costs(**{'format': 'csv', **params}),
                400,
                'query-too-expensive',
            )
