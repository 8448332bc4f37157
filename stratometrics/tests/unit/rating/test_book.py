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
"""What the entries of a price list come to."""

import dataclasses
import unittest

from stratometrics.model import prices
from stratometrics.rating import book
from stratometrics.tests import priced


def entry(change, at, subject):
    """A change that alice made."""
    return prices.Entry(change=change, at=at, by='alice', price=subject)


CHEAP = priced.price('cheap', match={'type': ('m1.small',)})
ENDED = dataclasses.replace(CHEAP, valid_to=2000)
VOLUME = priced.price('volume', resource_type='volume')
ENTRIES = (
    entry(prices.Change.CREATED, 10, CHEAP),
    entry(prices.Change.CREATED, 10, VOLUME),
    entry(prices.Change.AMENDED, 20, ENDED),
    entry(prices.Change.WITHDRAWN, 30, VOLUME),
)


class PriceBookTest(unittest.TestCase):
    def test_the_last_entry_of_a_price_counts(self):
        self.assertEqual((ENDED,), book.PriceBook(ENTRIES).prices)

    def test_an_earlier_list_can_be_had_again(self):
        self.assertEqual((), book.PriceBook(ENTRIES, as_of=9).prices)
        self.assertEqual(
            (CHEAP, VOLUME), book.PriceBook(ENTRIES, as_of=19).prices
        )
        self.assertEqual(
            (ENDED, VOLUME), book.PriceBook(ENTRIES, as_of=20).prices
        )

    def test_it_keeps_the_entries_it_was_made_of(self):
        self.assertEqual(
            ENTRIES[:2], book.PriceBook(ENTRIES, as_of=10).entries
        )

    def test_its_order_is_not_that_of_the_entries(self):
        later = priced.price(
            'a', match={'type': ('m1.small',)}, valid_from=3000
        )
        entries = [
            entry(prices.Change.CREATED, 10, subject)
            for subject in (VOLUME, later, CHEAP)
        ]
        self.assertEqual(
            (CHEAP, later, VOLUME), book.PriceBook(entries).prices
        )

    def test_the_prices_of_one_resource_type(self):
        listed = book.PriceBook(ENTRIES, as_of=10)
        self.assertEqual((VOLUME,), listed.prices_of('volume'))
        self.assertEqual((), listed.prices_of('image'))
