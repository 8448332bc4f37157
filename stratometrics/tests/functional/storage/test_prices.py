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
"""The log of the price list."""

from concurrent import futures
import contextlib
import dataclasses
import decimal
import threading

from stratometrics.model import prices
from stratometrics.rating import errors
from stratometrics.rating import ledger
from stratometrics.tests.functional import base

PLAIN = prices.Price(
    id='plain',
    resource_type='instance',
    valid_from=0,
    currency='EUR',
    per=prices.Per.HOUR,
    tiers=(prices.Tier(decimal.Decimal(0)),),
)
RICH = prices.Price(
    id='rich',
    resource_type='volume',
    measure='size_gib',
    match={'type': ('fast', "o'slow"), 'state': ('in-use',)},
    project_id='acme',
    domain_id='d',
    valid_from=1_790_000_000_000_001,
    valid_to=7_258_118_400_000_000,
    currency='JPY',
    per=prices.Per.MONTH,
    tiers=(
        prices.Tier(
            decimal.Decimal('0.000000000001'),
            decimal.Decimal('999999999999999999.999999999999'),
        ),
        prices.Tier(decimal.Decimal('123456789012345678.123456789012')),
    ),
    tier_mode=prices.TierMode.VOLUME,
    included=decimal.Decimal('10'),
    minimum=decimal.Decimal('0.5'),
    equivalents={
        'aws': prices.Equivalent('gp3', decimal.Decimal('0.0952')),
        'azure': prices.Equivalent('Premium SSD', decimal.Decimal('0.13')),
    },
    description='Schnell – größer',
)


def entry(change: prices.Change, at: int, price: prices.Price):
    return prices.Entry(change=change, at=at, by='root', price=price)


class PricesTest(base.StorageTestCase):
    def test_entries_come_back_exactly(self) -> None:
        self.assertEqual([], self.storage.price_entries())
        self.storage.record_prices([])
        entries = [
            entry(prices.Change.CREATED, 1_000_001, PLAIN),
            entry(prices.Change.CREATED, 1_000_001, RICH),
        ]
        self.storage.record_prices(entries)
        found = self.storage.price_entries()
        self.assertEqual(entries, found)
        # As texts as well: no column adds zeros.
        self.assertEqual(repr(entries), repr(found))

    def test_what_is_recorded_again_is_there_once(self) -> None:
        entries = [entry(prices.Change.CREATED, 1, PLAIN)]
        for _ in range(2):
            self.storage.record_prices(entries)
        self.assertEqual(entries, self.storage.price_entries())

    def test_the_log_as_of_a_time(self) -> None:
        entries = [
            entry(prices.Change.CREATED, 10, RICH),
            entry(
                prices.Change.AMENDED,
                20,
                dataclasses.replace(RICH, valid_to=None),
            ),
            entry(prices.Change.WITHDRAWN, 30, RICH),
        ]
        for each in reversed(entries):
            self.storage.record_prices([each])
        for as_of, expected in (
            (9, []),
            (10, entries[:1]),
            (29, entries[:2]),
            (30, entries),
            (None, entries),
        ):
            with self.subTest(as_of):
                self.assertEqual(expected, self.storage.price_entries(as_of))


class Rival:
    """A storage with which two writers see the list before either writes.

    They wait for each other, unless only one of them gets to look at it.
    """

    def __init__(self, storage, meeting: threading.Barrier) -> None:
        self._storage = storage
        self._meeting = meeting
        self.record_prices = storage.record_prices
        self.lease = storage.lease

    def price_entries(self, as_of: int | None = None) -> list[prices.Entry]:
        found = self._storage.price_entries(as_of)
        with contextlib.suppress(threading.BrokenBarrierError):
            self._meeting.wait(3)
        return found


class LedgerTest(base.StorageTestCase):
    def test_two_write_no_conflict_between_them(self) -> None:
        meeting = threading.Barrier(2)
        new = dataclasses.replace(PLAIN, id='')
        with futures.ThreadPoolExecutor(2) as pool:
            done = [
                pool.submit(
                    ledger.Ledger(Rival(self.storage, meeting)).add,
                    [new],
                    writer,
                )
                for writer in ('alice', 'bob')
            ]
        failures = [each.exception() for each in done]
        self.assertEqual(1, failures.count(None), failures)
        [failure] = filter(None, failures)
        self.assertIsInstance(failure, errors.Conflict)
        [entry] = self.storage.price_entries()
        self.assertIn(entry.price.id, str(failure))
