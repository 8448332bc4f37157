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
"""What is charged, held against the oracle."""

from collections import defaultdict
import dataclasses
import decimal
import fractions
import itertools
import unittest

import hypothesis
from hypothesis import strategies as st

from stratometrics.model import prices
from stratometrics.model import usage
from stratometrics.rating import book
from stratometrics.rating import charges
from stratometrics.rating import tariffs
from stratometrics.tests.unit.rating import oracle

HOUR = oracle.HOUR
#: A month of twenty hours, each of which is a whole number of hundredths.
LENGTH = 20
MONTH = usage.Period(0, LENGTH * HOUR)
EUR = 'EUR'

DECIMALS = st.sampled_from(
    [decimal.Decimal(text) for text in ('0', '0.01', '0.5', '1', '3.3')]
)
MATCHES = (
    {},
    {'type': ('a',)},
    {'type': ('b', 'c')},
    {'type': ('a',), 'state': ('on',)},
)
STAYS = st.lists(
    st.builds(
        lambda begin, length, **facts: oracle.Stay(
            begin=begin, end=min(begin + length, LENGTH), **facts
        ),
        begin=st.integers(0, LENGTH - 1),
        length=st.integers(1, LENGTH),
        resource_id=st.sampled_from(['r1', 'r2', 'r3']),
        type=st.sampled_from(['a', 'b', 'd']),
        state=st.sampled_from(['on', 'off']),
        vcpus=st.integers(0, 2),
    ),
    max_size=8,
)


@st.composite
def terms(draw: st.DrawFn) -> dict:
    """What a price comes to; its bounds fall between two hours."""
    per = draw(st.sampled_from([prices.Per.HOUR, prices.Per.MONTH]))
    size = decimal.Decimal('0.05' if per is prices.Per.MONTH else '1')
    bounds = draw(st.lists(st.integers(1, 40), max_size=2, unique=True))
    return {
        'per': per,
        'currency': draw(st.sampled_from([EUR, 'JPY'])),
        'tiers': tuple(
            prices.Tier(draw(DECIMALS), bound and bound * size)
            for bound in [*sorted(bounds), None]
        ),
        'tier_mode': draw(st.sampled_from(list(prices.TierMode))),
        'included': draw(st.integers(0, 10)) * size,
        'minimum': draw(DECIMALS),
    }


@st.composite
def price_lists(draw: st.DrawFn) -> list[prices.Price]:
    """Prices that do not contradict each other."""
    listed = []
    for match in draw(st.sets(st.sampled_from(range(len(MATCHES))))):
        for measure in draw(st.sets(st.sampled_from(['', 'vcpus']))):
            bounds = draw(
                st.sets(st.integers(0, LENGTH), min_size=1, max_size=3)
            )
            known = [draw(terms()), draw(terms())]
            for begin, end in itertools.pairwise([*sorted(bounds), None]):
                listed.append(
                    prices.Price(
                        id=f'{len(listed)}',
                        resource_type='server',
                        measure=measure,
                        match=MATCHES[match],
                        project_id=draw(st.sampled_from(['', '', 'p'])),
                        valid_from=begin * HOUR,
                        valid_to=end and end * HOUR,
                        **draw(st.sampled_from(known)),
                    )
                )
    return listed


def used(stays, segments) -> list[charges.Used]:
    """What storage answers of stays, segment by segment."""
    found = []
    for stay, (number, segment) in itertools.product(
        stays, enumerate(segments)
    ):
        begin = max(stay.begin * HOUR, segment.begin)
        end = min(stay.end * HOUR, segment.end)
        if begin < end:
            found.append(
                charges.Used(
                    segment=number,
                    resource_type='server',
                    facts={'type': stay.type, 'state': stay.state},
                    resource_id=stay.resource_id,
                    name=f'name of {stay.resource_id}',
                    usage=end - begin,
                    measures={'vcpus': (end - begin) * stay.vcpus},
                )
            )
    return found


def tariff(listed) -> tariffs.Tariff:
    """The prices of project p."""
    entries = [
        prices.Entry(
            change=prices.Change.CREATED, at=0, by='alice', price=price
        )
        for price in listed
    ]
    return book.PriceBook(entries).tariff('p', '')


def charge(stays, listed, cuts=(), arrange=list, **options):
    """The bill of project p."""
    segments = charges.segments(MONTH, listed, cuts)
    frame = charges.Frame(month=MONTH, segments=segments, cuts=cuts, **options)
    return charges.Rater(tariff(listed), frame).charge(
        arrange(used(stays, segments))
    )


def sums(lines, *names):
    """Quantities and amounts of lines, by some of what they say."""
    found = defaultdict(lambda: (fractions.Fraction(0),) * 2)
    for line in lines:
        key = tuple(getattr(line, name) for name in names)
        quantity, amount = found[key]
        found[key] = quantity + line.quantity, amount + line.amount
    return dict(found)


def exact(lines):
    """The exact totals, without those of 0."""
    return {
        total.currency: total.exact
        for total in charges.totals(lines, 'half_up')
        if total.exact
    }


#: All of a line that does not depend on where prices are cut.
LASTING = (
    'kind',
    'type',
    'state',
    'resource_id',
    'measure',
    'per',
    'unit_price',
    'currency',
)


class PropertiesTest(unittest.TestCase):
    @hypothesis.given(STAYS, price_lists())
    def test_totals_are_those_of_the_oracle(self, stays, listed):
        expected = oracle.totals(stays, listed, LENGTH)
        self.assertEqual(
            {currency: sum_ for currency, sum_ in expected.items() if sum_},
            exact(charge(stays, listed).lines),
        )

    @hypothesis.given(STAYS, price_lists(), st.data())
    def test_cutting_a_price_changes_no_line_s_sum(self, stays, listed, data):
        """R5, for money."""
        hypothesis.assume(listed)
        price = data.draw(st.sampled_from(listed))
        instant = data.draw(
            st.integers(
                price.valid_from + 1, (price.valid_to or 2 * MONTH.end) - 1
            )
        )
        halves = [
            dataclasses.replace(price, id='x', valid_to=instant),
            dataclasses.replace(price, id='y', valid_from=instant),
        ]
        cut = [each for each in listed if each is not price] + halves
        for detailed in (False, True):
            self.assertEqual(
                sums(charge(stays, listed, detailed=detailed).lines, *LASTING),
                sums(charge(stays, cut, detailed=detailed).lines, *LASTING),
            )

    @hypothesis.given(
        STAYS,
        price_lists(),
        st.sets(st.integers(1, MONTH.end - 1), max_size=4),
    )
    def test_days_sum_to_the_month(self, stays, listed, cuts):
        whole = charge(stays, listed)
        days = charge(stays, listed, sorted(cuts))
        for names in (LASTING, ('price_id', 'type', 'kind')):
            self.assertEqual(
                sums(whole.lines, *names), sums(days.lines, *names)
            )
        for line in days.lines:
            for cut in cuts:
                self.assertFalse(line.period.begin < cut < line.period.end)
        self.assertEqual(
            sum(each.usage for each in whole.unpriced),
            sum(each.usage for each in days.unpriced),
        )

    @hypothesis.given(
        STAYS,
        price_lists(),
        st.sets(st.integers(1, MONTH.end - 1), min_size=1, max_size=4),
    )
    def test_marks_tell_apart_what_cuts_do(self, stays, listed, instants):
        """A chart has the same amounts as lines that are cut."""
        instants = sorted(instants)
        expected = defaultdict(fractions.Fraction)
        for line in charge(stays, listed, instants).lines:
            begin = max(
                each for each in [0, *instants] if each <= line.period.begin
            )
            key = begin, line.resource_type, line.type, line.currency
            expected[key] += line.amount
        segments = charges.segments(MONTH, listed, instants)
        frame = charges.Frame(month=MONTH, segments=segments, marks=instants)
        found = charges.Rater(tariff(listed), frame).charge(
            used(stays, segments)
        )
        self.assertEqual(dict(expected), found.marked)
        self.assertEqual(charge(stays, listed).lines, found.lines)

    @hypothesis.given(STAYS, price_lists(), st.randoms(use_true_random=False))
    def test_the_order_of_usage_changes_nothing(self, stays, listed, random):
        """R2: not even the order of the lines."""

        def shuffled(some):
            random.shuffle(some)
            return some

        self.assertEqual(
            charge(stays, listed, detailed=True),
            charge(stays, listed, detailed=True, arrange=shuffled),
        )

    @hypothesis.given(STAYS, price_lists())
    def test_details_sum_to_the_lines(self, stays, listed):
        names = ('price_id', 'period', *LASTING)
        names = [name for name in names if name != 'resource_id']
        self.assertEqual(
            sums(charge(stays, listed).lines, *names),
            sums(charge(stays, listed, detailed=True).lines, *names),
        )

    @hypothesis.given(STAYS, price_lists())
    def test_all_that_is_used_is_on_a_line_or_reported(self, stays, listed):
        """Nothing is silently free."""
        listed = [
            price
            for price in listed
            if price.measure == '' and price.per is prices.Per.HOUR
        ]
        bill = charge(stays, listed)
        hours = sum(line.quantity for line in bill.lines)
        unpriced = sum(each.usage for each in bill.unpriced)
        self.assertEqual(
            sum(stay.end - stay.begin for stay in stays),
            hours + fractions.Fraction(unpriced, HOUR),
        )
