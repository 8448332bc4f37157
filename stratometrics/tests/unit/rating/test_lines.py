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
"""Bills that can be worked out by hand."""

import dataclasses
import decimal
import unittest

from stratometrics.model import prices
from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.rating import charges
from stratometrics.tests.unit.rating import oracle
from stratometrics.tests.unit.rating import test_charges

HOUR = test_charges.HOUR


def price(name, cost='1', **changes):
    """A price of a server for an hour, in euros."""
    facts = {
        'resource_type': 'server',
        'valid_from': 0,
        'currency': 'EUR',
        'per': prices.Per.HOUR,
        'tiers': (prices.Tier(decimal.Decimal(cost)),),
    }
    return prices.Price(id=name, **(facts | changes))


def tiers(*pairs):
    """Tiers of (price, bound)."""
    return tuple(
        prices.Tier(
            decimal.Decimal(cost),
            None if bound is None else decimal.Decimal(bound),
        )
        for cost, bound in pairs
    )


def stay(resource_id='r', begin=0, end=20, type='a', state='on', vcpus=0):
    """Twenty hours of a server, unless it says otherwise."""
    return oracle.Stay(
        resource_id=resource_id,
        type=type,
        state=state,
        begin=begin,
        end=end,
        vcpus=vcpus,
    )


def shown(lines):
    """Of each line its hours, price, quantity, unit price and amount."""
    return [
        (
            line.period.begin // HOUR,
            line.period.end // HOUR,
            line.price_id,
            str(line.quantity),
            str(line.unit_price),
            str(line.amount),
        )
        for line in lines
    ]


def charge(stays, *listed, **options):
    """The lines of a bill."""
    return charges_of(stays, *listed, **options).lines


def charges_of(stays, *listed, **options):
    return test_charges.charge(stays, listed, **options)


class LinesTest(unittest.TestCase):
    def test_a_price_change_gives_two_lines(self):
        lines = charge(
            [stay()],
            price('old', '2', valid_to=5 * HOUR),
            price('new', '3', valid_from=5 * HOUR),
        )
        self.assertEqual(
            [
                (0, 5, 'old', '5', '2', '10'),
                (5, 20, 'new', '15', '3', '45'),
            ],
            shown(lines),
        )

    def test_prices_of_something_else_cut_nothing(self):
        lines = charge(
            [stay(), stay('s', type='b')],
            price('a', match={'type': ('a',)}),
            price('b', match={'type': ('b',)}, valid_from=5 * HOUR),
        )
        self.assertEqual(
            [(0, 20, 'a', '20', '1', '20'), (5, 20, 'b', '15', '1', '15')],
            shown(lines),
        )

    def test_what_prices_of_other_months_ask_for_is_no_fact(self):
        used = [
            charges.Used(
                segment=0,
                resource_type='server',
                facts={'type': 'a', 'state': 'on', 'image': image},
                usage=HOUR,
                measures={},
            )
            for image in ('x', 'y')
        ]
        listed = [
            price('now'),
            price('next', match={'image': ('x',)}, valid_from=20 * HOUR),
            price('tried', match={'image': ('y',)}, valid_from=30 * HOUR),
        ]
        frame = charges.Frame(
            month=test_charges.MONTH, segments=[test_charges.MONTH]
        )
        rater = charges.Rater(test_charges.tariff(listed), frame)
        [line] = rater.charge(used).lines
        self.assertEqual((2, {}), (line.quantity, line.facts))

    def test_while_a_more_specific_price_is_valid_it_counts_alone(self):
        lines = charge(
            [stay()],
            price('general', '3'),
            price(
                'campaign',
                '1',
                match={'type': ('a',)},
                valid_from=5 * HOUR,
                valid_to=8 * HOUR,
            ),
        )
        self.assertEqual(
            [
                (0, 5, 'general', '5', '3', '15'),
                (5, 8, 'campaign', '3', '1', '3'),
                (8, 20, 'general', '12', '3', '36'),
            ],
            shown(lines),
        )

    def test_a_price_for_the_project_wins_over_one_for_an_attribute(self):
        lines = charge(
            [stay()],
            price('by type', '3', match={'type': ('a',), 'state': ('on',)}),
            price('agreed', '2', project_id='p'),
            price('of others', '1', project_id='q'),
        )
        self.assertEqual(['agreed'], [line.price_id for line in lines])

    def test_a_resource_and_its_measures_are_charged_apart(self):
        lines = charge(
            [stay(vcpus=4)],
            price('server', '2'),
            price('vcpu', '0.5', measure='vcpus'),
        )
        self.assertEqual(
            [
                (0, 20, 'server', '20', '2', '40'),
                (0, 20, 'vcpu', '80', '0.5', '40'),
            ],
            shown(lines),
        )

    def test_a_month_costs_the_same_however_long_it_is(self):
        [line] = charge(
            [stay(end=5)], price('flat', '100', per=prices.Per.MONTH)
        )
        self.assertEqual([(0, 20, 'flat', '1/4', '100', '25')], shown([line]))

    def test_each_part_of_a_quantity_costs_its_tier(self):
        lines = charge(
            [stay()],
            price('x', tiers=tiers(('3', '6'), ('2', '10'), ('1', None))),
        )
        self.assertEqual(
            [
                (0, 20, 'x', '6', '3', '18'),
                (0, 20, 'x', '4', '2', '8'),
                (0, 20, 'x', '10', '1', '10'),
            ],
            shown(lines),
        )

    def test_the_whole_quantity_costs_the_tier_that_it_ends_in(self):
        volume = price(
            'x',
            tiers=tiers(('3', '10'), ('1', None)),
            tier_mode=prices.TierMode.VOLUME,
        )
        for hours, amount in ((9, '27'), (10, '30'), (11, '11')):
            [line] = charge([stay(end=hours)], volume)
            self.assertEqual(amount, str(line.amount))

    def test_what_is_included_is_shown_and_is_free(self):
        lines = charge(
            [stay()],
            price(
                'x',
                included=decimal.Decimal(4),
                tiers=tiers(('3', '6'), ('1', None)),
            ),
        )
        self.assertEqual(
            [
                (0, 20, 'x', '4', '0', '0'),
                (0, 20, 'x', '2', '3', '6'),
                (0, 20, 'x', '14', '1', '14'),
            ],
            shown(lines),
        )
        self.assertEqual(
            [statements.Charge.INCLUDED] + [statements.Charge.USAGE] * 2,
            [line.kind for line in lines],
        )

    def test_a_following_price_goes_on_where_the_former_ended(self):
        lines = charge(
            [stay()],
            price('x', included=decimal.Decimal(5), valid_to=10 * HOUR),
            price('y', included=decimal.Decimal(15), valid_from=10 * HOUR),
        )
        self.assertEqual(
            [
                (0, 10, 'x', '5', '0', '0'),
                (0, 10, 'x', '5', '1', '5'),
                (10, 20, 'y', '5', '0', '0'),
                (10, 20, 'y', '5', '1', '5'),
            ],
            shown(lines),
        )

    def test_a_cut_leaves_to_each_of_a_resource_s_facts_its_tier(self):
        listed = [
            price('all', tiers=tiers(('2', '10'), ('1', None))),
            price('tried', '9', match={'image': ('z',)}),
        ]
        cut = [usage.Period(0, 10 * HOUR), usage.Period(10 * HOUR, 20 * HOUR)]

        def lines(segments, *used):
            frame = charges.Frame(month=test_charges.MONTH, segments=segments)
            found = charges.Rater(test_charges.tariff(listed), frame).charge(
                charges.Used(
                    segment=segment,
                    resource_type='server',
                    facts={'type': 'a', 'state': 'on', 'image': image},
                    resource_id='r',
                    usage=hours * HOUR,
                    measures={},
                )
                for segment, image, hours in used
            )
            return found.lines

        self.assertEqual(
            lines([test_charges.MONTH], (0, 'x', 10), (0, 'y', 10)),
            lines(cut, (0, 'y', 10), (1, 'x', 10)),
        )

    def test_a_cut_leaves_to_each_resource_its_tier(self):
        whole = price('x', tiers=tiers(('3', '20'), ('1', None)))
        stays = [stay('r', type='a'), stay('s', type='b')]
        self.assertEqual(
            [
                (0, 20, 'x', '20', '3', '60'),
                (0, 20, 'x', '20', '1', '20'),
            ],
            shown(charge(stays, whole)),
        )
        self.assertEqual(
            [
                (0, 10, 'x', '10', '3', '30'),
                (10, 20, 'y', '10', '3', '30'),
                (0, 10, 'x', '10', '1', '10'),
                (10, 20, 'y', '10', '1', '10'),
            ],
            shown(
                charge(
                    stays,
                    dataclasses.replace(whole, valid_to=10 * HOUR),
                    dataclasses.replace(whole, id='y', valid_from=10 * HOUR),
                )
            ),
        )

    def test_each_resource_costs_its_minimum_at_least(self):
        minimum = price('x', minimum=decimal.Decimal(8))
        stays = [stay('r', end=3), stay('s', end=2), stay('t')]
        lines = charge(stays, minimum)
        self.assertEqual(
            [(0, 20, 'x', '25', '1', '25'), (0, 20, 'x', '0', '0', '11')],
            shown(lines),
        )
        self.assertIs(statements.Charge.MINIMUM, lines[-1].kind)
        details = charge(stays, minimum, detailed=True)
        self.assertEqual(
            [('r', '5'), ('s', '6')],
            [(line.resource_id, str(line.amount)) for line in details[3:]],
        )

    def test_the_price_that_was_used_last_says_the_minimum(self):
        lines = charge(
            [stay(end=12)],
            price('x', minimum=decimal.Decimal(50), valid_to=10 * HOUR),
            price('y', minimum=decimal.Decimal(20), valid_from=10 * HOUR),
        )
        self.assertEqual((10, 20, 'y', '0', '0', '8'), shown(lines)[-1])

    def test_what_is_free_on_purpose_is_on_the_bill(self):
        bill = charges_of([stay()], price('x', '0'))
        self.assertEqual([(0, 20, 'x', '20', '0', '0')], shown(bill.lines))
        self.assertEqual((), bill.unpriced)

    def test_what_has_no_price_is_reported(self):
        bill = charges_of([stay()], price('x', valid_from=5 * HOUR))
        [unpriced] = bill.unpriced
        self.assertEqual(usage.Period(0, 5 * HOUR), unpriced.period)
        self.assertEqual(5 * HOUR, unpriced.usage)
        self.assertEqual('a', unpriced.type)

    def test_what_is_consumed_is_charged_by_the_unit(self):
        segments = [test_charges.MONTH]
        rater = charges.Rater(
            test_charges.tariff(
                [
                    price(
                        'x',
                        resource_type='request',
                        measure='bytes',
                        per=prices.Per.UNIT,
                        tiers=tiers(('0.5', None)),
                    )
                ]
            ),
            charges.Frame(month=test_charges.MONTH, segments=segments),
        )
        bill = rater.charge(
            [
                charges.Used(
                    segment=0,
                    resource_type='request',
                    facts={},
                    usage=3,
                    measures={'bytes': 10},
                )
            ]
        )
        self.assertEqual([(0, 20, 'x', '10', '0.5', '5')], shown(bill.lines))

    def test_a_resource_is_called_what_it_was_called_longest(self):
        segments = [test_charges.MONTH]
        rater = charges.Rater(
            test_charges.tariff([price('x')]),
            charges.Frame(
                month=test_charges.MONTH, segments=segments, detailed=True
            ),
        )
        bill = rater.charge(
            [
                charges.Used(
                    segment=0,
                    resource_type='server',
                    facts={},
                    resource_id='r',
                    name=name,
                    usage=hours * HOUR,
                    measures={},
                )
                for name, hours in (('z', 3), ('web', 5), ('b', 4))
            ]
        )
        [line] = bill.lines
        self.assertEqual('web', line.name)
        self.assertEqual(12, line.quantity)

    def test_only_totals_are_rounded(self):
        lines = charge(
            [stay(end=1), stay('s', end=1, type='b')],
            price('x', '0.004', match={'type': ('a',)}),
            price('y', '0.004'),
            price('z', '0.5', measure='vcpus', currency='JPY'),
        )
        [total] = charges.totals(lines, 'half_up')
        self.assertEqual('0.01', str(total.amount))
        self.assertEqual('1/125', str(total.exact))
