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
"""Statements that Hypothesis draws, with names that are up to no good."""

import datetime
import decimal
import zoneinfo

import hypothesis
from hypothesis import strategies

from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage

SETTINGS = hypothesis.settings(max_examples=60)

HOSTILE = (
    '<script>alert(1)</script>',
    '</title></style></textarea><img src=x onerror=alert(1)>',
    '"><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    '{{ 7 * 7 }}{% raw %}',
    ']]>--><!--',
    '@import url(https://example.com/x.css)',
    '=HYPERLINK("https://example.com","x")',
    '+1+cmd|" /C calc"!A0',
    '-2+3',
    '@SUM(A1)',
    '\t=1+1',
    'שלום עולם',
    'مرحبا 123',
    '\u202egnp.exe',
    '💸👩‍🚀',
    'a\x00b\x0bc\x85\ufffe',
    'line\r\nbreak',
    'x' * 10_000,
)
# Surrogates are refused where notifications are read.
TEXTS = strategies.sampled_from(('', 'm1.small', *HOSTILE)) | strategies.text(
    strategies.characters(exclude_categories=('Cs',)), max_size=20
)
CURRENCIES = strategies.sampled_from(['EUR', 'USD', 'JPY', 'KWD', 'XTS'])
FRACTIONS = strategies.fractions(
    min_value=-(10**30), max_value=10**30, max_denominator=10**12
)
PRICES = strategies.decimals(
    min_value=0, max_value=10**9, places=12, allow_nan=False
)
_YEAR = timestamps.from_datetime(
    datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
)
INSTANTS = strategies.integers(_YEAR, _YEAR + 365 * 86400 * 10**6)
ZONES = strategies.sampled_from(
    ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns']
)


@strategies.composite
def periods(draw: strategies.DrawFn) -> usage.Period:
    begin = draw(INSTANTS)
    length = draw(strategies.integers(1, 40 * 86400 * 10**6))
    return usage.Period(begin, begin + length)


@strategies.composite
def months(draw: strategies.DrawFn, zone: str) -> usage.Period:
    index = draw(strategies.integers(1, 11))
    begin, end = (
        timestamps.from_datetime(
            datetime.datetime(2026, each, 1, tzinfo=zoneinfo.ZoneInfo(zone))
        )
        for each in (index, index + 1)
    )
    return usage.Period(begin, end)


LINES = strategies.builds(
    statements.Line,
    period=periods(),
    kind=strategies.sampled_from(statements.Charge),
    resource_type=TEXTS,
    type=TEXTS,
    state=TEXTS,
    resource_id=TEXTS,
    name=TEXTS,
    facts=strategies.dictionaries(TEXTS, TEXTS, max_size=2),
    price_id=TEXTS,
    description=TEXTS,
    measure=TEXTS,
    per=strategies.sampled_from(prices.Per),
    quantity=FRACTIONS,
    unit_price=PRICES,
    amount=FRACTIONS,
    currency=CURRENCIES,
)

UNPRICED = strategies.builds(
    statements.Unpriced,
    period=periods(),
    resource_type=TEXTS,
    type=TEXTS,
    state=TEXTS,
    usage=strategies.integers(0, 2**100),
    billed_by=strategies.sampled_from(usage.Kind),
)


def costs(period: usage.Period, zone: str) -> strategies.SearchStrategy:
    """Costs of days of a month."""
    first = (
        timestamps.to_datetime(period.begin)
        .astimezone(zoneinfo.ZoneInfo(zone))
        .date()
    )
    return strategies.builds(
        statements.DailyCost,
        day=strategies.dates(first, first + datetime.timedelta(days=27)),
        resource_type=TEXTS,
        type=TEXTS,
        amount=FRACTIONS,
        currency=CURRENCIES,
    )


@strategies.composite
def totals(draw: strategies.DrawFn) -> tuple[statements.Total, ...]:
    found = []
    for currency in sorted(draw(strategies.sets(CURRENCIES, max_size=3))):
        exact = draw(FRACTIONS)
        digits = {'JPY': 0, 'KWD': 3}.get(currency, 2)
        minor = round(exact * 10**digits)
        found.append(
            statements.Total(
                currency=currency,
                exact=exact,
                amount=decimal.Decimal(f'{minor}E-{digits}'),
            )
        )
    return tuple(found)


@strategies.composite
def drawn_statements(draw: strategies.DrawFn) -> statements.Statement:
    zone = draw(ZONES)
    period = draw(months(zone))
    lines = strategies.lists(LINES, max_size=3).map(tuple)
    return statements.Statement(
        project_id=draw(TEXTS),
        project_name=draw(TEXTS),
        domain_id=draw(TEXTS),
        domain_name=draw(TEXTS),
        region=draw(TEXTS),
        period=period,
        timezone=zone,
        as_of=draw(INSTANTS),
        lines=draw(lines),
        adjustments=draw(lines),
        unpriced=draw(strategies.lists(UNPRICED, max_size=2).map(tuple)),
        totals=draw(totals()),
        daily=draw(
            strategies.lists(costs(period, zone), max_size=12).map(tuple)
        ),
    )
