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

"""The samples of the API reference are what the API answers.

Everything that is asked about is fixed, and so is the clock, which is the one
thing here that is not real; what is new each time, such as the id of a price,
is replaced. So the answers are the same each time, to the byte.

With ``STRATO_WRITE_SAMPLES`` set, they are written instead of compared.
"""

from collections.abc import Mapping
import datetime
import decimal
import json
import os
import pathlib
from typing import Any

import fixtures

from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.storage import base as storage_base
from stratometrics.tests.functional.api import base

VARIABLE = 'STRATO_WRITE_SAMPLES'
FOLDER = pathlib.Path(__file__).parents[4] / 'api-ref' / 'source' / 'samples'

HOUR = 3600 * timestamps.MICROSECONDS
DAY = 24 * HOUR

PROJECT = '8d1c0f6a5b7e4a339b21c0d7e6f5a4b3'
USER = '3f9ba492fc404e229fc3cb9402a407d4'
OPERATOR = 'd7bdcdf1095e41818a9bebde79d076f2'
SERVER = '3f2a9f0e-2a4b-4a43-9a0a-7d1f6f1b7d11'
VOLUME = '0b0d4ed7-4aa7-4a33-9a0e-3d4d0e1d1b5c'
PRICE = '5b2f7a34-9d1e-4c58-8f0a-2c6b1d9e7f03'
DEARER = 'c3e81f60-2b4d-4a97-b6c5-7d0e9f1a2b34'
RELEASE = '1.0.0'
ISSUED_AT = '2026-11-04T12:00:00Z'
REQUEST = 'req-0b7a1f52-6c1d-4e0b-9c37-5a8de2f4b961'

OCTOBER = {
    'from_': '2026-10-01T00:00:00Z',
    'to': '2026-11-01T00:00:00Z',
    'project_id': PROJECT,
}
AS_OF = '2026-11-04T00:00:00Z'
MONTH = {'month': '2026-10', 'project_id': PROJECT}


def at(month: int, day: int, hour: int = 0) -> int:
    """An instant of 2026, in microseconds since the epoch."""
    return timestamps.from_datetime(
        datetime.datetime(2026, month, day, hour, tzinfo=datetime.UTC)
    )


NOW = at(11, 4, 12)


def event(
    time: int, number: int, event_type: str, **facts: Any
) -> event_model.Event:
    ended = facts.get('state') == 'deleted'
    phase = event_model.Phase.ENDED if ended else event_model.Phase.BILLED
    return event_model.Event(
        **{
            'event_time': time,
            'message_id': f'0d3c1e3f-6b0f-4a57-8a62-{number:012}',
            'event_type': event_type,
            'rank': event_model.rank_of(phase),
            'phase': phase,
            'region': 'RegionOne',
            'project_id': PROJECT,
            'user_id': USER,
            **facts,
        }
    )


def of_server(
    time: int, number: int, event_type: str, **facts: Any
) -> event_model.Event:
    return event(
        time,
        number,
        f'compute.instance.{event_type}',
        **{
            'resource_type': 'instance',
            'resource_id': SERVER,
            'name': 'web-1',
            'state': 'active',
            'type': 'm1.small',
            'type_id': '1',
            'image': '6e2d52cf-4b66-4f2c-8b2e-0b1e8b0f2f7d',
            'availability_zone': 'nova',
            'measures': {'vcpus': 2, 'ram_mib': 2048, 'disk_gib': 20},
            **facts,
        },
    )


EVENTS = (
    of_server(at(9, 28), 1, 'create.end'),
    of_server(
        at(10, 16),
        2,
        'finish_resize.end',
        type='m1.large',
        type_id='2',
        measures={'vcpus': 4, 'ram_mib': 8192, 'disk_gib': 80},
    ),
    of_server(
        at(10, 21, 6),
        3,
        'delete.end',
        state='deleted',
        type='m1.large',
        type_id='2',
    ),
    event(
        at(10, 1, 8),
        4,
        'volume.create.end',
        resource_type='volume',
        resource_id=VOLUME,
        name='data',
        state='in-use',
        type='ssd',
        availability_zone='nova',
        measures={'size_gib': 100},
    ),
)

NAMES = (
    names.Name(
        kind=names.PROJECT, id=PROJECT, name='shop', parent_id='default'
    ),
    names.Name(kind=names.DOMAIN, id='default', name='Default'),
    names.Name(kind=names.USER, id=USER, name='alice', parent_id='default'),
)


def price(
    price_id: str, type_: str, amount: str, equivalent: tuple[str, str]
) -> prices.Entry:
    name, costs = equivalent
    return prices.Entry(
        change=prices.Change.CREATED,
        at=at(9, 1),
        by=OPERATOR,
        price=prices.Price(
            id=price_id,
            resource_type='instance',
            match={'type': (type_,)},
            valid_from=at(9, 1),
            currency='EUR',
            per=prices.Per.HOUR,
            tiers=(prices.Tier(decimal.Decimal(amount)),),
            equivalents={
                'aws': prices.Equivalent(name, decimal.Decimal(costs))
            },
            description=f'Server {type_}',
        ),
    )


SMALL = '0b62ba0a-93d5-4c0c-9a5a-1f7c2f5a7c1e'
PRICES = (
    price(SMALL, 'm1.small', '0.025', ('t3a.medium', '0.0397')),
    price(
        'a4d8c0e2-7a55-4b5e-9f5e-6f1f3c1a2b77',
        *('m1.large', '0.1'),
        ('t3a.large', '0.0794'),
    ),
)


class TestSamples(base.ApplicationTestCase):
    address = 'http://billing.example.com:9721'

    @classmethod
    def fill(cls, storage: storage_base.Storage) -> None:
        for each in EVENTS:
            storage.write_events([each], received_at=each.event_time + 250_000)
        storage.write_names(NAMES, at(9, 28))
        storage.record_prices(PRICES)

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(
                'stratometrics.model.timestamps.now', lambda: NOW
            )
        )
        self.made: set[str] = set()
        session = base.keystone().session('admin', 'admin')
        #: What is shown in place of what is new each time.
        self.fixed = {session.get_user_id(): OPERATOR}

    def test_samples(self):
        self.services()
        self.usage()
        self.resources()
        self.costs()
        self.prices()
        self.statements()
        self.errors()
        self.assertEqual({path.name for path in FOLDER.iterdir()}, self.made)

    def services(self) -> None:
        self.sample('versions-get', '/')
        self.sample('health-get', '/healthcheck')
        found = self.ask('/v1/', base.admin()).json
        # One of each kind; there are many.
        found['resource_types'] = [
            each
            for each in found['resource_types']
            if each['collection'] in ('instances', 'object-requests')
        ]
        # Each commit has one of its own.
        found['release'] = RELEASE
        self.hold('capabilities-get-response.json', legible(found))
        found = self.ask('/v1/coverage', base.admin()).json
        found['coverage'] = [
            each
            for each in found['coverage']
            if each['resource_type'] in ('instance', 'image')
        ]
        self.hold('coverage-get-response.json', legible(found))

    def usage(self) -> None:
        self.sample('usage-get', '/v1/usage', **OCTOBER, as_of=AS_OF)
        self.sample(
            'collection-get-groups',
            '/v1/instances',
            **OCTOBER,
            group_by='project_id,type',
            sort='-usage',
            limit='1',
        )
        self.sample(
            'collection-get-buckets',
            '/v1/instances',
            **OCTOBER,
            granularity='1w',
        )
        self.sample(
            'collection-get-comparison',
            '/v1/volumes',
            **OCTOBER,
            compare_to='previous',
        )
        table = self.ask(
            '/v1/instances', base.admin(), **OCTOBER, format='csv'
        )
        self.hold(
            'collection-get-response.csv', table.text.replace('\r\n', '\n')
        )

    def resources(self) -> None:
        self.sample('resources-get', '/v1/resources', **OCTOBER)
        self.sample(
            'timeline-get', f'/v1/resources/{SERVER}/timeline', **OCTOBER
        )

    def costs(self) -> None:
        self.sample(
            'costs-get', '/v1/costs', **MONTH, as_of=AS_OF, equivalent='aws'
        )

    def prices(self) -> None:
        new = {
            'resource_type': 'volume',
            'measure': 'size_gib',
            'match': {'type': 'ssd'},
            'price': '0.09',
            'per': 'month',
            'currency': 'EUR',
            'valid_from': '2026-10-01T00:00:00Z',
            'description': 'SSD, by the GiB',
        }
        found = self.ask('/v1/prices', base.admin(), 'POST', new)
        price_id = found.json['id']
        self.fixed[price_id] = PRICE
        self.hold('prices-post-request.json', legible(new))
        self.hold('prices-post-response.json', legible(found.json))
        self.sample('prices-get', '/v1/prices', resource_type='instance')
        self.sample('price-get', f'/v1/prices/{SMALL}', history='true')
        self.sample(
            'price-patch',
            f'/v1/prices/{price_id}',
            'PATCH',
            {
                'valid_to': '2027-01-01T00:00:00Z',
                'description': 'SSD, by the GiB, until the end of the year',
            },
        )
        self.price_rise(price_id, new)

    def price_rise(self, price_id: str, former: Mapping[str, Any]) -> None:
        rise = '2026-12-01T00:00:00Z'
        changes = {
            'changes': [
                {
                    'change': 'amended',
                    'id': price_id,
                    'valid_to': rise,
                    'description': former['description'],
                },
                {
                    'change': 'created',
                    'price': {**former, 'price': '0.1', 'valid_from': rise},
                },
            ]
        }
        found = self.ask('/v1/prices', base.admin(), 'PATCH', changes)
        self.assertEqual(200, found.status_int, found.text)
        self.fixed[found.json['changes'][1]['price']['id']] = DEARER
        self.hold('prices-patch-request.json', legible(changes))
        self.hold('prices-patch-response.json', legible(found.json))

    def statements(self) -> None:
        asked = {**MONTH, 'as_of': AS_OF}
        self.sample('statement-preview', '/v1/statements', **asked)
        order = {**asked, 'allow_unpriced': True}
        issued = self.ask('/v1/statements', base.admin(), 'POST', order)
        self.assertEqual(201, issued.status_int, issued.text)
        self.fixed[issued.json['issued_at']] = ISSUED_AT
        self.hold('statements-post-request.json', legible(order))
        self.hold('statements-post-response.json', legible(issued.json))
        self.sample('statements-get', '/v1/statements', **MONTH, issued='true')
        self.sample('statement-get', f'/v1/statements/2026-10-{PROJECT}')

    def errors(self) -> None:
        found = self.ask('/v1/usage', base.admin(), group_by='flavour').json
        self.fixed[found['errors'][0]['request_id']] = REQUEST
        self.hold('error-response.json', legible(found))

    def sample(
        self,
        name: str,
        path: str,
        method: str = 'GET',
        body: Any = None,
        **params: str,
    ) -> None:
        """Hold a question and its answer against the samples of a name."""
        found = self.ask(path, base.admin(), method, body, **params)
        self.assertEqual(200, found.status_int, found.text)
        if body is not None:
            self.hold(f'{name}-request.json', legible(body))
        self.hold(f'{name}-response.json', legible(found.json))

    def hold(self, name: str, text: str) -> None:
        """Compare with a sample, or write it."""
        for new, fixed in self.fixed.items():
            text = text.replace(new, fixed)
        self.made.add(name)
        path = FOLDER / name
        if os.environ.get(VARIABLE):
            path.write_text(text)
        self.assertEqual(path.read_text(), text, name)


def legible(found: Any) -> str:
    return json.dumps(found, indent=4, ensure_ascii=False) + '\n'
