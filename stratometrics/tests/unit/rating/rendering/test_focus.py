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
"""Rows of FOCUS, made by hand and made up."""

import csv
import dataclasses
import decimal
import fractions
import io
import json
import pathlib
import re
import sys
import unittest
from unittest import mock
import zoneinfo

import hypothesis
from hypothesis import strategies as st
from pyarrow import parquet as pyarrow_parquet

from stratometrics.model import months
from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.rating import charges
from stratometrics.rating import costs
from stratometrics.rating.rendering.focus import columns
from stratometrics.rating.rendering.focus import files
from stratometrics.rating.rendering.focus import parquet
from stratometrics.rating.rendering.focus import rows
from stratometrics.rating.rendering.focus import services
from stratometrics.rating.rendering.focus import units
from stratometrics.tests import focus

ZONE = zoneinfo.ZoneInfo('Europe/Berlin')
#: It has 745 hours.
OCTOBER = months.read('2026-10', ZONE)
SECOND = timestamps.MICROSECONDS
HOUR = 3600 * SECOND
DAY = usage.Period(OCTOBER.begin, OCTOBER.begin + 24 * HOUR)
COLUMNS = columns.VERSIONS['1.2']


def price(name, resource_type='instance', measure='', per='hour', **changes):
    facts = {
        'valid_from': 0,
        'currency': 'EUR',
        'tiers': (prices.Tier(decimal.Decimal('0.025')),),
    }
    return prices.Price(
        id=name,
        resource_type=resource_type,
        measure=measure,
        per=prices.Per(per),
        **facts | changes,
    )


PRICES = [
    price('server', match={'type': ('m1.small', 'a b')}),
    price('vcpu', measure='vcpus'),
    price('gib', 'volume', 'size_gib', 'month'),
    price('traffic', 'object-request', 'bytes_sent', 'unit'),
    price('yen', 'floating-ip', currency='JPY'),
]


def line(priced='server', quantity='24', **changes):
    """A line of one day, of a price from above."""
    [of] = [each for each in PRICES if each.id == priced]
    facts = {
        'period': DAY,
        'resource_type': of.resource_type,
        'type': 'm1.small',
        'state': 'active',
        'resource_id': 'r1',
        'name': 'web',
        'facts': {'region': 'Bern', 'availability_zone': 'az1', 'x': 'y'},
        'price_id': of.id,
        'measure': of.measure,
        'per': of.per,
        'quantity': fractions.Fraction(quantity),
        'unit_price': of.tiers[0].price,
        'currency': of.currency,
    } | changes
    amount = facts['quantity'] * fractions.Fraction(facts['unit_price'])
    return statements.Line(**{'amount': amount} | facts)


MINIMUM = line(
    kind=statements.Charge.MINIMUM,
    quantity='0',
    unit_price=decimal.Decimal(0),
    amount=fractions.Fraction(1, 3),
    state='',
    facts={},
)


def bill(*lines, **changes):
    facts = {'project_id': 'p', 'project_name': 'Acme', 'domain_id': 'd'}
    return costs.Bill(lines=lines, **facts | changes)


def ledger():
    return rows.Ledger(PRICES, ZONE, 'half_up', 'A Cloud')


def made(*lines, adjustments=(), invoice_id='', **changes):
    books = ledger()
    told = books.rows(
        bill(*lines, **changes), OCTOBER, adjustments, invoice_id
    )
    return [*told, *books.closing()]


def spelled(found):
    """What a reader of the CSV file sees."""
    return focus.read(b''.join(files.write(files.CSV, found, '1.2')).decode())


class RowTest(unittest.TestCase):
    def test_usage(self):
        [row] = spelled(made(line(), domain_name='Ours'))
        self.assertEqual(
            {
                'AvailabilityZone': 'az1',
                'BilledCost': '0.6',
                'BillingAccountId': 'p',
                'BillingAccountName': 'Acme',
                'BillingCurrency': 'EUR',
                'BillingPeriodEnd': '2026-10-31T23:00:00Z',
                'BillingPeriodStart': '2026-09-30T22:00:00Z',
                'ChargeCategory': 'Usage',
                'ChargeClass': '',
                'ChargeDescription': (
                    'instance m1.small active: Hours at 0.025 EUR'
                ),
                'ChargeFrequency': 'Usage-Based',
                'ChargePeriodEnd': '2026-10-01T22:00:00Z',
                'ChargePeriodStart': '2026-09-30T22:00:00Z',
                'ConsumedQuantity': '86400',
                'ConsumedUnit': 'Seconds',
                'ContractedCost': '0.6',
                'ContractedUnitPrice': '0.025',
                'EffectiveCost': '0.6',
                'InvoiceId': '',
                'InvoiceIssuerName': 'A Cloud',
                'ListCost': '0.6',
                'ListUnitPrice': '0.025',
                'PricingCategory': 'Standard',
                'PricingQuantity': '24',
                'PricingUnit': 'Hours',
                'ProviderName': 'A Cloud',
                'PublisherName': 'A Cloud',
                'RegionId': 'Bern',
                'RegionName': 'Bern',
                'ResourceId': 'r1',
                'ResourceName': 'web',
                'ResourceType': 'instance',
                'ServiceCategory': 'Compute',
                'ServiceName': 'Compute',
                'ServiceSubcategory': 'Virtual Machines',
                'SkuId': 'instance?type=a+b&type=m1.small',
                'SkuMeter': 'instance',
                'SkuPriceDetails': '',
                'SkuPriceId': 'server',
                'SubAccountId': '',
                'SubAccountName': '',
                'Tags': (
                    '{"openstack/state": "active", '
                    '"openstack/type": "m1.small", "openstack/x": "y"}'
                ),
                'x_DomainId': 'd',
                'x_DomainName': 'Ours',
            },
            row,
        )

    def test_months_are_exact_in_seconds(self):
        """A month that has 745 hours is 2682000 seconds."""
        [row, *_] = spelled(made(line('gib', '1/31')))
        self.assertEqual('GiB-Months', row['PricingUnit'])
        self.assertEqual('0.032258064516', row['PricingQuantity'])
        self.assertEqual('GiB-Seconds', row['ConsumedUnit'])
        # 2682000 / 31 has no end; but what is used is whole microseconds.
        used = fractions.Fraction(86_400_000_001, 2_682_000 * SECOND)
        [row, *_] = spelled(made(line('gib', used)))
        self.assertEqual('86400.000001', row['ConsumedQuantity'])

    def test_consumption(self):
        [row, *_] = spelled(made(line('traffic', '1234')))
        for column in ('PricingQuantity', 'ConsumedQuantity'):
            self.assertEqual('1234', row[column])
        for column in ('PricingUnit', 'ConsumedUnit'):
            self.assertEqual('B', row[column])

    def test_a_total_is_rounded_in_a_row(self):
        found = spelled(made(line(quantity='1/3'), line('yen', '50')))
        self.assertEqual(
            [
                ('EUR', '0.008333333333325', 'Usage', 'Compute'),
                ('JPY', '1.25', 'Usage', 'Networking'),
                ('EUR', '0.001666666666675', 'Adjustment', 'Rounding'),
                ('JPY', '-0.25', 'Adjustment', 'Rounding'),
            ],
            [
                (
                    row['BillingCurrency'],
                    row['BilledCost'],
                    row['ChargeCategory'],
                    row['ServiceName'],
                )
                for row in found
            ],
        )
        self.assertEqual([], focus.violations(found))

    def test_a_minimum_is_where_its_resource_is(self):
        [_, row, *_] = spelled(made(line(), MINIMUM))
        self.assertEqual('Adjustment', row['ChargeCategory'])
        self.assertEqual('0.333333333333', row['BilledCost'])
        self.assertEqual('', row['PricingQuantity'])
        self.assertEqual('Bern', row['RegionId'])
        self.assertEqual('az1', row['AvailabilityZone'])

    def test_what_is_included_costs_nothing(self):
        [row] = spelled(
            made(
                line(
                    kind=statements.Charge.INCLUDED,
                    unit_price=decimal.Decimal(0),
                )
            )
        )
        self.assertEqual(
            ('24', '0'), (row['PricingQuantity'], row['ListCost'])
        )

    def test_an_adjustment_is_a_correction_of_its_own_period(self):
        september = usage.Period(OCTOBER.begin - 5 * HOUR, OCTOBER.begin)
        found = spelled(
            made(
                line(),
                adjustments=[line(period=september, quantity='-5')],
                invoice_id='2026-10-p',
            )
        )
        self.assertEqual(
            [('', '0.6'), ('Correction', '-0.125'), ('', '0.005')],
            [(row['ChargeClass'], row['BilledCost']) for row in found],
        )
        self.assertEqual('2026-09-30T17:00:00Z', found[1]['ChargePeriodStart'])
        self.assertEqual(
            {'2026-09-30T22:00:00Z'},
            {row['BillingPeriodStart'] for row in found},
        )
        self.assertEqual({'2026-10-p'}, {row['InvoiceId'] for row in found})

    def test_what_is_known_of_nobody(self):
        [row] = spelled(
            made(
                line(resource_id='', facts={}, type='', state='', name='x'),
                project_name='',
                domain_id='',
            )
        )
        self.assertEqual('p', row['BillingAccountName'])
        for column in (
            *('ResourceId', 'ResourceName', 'ResourceType', 'RegionId'),
            *('AvailabilityZone', 'Tags', 'x_DomainId', 'x_DomainName'),
        ):
            self.assertEqual('', row[column], column)

    def test_a_price_that_began_within_a_second(self):
        period = usage.Period(DAY.begin + 1, DAY.begin + 2)
        [row, *_] = spelled(made(line(period=period)))
        self.assertEqual('2026-09-30T22:00:00Z', row['ChargePeriodStart'])
        self.assertEqual('2026-09-30T22:00:01Z', row['ChargePeriodEnd'])


class TableTest(unittest.TestCase):
    def test_the_columns_are_those_of_the_specification(self):
        kinds = {
            columns.Type.STRING: focus.STRING,
            columns.Type.DECIMAL: focus.DECIMAL,
            columns.Type.TIME: focus.TIME,
            columns.Type.PAIRS: focus.PAIRS,
        }
        self.assertEqual(
            {
                name: (kind, nullable)
                for name, (kind, nullable, _) in focus.COLUMNS.items()
            },
            {
                column.name: (kinds[column.type], column.nullable)
                for column in COLUMNS
                if not column.name.startswith('x_')
            },
        )

    def test_the_guide_tells_of_every_column(self):
        guide = pathlib.Path(__file__).parents[5] / 'doc/source/user/focus.rst'
        self.assertEqual(
            [column.name for column in columns.VERSIONS['1.3']],
            re.findall(
                r'^   \* - ``(\w+)``$', guide.read_text(), re.MULTILINE
            ),
        )

    def test_what_1_3_adds(self):
        """By its release notes: two names, and none is taken away."""
        old, new = (
            list(
                csv.DictReader(
                    io.StringIO(
                        b''.join(
                            files.write(files.CSV, made(line()), version)
                        ).decode()
                    )
                )
            )
            for version in ('1.2', '1.3')
        )
        names = ('HostProviderName', 'ServiceProviderName')
        self.assertEqual(
            [row | dict.fromkeys(names, row['ProviderName']) for row in old],
            new,
        )
        self.assertEqual(sorted(new[0]), list(new[0]))

    def test_every_resource_type_is_of_a_service(self):
        names = definitions.Definitions.load(None).resource_types
        for name in names:
            found = services.service(name)
            self.assertNotEqual('Other', found.category, name)
            self.assertIn(
                found.subcategory, focus.SUBCATEGORIES[found.category]
            )
        self.assertEqual(
            ('mine', 'Other', 'Other (Other)'), services.service('mine')
        )

    def test_units(self):
        hour, month, unit = prices.Per
        for measure, per, expected in (
            ('', hour, ('Hours', 'Seconds')),
            ('', month, ('Months', 'Seconds')),
            ('', unit, ('Count', 'Count')),
            ('size_gib', month, ('GiB-Months', 'GiB-Seconds')),
            ('ram_mib', hour, ('MiB-Hours', 'MiB-Seconds')),
            ('size_bytes', hour, ('B-Hours', 'B-Seconds')),
            ('bytes_received', unit, ('B', 'B')),
            ('vcpus', hour, ('vCPU-Hours', 'vCPU-Seconds')),
            ('containers', hour, ('Container-Hours', 'Container-Seconds')),
            ('requests', unit, ('Requests', 'Requests')),
        ):
            self.assertEqual(
                expected,
                (units.pricing(measure, per), units.consumed(measure, per)),
            )


#: No half of a pair, which UTF-8 cannot have; ClickHouse gives UTF-8.
TEXTS = st.text(st.characters(exclude_categories=['Cs']), max_size=20)
NAMES = TEXTS | st.sampled_from(
    ['=1+1', '"', 'a,b', '\r\n', '\n', '\\', "'", '\0', ' ', 'null', '\u202e']
)


@st.composite
def lines(draw):
    """A line with hostile texts and any quantity that can be used."""
    priced = draw(st.sampled_from(PRICES))
    used = draw(st.integers(1, 10**15))
    match priced.per:
        case prices.Per.HOUR:
            quantity = fractions.Fraction(used, HOUR)
        case prices.Per.MONTH:
            quantity = fractions.Fraction(used, OCTOBER.end - OCTOBER.begin)
        case prices.Per.UNIT:
            quantity = fractions.Fraction(used % 10**6 + 1)
    # An amount that Parquet cannot hold is too much of anything.
    digits = draw(st.integers(0, 10**7))
    places = draw(st.integers(0, 12))
    return line(
        priced.id,
        quantity,
        unit_price=decimal.Decimal(digits).scaleb(-places),
        type=draw(NAMES),
        state=draw(NAMES),
        resource_id=draw(NAMES),
        name=draw(NAMES),
        facts=draw(st.dictionaries(st.sampled_from(['region', 'a']), NAMES)),
        description=draw(NAMES),
    )


class PropertyTest(unittest.TestCase):
    @hypothesis.given(
        st.lists(lines() | st.just(MINIMUM), max_size=5),
        st.lists(lines(), max_size=2),
        NAMES,
    )
    def test_files_hold_to_the_rules_and_add_up(
        self, some, adjusted, project_name
    ):
        found = made(
            *some,
            adjustments=[
                dataclasses.replace(
                    each, quantity=-each.quantity, amount=-each.amount
                )
                for each in adjusted
            ],
            project_name=project_name,
        )
        table = spelled(found)
        self.assertEqual([], focus.violations(table))
        # To the last digit what is to be paid.
        expected = {
            total.currency: total.amount
            for total in charges.totals(
                (*some, *(_negative(each) for each in adjusted)), 'half_up'
            )
        }
        sums = dict.fromkeys(expected, fractions.Fraction(0))
        for row in table:
            sums[row['BillingCurrency']] += fractions.Fraction(
                row['BilledCost']
            )
        self.assertEqual(expected, sums)
        # Each line is in its row, exactly.
        for each, row in zip(some, table, strict=False):
            if each.kind is statements.Charge.MINIMUM:
                continue
            length = {
                prices.Per.HOUR: HOUR,
                prices.Per.MONTH: OCTOBER.end - OCTOBER.begin,
                prices.Per.UNIT: SECOND,
            }[each.per]
            self.assertEqual(
                each.quantity * length / SECOND,
                fractions.Fraction(row['ConsumedQuantity']),
            )
            self.assertLess(
                abs(each.amount - fractions.Fraction(row['BilledCost'])),
                fractions.Fraction(each.unit_price) / 10**12 or 1,
            )
            if each.resource_id.strip() and each.name.strip():
                self.assertIn(row['ResourceName'], ('', each.name))
            tags = json.loads(row['Tags'] or '{}')
            self.assertEqual(each.type, tags.get('openstack/type', ''))
        # Parquet says the same as CSV.
        read = pyarrow_parquet.read_table(
            io.BytesIO(b''.join(files.write(files.PARQUET, found, '1.2')))
        )
        self.assertEqual(
            [column.name for column in COLUMNS], read.column_names
        )
        self.assertEqual(
            table,
            [
                {name: _as_text(value) for name, value in row.items()}
                for row in read.to_pylist()
            ],
        )


def _negative(each):
    return dataclasses.replace(
        each, quantity=-each.quantity, amount=-each.amount
    )


def _as_text(value):
    match value:
        case None:
            return ''
        case str():
            return value
        case decimal.Decimal():
            text = f'{value:f}'.rstrip('0').rstrip('.')
            return '0' if text in ('', '-0') else text
    return value.isoformat().replace('+00:00', 'Z')


class StreamTest(unittest.TestCase):
    def test_neither_form_waits_for_all_rows(self):
        """Memory holds a part of a file, and pieces come before the end."""
        [row] = made(line())
        for form in files.MEDIA_TYPES:
            taken = 0

            def some():
                nonlocal taken
                for taken in range(1, 50_001):  # noqa: B007
                    yield row

            pieces = files.write(form, some(), '1.2')
            first = next(pieces)
            self.assertLess(taken, 50_000)
            whole = first + b''.join(pieces)
            self.assertEqual(50_000, taken)
            if form == files.PARQUET:
                metadata = pyarrow_parquet.read_metadata(io.BytesIO(whole))
                self.assertEqual(50_000, metadata.num_rows)
                self.assertEqual(3, metadata.num_row_groups)
                self.assertEqual(b'1.2', metadata.metadata[b'focus_version'])
            else:
                self.assertEqual(50_001, whole.count(b'\r\n'))

    def test_a_number_that_parquet_cannot_hold(self):
        found = made(line(quantity=10**20))
        with self.assertRaisesRegex(parquet.TooGreat, 'too great for Parquet'):
            list(files.write(files.PARQUET, found, '1.2'))

    def test_without_pyarrow(self):
        # It is there wherever tests run.
        with mock.patch.dict(sys.modules, {'pyarrow': None}):
            files.require(files.CSV)
            with self.assertRaisesRegex(
                parquet.MissingExtra, r'pip install "stratometrics\[parquet\]"'
            ):
                files.require(files.PARQUET)
        files.require(files.PARQUET)

    def test_no_rows(self):
        [head] = files.write(files.CSV, [], '1.2')
        self.assertTrue(head.startswith(b'AvailabilityZone,BilledCost,'))
        whole = b''.join(files.write(files.PARQUET, [], '1.2'))
        self.assertEqual(
            0, pyarrow_parquet.read_table(io.BytesIO(whole)).num_rows
        )
