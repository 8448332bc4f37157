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
"""The bill that the user guide derives by hand, made by the service."""

import csv
import dataclasses
import fractions
import pathlib

from stratometrics.model import event as event_model
from stratometrics.model import prices
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.pricing import files
from stratometrics.rating import billing
from stratometrics.tests.functional import base
from stratometrics.tests.functional.rating import test_billing

GUIDE = pathlib.Path(__file__).parents[4] / 'doc/source/user/example'
ZONE = test_billing.ZONE
UNITS = {
    ('', prices.Per.HOUR): 'h',
    ('size_gib', prices.Per.MONTH): 'GiB-months',
}


at = test_billing.at
MONTHS = {
    'October': usage.Period(at(10, 1), at(11, 1)),
    'November': usage.Period(at(11, 1), at(12, 1)),
}


def event(resource_type: str, time: int, **facts) -> event_model.Event:
    """What a notification says; of acme, unless told otherwise."""
    ended = facts.get('state') == 'deleted'
    return event_model.Event(
        **{
            'resource_type': resource_type,
            'resource_id': f'{resource_type}-1',
            'project_id': 'acme',
            'event_time': time,
            'message_id': f'{resource_type}-{time}',
            'rank': (
                event_model.RANK_DELETION if ended else event_model.RANK_EVENT
            ),
            'phase': (
                event_model.Phase.ENDED if ended else event_model.Phase.BILLED
            ),
            'state': 'active',
            'event_type': 'test',
        }
        | facts
    )


LARGE = {'type': 'm1.large', 'measures': {'vcpus': 4}}
VOLUME = {'state': 'in-use', 'measures': {'size_gib': 100}}
EVENTS = [
    event('volume', at(10, 1), **VOLUME),
    event('instance', at(10, 1, 9), type='m1.small', measures={'vcpus': 2}),
    event('instance', at(10, 16, 12), **LARGE),
    event('instance', at(11, 2), state='shelved_offloaded', **LARGE),
    event('instance', at(11, 9), **LARGE),
    event('volume', at(11, 11), project_id='globex', **VOLUME),
    event('instance', at(11, 30, 18), state='deleted', **LARGE),
]


def mixed(number: fractions.Fraction) -> str:
    """A number as the guide writes it: ``33 1/3``, or else ``7.26``."""
    whole, rest = divmod(number, 1)
    if 100 % rest.denominator == 0:
        return f'{float(number):.2f}'.rstrip('0').rstrip('.')
    return f'{whole} {rest}'


class ExampleTest(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.storage.write_events(EVENTS, received_at=at(12, 1))
        file = GUIDE / 'prices.yaml'
        self.storage.record_prices(
            [
                prices.Entry(
                    change=prices.Change.CREATED,
                    at=at(9, 1),
                    by='admin',
                    price=dataclasses.replace(price, id=str(number)),
                )
                for number, price in enumerate(
                    files.load(file.name, file.read_text())
                )
            ]
        )
        biller = billing.Biller(
            self.storage,
            definitions.Definitions.load(None).resource_types,
            ZONE,
            'half_up',
        )
        self.statements = {
            (each.project_id, name): each
            for name, month in MONTHS.items()
            for each in biller.statements(month, at(12, 2))
        }

    def read(self, name: str) -> list[list[str]]:
        with (GUIDE / name).open(encoding='utf-8', newline='') as file:
            _header, *rows = csv.reader(file)
        return rows

    def test_the_lines(self) -> None:
        self.assertEqual(
            sorted(self.read('lines.csv')),
            sorted(
                [
                    project_id,
                    month,
                    line.description,
                    line.state,
                    f'{mixed(line.quantity)} {UNITS[line.measure, line.per]}',
                    str(line.unit_price),
                    mixed(line.amount),
                ]
                for (project_id, month), found in self.statements.items()
                for line in found.lines
            ),
        )

    def test_the_totals(self) -> None:
        self.assertEqual(
            self.read('totals.csv'),
            [
                [
                    project_id,
                    month,
                    mixed(total.exact),
                    f'{total.currency} {total.amount}',
                ]
                for (project_id, month), found in self.statements.items()
                for total in found.totals
            ],
        )
        for found in self.statements.values():
            self.assertEqual((), found.unpriced)
