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

import unittest

from stratometrics.model import prices
from stratometrics.rating import book
from stratometrics.tests.unit.rating import test_lines

price = test_lines.price


def winners(listed, attributes, project_id='p', domain_id='d', instant=0):
    """The ids of the prices that count, by measure."""
    entries = [
        prices.Entry(
            change=prices.Change.CREATED, at=0, by='alice', price=each
        )
        for each in listed
    ]
    found = book.PriceBook(entries).winners(
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
