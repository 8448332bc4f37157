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
"""A client of the real API, with the users of a real Keystone."""

import decimal
import json
from typing import Any

import requests

from stratometrics.client import v1
from stratometrics.model import event as event_model
from stratometrics.model import prices
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.client import counterpart

DAY = test_usage.DAY
HOUR = test_usage.HOUR
OCTOBER = test_usage.OCTOBER
MONTH = '2026-10'

event = test_usage.event


class ClientTestCase(base.SharedServerTestCase):
    """A test of what there was in October, and what it costs.

    :ivar bodies: the JSON that clients were answered with.
    """

    @classmethod
    def fill(cls) -> None:
        globex = base.project_id('bob', 'globex')
        small = {'type': 'm1.small', 'measures': {'vcpus': 2}}
        disk = {
            'resource_type': 'volume',
            'type': 'ssd',
            'measures': {'size_gib': 10},
        }
        web = event(
            'web',
            DAY,
            1,
            created_at=OCTOBER - DAY,
            attributes={'host': 'a'},
            name='web',
            **small,
        )
        cls.storage.write_events(
            [
                web,
                web.birth(),
                event('web', 2 * DAY + 1, 2, 'stopped', name='web', **small),
                event('web', 3 * DAY, 3, 'deleted', **small),
                event('web', 4 * DAY, 4, 'active', **small),
                event('big', HOUR, 5, 'paused', type='m1.large'),
                event('100%', 0, 6, **disk),
                event('100%', DAY, 7, project_id=globex, **disk),
                event('other', 0, 8, project_id=globex, **small),
                event('free', 0, 9, resource_type='floating-ip'),
                event('free', DAY, 10, 'deleted', resource_type='floating-ip'),
                event(
                    'account',
                    HOUR,
                    11,
                    '',
                    resource_type='object-request',
                    phase=event_model.Phase.CONSUMED,
                    attributes={'method': 'get'},
                    measures={'requests': 1, 'bytes_sent': 2**62},
                ),
            ],
            received_at=OCTOBER + 5 * DAY,
        )
        cls.storage.record_prices(
            [
                prices.Entry(
                    change=prices.Change.CREATED,
                    at=OCTOBER,
                    by='admin',
                    price=each,
                )
                for each in (
                    prices.Price(
                        id='instance',
                        resource_type='instance',
                        match={'type': ('m1.large', 'm1.small')},
                        valid_from=0,
                        currency='EUR',
                        per=prices.Per.HOUR,
                        tiers=(
                            prices.Tier(
                                decimal.Decimal('0.0251'),
                                decimal.Decimal('100'),
                            ),
                            prices.Tier(decimal.Decimal('0.0000000001')),
                        ),
                        equivalents={
                            'aws': prices.Equivalent(
                                't3a.medium', decimal.Decimal('0.0397')
                            )
                        },
                    ),
                    prices.Price(
                        id='volume',
                        resource_type='volume',
                        measure='size_gib',
                        valid_from=0,
                        valid_to=OCTOBER + 400 * DAY,
                        currency='EUR',
                        per=prices.Per.MONTH,
                        tiers=(prices.Tier(decimal.Decimal('0.1')),),
                        description='SSD',
                    ),
                )
            ]
        )

    def setUp(self) -> None:
        super().setUp()
        self.bodies: list[Any] = []

    def client(
        self, user: str, project: str | None, **options: Any
    ) -> v1.Client:
        """A client of a user of the shared Keystone."""
        made = base.keystone().session(user, project)
        self.addCleanup(made.close)
        made.session.hooks['response'].append(self._keep)
        return v1.Client(
            made, **{'endpoint_override': self.server.url, **options}
        )

    def _keep(self, response: requests.Response, **_: Any) -> None:
        if response.url.startswith(self.server.url) and (
            'application/json' in response.headers.get('Content-Type', '')
        ):
            self.bodies.append(
                json.loads(response.content, parse_float=decimal.Decimal)
            )

    def alice(self) -> v1.Client:
        return self.client('alice', 'acme')

    def bob(self) -> v1.Client:
        return self.client('bob', 'globex')

    def admin(self) -> v1.Client:
        return self.client('admin', 'admin')

    @property
    def acme(self) -> str:
        return base.project_id('alice', 'acme')

    @property
    def globex(self) -> str:
        return base.project_id('bob', 'globex')

    def assert_counterpart(self, answer: Any, body: Any = None) -> None:
        """See that an answer says what its JSON said, and nothing else.

        :param body: a part of what came; by default the last that came.
        """
        found = self.bodies[-1] if body is None else body
        self.assertEqual(found, counterpart.spelled(answer, found))
