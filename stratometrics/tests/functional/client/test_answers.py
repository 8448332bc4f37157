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
"""Typed answers say what the API says, to the last digit."""

import datetime
import decimal

from stratometrics.tests.functional.client import base

UTC = datetime.UTC
BEGIN = datetime.datetime(2026, 10, 1, tzinfo=UTC)
END = datetime.datetime(2026, 11, 1, tzinfo=UTC)
PERIOD = {'begin': BEGIN, 'end': END}


class TestAnswers(base.ClientTestCase):
    def assert_pages(self, found, member):
        """See that the head and the rows of a page are what came."""
        rows = tuple(found)
        [body] = self.bodies
        self.bodies.clear()
        self.assertTrue(rows)
        self.assert_counterpart(rows, body.pop(member))
        if found.head is not None:
            self.assert_counterpart(found.head, body)

    def test_versions(self):
        found = self.alice().versions()
        self.assert_counterpart(found, self.bodies[-1]['versions'])

    def test_health(self):
        self.assert_counterpart(self.alice().health())

    def test_capabilities(self):
        found = self.alice().capabilities()
        self.assert_counterpart(found)
        self.assertIn(
            'instances', {each.collection for each in found.resource_types}
        )

    def test_openapi(self):
        self.assertEqual(self.alice().openapi(), self.bodies[-1])

    def test_coverage(self):
        found = self.admin().coverage()
        self.assertTrue(found.coverage)
        self.assert_counterpart(found)

    def test_usage(self):
        week = datetime.timedelta(days=7)
        for question in (
            {},
            {'group_by': ['project_id', 'type', 'state']},
            {'granularity': '1d', 'timezone': 'Europe/Zurich'},
            {'compare_to': 'previous'},
            {'compare_to': (BEGIN - week, BEGIN)},
            {'filters': {'state': ['active', 'stopped']}},
            {'excluded': {'state': 'stopped'}},
            {'as_of': END, 'sort': '-usage', 'limit': 1000},
            {'project_ids': self.globex},
            {'all_projects': True},
        ):
            if 'all_projects' not in question:
                question = {'project_ids': self.acme, **question}
            for collection in ('usage', 'instances'):
                self.assert_pages(
                    self.admin().usage(collection, **PERIOD, **question),
                    'results',
                )

    def test_what_was_consumed(self):
        found = self.alice().usage('object-requests', **PERIOD)
        self.assertEqual('count', found.head.units)
        self.assert_pages(found, 'results')

    def test_a_number_has_all_its_digits(self):
        [row] = self.alice().usage(
            'instances', **PERIOD, filters={'state': 'stopped'}
        )
        self.assertEqual(decimal.Decimal('86399.999999'), row.usage)
        self.assertEqual(
            decimal.Decimal('172799.999998'), row.measures['vcpus']
        )

    def test_costs(self):
        for question in (
            {'month': base.MONTH},
            {**PERIOD, 'equivalents': ['aws']},
            {'month': base.MONTH, 'granularity': '1d', 'equivalents': 'aws'},
            {
                'month': base.MONTH,
                'group_by': ['resource_type', 'state'],
                'as_of': END,
            },
        ):
            found = self.alice().costs(**question)
            self.assertTrue(found.results and found.unpriced)
            self.assert_counterpart(found)
        found = self.admin().costs(month=base.MONTH, all_projects=True)
        self.assert_counterpart(found)

    def test_resources(self):
        self.assert_pages(
            self.alice().resources(**PERIOD, as_of=END), 'resources'
        )

    def test_timelines(self):
        found = self.alice().timeline('web', **PERIOD, as_of=END)
        self.assertEqual(2, len(found.head.void))
        self.assert_pages(found, 'intervals')
        # The first one has to be spelled otherwise in a path.
        for resource_id in ('100%', 'account'):
            self.assert_pages(
                self.alice().timeline(resource_id, **PERIOD), 'intervals'
            )

    def test_prices(self):
        found = self.admin().prices(history=True)
        self.assertTrue(found.prices and found.history)
        self.assert_counterpart(found)
        found = self.admin().prices(
            as_of=END,
            valid_at=BEGIN,
            currencies='EUR',
            resource_types=['volume'],
        )
        self.assertEqual(['volume'], [each.id for each in found.prices])
        self.assert_counterpart(found)
        found = self.admin().prices(project_ids=[self.acme])
        self.assertEqual((), found.prices)
        self.assert_counterpart(self.alice().price('instance'))
        self.assert_counterpart(
            self.admin().price('instance', history=True, as_of=END)
        )

    def test_statements(self):
        client = self.admin()
        for question in (
            {},
            {'detail': True, 'daily': True, 'as_of': END},
            {'daily': False},
        ):
            found = client.preview_statement(
                month=base.MONTH, project_id=self.acme, **question
            )
            self.assertEqual('preview', found.status)
            self.assertTrue(found.statement.lines and found.statement.unpriced)
            self.assert_counterpart(found)
        receipt = client.issue_statement(
            base.MONTH, self.acme, as_of=END, allow_unpriced=True
        )
        self.assert_counterpart(receipt)
        self.assertEqual(
            receipt,
            client.issue_statement(base.MONTH, self.acme, allow_unpriced=True),
        )
        found = self.alice().statement(receipt.number)
        self.assertEqual(receipt.sha256, found.issued.sha256)
        self.assertTrue(found.statement.daily)
        self.assert_counterpart(found)
        self.bodies.clear()
        self.assert_pages(client.statements(all_projects=True), 'statements')
