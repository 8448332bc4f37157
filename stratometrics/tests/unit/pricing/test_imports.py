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
"""What a file would change of the price list."""

import dataclasses
import decimal
import unittest

import hypothesis
from hypothesis import strategies

from stratometrics.model import prices
from stratometrics.pricing import imports
from stratometrics.rating import book
from stratometrics.rating import errors
from stratometrics.rating import ledger
from stratometrics.tests import priced

CREATED = prices.Change.CREATED
AMENDED = prices.Change.AMENDED
WITHDRAWN = prices.Change.WITHDRAWN


def month(number, id_=''):
    """One of prices that follow one another."""
    return priced.price(id_, valid_from=10 * number, valid_to=10 * number + 10)


def after(listed, changes):
    """A list after some changes."""
    found = {each.id: each for each in listed}
    for number, (change, each) in enumerate(changes):
        id_ = each.id or f'new-{number}'
        found[id_] = dataclasses.replace(each, id=id_)
        if change is WITHDRAWN:
            del found[id_]
    return list(found.values())


def planned(*given):
    """The changes of an import, without what they are for."""
    return [(step.change, step.price) for step in imports.plan(*given)]


class PlanTest(unittest.TestCase):
    def test_what_is_there_is_left_alone(self):
        self.assertEqual(
            [], imports.plan([priced.price('p')], [priced.price()])
        )

    def test_what_is_new_is_added(self):
        dearer = priced.price(tiers=(prices.Tier(decimal.Decimal('0.03')),))
        for new in (
            dearer,
            priced.price(valid_from=1001),
            priced.price(match={'type': ('a',)}),
            priced.price(currency='USD'),
            priced.price(minimum=decimal.Decimal(1)),
            priced.price(
                equivalents={'aws': prices.Equivalent('t', decimal.Decimal(1))}
            ),
        ):
            with self.subTest(new):
                self.assertEqual(
                    [(CREATED, new)], planned([priced.price('p')], [new])
                )

    def test_another_end_or_description_amends(self):
        for changes in ({'valid_to': 2000}, {'description': 'Server'}):
            with self.subTest(changes):
                self.assertEqual(
                    [(AMENDED, priced.price('p', **changes))],
                    planned([priced.price('p')], [priced.price(**changes)]),
                )

    def test_twice_in_a_file_is_not_once(self):
        [(change, twin)] = planned(
            [priced.price('p')], [priced.price(), priced.price()]
        )
        self.assertEqual((CREATED, priced.price()), (change, twin))
        with self.assertRaises(errors.Conflict):
            ledger.require_consistent(
                book.PriceBook([priced.created(priced.price('p'))]),
                [(change, twin)],
            )

    def test_each_change_says_what_it_is_for(self):
        old = priced.price('old', resource_type='volume')
        wanted = [
            priced.price(),
            priced.price(resource_type='image'),
            priced.price(resource_type='port', description='Port'),
        ]
        listed = [
            priced.price('p'),
            old,
            priced.price('port', resource_type='port'),
        ]
        self.assertEqual(
            [(AMENDED, None), (CREATED, 1), (AMENDED, 2)],
            [
                (step.change, step.number)
                for step in imports.plan(listed, wanted, 5000)
            ],
        )

    def test_what_the_file_does_not_have_stays(self):
        self.assertEqual([], imports.plan([priced.price('p')], []))

    def test_it_ends_where_the_file_replaces_it(self):
        past = priced.price('past', valid_from=0, valid_to=2000)
        running = priced.price('running', valid_from=2000)
        ending = priced.price('ending', resource_type='volume', valid_to=5001)
        future = priced.price('future', resource_type='image', valid_from=5000)
        new = priced.price(valid_from=5000)
        self.assertEqual(
            [
                (AMENDED, dataclasses.replace(running, valid_to=5000)),
                (AMENDED, dataclasses.replace(ending, valid_to=5000)),
                (WITHDRAWN, future),
                (CREATED, new),
            ],
            planned([past, running, ending, future], [new], 5000),
        )

    @hypothesis.given(
        strategies.lists(strategies.integers(0, 9), unique=True),
        strategies.lists(strategies.integers(0, 9), unique=True),
        strategies.none() | strategies.integers(0, 100),
    )
    def test_a_file_is_imported_once(self, there, wanted, replace_from):
        listed = [month(n, f'p{n}') for n in there]
        new = [month(n) for n in wanted]
        found = after(listed, planned(listed, new, replace_from))
        self.assertEqual([], imports.plan(found, new, replace_from))
        for each in new:
            self.assertIn(
                each, [dataclasses.replace(one, id='') for one in found]
            )
