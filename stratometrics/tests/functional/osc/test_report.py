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
"""openstack billing report, before the real API."""

import dataclasses
import decimal

from stratometrics.model import prices
from stratometrics.tests.functional.api import base as api_base
from stratometrics.tests.functional.api import test_costs
from stratometrics.tests.functional.osc import base
from stratometrics.tests.realparts import identity


class TestReport(base.CommandTestCase):
    @classmethod
    def fill(cls):
        acme = api_base.project_id('alice', 'acme')
        globex = api_base.project_id('bob', 'globex')
        hour, day = test_costs.HOUR, test_costs.DAY
        event, price = test_costs.event, test_costs.price
        cls.storage.write_events(
            [
                # 36 hours on two days.
                event(acme, 'i1', 12 * hour, name='web'),
                event(acme, 'i1', 2 * day, 'deleted'),
                event(acme, 'f1', 0, resource_type='floating-ip', type=''),
                event(acme, 'f1', day, 'deleted', resource_type='floating-ip'),
                event(globex, 'i2', 0),
                event(globex, 'i2', 10 * hour, 'deleted'),
            ],
            received_at=test_costs.OCTOBER + 3 * day,
        )
        aws = prices.Equivalent('t3a.medium', decimal.Decimal('0.0397'))
        own = prices.Equivalent('s1', decimal.Decimal('0.01'))
        cls.storage.record_prices(
            [
                prices.Entry(
                    change=prices.Change.CREATED,
                    at=test_costs.OCTOBER,
                    by='admin',
                    price=each,
                )
                for each in (
                    price('instance', '0.0251', equivalents={'aws': aws}),
                    # Nobody else is to be compared with what it names.
                    dataclasses.replace(
                        price('volume', '1', equivalents={'own': own}),
                        project_id=globex,
                    ),
                )
            ]
        )

    def report(self, cloud, *words):
        return self.billing(
            cloud, 'report', '--month', '2026-10', *words, '-f', 'json'
        ).json()

    def costs(self, cloud, **asked):
        return self.told(cloud, '/v1/costs', month='2026-10', **asked)

    def test_it_is_what_the_api_tells(self):
        [told] = self.costs('alice', equivalent='aws')['results']
        compared = told['equivalents']['aws']
        self.assertEqual(
            [
                {
                    'Resource Type': 'instance',
                    'Type': 'm1.small',
                    'Currency': 'EUR',
                    'Cost': told['cost'],
                    'Compared (aws)': compared['cost'],
                    'Equivalent (aws)': compared['equivalent'],
                    'Saving (aws)': compared['saving'],
                    'Not Compared (aws)': compared['without_equivalent'],
                }
            ],
            self.report('alice'),
        )
        self.assertEqual('0.525600000000', compared['saving'])

    def test_a_row_is_the_total_of_a_project(self):
        for asked in ({}, {'granularity': '1mo'}):
            [total] = self.costs('alice', **asked)['totals']
            words = [f'--{name}={text}' for name, text in asked.items()]
            [row] = self.report('alice', '--group-by', 'project', *words)
            self.assertEqual(
                (total['currency'], total['cost']),
                (row['Currency'], row['Cost']),
            )

    def test_days_of_all_projects(self):
        asked = {'granularity': '1d', 'group_by': 'project_id,name'}
        told = self.costs('admin', all_projects='true', **asked)['results']
        shown = self.report(
            'admin',
            *('--all-projects', '--granularity', '1d'),
            *('--group-by', 'project', '--group-by', 'name'),
        )
        self.assertEqual(
            [
                (
                    *(each['from'], each['to'], each['project_id']),
                    *(each['name'], each['cost']),
                )
                for each in told
            ],
            [
                (
                    *(each['Begin'], each['End'], each['Project ID']),
                    *(each['Name'], each['Cost']),
                )
                for each in shown
            ],
        )
        self.assertEqual(3, len(shown))
        self.assertIn('Saving (own)', shown[0])
        # People are not shown what nothing can be compared with.
        table = self.billing(
            'admin', 'report', '--month', '2026-10', '--all-projects'
        ).output
        self.assertNotIn('(own)', table)
        self.assertIn('own: nothing can be compared', table)

    def test_people_see_totals_and_what_has_no_price(self):
        said = self.billing('alice', 'report', '--month', '2026-10', width=80)
        self.assertIn('Costs from 2026-10-01 to 2026-11-01, as', said.errors)
        self.assertIn(
            '| EUR 0.90 |         EUR 1.43 |     EUR 0.53 |', said.output
        )
        self.assertEqual(
            'Total: EUR 0.90\naws: EUR 1.43, saving EUR 0.53',
            said.output.rpartition('+\n')[2].strip(),
        )
        self.assertIn('floating-ip active: 1 d', said.errors)
        exact = self.billing(
            'alice', 'report', '--month', '2026-10', '--exact'
        ).output
        self.assertIn('\nTotal: EUR 0.903600000000\naws: EUR 1.42', exact)

    def test_bars(self):
        asked = ('report', '--month', '2026-10', '--chart')
        said = self.billing('alice', *asked, width=60)
        first, second, _, total, _ = said.output.splitlines()
        self.assertRegex(first, r'^instance, m1.small  #{19} +EUR 0.90$')
        self.assertRegex(second, r'^  aws +-{30}  EUR 1.43$')
        self.assertEqual('Total: EUR 0.90', total)
        days = self.billing('alice', *asked, '--granularity', '1d').output
        lines = days.splitlines()
        self.assertEqual('instance, m1.small', lines[0])
        self.assertRegex(lines[1], r'^2026-10-01  #+ +EUR 0.30$')
        self.assertRegex(lines[2], r'^2026-10-02  #+  EUR 0.60$')
        self.assertRegex(lines[31], r'^2026-10-31 +EUR 0.00$')
        said = self.refusal('alice', *asked, '-f', 'json')
        self.assertIn('--chart', said)

    def test_the_present_month(self):
        said = self.billing('alice', 'report', '--month', 'this')
        self.assertIn('Nothing was charged', said.errors)
        self.billing('alice', 'report')

    def test_who_sees_what(self):
        globex = api_base.project_id('bob', 'globex')
        for words in (('--all-projects',), ('--project', globex)):
            said = self.refusal('alice', 'report', *words)
            self.assertIn('not allowed', said)
        self.refusal('otto', 'report')
        self.assertEqual(
            self.report('bob', '--equivalent', 'aws'),
            self.report('admin', '--project', 'globex', '--equivalent', 'aws'),
        )

    def test_what_is_wrong_is_named(self):
        for words, text in (
            (('--equivalent', 'gcp'), 'there are aws'),
            (('--group-by', 'nonsense'), "by 'nonsense', but by"),
            (('--granularity', '1x'), 'granularity'),
        ):
            said = self.refusal(
                'alice', 'report', '--month', '2026-10', *words
            )
            self.assertIn(text, said)


class TestPricesOfADomain(base.CommandTestCase):
    @classmethod
    def fill(cls):
        reseller = prices.Equivalent('s1', decimal.Decimal('0.01'))
        cls.storage.record_prices(
            [
                prices.Entry(
                    change=prices.Change.CREATED,
                    at=test_costs.OCTOBER,
                    by='admin',
                    price=dataclasses.replace(
                        test_costs.price(
                            'instance', '1', equivalents={'other': reseller}
                        ),
                        domain_id=identity.DOMAIN,
                    ),
                )
            ]
        )

    def test_where_nothing_was_charged(self):
        # The service knows nobody of the domain then, nor what it compares.
        said = self.refusal('alice', 'report', '--equivalent', 'other')
        self.assertIn("what 'other' takes", said)
        said = self.billing('alice', 'report')
        self.assertIn('Nothing was charged', said.errors)
