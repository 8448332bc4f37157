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
"""What a file would change of the price list, found out before it is asked.

The service's own plan is the oracle: what the command sends has to do the
same to the list.
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
from stratometrics.osc import revisions
from stratometrics.rating import book
from stratometrics.rating import changes
from stratometrics.rating import documents
from stratometrics.rating import errors
from stratometrics.rating import imports

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


@strategies.composite
def spellings(draw, price):
    """An entry of a file that says a price in one of many ways."""

    def number(text):
        return f'{text}.000' if '.' not in text and draw(_FLAGS) else text

    def instant(text):
        return text.replace('Z', '+00:00') if draw(_FLAGS) else text

    entry = {
        key: value
        for key, value in documents.body(price).items()
        if value != pricefiles.DEFAULTS.get(key, key) or draw(_FLAGS)
    }
    for key in ('included', 'minimum'):
        if key in entry:
            entry[key] = number(entry[key])
    for key in ('valid_from', 'valid_to'):
        if entry.get(key):
            entry[key] = instant(entry[key])
    if 'match' in entry:
        entry['match'] = {
            name: values[0] if len(values) == 1 and draw(_FLAGS) else values
            for name, values in entry['match'].items()
        }
        for values in entry['match'].values():
            if isinstance(values, list) and draw(_FLAGS):
                values.reverse()
                values.append(values[0])
    for tier in entry['tiers']:
        tier['price'] = number(tier['price'])
    if draw(_FLAGS):
        entry['tiers'][-1]['up_to'] = None
    elif len(entry['tiers']) == 1 and draw(_FLAGS):
        entry['price'] = entry.pop('tiers')[0]['price']
    for each in entry.get('equivalents', {}).values():
        each['price'] = number(each['price'])
    return entry


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
    text = yaml.safe_dump(
        {'prices': [draw(spellings(price)) for price in wanted]}
    )
    return listed, text, draw(strategies.none() | strategies.integers(0, 4))


def of_list(listed):
    return book.PriceBook(
        prices.Entry(change=prices.Change.CREATED, at=0, by='', price=price)
        for price in listed
    )


def understood(listed, sent):
    """What changes that are sent would do to a list."""
    body = json.loads(json.dumps({'changes': [each.request for each in sent]}))
    return changes.plan(of_list(listed), changes.read(body, RESOURCE_TYPES))


class PlanTest(unittest.TestCase):
    @hypothesis.settings(
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    @hypothesis.given(imported())
    def test_it_does_what_the_service_would(self, given):
        listed, text, hours = given
        replace_from = None if hours is None else hours * HOUR
        expected = imports.plan(
            listed, documents.load('prices.yaml', text), replace_from
        )
        sent = revisions.plan(
            [answered(price) for price in listed],
            pricefiles.load('prices.yaml', text),
            None if hours is None else timestamps.to_datetime(replace_from),
        )
        self.assertEqual(len(expected), len(sent))
        self.assertEqual(expected, understood(listed, sent))

    def test_a_file_that_is_in_the_list_changes_nothing(self):
        listed = [dataclasses.replace(documents.read_price(ENTRY), id='p')]
        text = yaml.safe_dump({'prices': [ENTRY]})
        self.assertEqual(
            [],
            revisions.plan(
                map(answered, listed), pricefiles.load('prices.yaml', text)
            ),
        )

    def test_nothing_wrong_is_taken_for_what_is_in_the_list(self):
        price = dataclasses.replace(documents.read_price(ENTRY), id='p')
        for wrong in (
            {'colour': 'red'},
            {'id': 'p'},
            {'price': '0.1'},
            {'resource_type': None},
            {'measure': None},
            {'measure': 1},
            {'match': None},
            {'match': {**ENTRY['match'], 'image': []}},
            {'match': {**ENTRY['match'], 'image': ['x', None]}},
            {'match': {**ENTRY['match'], 'image': 1}},
            {'match': list(ENTRY['match'])},
            {'tiers': ENTRY['tiers'][:1]},
            {'tiers': {'0': '1'}},
            {'tiers': [*ENTRY['tiers'][:1], {'price': 0.08}]},
            {'tiers': [*ENTRY['tiers'][:1], {'price': '0.08', 'to': None}]},
            {'tiers': [*ENTRY['tiers'][:1], '0.08']},
            {'tiers': []},
            {'included': 10},
            {'included': 10.0},
            {'included': '1e1'},
            {'included': '+10'},
            {'included': '10.0000000000000'},
            {'included': '١٠'},
            {'included': None},
            {'minimum': '.5'},
            {'minimum': 'NaN'},
            {'tier_mode': None},
            {'per': 'Hour'},
            {'currency': 'eur'},
            {'equivalents': {'aws': {'name': 't3a', 'price': 0.0397}}},
            {'equivalents': {'aws': {'name': 't3a'}}},
            {'equivalents': {'aws': 't3a'}},
            {'equivalents': 'aws'},
            {'valid_from': '2026-10-01'},
            {'valid_from': '2026-10-01T00:00:00'},
            {'valid_from': '2026-10-01T00:00:00.0000000Z'},
            {'valid_from': '2026-10-01 00:00:00Z'},
            {'valid_from': '2026-W40-4T00:00:00Z'},
            {'valid_to': '2027-01-01T00:00:00'},
            {'valid_to': 1},
            {'valid_to': '2026-10-01T00:00:00Z'},
            {'valid_to': '9999-12-31T23:59:59-23:59'},
            {'description': None},
            {'description': 1},
            {'description': '\x1b[2J'},
        ):
            text = yaml.safe_dump(
                {
                    'prices': [
                        {**ENTRY, 'resource_type': 'volume'},
                        ENTRY | wrong,
                    ]
                }
            )
            text = text.replace('measure: vcpus', 'measure: size_gib', 1)
            with self.subTest(wrong):
                sent = revisions.plan(
                    [answered(price)], pricefiles.load('my.yaml', text)
                )
                # The error of the service says where in the file.
                with self.assertRaises(errors.Malformed) as caught:
                    understood([price], sent)
                told = revisions.placed(str(caught.exception), sent)
                self.assertTrue(told.startswith('my.yaml: prices[1]'), told)

    def test_an_entry_that_is_no_price(self):
        for entry in (None, 1, 'price', ['price']):
            text = yaml.safe_dump({'prices': [entry]})
            sent = revisions.plan([], pricefiles.load('my.yaml', text))
            with self.subTest(entry), self.assertRaises(errors.Malformed):
                understood([], sent)


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


class LoadTest(unittest.TestCase):
    def test_a_file_that_is_none(self):
        for text, problem in (
            ('prices: [', 'line 1: '),
            ('- 1', 'expected a mapping'),
            ('', 'expected a mapping'),
            ('currency: EUR', 'prices: expected a list of prices'),
            ('prices: {}', 'prices: expected a list of prices'),
            ('currency: 1\nprices: []', 'currency: expected a string'),
            ('currency: ""\nprices: []', 'currency: expected a string'),
            ('colour: red\nprices: []', "unknown key 'colour'; expected"),
            (
                'currency: EUR\ncurrency: USD\nprices: []',
                "line 2: the key 'currency' comes twice",
            ),
            ('prices: [{1: 2}]', 'prices[0]: the key 1 is no string'),
            ('prices: [{match: {1: a}}]', 'prices[0].match: the key 1 is'),
            ('prices: [!!binary "aGk="]', 'prices[0]: expected a string'),
            ('prices: [{a: [!!set {b}]}]', 'prices[0].a[0]: expected a st'),
            ('prices: [{price: .nan}]', 'prices[0].price: expected a string'),
            ('prices: [!!int "x"]', 'no YAML: '),
            ('prices: [!!timestamp "x"]', 'no YAML: '),
            ('prices: !!map x', 'line 1: '),
            ('prices: &a [*a]', 'prices[0]: nested too deeply'),
            ('[' * 5000, 'nested too deeply'),
            ('"\\Uffffffff"', 'no YAML: '),
            ('prices: []\n---\nprices: []', 'another document'),
            ('prices: [!!python/name:os.system ]', 'could not determine a'),
        ):
            with self.subTest(text[:40]):
                with self.assertRaises(exceptions.CommandError) as caught:
                    pricefiles.load('my.yaml', text)
                self.assertTrue(
                    str(caught.exception).startswith(f'my.yaml: {problem}')
                    or problem in str(caught.exception),
                    caught.exception,
                )

    def test_a_currency_for_those_that_name_none(self):
        found = pricefiles.load(
            'my.yaml', 'currency: EUR\nprices: [{}, {currency: USD}, 1]'
        )
        self.assertEqual(
            [{'currency': 'EUR'}, {'currency': 'USD'}, 1],
            [entry.body for entry in found],
        )
        self.assertEqual('my.yaml: prices[2]', found[2].place)

    def test_a_date_stays_as_it_is_written(self):
        text = (
            'prices: '
            '[{valid_from: 2026-10-01, valid_to: 2026-10-01T00:00:00Z}]'
        )
        [entry] = pricefiles.load('my.yaml', text)
        self.assertEqual(
            {'valid_from': '2026-10-01', 'valid_to': '2026-10-01T00:00:00Z'},
            entry.body,
        )

    def test_a_file_that_cannot_be_read(self):
        with self.assertRaisesRegex(exceptions.CommandError, 'my/none.yaml'):
            pricefiles.read('my/none.yaml')


class DumpTest(unittest.TestCase):
    @hypothesis.settings(deadline=None)
    @hypothesis.given(strategies.lists(_PRICES, max_size=5))
    def test_it_is_what_the_service_writes(self, listed):
        self.assertEqual(
            documents.dump(listed), pricefiles.dump(map(answered, listed))
        )
