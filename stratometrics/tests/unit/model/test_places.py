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
"""How errors name places in documents, and what stands there."""

import datetime

import testtools

from stratometrics.model import places


class SpelledTest(testtools.TestCase):
    def test_names_and_numbers(self):
        for where, words in (
            ((), ''),
            (('prices',), 'prices'),
            (('prices', 3, 'tiers', 0, 'up_to'), 'prices[3].tiers[0].up_to'),
            ((0,), '[0]'),
        ):
            self.assertEqual(words, places.spelled(where))

    def test_a_name_moves_no_cursor(self):
        self.assertEqual(
            r"match['\x1b[2J'][''].a",
            places.spelled(('match', '\x1b[2J', '', 'a')),
        )


class ShownTest(testtools.TestCase):
    def test_what_json_calls_it(self):
        for value, words in (
            (None, 'null'),
            (True, 'true'),
            (False, 'false'),
            (0, '0'),
            (-1.5, '-1.5'),
            ({}, 'an object'),
            ([1], 'a list'),
            (datetime.date(2026, 10, 1), 'a date'),
        ):
            self.assertEqual(words, places.shown(value))

    def test_few_characters(self):
        self.assertEqual(f"'{'x' * 60}'", places.shown('x' * 60))
        self.assertEqual(f"'{'x' * 60}'...", places.shown('x' * 61))
        self.assertEqual(str(-(2**63) + 1), places.shown(-(2**63) + 1))
        # More digits than Python itself would write.
        self.assertEqual(
            'an integer of more than 64 bits', places.shown(10**5000)
        )

    def test_printable_characters(self):
        self.assertEqual(r"'\x1b\xfc\n'", places.shown('\x1b\xfc\n'))
