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
"""How prices are shown, and typed."""

import argparse
import datetime
import unittest

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.client import errors
from stratometrics.client import reading
from stratometrics.osc.options import creation
from stratometrics.osc.tables import prices
from stratometrics.osc.v1 import prices as commands
from stratometrics.osc.v1 import statement

PRICE = {
    'id': 'p',
    'resource_type': 'volume',
    'measure': 'size_gib',
    'match': {'type': ['ssd', 'nvme'], 'region': ['r\x1b[2J']},
    'project_id': '',
    'domain_id': '',
    'valid_from': '2026-10-01T00:00:00Z',
    'valid_to': None,
    'currency': 'JPY',
    'per': 'month',
    'tiers': [{'price': '0.000000000001'}],
    'tier_mode': 'graduated',
    'included': '0',
    'minimum': '0',
    'equivalents': {},
    'description': '',
}
TIERS = [{'up_to': '1000', 'price': '0.1'}, {'price': '123456789.08'}]


def price(**changes):
    return reading.read(answers.Price, {**PRICE, **changes})


class ColumnsTest(unittest.TestCase):
    def test_a_price_has_all_its_digits(self):
        column = prices.Price(price())
        self.assertEqual('JPY 0.000000000001', column.human_readable())
        self.assertEqual('0.000000000001', column.machine_readable())
        column = prices.Price(price(tiers=TIERS))
        self.assertEqual(
            'JPY 0.1 to 1000, 123456789.08', column.human_readable()
        )

    def test_prices_are_sorted_by_what_they_are(self):
        dear, cheap = (
            prices.Price(price(tiers=[{'price': text}]))
            for text in ('10', '9.5')
        )
        self.assertLess(cheap, dear)
        self.assertLess(
            prices.Price(price(currency='EUR')),
            prices.Price(price(currency='JPY')),
        )

    def test_tiers_are_told_where_there_are_several(self):
        self.assertEqual('-', prices.Tiers(price()).human_readable())
        self.assertEqual(
            PRICE['tiers'], prices.Tiers(price()).machine_readable()
        )
        column = prices.Tiers(price(tiers=TIERS))
        self.assertEqual('0.1 to 1000, 123456789.08', column.human_readable())
        self.assertEqual(TIERS, column.machine_readable())

    def test_what_is_matched_moves_no_cursor(self):
        column = prices.Match(price().match)
        self.assertEqual(
            'region=r\\x1b[2J type=ssd,nvme', column.human_readable()
        )
        self.assertEqual(PRICE['match'], column.machine_readable())
        self.assertEqual('-', prices.Match({}).human_readable())

    def test_equivalents(self):
        asked = {
            'own': {'name': 'disk', 'price': '2'},
            'aws': {'name': 'gp3', 'price': '0.0952'},
        }
        column = prices.Equivalents(price(equivalents=asked))
        self.assertEqual(
            'aws: 0.0952 (gp3), own: 2 (disk)', column.human_readable()
        )
        self.assertEqual(asked, column.machine_readable())
        self.assertEqual('-', prices.Equivalents(price()).human_readable())

    def test_history(self):
        made = answers.Change(
            change='amended',
            at=datetime.datetime(2026, 10, 2, tzinfo=datetime.UTC),
            by='admin',
            price=price(valid_to='2027-01-01T00:00:00Z'),
        )
        column = prices.History([made, made])
        [line, again] = column.human_readable().splitlines()
        self.assertEqual(line, again)
        self.assertEqual(
            '2026-10-02 00:00:00 amended by admin, valid to '
            '2027-01-01 00:00:00',
            line,
        )
        self.assertEqual(
            {
                'change': 'amended',
                'at': '2026-10-02T00:00:00Z',
                'by': 'admin',
                'price': {**PRICE, 'valid_to': '2027-01-01T00:00:00Z'},
            },
            column.machine_readable()[0],
        )

    def test_each_head_has_a_value(self):
        self.assertEqual(len(prices.ALL_HEADS), len(prices.whole(price())))


class TypedTest(unittest.TestCase):
    def test_attributes(self):
        self.assertEqual(('type', 'a=b'), creation.attribute('type=a=b'))
        self.assertEqual(('type', ''), creation.attribute('type='))

    def test_tiers(self):
        self.assertEqual(
            {'up_to': '100', 'price': '0.10'}, creation.tier('100:0.10')
        )
        for last in ('0.08', ':0.08'):
            self.assertEqual({'price': '0.08'}, creation.tier(last))

    def test_equivalents(self):
        for text, name in (
            ('aws=0.0397:t3a:x', 't3a:x'),
            ('aws=0.0397', 'aws'),
            ('aws=0.0397:', 'aws'),
        ):
            self.assertEqual(
                ('aws', {'name': name, 'price': '0.0397'}),
                creation.equivalent(text),
            )

    def test_what_is_none(self):
        for read, texts in (
            (creation.attribute, ('type', '=a', '')),
            (creation.equivalent, ('aws', '=1', 'aws=', 'aws=:x')),
        ):
            for text in texts:
                with (
                    self.subTest(text),
                    self.assertRaises(argparse.ArgumentTypeError),
                ):
                    read(text)


class KnownTest(unittest.TestCase):
    """What a service that is not there says of a path is not told of a price.

    The real one never answers so.
    """

    def test_a_price_that_there_is_not(self):
        for known in (commands.known, statement.known):
            with (
                self.assertRaises(exceptions.CommandError) as raised,
                known('p'),
            ):
                raise errors.NotFound(404, 'stratometrics.x', '', '', 'req-1')
            self.assertIn("'p'", str(raised.exception))
            self.assertIn(' list" tells ', str(raised.exception))

    def test_something_else_that_finds_nothing(self):
        for known in (commands.known, statement.known):
            with self.assertRaises(errors.NotFound), known('p'):
                raise errors.NotFound(404, '', 'Not Found', '', None)
