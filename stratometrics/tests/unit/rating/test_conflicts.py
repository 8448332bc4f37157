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
"""Which prices contradict each other."""

import dataclasses
import unittest

import hypothesis
from hypothesis import strategies

from stratometrics.rating import conflicts
from stratometrics.tests import priced
from stratometrics.tests.unit.rating import effort


class ConflictTest(unittest.TestCase):
    def assert_conflict(self, expected, one, other):
        """See whether two prices conflict, in either order."""
        a, b = priced.price('a', **one), priced.price('b', **other)
        with self.subTest(one=one, other=other):
            for listed, added in (
                ([a], [b]),
                ([b], [a]),
                ([], [a, b]),
                ([], [b, a]),
            ):
                found = conflicts.first_conflict(listed, added)
                if expected:
                    self.assertEqual({a.id, b.id}, {each.id for each in found})
                    self.assertEqual(added[-1], found[0])
                else:
                    self.assertIsNone(found)

    def test_time(self):
        for expected, one, other in (
            (True, {}, {}),
            (True, {}, {'valid_from': 5000}),
            (True, {'valid_to': 5001}, {'valid_from': 5000}),
            (False, {'valid_to': 5000}, {'valid_from': 5000}),
            (True, {'valid_to': 5000}, {'valid_to': 3000}),
        ):
            self.assert_conflict(expected, one, other)

    def test_attributes(self):
        small = {'match': {'type': ('small', 'tiny')}}
        for expected, other in (
            (True, {'match': {'type': ('tiny', 'large')}}),
            (False, {'match': {'type': ('large',)}}),
            # Both are for a small one in the zone a, and neither comes first.
            (True, {'match': {'availability_zone': ('a',)}}),
            # The one that asks for more comes first.
            (False, {}),
            (
                False,
                {'match': {'type': ('tiny',), 'availability_zone': ('a',)}},
            ),
        ):
            self.assert_conflict(expected, small, other)
        self.assert_conflict(
            False,
            {'match': {'type': ('a',), 'state': ('active',)}},
            {'match': {'type': ('b',), 'availability_zone': ('z',)}},
        )

    def test_scopes(self):
        for expected, one, other in (
            (True, {'project_id': 'a'}, {'project_id': 'a'}),
            (False, {'project_id': 'a'}, {'project_id': 'b'}),
            (False, {'project_id': 'a'}, {'domain_id': 'a'}),
            (False, {'domain_id': 'a'}, {'domain_id': 'b'}),
            (False, {'project_id': 'a'}, {}),
        ):
            self.assert_conflict(expected, one, other)

    def test_what_is_priced(self):
        self.assert_conflict(False, {'measure': 'vcpus'}, {})
        self.assert_conflict(
            False, {'measure': 'vcpus'}, {'measure': 'ram_mib'}
        )
        self.assert_conflict(False, {'resource_type': 'volume'}, {})

    def test_another_currency_is_a_conflict_too(self):
        self.assert_conflict(True, {'currency': 'USD'}, {})

    def test_a_price_cut_in_two_is_none(self):
        whole = priced.price()
        parts = [
            dataclasses.replace(whole, valid_to=2000),
            dataclasses.replace(whole, valid_from=2000),
        ]
        self.assertIsNone(conflicts.first_conflict([], parts))


def compared(listed, added):
    """The answer, by comparing each price with all before it."""
    before = list(listed)
    for one in added:
        for other in before:
            if (
                _rank(one) == _rank(other)
                and _meets_in_time(one, other)
                and all(
                    set(one.match[name]) & set(other.match[name])
                    for name in one.match.keys() & other.match.keys()
                )
            ):
                return one, other
        before.append(one)
    return None


def _rank(one):
    return (
        one.resource_type,
        one.measure,
        one.project_id,
        one.domain_id,
        len(one.match),
    )


def _meets_in_time(one, other):
    begin = max(one.valid_from, other.valid_from)
    return all(
        each.valid_to is None or begin < each.valid_to for each in (one, other)
    )


VALUES = strategies.lists(
    strategies.sampled_from('vwxyz'), min_size=1, max_size=2
).map(tuple)
#: Few times and values, so that many prices meet.
PRICES = strategies.builds(
    lambda begin, length, **facts: priced.price(
        valid_from=begin,
        valid_to=None if length is None else begin + length,
        **facts,
    ),
    begin=strategies.integers(0, 8),
    length=strategies.integers(1, 3) | strategies.none(),
    match=strategies.dictionaries(
        strategies.sampled_from('abcd'), VALUES, max_size=3
    ),
    resource_type=strategies.sampled_from(('instance', 'volume')),
    measure=strategies.sampled_from(('', 'vcpus')),
    project_id=strategies.sampled_from(('', 'p')),
)
#: The same, but of one rank.
PEERS = strategies.builds(
    lambda one, facts: dataclasses.replace(one, **facts),
    PRICES,
    strategies.fixed_dictionaries(
        {
            'match': strategies.dictionaries(
                strategies.sampled_from('abcd'),
                VALUES,
                min_size=2,
                max_size=2,
            ),
            'resource_type': strategies.just('instance'),
            'measure': strategies.just(''),
            'project_id': strategies.just(''),
        }
    ),
)


class ManyTest(unittest.TestCase):
    """What an index finds is what comparing all pairs finds."""

    @hypothesis.settings(max_examples=300)
    @hypothesis.given(
        strategies.lists(PRICES, max_size=12) | strategies.lists(PEERS),
        strategies.lists(PRICES, max_size=12) | strategies.lists(PEERS),
    )
    def test_the_same_pair(self, listed, added):
        listed = [
            dataclasses.replace(each, id=f'listed-{place}')
            for place, each in enumerate(listed)
        ]
        added = [
            dataclasses.replace(each, id=f'added-{place}')
            for place, each in enumerate(added)
        ]
        self.assertEqual(
            compared(listed, added), conflicts.first_conflict(listed, added)
        )
        # A list that does not contradict itself, as all should.
        listed = consistent(listed)
        self.assertEqual(
            compared(listed, added), conflicts.first_conflict(listed, added)
        )

    def test_twice_as_many_take_twice_as_long(self):
        """As long as they have little in common."""
        for several in (
            self.types,
            self.types_in_one_zone,
            self.months,
            self.months_of_types,
            self.types_then_zones,
        ):
            with self.subTest(several.__name__):
                few, many = (self.effort(several(many)) for many in (400, 800))
                self.assertLess(400, few)
                self.assertLess(many, 3 * few)

    def effort(self, added):
        self.assertIsNone(conflicts.first_conflict([], added))
        return effort.calls(conflicts.first_conflict, [], added)

    def types(self, many):
        return [
            priced.price(match={'type': (f'm{number}',)})
            for number in range(many)
        ]

    def types_in_one_zone(self, many):
        return [
            priced.price(
                match={'availability_zone': ('z',), 'type': (f'm{number}',)}
            )
            for number in range(many)
        ]

    def months(self, many):
        return [
            priced.price(
                match={'type': ('m',)},
                valid_from=month,
                valid_to=month + 1,
            )
            for month in range(many)
        ]

    def months_of_types(self, many):
        return [
            priced.price(
                match={'type': (f'm{number % 20}',)},
                valid_from=number // 20,
                valid_to=number // 20 + 1,
            )
            for number in range(many)
        ]

    def types_then_zones(self, many):
        """What has no attribute in common, one after the other."""
        return [
            *(
                priced.price(match={'type': (f'm{number}',)}, valid_to=2000)
                for number in range(many // 2)
            ),
            *(
                priced.price(
                    match={'availability_zone': (f'z{number}',)},
                    valid_from=2000,
                )
                for number in range(many // 2)
            ),
        ]


def consistent(listed):
    """Those that contradict none before them."""
    found = []
    for each in listed:
        if compared(found, [each]) is None:
            found.append(each)
    return found
