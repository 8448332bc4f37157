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
import dataclasses
import decimal
import json
import unittest

import hypothesis
from hypothesis import strategies

from stratometrics.model import statements
from stratometrics.rating.rendering import canonical
from stratometrics.tests import billed
from stratometrics.tests.unit.rating.rendering import drawn

SMALL = dataclasses.replace(
    billed.STATEMENT,
    lines=billed.LINES[1:2],
    adjustments=(),
    unpriced=billed.STATEMENT.unpriced[:1],
    daily=billed.STATEMENT.daily[1:2],
)
# What was issued must be read, and reproduced, by every later release.
SMALL_TEXT = (
    '{"adjustments":[],"as_of":"2026-11-03T01:00:00Z","daily":[{"amount":'
    '"1.051336405530","amount_exact":"11407/10850","currency":"EUR","day":'
    '"2026-10-01","resource_type":"instance","type":"m1.large"}],'
    '"domain_id":"default","domain_name":"Acme GmbH","lines":[{"amount":'
    '"32.591428571429","amount_exact":"11407/350","currency":"EUR",'
    '"description":"8 GiB, general purpose","facts":{},"kind":"usage",'
    '"measure":"","name":"","per":"hour","period":{"from":'
    '"2026-10-15T22:00:00Z","to":"2026-10-31T23:00:00Z"},"price_id":'
    '"a-price","quantity":"383.428571428571","quantity_exact":"2684/7",'
    '"resource_id":"","resource_type":"instance","state":"active","type":'
    '"m1.large","unit_price":"0.085"}],"period":{"from":'
    '"2026-09-30T22:00:00Z","to":"2026-10-31T23:00:00Z"},"project_id":'
    '"8d1c0f6a5b7e4a339b21c0d7e6f5a4b3","project_name":"acme-production",'
    '"region":"eu-central","timezone":"Europe/Berlin","totals":[{"amount":'
    '"116.77","currency":"EUR","unrounded":"116.765504571429",'
    '"unrounded_exact":"204339633/1750000"}],"unpriced":[{"billed_by":'
    '"state","period":{"from":"2026-09-30T22:00:00Z","to":'
    '"2026-10-31T23:00:00Z"},"resource_type":"load_balancer","state":'
    '"ACTIVE","type":"small","usage":"2682000.000000"}],"version":1}'
)


def _refuse_float(text: str) -> None:
    raise AssertionError(f'{text} is a float')


class CanonicalTest(unittest.TestCase):
    maxDiff = None

    def test_the_bytes_never_change(self) -> None:
        self.assertEqual(SMALL_TEXT, canonical.text(SMALL))

    def test_a_text_of_the_first_version_is_read(self) -> None:
        self.assertEqual(SMALL, canonical.read(SMALL_TEXT))

    @drawn.SETTINGS
    @hypothesis.given(drawn.drawn_statements())
    def test_a_statement_comes_back_exactly(
        self, statement: statements.Statement
    ) -> None:
        content = canonical.text(statement)
        again = canonical.read(content)
        self.assertEqual(statement, again)
        self.assertEqual(content, canonical.text(again))

    @drawn.SETTINGS
    @hypothesis.given(drawn.drawn_statements())
    def test_the_form_is_canonical(
        self, statement: statements.Statement
    ) -> None:
        content = canonical.text(statement)
        data = json.loads(content, parse_float=_refuse_float)
        self.assertEqual(
            content,
            json.dumps(
                data,
                sort_keys=True,
                separators=(',', ':'),
                ensure_ascii=False,
            ),
        )

    def test_equal_statements_have_one_text(self) -> None:
        [line] = SMALL.lines
        same = dataclasses.replace(
            SMALL,
            lines=(
                dataclasses.replace(
                    line, unit_price=decimal.Decimal('0.0850')
                ),
            ),
        )
        self.assertEqual(SMALL, same)
        self.assertEqual(canonical.text(SMALL), canonical.text(same))

    def test_the_digest_is_of_utf_8(self) -> None:
        self.assertEqual(
            # printf 'é' | sha256sum
            '4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c',
            canonical.digest('é'),
        )

    def test_a_later_version_is_refused(self) -> None:
        later = SMALL_TEXT.replace('"version":1', '"version":2')
        with self.assertRaisesRegex(
            canonical.UnknownText, 'version 2; this release reads 1'
        ):
            canonical.read(later)

    @drawn.SETTINGS
    @hypothesis.given(
        strategies.sampled_from(sorted(json.loads(SMALL_TEXT))),
        strategies.none() | strategies.integers() | strategies.just('x'),
    )
    def test_another_text_is_refused(self, key: str, value: object) -> None:
        for content in ('', '[]', '{}', json.dumps(value), SMALL_TEXT[:-1]):
            with self.assertRaises(canonical.UnknownText):
                canonical.read(content)
        data = json.loads(SMALL_TEXT)
        del data[key]
        with self.assertRaisesRegex(canonical.UnknownText, key):
            canonical.read(json.dumps(data))
        for structured in ('lines', 'period', 'totals', 'daily', 'unpriced'):
            with self.assertRaises(canonical.UnknownText):
                canonical.read(
                    json.dumps(json.loads(SMALL_TEXT) | {structured: value})
                )
