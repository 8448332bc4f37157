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
"""A month of a project's bill, as tests of its forms use it."""

import datetime
import decimal
import fractions
import zoneinfo

from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.rating.rendering import canonical
from stratometrics.rating.rendering import page

ZONE = zoneinfo.ZoneInfo('Europe/Berlin')
APPEARANCE = page.Appearance(
    issuer='Nordlicht Cloud AG',
    address=('Hafenstraße 12', '20457 Hamburg'),
    footer='Payable within 14 days.\nQuestions: billing@nordlicht.example',
)


def at(year: int, month: int, day: int, hour: int = 0) -> int:
    """An instant, in microseconds since the epoch, by the clock of Berlin."""
    return timestamps.from_datetime(
        datetime.datetime(year, month, day, hour, tzinfo=ZONE)
    )


OCTOBER = usage.Period(at(2026, 10, 1), at(2026, 11, 1))


def line(
    resource_type: str, type_: str, quantity: str, price: str, **facts: object
) -> statements.Line:
    """A line of October in euros, by the hour unless it says otherwise."""
    count, each = fractions.Fraction(quantity), fractions.Fraction(price)
    return statements.Line(
        **{
            'period': OCTOBER,
            'resource_type': resource_type,
            'type': type_,
            'price_id': 'a-price',
            'per': prices.Per.HOUR,
            'quantity': count,
            'unit_price': decimal.Decimal(price),
            'amount': count * each,
            'currency': 'EUR',
            **facts,
        }
    )


LINES = (
    line(
        *('instance', 'm1.large', '720', '0.08'),
        state='active',
        period=usage.Period(OCTOBER.begin, at(2026, 10, 16)),
        description='8 GiB, general purpose',
    ),
    line(
        *('instance', 'm1.large', '2684/7', '0.085'),
        state='active',
        period=usage.Period(at(2026, 10, 16), OCTOBER.end),
        description='8 GiB, general purpose',
    ),
    line(
        *('instance', 'm1.small', '745', '0.0145'),
        state='active',
        resource_id='3f2a9f0e-2a4b-4a43-9a0a-7d1f6f1b7d11',
        name='web-1',
        facts={'availability_zone': 'nova'},
    ),
    line(
        *('volume', 'ssd', '500/3', '0.09'),
        measure='size_gib',
        per=prices.Per.MONTH,
    ),
    line(
        *('volume', 'ssd', '0', '0'),
        kind=statements.Charge.MINIMUM,
        measure='size_gib',
        per=prices.Per.MONTH,
        amount=fractions.Fraction('1.25'),
    ),
    line(
        *('object_requests', '', '120394', '0.000004'),
        per=prices.Per.UNIT,
    ),
)

ADJUSTMENTS = (
    line(
        *('instance', 'm1.large', '-12', '0.08'),
        state='active',
        period=usage.Period(at(2026, 9, 1), OCTOBER.begin),
        description='Deleted before it was known',
    ),
)

# 57.6 + 2684/7 * 0.085 + 10.8025 + 15 + 1.25 + 0.481576 - 0.96
TOTAL = fractions.Fraction('84.174076') + fractions.Fraction('228.14') / 7

STATEMENT = statements.Statement(
    project_id='8d1c0f6a5b7e4a339b21c0d7e6f5a4b3',
    project_name='acme-production',
    domain_id='default',
    domain_name='Acme GmbH',
    region='eu-central',
    period=OCTOBER,
    timezone='Europe/Berlin',
    as_of=at(2026, 11, 3, 2),
    lines=LINES,
    adjustments=ADJUSTMENTS,
    unpriced=(
        statements.Unpriced(
            period=OCTOBER,
            resource_type='load_balancer',
            type='small',
            state='ACTIVE',
            usage=745 * 3600 * timestamps.MICROSECONDS,
        ),
        statements.Unpriced(
            period=OCTOBER,
            resource_type='dns_queries',
            type='',
            state='',
            usage=17,
            billed_by=usage.Kind.CONSUMPTION,
        ),
    ),
    totals=(
        statements.Total(
            currency='EUR', exact=TOTAL, amount=decimal.Decimal('116.77')
        ),
    ),
    daily=tuple(
        statements.DailyCost(
            day=datetime.date(2026, 10, day),
            resource_type=each.resource_type,
            type=each.type,
            amount=each.amount / 31,
            currency='EUR',
        )
        for day in range(1, 32)
        for each in LINES
    ),
)


def issued(statement: statements.Statement) -> statements.Issued:
    """The statement as it is kept once it was issued."""
    content = canonical.text(statement)
    return statements.Issued(
        number=f'2026-10-{statement.project_id}',
        project_id=statement.project_id,
        period=statement.period,
        as_of=statement.as_of,
        issued_at=at(2026, 11, 3, 3),
        issued_by='an-admin',
        content=content,
        sha256=canonical.digest(content),
    )
