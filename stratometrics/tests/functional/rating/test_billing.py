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
"""Bills of what a real ClickHouse knows."""

import datetime
import decimal
import fractions
from unittest import mock
import zoneinfo

from stratometrics.model import calendars
from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import adjustments
from stratometrics.rating import billing
from stratometrics.rating import charges
from stratometrics.rating import costs
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base

ZONE = zoneinfo.ZoneInfo('Europe/Berlin')
HOUR = 3600 * timestamps.MICROSECONDS
DAYS = calendars.GRANULARITIES['1d']


def at(month, day, hour=0, microsecond=0):
    """An instant of 2026 by the clock of Berlin."""
    return timestamps.from_datetime(
        datetime.datetime(2026, month, day, hour, 0, 0, microsecond, ZONE)
    )


#: It has 745 hours: on the 25th the clock is put back.
OCTOBER = usage.Period(at(10, 1), at(11, 1))
#: All was there by then.
WATERMARK = at(11, 2)
LATER = at(11, 9)
EARLIER = at(9, 1)


def event(resource_type, resource_id, project_id, time, **facts):
    """What a notification says."""
    return event_model.Event(
        **{
            'resource_type': resource_type,
            'resource_id': resource_id,
            'project_id': project_id,
            'event_time': time,
            'message_id': f'{resource_id}-{time}',
            'rank': event_model.RANK_EVENT,
            'phase': event_model.Phase.BILLED,
            'state': 'active',
            'event_type': 'test',
        }
        | facts
    )


SERVER = {'type': 'm1.small', 'name': 'web', 'measures': {'vcpus': 2}}
VOLUME = {'measures': {'size_gib': 10}, 'state': 'in-use'}


def request(number, time, sent):
    """A request to the object store of project p."""
    return event(
        'object-request',
        'account',
        'p',
        time,
        message_id=f'request-{number}',
        phase=event_model.Phase.CONSUMED,
        state='',
        measures={'bytes_sent': sent},
    )


EVENTS = [
    event('instance', 'i1', 'p', at(9, 20), **SERVER),
    event('volume', 'v1', 'p', at(10, 1), **VOLUME),
    # It is transferred: p paid for 240 hours, q for 505.
    event('volume', 'v1', 'q', at(10, 11), **VOLUME),
    request(1, at(10, 2), 60),
    request(2, at(10, 20), 90),
    event('floating-ip', 'f1', 'q', at(10, 31)),
]
#: This one is late.
RESIZE = event(
    'instance',
    'i1',
    'p',
    at(10, 30),
    type='m1.large',
    name='web',
    measures={'vcpus': 4},
)


def price(name, resource_type, cost, **changes):
    """A price in euros, for ever."""
    facts = {
        'valid_from': 0,
        'currency': 'EUR',
        'per': prices.Per.HOUR,
        'tiers': (prices.Tier(decimal.Decimal(cost)),),
    }
    return prices.Price(
        id=name, resource_type=resource_type, **(facts | changes)
    )


SMALL = {'match': {'type': ('m1.small',)}}
PRICES = [
    price('small-1', 'instance', '0.02', valid_to=at(10, 15), **SMALL),
    price('small-2', 'instance', '0.03', valid_from=at(10, 15), **SMALL),
    price('vcpu', 'instance', '0.01', measure='vcpus'),
    price(
        'gib',
        'volume',
        '0.10',
        measure='size_gib',
        per=prices.Per.MONTH,
        equivalents={'aws': prices.Equivalent('gp3', decimal.Decimal('0.08'))},
    ),
    price(
        'traffic',
        'object-request',
        '0',
        measure='bytes_sent',
        per=prices.Per.UNIT,
        included=decimal.Decimal(10),
        tiers=(
            prices.Tier(decimal.Decimal('0.5'), decimal.Decimal(100)),
            prices.Tier(decimal.Decimal('0.1')),
        ),
    ),
]


def told(lines):
    """Of each line what is charged, for how much."""
    return [
        (line.price_id, str(line.quantity), str(line.unit_price), line.amount)
        for line in lines
    ]


def euros(text):
    return fractions.Fraction(text)


class BillingTest(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.storage.write_events(EVENTS, received_at=at(11, 1))
        self.set_prices(PRICES)
        self.biller = billing.Biller(
            self.storage,
            definitions.Definitions.load(None).resource_types,
            ZONE,
            self.conf.rating.rounding,
        )

    def set_prices(self, listed, when=EARLIER) -> None:
        self.storage.record_prices(
            [
                prices.Entry(
                    change=prices.Change.CREATED,
                    at=when,
                    by='alice',
                    price=each,
                )
                for each in listed
            ]
        )

    def test_a_month(self) -> None:
        """Every figure is derived by hand."""
        found = self.biller.statement('p', OCTOBER, WATERMARK)
        self.assertEqual(
            [
                # 14 days of 24 hours, then 17 days and the hour in between.
                ('small-1', '336', '0.02', euros('6.72')),
                ('small-2', '409', '0.03', euros('12.27')),
                # 2 vCPUs for 745 hours.
                ('vcpu', '1490', '0.01', euros('14.90')),
                # Of 150 bytes 10 are included; the tier ends at 100.
                ('traffic', '10', '0', euros('0')),
                ('traffic', '90', '0.5', euros('45')),
                ('traffic', '50', '0.1', euros('5')),
                # 10 GiB for 240 of 745 hours are 2400/745 GiB-months.
                ('gib', '480/149', '0.1', euros('48/149')),
            ],
            sorted(told(found.lines), key=lambda line: line[0] == 'gib'),
        )
        self.assertEqual((), found.unpriced)
        [total] = found.totals
        self.assertEqual('84.21', str(total.amount))
        self.assertEqual(euros('83.89') + euros('48/149'), total.exact)
        self.assertEqual(OCTOBER, found.period)
        self.assertEqual('Europe/Berlin', found.timezone)

    def test_one_connection_will_do(self) -> None:
        """Bills that wait for each other's connections would wait for ever."""
        for name, value in (('pool_size', 1), ('pool_timeout', 1)):
            self.conf.set_override(name, value, group='clickhouse')
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        biller = billing.Biller(
            storage,
            definitions.Definitions.load(None).resource_types,
            ZONE,
            'half_up',
        )
        self.assertEqual(
            self.biller.statement('p', OCTOBER, WATERMARK),
            biller.statement('p', OCTOBER, WATERMARK),
        )

    def test_a_transfer_and_what_nobody_priced(self) -> None:
        found = self.biller.statement('q', OCTOBER, WATERMARK)
        self.assertEqual(
            [('gib', '1010/149', '0.1', euros('101/149'))], told(found.lines)
        )
        [unpriced] = found.unpriced
        self.assertEqual('floating-ip', unpriced.resource_type)
        self.assertEqual(24 * HOUR, unpriced.usage)
        self.assertEqual(usage.Kind.STATE, unpriced.billed_by)

    def test_a_bill_reproduces_after_more_was_heard(self) -> None:
        """R15: neither events nor prices that came later change it."""
        options = {'detailed': True, 'daily': True}
        before = self.biller.statement('p', OCTOBER, WATERMARK, **options)
        self.storage.write_events([RESIZE], received_at=at(11, 8))
        self.set_prices(
            [
                price('late', 'instance', '9', match={'type': ('m1.large',)}),
                price('dear', 'instance', '0.02', measure='vcpus', **SMALL),
            ],
            at(11, 8),
        )
        self.assertEqual(
            before, self.biller.statement('p', OCTOBER, WATERMARK, **options)
        )
        # 48 hours at 9.00, 4 vCPUs for 2, and 48 hours less at 0.03; and 1394
        # vCPU-hours of the small one at 0.01 more.
        later = self.biller.statement('p', OCTOBER, LATER)
        self.assertEqual('529.67', str(later.totals[0].amount))

    def test_arriving_again_in_another_order_changes_nothing(self) -> None:
        """R2"""
        before = self.biller.statement('p', OCTOBER, WATERMARK, detailed=True)
        for each in EVENTS[::-1]:
            self.storage.write_events([each, each], received_at=at(11, 1, 5))
        self.assertEqual(
            before,
            self.biller.statement('p', OCTOBER, WATERMARK, detailed=True),
        )

    def test_what_came_late_is_an_adjustment(self) -> None:
        then = self.biller.statement('p', OCTOBER, WATERMARK)
        self.storage.write_events([RESIZE], received_at=at(11, 8))
        now = self.biller.statement('p', OCTOBER, LATER)
        adjusted = adjustments.difference(now.lines, then.lines)
        self.assertEqual(
            [
                # Two days of 4 vCPUs instead of a small one with 2.
                ('vcpu', '192', '0.01', euros('1.92')),
                ('small-2', '-48', '0.03', euros('-1.44')),
                ('vcpu', '-96', '0.01', euros('-0.96')),
            ],
            told(adjusted),
        )
        self.assertEqual(
            now.totals[0].exact,
            charges.totals(then.lines + adjusted, 'half_up')[0].exact,
        )

    def test_all_projects_at_once_get_the_same(self) -> None:
        """R5: one pass over the cloud gives what each project gets alone."""
        self.set_prices(
            [
                # It cuts the month for q alone.
                price(
                    'agreed',
                    'floating-ip',
                    '0.5',
                    project_id='q',
                    match={'availability_zone': ('',)},
                    valid_from=at(10, 31, 12),
                )
            ]
        )
        for options in ({}, {'detailed': True, 'daily': True}):
            alone = [
                self.biller.statement(
                    project_id, OCTOBER, WATERMARK, **options
                )
                for project_id in ('p', 'q')
            ]
            for batch in (1, 50):
                with mock.patch.object(billing, '_BATCH', batch):
                    self.assertEqual(
                        alone,
                        list(
                            self.biller.statements(
                                OCTOBER, WATERMARK, **options
                            )
                        ),
                    )
        self.assertIn(
            ('agreed', '12', '0.5', euros('6')), told(alone[1].lines)
        )

    def test_who_used_nothing_gets_an_empty_statement(self) -> None:
        found = list(
            self.biller.statements(OCTOBER, WATERMARK, ('z', 'p', 'a'))
        )
        self.assertEqual(['a', 'p', 'z'], [each.project_id for each in found])
        self.assertEqual((), found[0].lines + found[0].totals)

    def test_details_name_the_resource(self) -> None:
        found = self.biller.statement('p', OCTOBER, WATERMARK, detailed=True)
        first = found.lines[0]
        self.assertEqual(('i1', 'web'), (first.resource_id, first.name))
        self.assertEqual(
            self.biller.statement('p', OCTOBER, WATERMARK).totals, found.totals
        )

    def test_a_month_that_is_not_over(self) -> None:
        """R9: what has not passed yet is not charged."""
        found = self.biller.statement('p', OCTOBER, at(10, 3))
        self.assertEqual(usage.Period(at(10, 1), at(10, 3)), found.period)
        # Nothing had been received.
        self.assertEqual((), found.lines)
        self.storage.write_events(EVENTS[:1], received_at=at(9, 20))
        found = self.biller.statement('p', OCTOBER, at(10, 3))
        self.assertEqual(
            [
                ('small-1', '48', '0.02', euros('0.96')),
                ('vcpu', '96', '0.01', euros('0.96')),
            ],
            told(found.lines),
        )
        with self.assertRaisesRegex(billing.NothingYet, '2026-09-30T22'):
            self.biller.statement('p', OCTOBER, OCTOBER.begin)

    def test_days_sum_to_the_month(self) -> None:
        found = self.biller.statement('p', OCTOBER, WATERMARK, daily=True)
        self.assertEqual(
            found.totals[0].exact, sum(cost.amount for cost in found.daily)
        )
        costs_of = {
            cost.day.day: cost.amount
            for cost in found.daily
            if cost.resource_type == 'instance'
        }
        self.assertEqual(24 * euros('0.05'), costs_of[24])
        self.assertEqual(25 * euros('0.05'), costs_of[25])
        # The tier goes on where it was when the day began.
        self.assertEqual(
            {2: 50 * euros('0.5'), 20: 40 * euros('0.5') + 50 * euros('0.1')},
            {
                cost.day.day: cost.amount
                for cost in found.daily
                if cost.resource_type == 'object-request'
            },
        )

    def test_bills_of_any_periods_add_up(self) -> None:
        whole = usage.Period(at(9, 10), OCTOBER.end)
        middle = at(10, 11, 7)

        def lines(period, **options):
            return [
                line
                for bill in self.biller.bills(period, WATERMARK, **options)
                for line in bill.lines
            ]

        parts = lines(usage.Period(whole.begin, middle)) + lines(
            usage.Period(middle, whole.end), granularity=DAYS
        )
        self.assertEqual(
            charges.totals(lines(whole), 'half_up'),
            charges.totals(parts, 'half_up'),
        )
        september = [line for line in parts if line.period.begin < at(10, 1)]
        # From the 20th on.
        self.assertEqual(
            11 * 24 * euros('0.04'), sum(line.amount for line in september)
        )

    def test_what_it_would_cost_elsewhere(self) -> None:
        found = costs.report(
            self.biller.bills(OCTOBER, WATERMARK),
            self.biller.price_book(WATERMARK).prices,
            ('resource_type',),
            [OCTOBER],
        )
        compared = {cost.group: cost.comparisons['aws'] for cost in found}
        volumes = compared['volume',]
        # One month of 10 GiB, of p and q together.
        self.assertEqual(
            (euros('1'), euros('0.8'), euros('-0.2'), euros('0')),
            (
                volumes.cost,
                volumes.equivalent,
                volumes.saving,
                volumes.without_equivalent,
            ),
        )
        servers = compared['instance',]
        self.assertEqual(
            (euros('0'), euros('0'), euros('33.89')),
            (servers.cost, servers.equivalent, servers.without_equivalent),
        )

    def test_a_price_for_a_domain(self) -> None:
        self.storage.write_names(
            [
                names.Name(
                    kind=names.PROJECT, id='p', name='shop', parent_id='d'
                ),
                names.Name(kind=names.DOMAIN, id='d', name='Acme'),
            ],
            at(10, 1),
        )
        self.set_prices(
            [price('ours', 'volume', '1', measure='size_gib', domain_id='d')]
        )
        found = self.biller.statement('p', OCTOBER, WATERMARK)
        self.assertEqual('ours', found.lines[-1].price_id)
        self.assertEqual(
            ('shop', 'd', 'Acme'),
            (found.project_name, found.domain_id, found.domain_name),
        )
        other = self.biller.statement('q', OCTOBER, WATERMARK)
        self.assertEqual('gib', other.lines[-1].price_id)

    def test_a_minimum_is_of_each_resource(self) -> None:
        """Resources are told apart though the statement does not name any."""
        self.set_prices(
            [price('held', 'floating-ip', '0.01', minimum=decimal.Decimal(1))]
        )
        self.storage.write_events(
            [event('floating-ip', 'f2', 'q', at(10, 1))], received_at=at(11, 1)
        )
        lines = [
            line
            for line in self.biller.statement('q', OCTOBER, WATERMARK).lines
            if line.price_id == 'held'
        ]
        # One for 24 hours, the other for all 745.
        self.assertEqual(
            [
                (statements.Charge.USAGE, euros('7.69')),
                (statements.Charge.MINIMUM, euros('0.76')),
            ],
            [(line.kind, line.amount) for line in lines],
        )
