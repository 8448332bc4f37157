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
"""Prices in YAML files and in bodies of the API."""

import dataclasses
import decimal
import json
import textwrap
import unittest

import hypothesis
from hypothesis import strategies

from stratometrics.model import instants
from stratometrics.model import prices
from stratometrics.pricing import documents
from stratometrics.pricing import errors
from stratometrics.pricing import files

PRICE = {
    'resource_type': 'instance',
    'price': '0.0250',
    'per': 'hour',
    'currency': 'EUR',
    'valid_from': '2026-10-01T00:00:00+02:00',
}

FILE = """
currency: EUR
prices:
- resource_type: instance
  match:
    type: m1.small
    state: [paused, active]
  price: "0.0250"
  per: hour
  valid_from: 2026-10-01T00:00:00+02:00
  equivalents:
    aws: {name: t3a.medium, price: "0.0397"}
  description: Small server
- resource_type: volume
  measure: size_gib
  tiers:
  - {up_to: "100", price: "0.10"}
  - {price: "0.08"}
  tier_mode: volume
  per: month
  included: "10"
  minimum: "0.50"
  project_id: acme
  currency: USD
  valid_from: 2026-10-01T00:00:00Z
  valid_to: 2027-01-01T00:00:00.000001Z
"""

OCTOBER = instants.parse('2026-10-01T00:00:00Z')

_TEXTS = strategies.text(
    strategies.characters(exclude_categories=('Cc', 'Cs')),
    min_size=1,
    max_size=20,
)
_DECIMALS = strategies.decimals(0, 10**18 - 1, places=12)
_INSTANTS = strategies.integers(
    instants.parse('1970-01-01T00:00:00Z'),
    instants.parse('2200-01-01T00:00:00Z'),
)
_BOUNDS = strategies.lists(
    strategies.integers(1, 10**18 - 1), unique=True, max_size=4
).map(sorted)
_VALUES = strategies.sets(_TEXTS, min_size=1, max_size=3).map(
    lambda values: tuple(sorted(values))
)


@strategies.composite
def _tiers(draw):
    bounds = [decimal.Decimal(bound) for bound in draw(_BOUNDS)]
    return tuple(
        prices.Tier(draw(_DECIMALS), bound) for bound in (*bounds, None)
    )


PRICES = strategies.builds(
    prices.Price,
    id=strategies.just(''),
    resource_type=_TEXTS,
    measure=strategies.just('') | _TEXTS,
    match=strategies.dictionaries(_TEXTS, _VALUES, max_size=3),
    project_id=strategies.just('') | _TEXTS,
    domain_id=strategies.just('') | _TEXTS,
    valid_from=_INSTANTS,
    valid_to=strategies.none() | _INSTANTS,
    currency=strategies.sampled_from(['EUR', 'USD', 'JPY']),
    per=strategies.sampled_from(prices.Per),
    tiers=_tiers(),
    tier_mode=strategies.sampled_from(prices.TierMode),
    included=_DECIMALS,
    minimum=_DECIMALS,
    equivalents=strategies.dictionaries(
        _TEXTS,
        strategies.builds(prices.Equivalent, _TEXTS, _DECIMALS),
        max_size=2,
    ),
    description=strategies.just('') | _TEXTS,
)


class LoadTest(unittest.TestCase):
    def test_a_file(self):
        small, volume = files.load('prices.yaml', FILE)
        self.assertEqual(
            prices.Price(
                id='',
                resource_type='instance',
                match={'type': ('m1.small',), 'state': ('active', 'paused')},
                valid_from=instants.parse('2026-09-30T22:00:00Z'),
                currency='EUR',
                per=prices.Per.HOUR,
                tiers=(prices.Tier(decimal.Decimal('0.025')),),
                equivalents={
                    'aws': prices.Equivalent(
                        't3a.medium', decimal.Decimal('0.0397')
                    )
                },
                description='Small server',
            ),
            small,
        )
        self.assertEqual(
            prices.Price(
                id='',
                resource_type='volume',
                measure='size_gib',
                project_id='acme',
                valid_from=OCTOBER,
                valid_to=instants.parse('2027-01-01T00:00:00.000001Z'),
                currency='USD',
                per=prices.Per.MONTH,
                tiers=(
                    prices.Tier(
                        decimal.Decimal('0.1'), decimal.Decimal('100')
                    ),
                    prices.Tier(decimal.Decimal('0.08')),
                ),
                tier_mode=prices.TierMode.VOLUME,
                included=decimal.Decimal(10),
                minimum=decimal.Decimal('0.5'),
            ),
            volume,
        )

    def test_a_file_that_is_none(self):
        for text, problem in (
            ('prices: [', 'line 1: '),
            ('- 1', 'expected a mapping'),
            ('', 'expected a mapping'),
            ('currency: EUR', 'prices: expected a list of prices'),
            ('prices: {}', 'prices: expected a list of prices'),
            ('currency: 1\nprices: []', 'currency: expected a string'),
            ('currency: ""\nprices: []', 'currency: must not be empty'),
            ('colour: red\nprices: []', "unknown key 'colour'; expected"),
            (
                'currency: EUR\ncurrency: USD\nprices: []',
                "line 2: the key 'currency' comes twice",
            ),
            ('prices: [{1: 2}]', 'prices[0]: unknown key 1'),
            ('[' * 5000, 'nested too deeply'),
            ('"\\Uffffffff"', 'my.yaml: '),
            (
                'currency: EUR\nprices: \a',
                "line 2: '\\x07' is a character that YAML does not have",
            ),
            ('prices: []\n---\nprices: []', 'another document'),
            ('prices: &a [*a]', 'prices[0]: expected a mapping'),
            ('prices: [{"\\ud800": a}]', 'holds a lone surrogate'),
            ('prices: !!map x', 'line 1: '),
            ('prices: [!!int "x"]', 'line 1: not what '),
            ('prices: [!!timestamp "x"]', 'line 1: not what '),
            ('prices: [!!python/name:os.system ]', 'could not determine a'),
            ('prices: [!!binary "aGk="]', 'prices[0]: expected a mapping'),
            ('prices: [{tiers: [!!set {b}]}]', 'prices[0]'),
            (f'? 0x{"f" * 5000}\n: 1', 'unknown key an integer of more than'),
        ):
            with self.subTest(text[:40]):
                with self.assertRaises(errors.Malformed) as caught:
                    files.load('my.yaml', text)
                self.assertIn('my.yaml: ', str(caught.exception))
                self.assertIn(problem, str(caught.exception))

    def test_unquoted_numbers_and_dates(self):
        for key, value, problem in (
            ('price', '0.025', 'binary fraction'),
            ('price', '1', 'expected a string such as'),
            ('included', '1.5', 'binary fraction'),
            ('valid_from', '2026-10-01', 'is not an RFC 3339 date-time'),
            ('valid_from', '2026-10-01T00:00:00', 'has no offset'),
            ('valid_to', '2027-01-01T00:00:00', 'has no offset'),
            ('description', '2026', 'put it in quotes'),
        ):
            entry = {
                name: json.dumps(text)
                for name, text in PRICE.items()
                if name != key
            } | {key: value}
            text = 'prices:\n-\n' + textwrap.indent(
                '\n'.join(f'{name}: {text}' for name, text in entry.items()),
                '  ',
            )
            with self.subTest(key=key, value=value):
                with self.assertRaises(errors.Malformed) as caught:
                    files.load('my.yaml', text)
                self.assertIn(
                    f'my.yaml: prices[0].{key}: ', str(caught.exception)
                )
                self.assertIn(problem, str(caught.exception))


class ReadTest(unittest.TestCase):
    def assert_refused(self, changes, where, problem):
        """See that a price is refused with changes; None removes a key."""
        entry = {
            key: value
            for key, value in {**PRICE, **changes}.items()
            if value is not None
        }
        with (
            self.subTest(changes),
            self.assertRaises(errors.Malformed) as caught,
        ):
            documents.read_price(entry, ('prices', 7))
        self.assertIn(f'prices[7]{where}: ', str(caught.exception))
        self.assertIn(problem, str(caught.exception))

    def test_what_every_price_has(self):
        for key in ('resource_type', 'per', 'currency', 'valid_from'):
            self.assert_refused({key: None}, f'.{key}', 'missing')
        self.assert_refused({'price': None}, '', 'either a price or tiers')
        self.assert_refused(
            {'tiers': [{'price': '1'}]}, '', 'either a price or tiers'
        )

    def test_decimals(self):
        for text in ('', '.5', '1.', '1e3', ' 1', '+1', 'NaN', '1_000', '١'):
            self.assert_refused({'price': text}, '.price', 'not a decimal')
        self.assert_refused({'price': '1' * 19}, '.price', 'not a decimal')
        self.assert_refused({'price': '0.' + '1' * 13}, '.price', '12 after')
        self.assert_refused({'minimum': '-1'}, '.minimum', 'negative')
        self.assert_refused({'price': True}, '.price', 'expected a string')
        longest = '9' * 18 + '.' + '9' * 12
        price = documents.read_price({**PRICE, 'price': longest})
        self.assertEqual(longest, documents.body(price)['tiers'][0]['price'])

    def test_texts(self):
        for key in ('resource_type', 'currency'):
            self.assert_refused({key: ''}, f'.{key}', 'empty')
        for text in ('\n', '\0', '\ud800', '\x1b[2J'):
            self.assert_refused({'description': text}, '.description', 'print')
        self.assert_refused({'project_id': 'x' * 256}, '.project_id', 'longer')
        self.assert_refused({'measure': 1}, '.measure', 'expected a string')

    def test_choices(self):
        self.assert_refused({'per': 'day'}, '.per', 'hour, month, unit')
        self.assert_refused({'per': ['hour']}, '.per', 'hour, month, unit')
        self.assert_refused(
            {'tier_mode': 'x'}, '.tier_mode', 'graduated, volume'
        )

    def test_instants(self):
        for text in ('1969-12-31T23:59:59Z', '2200-01-01T00:00:00.000001Z'):
            self.assert_refused({'valid_to': text}, '.valid_to', 'lie between')
        self.assert_refused({'valid_to': 1}, '.valid_to', 'date-time')

    def test_matches(self):
        for match, where, problem in (
            ([], '.match', 'expected a mapping'),
            ({'type': []}, '.match.type', '1 to 100 values'),
            ({'type': ['x'] * 101}, '.match.type', '1 to 100 values'),
            ({'type': ''}, '.match.type', 'empty'),
            ({'type': ['a', 1]}, '.match.type[1]', 'expected a string'),
            ({1: 'a'}, '.match', 'the key 1 is no string: put it in quotes'),
            ({True: 'a'}, '.match', 'the key true is no string'),
            ({str(n): 'a' for n in range(101)}, '.match', 'more than 100'),
        ):
            self.assert_refused({'match': match}, where, problem)
        price = documents.read_price(
            {**PRICE, 'match': {'type': ['b', 'a', 'b']}}
        )
        self.assertEqual({'type': ('a', 'b')}, price.match)

    def test_tiers(self):
        for tiers, where, problem in (
            ([], '', '1 to 100 tiers'),
            ({'price': '1'}, '', '1 to 100 tiers'),
            ([{'price': '1'}] * 101, '', '1 to 100 tiers'),
            ([{}], '[0].price', 'missing'),
            ([{'price': '1', 'up_to': '5'}], '[0].up_to', 'without a bound'),
            ([{'price': '1'}, {'price': '2'}], '[0].up_to', 'missing'),
            (
                [{'price': '1', 'up_to': '0'}, {'price': '2'}],
                '[0].up_to',
                'greater',
            ),
            (
                [
                    {'price': '1', 'up_to': '5'},
                    {'price': '2', 'up_to': '5.0'},
                    {'price': '3'},
                ],
                '[1].up_to',
                'greater',
            ),
            ([{'price': '1', 'to': '5'}], '[0]', "unknown key 'to'"),
        ):
            self.assert_refused(
                {'price': None, 'tiers': tiers}, f'.tiers{where}', problem
            )

    def test_equivalents(self):
        for equivalents, where, problem in (
            ('aws', '', 'expected a mapping'),
            ({'aws': '0.1'}, '.aws', 'expected a mapping'),
            ({None: {}}, '', 'the key null is no string'),
            ({'aws': {'name': 'x'}}, '.aws.price', 'missing'),
            ({'aws': {'price': '1'}}, '.aws.name', 'missing'),
            ({'aws': {'name': 'x', 'price': 0.1}}, '.aws.price', 'binary'),
        ):
            self.assert_refused(
                {'equivalents': equivalents}, f'.equivalents{where}', problem
            )


class AmendmentTest(unittest.TestCase):
    def test_what_can_be_amended(self):
        self.assertEqual(
            {'valid_to': OCTOBER, 'description': ''},
            documents.read_amendment(
                {'valid_to': '2026-10-01T00:00:00Z', 'description': ''}
            ),
        )
        self.assertEqual(
            {'valid_to': None}, documents.read_amendment({'valid_to': None})
        )

    def test_what_cannot(self):
        for entry, problem in (
            ({}, 'valid_to or description'),
            ({'price': '1'}, "unknown key 'price'"),
            ({'valid_to': 'never'}, 'valid_to: '),
            ([], 'mapping'),
        ):
            with (
                self.subTest(entry),
                self.assertRaisesRegex(errors.Malformed, problem),
            ):
                documents.read_amendment(entry)


class AnyBodyTest(unittest.TestCase):
    @hypothesis.given(strategies.data())
    def test_it_is_a_price_or_it_is_malformed(self, data):
        text = strategies.text(
            strategies.characters(exclude_categories=()), max_size=300
        )
        anything = strategies.recursive(
            strategies.none()
            | strategies.booleans()
            | strategies.integers()
            | strategies.floats()
            | text,
            lambda inner: (
                strategies.lists(inner, max_size=3)
                | strategies.dictionaries(text, inner, max_size=3)
            ),
            max_leaves=8,
        )
        body = {**PRICE, **documents.body(data.draw(PRICES))}
        del body['price']
        key = data.draw(strategies.sampled_from([*body, 'price']))
        body[key] = data.draw(anything)
        try:
            price = documents.read_price(body)
        except errors.Malformed as error:
            self.assertTrue(str(error).isprintable())
        else:
            self.assertEqual(
                price, documents.read_price(documents.body(price))
            )


class RoundTripTest(unittest.TestCase):
    @hypothesis.given(strategies.lists(PRICES, max_size=3))
    def test_a_file_gives_the_same_prices_again(self, listed):
        text = files.dump(listed)
        self.assertEqual(listed, files.load('prices.yaml', text))

    @hypothesis.given(PRICES)
    def test_so_does_json(self, price):
        text = json.dumps(documents.body(price))
        self.assertEqual(price, documents.read_price(json.loads(text)))

    @hypothesis.given(PRICES)
    def test_the_id_is_left_out(self, price):
        named = dataclasses.replace(price, id='p')
        self.assertEqual(documents.body(price), documents.body(named))

    def test_a_file_is_short(self):
        small = files.load('prices.yaml', FILE)[:1]
        self.assertEqual(
            textwrap.dedent("""\
                currency: EUR
                prices:
                - resource_type: instance
                  match:
                    state:
                    - active
                    - paused
                    type: m1.small
                  valid_from: '2026-09-30T22:00:00Z'
                  per: hour
                  price: '0.025'
                  equivalents:
                    aws:
                      name: t3a.medium
                      price: '0.0397'
                  description: Small server
                """),
            files.dump(small),
        )
