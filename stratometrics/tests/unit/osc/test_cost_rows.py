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
"""What is shown of costs."""

import datetime
import decimal
import zoneinfo

import testtools

from stratometrics.client import answers
from stratometrics.osc.tables import cost_rows

AT = datetime.datetime(2026, 10, 1, tzinfo=datetime.UTC)


def found(*keys, cost='1'):
    return answers.Costs(
        period=answers.Period(begin=AT, end=AT),
        as_of=AT,
        results=tuple(
            answers.Cost(currency='EUR', cost=decimal.Decimal(cost), keys=each)
            for each in keys
        ),
        totals=(),
        unpriced=(),
    )


def shape(*keys):
    return cost_rows.Shape(keys, (), None, zoneinfo.ZoneInfo('UTC'))


class BriefTest(testtools.TestCase):
    def test_a_name_is_enough(self):
        acme, globex = (
            {'project_id': each[0], 'project_name': each}
            for each in ('acme', 'globex')
        )
        asked = shape('project_id', 'project_name')
        self.assertEqual(
            ['Project Name', 'Cost'], asked.brief(found(acme, globex))
        )
        namesake = {**globex, 'project_name': 'acme'}
        self.assertEqual(
            ['Project ID', 'Project Name', 'Cost'],
            asked.brief(found(acme, namesake)),
        )

    def test_attributes_that_only_look_like_an_id_and_its_name(self):
        each = {'flavor_id': '1', 'flavor_name': 'a'}
        self.assertEqual(
            ['Flavor ID', 'Flavor Name', 'Cost'],
            shape(*each).brief(found(each)),
        )


class RowTest(testtools.TestCase):
    def cells(self, cost, without):
        cost, without = decimal.Decimal(cost), decimal.Decimal(without)
        each = answers.Cost(
            currency='EUR',
            cost=cost + without,
            equivalents={
                'aws': answers.Comparison(
                    cost=cost,
                    equivalent=2 * cost,
                    saving=cost,
                    without_equivalent=without,
                )
            },
        )
        asked = cost_rows.Shape((), ('aws',), None, zoneinfo.ZoneInfo('UTC'))
        return list(asked.row(each))[-3:-1]

    def test_nothing_is_saved_where_nothing_can_be_compared(self):
        for cell in self.cells('0.00', '2.50'):
            self.assertEqual('-', cell.human_readable())
            self.assertEqual('-', cell.exact())
            self.assertEqual('0.00', cell.machine_readable())

    def test_what_can_be_compared_in_part(self):
        self.assertEqual(
            ['EUR 2.00', 'EUR 1.00'],
            [cell.human_readable() for cell in self.cells('1.00', '2.50')],
        )


class TotalTest(testtools.TestCase):
    def test_all_digits_if_nothing_is_to_be_rounded(self):
        cost = decimal.Decimal('1234.567890123456')
        compared = answers.Comparison(
            cost=cost,
            equivalent=cost + 1,
            saving=decimal.Decimal(1),
            without_equivalent=decimal.Decimal('0.001'),
        )
        total = answers.Total(
            currency='EUR', cost=cost, equivalents={'aws': compared}
        )
        self.assertEqual(
            'Total: EUR 1,234.57\n'
            'aws: EUR 1,235.57, saving EUR 1.00 (EUR 0.00 has no equivalent)',
            cost_rows.total(total, exact=False),
        )
        self.assertEqual(
            'Total: EUR 1234.567890123456\n'
            'aws: EUR 1235.567890123456, saving EUR 1 (EUR 0.001 has no '
            'equivalent)',
            cost_rows.total(total, exact=True),
        )
