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
"""Which of several prices counts."""

import dataclasses
import unittest

import hypothesis
from hypothesis import strategies

from stratometrics.model import usage
from stratometrics.rating import book
from stratometrics.tests import priced
from stratometrics.tests.unit.rating import effort
from stratometrics.tests.unit.rating import test_lines

price = test_lines.price


#: Few facts, so that many prices match.
FACTS = strategies.dictionaries(
    strategies.sampled_from('abc'), strategies.sampled_from('xy')
)
PRICES = strategies.builds(
    lambda owner, **facts: price('', **owner, **facts),
    owner=strategies.sampled_from(
        (
            *[{}] * 3,
            {'project_id': 'p'},
            {'domain_id': 'd'},
            {'domain_id': 'e'},
        )
    ),
    measure=strategies.sampled_from(('', 'vcpus')),
    match=strategies.dictionaries(
        strategies.sampled_from('abc'),
        strategies.sampled_from((('x',), ('y',), ('x', 'y'), ('', 'x'))),
    ),
    resource_type=strategies.sampled_from(('server', 'server', 'volume')),
    valid_from=strategies.integers(0, 2),
    valid_to=strategies.integers(3, 4) | strategies.none(),
)


def book_of(listed):
    return book.PriceBook(priced.created(each) for each in listed)


def winners(listed, attributes, project_id='p', domain_id='d', instant=0):
    """The ids of the prices that count, by measure."""
    found = book_of(listed).winners(
        'server', attributes, project_id, domain_id, instant
    )
    return {measure: each.id for measure, each in found.items()}


class WinnersTest(unittest.TestCase):
    def test_the_most_specific_price_counts(self):
        ladder = [
            price('any'),
            price('one', match={'type': ('a', 'b')}),
            price('two', match={'type': ('a',), 'state': ('on',)}),
            price('domain', domain_id='d'),
            price('domain one', domain_id='d', match={'type': ('a',)}),
            price('project', project_id='p'),
            price('project one', project_id='p', match={'type': ('a',)}),
        ]
        facts = {'type': 'a', 'state': 'on'}
        for number in range(len(ladder)):
            self.assertEqual(
                {'': ladder[number].id},
                winners(ladder[: number + 1], facts),
            )

    def test_it_must_match_in_everything(self):
        listed = [
            price('state', match={'type': ('a',), 'state': ('on',)}),
            price('none', match={'image': ('',)}),
        ]
        self.assertEqual(
            {'': 'state'}, winners(listed, {'type': 'a', 'state': 'on'})
        )
        self.assertEqual({'': 'none'}, winners(listed, {'type': 'a'}))
        self.assertEqual(
            {}, winners(listed[:1], {'type': 'a', 'state': 'off'})
        )

    def test_it_must_be_for_the_project_and_valid(self):
        listed = [
            price('p', project_id='p', valid_from=10, valid_to=20),
            price('d', domain_id='d', valid_from=10),
        ]
        self.assertEqual({}, winners(listed, {}, instant=9))
        self.assertEqual({'': 'p'}, winners(listed, {}, instant=10))
        self.assertEqual({'': 'd'}, winners(listed, {}, instant=20))
        self.assertEqual({'': 'd'}, winners(listed, {}, 'q', 'd', 15))
        self.assertEqual({}, winners(listed, {}, 'q', '', 15))
        self.assertEqual({}, winners(listed, {}, '', 'e', 15))

    def test_each_measure_has_a_price_of_its_own(self):
        listed = [
            price('server', match={'type': ('a',)}),
            price('vcpu', measure='vcpus'),
            price('ram', measure='ram_mib', match={'type': ('b',)}),
        ]
        self.assertEqual(
            {'': 'server', 'vcpus': 'vcpu'}, winners(listed, {'type': 'a'})
        )

    def test_what_asks_for_most_is_found_among_others(self):
        listed = [
            price('a', match={'a': ('x', 'y')}),
            price('b', match={'b': ('x',)}),
            price('c', match={'a': ('x',), 'b': ('x',)}),
        ]
        self.assertEqual({'': 'c'}, winners(listed, {'a': 'x', 'b': 'x'}))

    @hypothesis.settings(max_examples=300)
    @hypothesis.given(
        strategies.lists(PRICES, max_size=12),
        FACTS,
        strategies.sampled_from(('p', 'q')),
        strategies.sampled_from(('d', '')),
        strategies.integers(0, 4),
    )
    def test_looking_at_few_finds_what_looking_at_all_does(
        self, listed, facts, project_id, domain_id, instant
    ):
        listed = [
            dataclasses.replace(each, id=str(place))
            for place, each in enumerate(listed)
        ]
        expected = {}
        for each in sorted(
            listed, key=lambda each: (each.specificity, each.id)
        ):
            if (
                each.project_id in ('', project_id)
                and each.domain_id in ('', domain_id)
                and each.resource_type == 'server'
                and each.holds_at(instant)
                and all(
                    facts.get(name, '') in accepted
                    for name, accepted in each.match.items()
                )
            ):
                expected[each.measure] = each.id
        self.assertEqual(
            [*expected.items()],
            [*winners(listed, facts, project_id, domain_id, instant).items()],
        )


class KeysTest(unittest.TestCase):
    def test_what_the_prices_of_a_period_match_on(self):
        listed = book_of(
            [
                price('all', match={'type': ('a',)}),
                price('own', match={'state': ('on',)}, project_id='p'),
                price('other', match={'image': ('i',)}, project_id='q'),
                price('over', match={'name': ('n',)}, valid_to=10),
                price('volume', resource_type='volume'),
            ]
        )
        for project_id, begin, expected in (
            ('p', 10, {'type', 'state'}),
            ('p', 9, {'type', 'state', 'name'}),
            ('r', 10, {'type'}),
            # It was asked before, and the answer is its own.
            ('q', 10, {'type', 'image'}),
            ('r', 10, {'type'}),
        ):
            self.assertEqual(
                {'server': expected, 'volume': set()},
                listed.tariff(project_id, 'd').keys(usage.Period(begin, 20)),
            )


class ManyTest(unittest.TestCase):
    """What a price list takes does not grow with its square."""

    def test_a_price_of_its_own_for_each_project(self):
        few, many = (
            effort.calls(self.ask_each_project, book_of(self.owned(many)))
            for many in (200, 400)
        )
        self.assertLess(200, few)
        self.assertLess(many, 3 * few)

    def owned(self, many):
        return [
            price(f'{number}', project_id=f'{number}')
            for number in range(many)
        ]

    def ask_each_project(self, listed):
        for each in listed.prices:
            listed.tariff(each.project_id, 'd').winners('server', {}, 0)

    def test_a_price_of_its_own_for_each_type(self):
        few, many = (
            effort.calls(self.ask_for_each_type, book_of(self.typed(many)))
            for many in (200, 400)
        )
        self.assertLess(200, few)
        self.assertLess(many, 3 * few)

    def typed(self, many):
        return [
            price(
                f'{number}', match={'type': (f'm{number}',), 'state': ('on',)}
            )
            for number in range(many)
        ]

    def ask_for_each_type(self, listed):
        for each in listed.prices:
            [name] = each.match['type']
            facts = {'type': name, 'state': 'on'}
            listed.winners('server', facts, 'p', 'd', 0)
