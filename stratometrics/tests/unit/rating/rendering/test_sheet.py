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
import csv
import dataclasses
import fractions
import io
import unittest

import hypothesis

from stratometrics.model import statements
from stratometrics.rating.rendering import document
from stratometrics.rating.rendering import sheet
from stratometrics.tests import billed
from stratometrics.tests.unit.rating.rendering import drawn

NUMBERS = ('quantity', 'unit_price', 'amount')


def table(shown: document.Document) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sheet.text(shown), newline='')))


class SheetTest(unittest.TestCase):
    def test_there_is_a_row_for_each_line(self) -> None:
        rows = table(document.preview(billed.STATEMENT))
        self.assertEqual(
            [('line', 'usage')] * 4
            + [('line', 'minimum'), ('line', 'usage')]
            + [('adjustment', 'usage')]
            + [('unpriced', 'usage')] * 2,
            [(row['row'], row['kind']) for row in rows],
        )
        self.assertEqual(
            {
                'statement': 'PREVIEW',
                'project_id': '8d1c0f6a5b7e4a339b21c0d7e6f5a4b3',
                'project_name': 'acme-production',
                'domain_id': 'default',
                'domain_name': 'Acme GmbH',
                'region': 'eu-central',
                'month_from': '2026-09-30T22:00:00Z',
                'month_to': '2026-10-31T23:00:00Z',
                'as_of': '2026-11-03T01:00:00Z',
                'row': 'line',
                'kind': 'usage',
                'from': '2026-10-15T22:00:00Z',
                'to': '2026-10-31T23:00:00Z',
                'resource_type': 'instance',
                'type': 'm1.large',
                'state': 'active',
                'resource_id': '',
                'name': '',
                'facts': '',
                'price_id': 'a-price',
                'description': '8 GiB, general purpose',
                'measure': '',
                'per': 'hour',
                'quantity': '383.428571428571',
                'unit_price': '0.085',
                'amount': '32.591428571429',
                'currency': 'EUR',
            },
            rows[1],
        )
        self.assertEqual('availability_zone=nova', rows[2]['facts'])

    def test_amounts_add_up_to_the_total(self) -> None:
        rows = table(document.preview(billed.STATEMENT))
        amounts = [fractions.Fraction(row['amount'] or '0') for row in rows]
        self.assertAlmostEqual(billed.TOTAL, sum(amounts), places=10)

    def test_what_is_unpriced_has_a_quantity_and_no_amount(self) -> None:
        *_, hours, count = table(document.preview(billed.STATEMENT))
        for row, expected in (
            (hours, ('hour', '745.000000000000', '')),
            (count, ('unit', '17.000000000000', '')),
        ):
            self.assertEqual(
                expected, (row['per'], row['quantity'], row['amount'])
            )

    def test_an_issued_statement_has_its_number(self) -> None:
        issued = billed.issued(billed.STATEMENT)
        for row in table(document.of(issued)):
            self.assertEqual(issued.number, row['statement'])

    def test_lines_end_as_rfc_4180_says(self) -> None:
        text = sheet.text(document.preview(billed.STATEMENT))
        self.assertEqual(10, text.count('\r\n'))
        self.assertEqual(10, text.count('\n'))

    @drawn.SETTINGS
    @hypothesis.given(drawn.drawn_statements())
    def test_no_text_is_a_formula_and_none_is_lost(
        self, statement: statements.Statement
    ) -> None:
        rows = table(document.preview(statement))
        lines = (*statement.lines, *statement.adjustments)
        self.assertEqual(len(lines) + len(statement.unpriced), len(rows))
        for row in rows:
            for name, cell in row.items():
                if name not in NUMBERS:
                    self.assertNotIn(cell[:1], tuple('=+-@\t\r\n＝＋－＠'))
        for line, row in zip(lines, rows, strict=False):
            self.assertIn(row['name'], (line.name, "'" + line.name))

    def test_a_credit_stays_a_number(self) -> None:
        [row] = (
            row
            for row in table(document.preview(billed.STATEMENT))
            if row['row'] == 'adjustment'
        )
        self.assertEqual('-0.960000000000', row['amount'])

    def test_a_formula_is_taken_for_text(self) -> None:
        line = dataclasses.replace(billed.LINES[0], name='=1+1')
        [row] = table(
            document.preview(
                dataclasses.replace(
                    billed.STATEMENT,
                    lines=(line,),
                    adjustments=(),
                    unpriced=(),
                )
            )
        )
        self.assertEqual("'=1+1", row['name'])
