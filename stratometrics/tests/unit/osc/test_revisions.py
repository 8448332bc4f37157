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
"""What a file would change of the price list, as the service is asked for it.

What the command sends has to do to the list what was planned.
"""

import dataclasses
import decimal
import json
import unittest

import hypothesis
from hypothesis import strategies
from osc_lib import exceptions
import yaml

from stratometrics.client import answers
from stratometrics.client import reading
from stratometrics.model import prices
from stratometrics.model import timestamps
from stratometrics.notifications import definitions
from stratometrics.osc import pricefiles
from stratometrics.osc import pricelist
from stratometrics.osc import revisions
from stratometrics.pricing import documents
from stratometrics.pricing import errors
from stratometrics.pricing import files
from stratometrics.pricing import imports
from stratometrics.rating import book
from stratometrics.rating import changes
from stratometrics.tests import priced

RESOURCE_TYPES = definitions.Definitions.load(None).resource_types
HOUR = 3600 * timestamps.MICROSECONDS

ENTRY = {
    'resource_type': 'instance',
    'measure': 'vcpus',
    'match': {'type': ['m1.large', 'm1.small'], 'image': ['x']},
    'tiers': [{'up_to': '100', 'price': '0.1'}, {'price': '0.08'}],
    'included': '10',
    'minimum': '0.5',
    'equivalents': {'aws': {'name': 't3a', 'price': '0.0397'}},
    'per': 'hour',
    'currency': 'EUR',
    'valid_from': '2026-10-01T00:00:00Z',
    'valid_to': '2027-01-01T00:00:00Z',
    'description': 'Server',
}

_NUMBERS = strategies.sampled_from(
    [decimal.Decimal(text) for text in ('0', '0.1', '0.025', '1200')]
)
_TIERS = _NUMBERS.map(lambda number: (prices.Tier(number),)) | (
    _NUMBERS.map(
        lambda number: (
            prices.Tier(number, decimal.Decimal('100')),
            prices.Tier(decimal.Decimal('0.000000000001')),
        )
    )
)
_TEXTS = strategies.sampled_from(
    ['a', 'b', 'null', '2026-10-01T00:00:00+00:00']
)
#: Few of each, so that a file and a list have many in common.
_PRICES = strategies.builds(
    prices.Price,
    id=strategies.just(''),
    resource_type=strategies.sampled_from(['instance', 'volume']),
    match=strategies.dictionaries(
        strategies.sampled_from(['type', 'availability_zone']),
        strategies.sets(_TEXTS, min_size=1, max_size=2).map(
            lambda values: tuple(sorted(values))
        ),
        max_size=2,
    ),
    project_id=strategies.sampled_from(['', 'acme']),
    valid_from=strategies.sampled_from([0, 1, HOUR, 2 * HOUR]),
    valid_to=strategies.none()
    | strategies.integers(3, 6).map(lambda n: n * HOUR),
    currency=strategies.sampled_from(['EUR', 'USD']),
    per=strategies.sampled_from(['hour', 'month']).map(prices.Per),
    tiers=_TIERS,
    tier_mode=strategies.sampled_from(prices.TierMode),
    included=_NUMBERS,
    minimum=_NUMBERS,
    equivalents=strategies.dictionaries(
        strategies.just('aws'),
        strategies.builds(prices.Equivalent, _TEXTS, _NUMBERS),
    ),
    description=strategies.just('') | _TEXTS,
)


def answered(price):
    """A price of the list, as the client reads it."""
    body = {'id': price.id, **documents.body(price)}
    return reading.read(answers.Price, body)


def substance(price):
    return dataclasses.replace(price, id='', valid_to=None, description='')


_FLAGS = strategies.booleans()


@strategies.composite
def imported(draw):
    """A list, the text of a file, and from when on it is to be replaced."""
    listed = [
        dataclasses.replace(price, id=f'id-{number}')
        for number, price in enumerate(
            draw(
                strategies.lists(
                    _PRICES,
                    max_size=5,
                    unique_by=lambda each: repr(substance(each)),
                )
            )
        )
    ]
    kept = [
        dataclasses.replace(
            price,
            **draw(
                strategies.sampled_from(
                    [{}, {'valid_to': None}, {'description': 'x'}]
                )
            ),
        )
        for price in draw(strategies.permutations(listed))
        if draw(_FLAGS)
    ]
    wanted = kept + draw(strategies.lists(_PRICES, max_size=3))
    return (
        listed,
        files.dump(wanted),
        draw(strategies.none() | strategies.integers(0, 4)),
    )


def of_list(listed):
    return book.PriceBook(priced.created(price) for price in listed)


def understood(listed, sent):
    """What changes that are sent would do to a list."""
    body = json.loads(json.dumps({'changes': [each.request for each in sent]}))
    return changes.plan(of_list(listed), changes.read(body, RESOURCE_TYPES))


class PlanTest(unittest.TestCase):
    @hypothesis.given(imported())
    def test_what_is_sent_does_what_was_planned(self, given):
        listed, text, hours = given
        replace_from = None if hours is None else hours * HOUR
        planned = imports.plan(
            listed, files.load('prices.yaml', text), replace_from
        )
        sent = revisions.plan(
            [answered(price) for price in listed],
            pricefiles.load('prices.yaml', text),
            None if hours is None else timestamps.to_datetime(replace_from),
        )
        self.assertEqual(
            [(step.change, step.price) for step in planned],
            understood(listed, sent),
        )
        self.assertEqual(
            [
                '' if step.number is None else f'prices[{step.number}]'
                for step in planned
            ],
            [each.place.removeprefix('prices.yaml: ') for each in sent],
        )

    def test_a_file_that_is_in_the_list_changes_nothing(self):
        listed = [dataclasses.replace(documents.read_price(ENTRY), id='p')]
        text = yaml.safe_dump({'prices': [ENTRY]})
        self.assertEqual(
            [],
            revisions.plan(
                map(answered, listed), pricefiles.load('prices.yaml', text)
            ),
        )

    def test_nor_does_one_that_says_the_same_in_other_words(self):
        listed = [dataclasses.replace(documents.read_price(ENTRY), id='p')]
        text = yaml.safe_dump(
            {
                'currency': ENTRY['currency'],
                'prices': [
                    {
                        **{
                            key: value
                            for key, value in ENTRY.items()
                            if key != 'currency'
                        },
                        'match': {
                            'image': 'x',
                            'type': ['m1.small', 'm1.large', 'm1.small'],
                        },
                        'tiers': [
                            {'price': '0.100', 'up_to': '100.0'},
                            {'price': '0.08', 'up_to': None},
                        ],
                        'included': '10.0',
                        'minimum': '0.50',
                        'equivalents': {
                            'aws': {'price': '0.03970', 'name': 't3a'}
                        },
                        'tier_mode': 'graduated',
                        'valid_from': '2026-10-01T02:00:00+02:00',
                        'valid_to': '2027-01-01T00:00:00.000Z',
                    }
                ],
            }
        )
        self.assertEqual(
            [],
            revisions.plan(
                map(answered, listed), pricefiles.load('prices.yaml', text)
            ),
        )

    def test_what_is_sent_is_short(self):
        entry = {
            key: ENTRY[key]
            for key in ('resource_type', 'per', 'currency', 'valid_from')
        } | {'price': '0.1'}
        text = yaml.safe_dump({'prices': [entry]})
        [sent] = revisions.plan([], pricefiles.load('prices.yaml', text))
        self.assertEqual({'change': 'created', 'price': entry}, sent.request)

    def test_what_the_service_refuses_is_told_of_the_file(self):
        price = dataclasses.replace(documents.read_price(ENTRY), id='p')
        for wrong, problem in (
            ({'resource_type': 'server'}, "resource_type: 'server' is none"),
            ({'currency': 'eur'}, "currency: 'eur' is no currency"),
            ({'domain_id': 'd', 'project_id': 'p'}, 'domain_id: '),
            # It amends what is there.
            ({'valid_to': '2026-10-01T00:00:00Z'}, 'valid_to: must be later'),
        ):
            text = yaml.safe_dump({'prices': [ENTRY, ENTRY | wrong]})
            text = text.replace('vcpus', 'ram_mib', 1)
            with self.subTest(wrong):
                sent = revisions.plan(
                    [answered(price)], pricefiles.load('my.yaml', text)
                )
                with self.assertRaises(errors.Malformed) as caught:
                    understood([price], sent)
                told = revisions.placed(str(caught.exception), sent)
                self.assertTrue(
                    told.startswith(f'my.yaml: prices[1].{problem}'), told
                )


class ReplacementTest(unittest.TestCase):
    def test_nothing_else_stays_in_the_list(self):
        listed = [
            dataclasses.replace(documents.read_price(ENTRY), id=id_)
            for id_ in ('p', 'q')
        ]
        text = yaml.safe_dump({'prices': [ENTRY]})
        sent = revisions.replacement(
            map(answered, listed), pricefiles.load('my.yaml', text)
        )
        self.assertEqual(
            [
                (prices.Change.WITHDRAWN, listed[0]),
                (prices.Change.WITHDRAWN, listed[1]),
                (prices.Change.CREATED, documents.read_price(ENTRY)),
            ],
            understood(listed, sent),
        )


class PlacedTest(unittest.TestCase):
    def test_a_place_that_no_file_has_stays(self):
        sent = [
            revisions.Revision({'change': 'withdrawn', 'id': 'p'}),
            revisions.Revision({'change': 'created'}, 'my.yaml: prices[4]'),
        ]
        for message, expected in (
            ('changes[0].id: none', 'changes[0].id: none'),
            ('changes[1].price.per: x', 'my.yaml: prices[4].per: x'),
            ('changes[1].valid_to: x', 'my.yaml: prices[4].valid_to: x'),
            ('changes[1].price.price: x', 'my.yaml: prices[4].price: x'),
            ('changes[1].price: x', 'my.yaml: prices[4]: x'),
            ('changes[12].price: x', 'changes[12].price: x'),
            ('there are too many changes', 'there are too many changes'),
        ):
            self.assertEqual(expected, revisions.placed(message, sent))


class FileTest(unittest.TestCase):
    def test_what_is_wrong_is_told_of_its_place(self):
        for text, problem in (
            ('prices: [', 'line 1: '),
            ('- 1', 'expected a mapping'),
            ('prices: [1]', 'prices[0]: expected a mapping'),
            (
                yaml.safe_dump({'prices': [ENTRY, ENTRY | {'minimum': 1}]}),
                'prices[1].minimum: expected a string',
            ),
        ):
            with self.subTest(text[:40]):
                with self.assertRaises(exceptions.CommandError) as caught:
                    pricefiles.load('my.yaml', text)
                told = str(caught.exception)
                self.assertTrue(told.startswith(f'my.yaml: {problem}'), told)

    def test_a_file_that_cannot_be_read(self):
        with self.assertRaisesRegex(exceptions.CommandError, 'my/none.yaml'):
            pricefiles.read('my/none.yaml')

    @hypothesis.given(strategies.lists(_PRICES, max_size=5))
    def test_it_is_written_as_the_operator_would(self, listed):
        self.assertEqual(
            files.dump(listed), pricefiles.dump(map(answered, listed))
        )


class PriceListTest(unittest.TestCase):
    @hypothesis.given(_PRICES)
    def test_a_price_is_the_one_that_the_service_told(self, price):
        self.assertEqual(price, pricelist.price(answered(price)))

    def test_what_only_a_newer_service_knows_is_told(self):
        newer = {'per': 'week', 'tier_mode': 'stairs'}
        told = reading.read(
            answers.Price,
            {
                'id': 'p',
                **documents.body(documents.read_price(ENTRY)),
                **newer,
            },
        )
        body = documents.body(pricelist.price(told))
        self.assertEqual(newer, {key: body[key] for key in newer})
