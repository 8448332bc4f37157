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
"""What is compared, and what is not."""

import decimal
import unittest

from stratometrics.model import prices
from stratometrics.model import usage
from stratometrics.rating import costs
from stratometrics.tests.unit.rating import test_charges
from stratometrics.tests.unit.rating import test_lines

HOUR = test_charges.HOUR


def elsewhere(**providers):
    """Equivalents by provider."""
    return {
        name: prices.Equivalent('like it', decimal.Decimal(cost))
        for name, cost in providers.items()
    }


LISTED = [
    test_lines.price(
        'x',
        '2',
        match={'type': ('a',)},
        equivalents=elsewhere(aws='3', gcp='1'),
        included=decimal.Decimal(5),
    ),
    test_lines.price(
        'y', '4', match={'type': ('b',)}, equivalents=elsewhere(aws='5')
    ),
    test_lines.price('z', '6'),
]


def bill(project_id, *stays, **options):
    return costs.Bill(
        project_id=project_id,
        lines=test_charges.charge(stays, LISTED, **options).lines,
    )


def shown(found):
    """Cost, equivalent, saving and the rest, as numbers."""
    return {
        name: tuple(
            int(amount)
            for amount in (
                each.cost,
                each.equivalent,
                each.saving,
                each.without_equivalent,
            )
        )
        for name, each in found.comparisons.items()
    }


class CostsTest(unittest.TestCase):
    def test_only_what_has_an_equivalent_is_compared(self):
        [found] = costs.report(
            [
                bill(
                    'p',
                    test_lines.stay('r', type='a'),
                    test_lines.stay('s', type='b'),
                    test_lines.stay('t', type='c'),
                )
            ],
            LISTED,
            (),
            [test_charges.MONTH],
        )
        # 15 of 20 hours at 2, 20 at 4, 20 at 6.
        self.assertEqual(230, found.cost)
        self.assertEqual(
            {
                # All 20 hours would cost 3 there.
                'aws': (110, 160, 50, 120),
                'gcp': (30, 20, -10, 200),
            },
            shown(found),
        )

    def test_groups_and_buckets(self):
        cut = 8 * HOUR
        buckets = [
            usage.Period(0, cut),
            usage.Period(cut, test_charges.MONTH.end),
        ]
        found = costs.report(
            [
                bill(name, test_lines.stay('r', type='b'), cuts=[cut])
                for name in ('q', 'p')
            ],
            LISTED,
            ('project_id', 'type', 'image'),
            buckets,
        )
        self.assertEqual(
            [
                (('p', 'b', ''), buckets[0], 'EUR', 32),
                (('p', 'b', ''), buckets[1], 'EUR', 48),
                (('q', 'b', ''), buckets[0], 'EUR', 32),
                (('q', 'b', ''), buckets[1], 'EUR', 48),
            ],
            [
                (each.group, each.period, each.currency, each.cost)
                for each in found
            ],
        )
