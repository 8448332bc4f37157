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
"""Costs of what a real ClickHouse knows, as reports and as exports."""

from collections import defaultdict
import datetime
import decimal
import fractions
import functools

from stratometrics.model import calendars
from stratometrics.model import event as event_model
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import billing
from stratometrics.rating import exporting
from stratometrics.rating import issuing
from stratometrics.rating import reporting
from stratometrics.rating.rendering import canonical
from stratometrics.rating.rendering.focus import files
from stratometrics.storage.clickhouse import driver
from stratometrics.tests import focus
from stratometrics.tests import priced
from stratometrics.tests.functional import base
from stratometrics.tests.functional.rating import test_billing

ZONE = test_billing.ZONE
DAYS = exporting.GRANULARITIES['1d']
HOURS = exporting.GRANULARITIES['1h']


at = test_billing.at
price = test_billing.price
event = functools.partial(
    test_billing.event, region='Bern', availability_zone='az1'
)

#: Of 720 hours.
SEPTEMBER = usage.Period(at(9, 1), at(10, 1))
#: Of 745: on the 25th the clock is put back.
OCTOBER = usage.Period(at(10, 1), at(11, 1))
EARLIER = at(8, 1)


SMALL = {'type': 'm1.small', 'name': '=web', 'measures': {'vcpus': 2}}
LARGE = {'type': 'm1.large', 'name': '=web', 'measures': {'vcpus': 4}}
EVENTS = [
    event('instance', 'i1', 'p', at(9, 1), **SMALL),
    event('instance', 'i1', 'p', at(10, 3, 12, 1), **LARGE),
    event('volume', 'v1', 'p', at(10, 1), measures={'size_gib': 10}),
    event('volume', 'v1', 'q', at(10, 11), measures={'size_gib': 10}),
    event('network', 'n1', 'q', at(10, 30, 12)),
    event('router', 'n2', 'q', at(10, 30, 12)),
    event(
        'object-request',
        'account',
        'p',
        at(10, 2),
        phase=event_model.Phase.CONSUMED,
        state='',
        measures={'bytes_sent': 150},
    ),
]
#: The resize was in September already: this is late.
LATE = event('instance', 'i1', 'p', at(9, 30), **LARGE)


PRICES = [
    price(
        'small',
        'instance',
        '0.02',
        match={'type': ('m1.small',)},
        equivalents={'aws': prices.Equivalent('t3a', decimal.Decimal('0.05'))},
    ),
    # From within a second on it is dearer.
    price(
        'large-1',
        'instance',
        '0.04',
        match={'type': ('m1.large',)},
        valid_to=at(10, 15, 0, 500_000),
        included=decimal.Decimal('2.5'),
    ),
    price(
        'large-2',
        'instance',
        '0.0501',
        match={'type': ('m1.large',)},
        valid_from=at(10, 15, 0, 500_000),
        included=decimal.Decimal('2.5'),
    ),
    price('vcpu', 'instance', '0.01', measure='vcpus'),
    price('gib', 'volume', '0.10', measure='size_gib', per=prices.Per.MONTH),
    price('net', 'network', '7', currency='JPY', minimum=decimal.Decimal(600)),
    price(
        'traffic',
        'object-request',
        '0',
        measure='bytes_sent',
        per=prices.Per.UNIT,
        tiers=(
            prices.Tier(decimal.Decimal('0.5'), decimal.Decimal(100)),
            prices.Tier(decimal.Decimal('0.1')),
        ),
    ),
]


def entries():
    """The price list."""
    return [priced.created(each, EARLIER) for each in PRICES]


class CostsTestCase(base.StorageTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.storage.write_events(EVENTS, received_at=at(10, 30, 13))
        self.storage.record_prices(entries())
        found = definitions.Definitions.load(None)
        self.biller = billing.Biller(
            self.storage, found.resource_types, ZONE, 'half_up'
        )
        self.exporter = exporting.Exporter(
            self.storage, self.biller, ZONE, 'half_up', 'A Cloud'
        )
        self.issuer = issuing.Issuer(
            self.storage,
            found,
            issuing.Terms(zone=ZONE, rounding='half_up', settling_time=0),
        )


class ExportTest(CostsTestCase):
    def export(self, granularity, *projects, as_of=None):
        charged = self.exporter.charged(
            OCTOBER, granularity, timestamps.now(), projects or None, as_of
        )
        text = b''.join(
            files.write(files.CSV, self.exporter.rows(charged), '1.2')
        ).decode()
        return focus.read(text)

    def assert_adds_up(self, rows, totals):
        """The sums of BilledCost are what is to be paid, exactly."""
        sums = defaultdict(fractions.Fraction)
        for row in rows:
            key = row['BillingAccountId'], row['BillingCurrency']
            sums[key] += fractions.Fraction(row['BilledCost'])
        self.assertEqual(totals, {k: str(float(v)) for k, v in sums.items()})

    def totals(self, as_of):
        return {
            (each.project_id, total.currency): str(float(total.amount))
            for each in self.biller.statements(OCTOBER, as_of)
            for total in each.totals
        }

    def test_days_and_hours_come_to_what_the_statements_say(self):
        watermark = at(11, 2)
        totals = self.totals(watermark)
        self.assertEqual(3, len(totals))
        for granularity, length in ((DAYS, 25), (HOURS, 1)):
            rows = self.export(granularity, as_of=watermark)
            self.assertEqual([], focus.violations(rows))
            self.assert_adds_up(rows, totals)
            self.assertEqual({''}, {row['InvoiceId'] for row in rows})
            self.assertEqual(
                length,
                max(
                    (
                        instant(row['ChargePeriodEnd'])
                        - instant(row['ChargePeriodStart'])
                    )
                    // 3600
                    for row in rows
                    if row['ServiceName'] != 'Rounding'
                ),
            )

    def test_a_resource_day_by_day(self):
        rows = [
            row
            for row in self.export(DAYS, 'p', as_of=at(11, 2))
            if row['SkuPriceId'].startswith(('small', 'large'))
        ]
        self.assertEqual(
            [
                # 60 hours and a microsecond.
                ('2026-10-01T22:00:00Z', 'small', '0.02', '86400'),
                ('2026-10-02T22:00:00Z', 'small', '0.02', '86400'),
                # 2.5 hours are included, the rest of the day is not.
                ('2026-10-03T22:00:00Z', 'large-1', '0', '9000'),
                ('2026-10-03T22:00:00Z', 'large-1', '0.04', '34199.999999'),
                ('2026-10-03T22:00:00Z', 'small', '0.02', '43200.000001'),
            ],
            sorted(
                (
                    row['ChargePeriodEnd'],
                    row['SkuPriceId'],
                    row['ContractedUnitPrice'],
                    row['ConsumedQuantity'],
                )
                for row in rows
                if row['ChargePeriodEnd'] < '2026-10-04'
            ),
        )
        # Where a price changes within a second, both rows tell that second.
        self.assertEqual(
            [
                ('2026-10-14T22:00:00Z', '2026-10-14T22:00:01Z', '0.04'),
                ('2026-10-14T22:00:00Z', '2026-10-15T22:00:00Z', '0.0501'),
            ],
            sorted(
                (
                    row['ChargePeriodStart'],
                    row['ChargePeriodEnd'],
                    row['ListUnitPrice'],
                )
                for row in rows
                if row['ChargePeriodStart'].startswith('2026-10-14')
            ),
        )
        self.assertEqual({'=web'}, {row['ResourceName'] for row in rows})
        self.assertEqual({'Bern'}, {row['RegionId'] for row in rows})
        self.assertEqual({'az1'}, {row['AvailabilityZone'] for row in rows})

    def test_what_was_issued_is_exported_as_it_was(self):
        self.issuer.issue('p', SEPTEMBER, 'alice', as_of=at(10, 31))
        self.storage.write_events([LATE], received_at=at(11, 1))
        issued, _ = self.issuer.issue('p', OCTOBER, 'alice', as_of=at(11, 2))
        statement = canonical.read(issued.content)
        self.assertTrue(statement.adjustments)
        # What is learnt later is none of its business.
        self.storage.write_events(
            [event('instance', 'i2', 'p', at(10, 20), **SMALL)],
            received_at=at(11, 3),
        )
        rows = self.export(DAYS)
        self.assertEqual([], focus.violations(rows))
        [total] = statement.totals
        others = self.totals(timestamps.now())
        self.assertNotEqual(str(float(total.amount)), others['p', 'EUR'])
        self.assert_adds_up(
            rows, others | {('p', 'EUR'): str(float(total.amount))}
        )
        self.assertEqual(
            {('p', '2026-10-p'), ('q', '')},
            {(row['BillingAccountId'], row['InvoiceId']) for row in rows},
        )
        corrections = [row for row in rows if row['ChargeClass']]
        # The local September.
        self.assertEqual(
            {('2026-08-31T22:00:00Z', '2026-09-30T22:00:00Z')},
            {
                (row['ChargePeriodStart'], row['ChargePeriodEnd'])
                for row in corrections
            },
        )
        self.assertEqual(len(statement.adjustments), len(corrections))
        # Asked as of a time, what was issued does not matter.
        rows = self.export(DAYS, as_of=at(11, 4))
        self.assert_adds_up(rows, self.totals(at(11, 4)))

    def test_one_connection_is_enough(self):
        """Who holds one must not wait for another one."""
        self.issuer.issue('p', SEPTEMBER, 'alice', as_of=at(10, 31))
        self.storage.write_events([LATE], received_at=at(11, 1))
        for project_id in ('p', 'q'):
            self.issuer.issue(
                project_id,
                OCTOBER,
                'alice',
                as_of=at(11, 2),
                allow_unpriced=True,
            )
        several = self.export(DAYS, 'p', 'q')
        self.assertTrue([row for row in several if row['ChargeClass']])
        self.conf.set_override('pool_size', 1, 'clickhouse')
        self.conf.set_override('pool_timeout', 0.5, 'clickhouse')
        storage = driver.get_storage(self.conf)
        self.addCleanup(storage.close)
        found = definitions.Definitions.load(None)
        biller = billing.Biller(storage, found.resource_types, ZONE, 'half_up')
        self.exporter = exporting.Exporter(
            storage, biller, ZONE, 'half_up', 'A Cloud'
        )
        self.assertEqual(several, self.export(DAYS, 'p', 'q'))


class ReportTest(CostsTestCase):
    def report(self, **changes):
        question = reporting.Question(
            **{
                'period': OCTOBER,
                'project_ids': ('p',),
                'as_of': at(11, 2),
                'group_by': ('resource_type', 'type'),
            }
            | changes
        )
        return reporting.report(self.biller, question, ZONE)

    def test_cost_equivalent_and_saving(self):
        found = self.report(providers=('aws',), group_by=('type', 'measure'))
        [small] = [
            each for each in found.costs if each.group == ('m1.small', '')
        ]
        compared = small.comparisons['aws']
        # 60 hours and a microsecond.
        hours = 60 + fractions.Fraction(1, 3600 * 10**6)
        self.assertEqual(hours * fractions.Fraction('0.02'), compared.cost)
        self.assertEqual(
            hours * fractions.Fraction('0.05'), compared.equivalent
        )
        self.assertEqual(hours * fractions.Fraction('0.03'), compared.saving)
        self.assertEqual(0, compared.without_equivalent)
        [total] = found.totals
        self.assertEqual(
            total.cost,
            total.comparisons['aws'].cost
            + total.comparisons['aws'].without_equivalent,
        )
        self.assertEqual(
            self.biller.statement('p', OCTOBER, at(11, 2)).totals[0].exact,
            total.cost,
        )

    def test_days_add_up(self):
        whole = self.report(project_ids=None)
        days = self.report(
            project_ids=None, granularity=calendars.GRANULARITIES['1d']
        )
        sums = defaultdict(fractions.Fraction)
        for each in days.costs:
            sums[each.group, each.currency] += each.cost
        self.assertEqual(
            {(each.group, each.currency): each.cost for each in whole.costs},
            sums,
        )
        self.assertEqual(31, len({each.period for each in days.costs}))
        [router] = whole.unpriced
        self.assertEqual('router', router.resource_type)
        self.assertEqual(36 * 3600 * timestamps.MICROSECONDS, router.usage)
        self.assertEqual(whole.unpriced, days.unpriced)

    def test_keys_of_all_kinds(self):
        found = self.report(
            group_by=('project_id', 'resource_id', 'availability_zone'),
            project_ids=None,
        )
        self.assertEqual(
            {
                ('p', '', 'account', 'az1'),
                ('p', '', 'i1', 'az1'),
                ('p', '', 'v1', 'az1'),
                ('q', '', 'n1', ''),
                ('q', '', 'n1', 'az1'),
                ('q', '', 'v1', 'az1'),
            },
            {each.group for each in found.costs},
        )

    def test_an_unknown_provider(self):
        error = self.assertRaises(
            reporting.UnknownProvider, self.report, providers=('gcp',)
        )
        self.assertEqual(
            "no price names what 'gcp' takes; there are aws", str(error)
        )


def instant(text):
    """Seconds since the epoch."""
    return datetime.datetime.fromisoformat(text).timestamp()
