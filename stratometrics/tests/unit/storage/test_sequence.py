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
"""What was just written is read at once, on replicas as well."""

import unittest
from unittest import mock

from stratometrics.model import prices as prices_model
from stratometrics.model import statements as statements_model
from stratometrics.model import usage
from stratometrics.storage.clickhouse import client
from stratometrics.storage.clickhouse import layout
from stratometrics.storage.clickhouse import prices
from stratometrics.storage.clickhouse import statements
from stratometrics.tests import priced
from stratometrics.tests.unit.rating import test_book


class SequenceTest(unittest.TestCase):
    """Replicas are not there: what they are told is looked at."""

    def setUp(self) -> None:
        self.settings: list[dict] = []
        pool = mock.Mock(spec=client.Pool)
        pool.execute.side_effect = self.told
        pool.insert.side_effect = self.told
        self.statements = statements.Statements(pool, {})
        self.prices = prices.Prices(pool)

    def told(self, _statement, _values, settings=None) -> list[tuple]:
        self.settings.append(settings or {})
        return []

    def test_statements_and_prices(self) -> None:
        issued = statements_model.Issued(
            number='2026-10-p',
            project_id='p',
            period=usage.Period(0, 1),
            as_of=1,
            issued_at=1,
            issued_by='me',
            sha256='',
            content='{}',
        )
        entry = test_book.entry(
            prices_model.Change.CREATED, 1, priced.price('p')
        )
        for number, ask in enumerate(
            (
                lambda: self.statements.record_statements([issued]),
                lambda: self.statements.issued('2026-10-p'),
                lambda: self.statements.receipts(),
                lambda: self.statements.receipts(['p'], limit=5),
                lambda: self.prices.record_prices([entry]),
                lambda: self.prices.price_entries(),
            )
        ):
            ask()
            self.assertLessEqual(
                layout.IN_SEQUENCE.items(), self.settings[-1].items(), number
            )
