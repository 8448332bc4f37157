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
"""openstack billing resource, before the real API."""

from stratometrics.tests.functional.api import base as api_base
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.osc import base

DAY = test_usage.DAY
HOUR = test_usage.HOUR
event = test_usage.event

OCTOBER = ('--month', '2026-10', '--timezone', 'UTC')
SMALL = {'type': 'm1.small', 'measures': {'vcpus': 2}}


class ResourcesTest(base.CommandTestCase):
    @classmethod
    def fill(cls):
        globex = api_base.project_id('bob', 'globex')
        cls.storage.write_events(
            [
                event('a', 0, 1, name='web', user_id='alice', **SMALL),
                event('a', DAY, 2, 'deleted', name='web', **SMALL),
                event('b', DAY, 3, 'stopped', name='db', **SMALL),
                event('d', HOUR + 1, 4, resource_type='volume'),
                event('g', 0, 5, name='web', project_id=globex),
                event('h', 0, 6, resource_type='volume', project_id=globex),
            ],
            test_usage.OCTOBER + 40 * DAY,
        )

    def listed(self, cloud, *words):
        return self.billing(
            cloud, 'resource', 'list', *OCTOBER, '-f', 'json', *words
        ).json()

    def told_of_october(self, cloud, **params):
        return self.told(
            cloud,
            '/v1/resources',
            from_=test_usage.PERIOD['from'],
            to=test_usage.PERIOD['to'],
            **params,
        )['resources']

    def assert_told(self, told, shown):
        names = {
            'resource_type': 'Resource Type',
            'resource_id': 'ID',
            'name': 'Name',
            'type': 'Type',
            'state': 'State',
            'usage': 'Usage',
            'region': 'Region',
            'project_id': 'Project ID',
            'user_id': 'User ID',
            'from': 'From',
            'to': 'To',
        }
        self.assertEqual(
            [{names[name]: each[name] for name in names} for each in told],
            shown,
        )

    def test_a_user_sees_his_own(self):
        shown = self.listed('alice')
        self.assertEqual({'a', 'b', 'd'}, {each['ID'] for each in shown})
        self.assert_told(self.told_of_october('alice'), shown)

    def test_admin_sees_all(self):
        shown = self.listed('admin', '--all-projects')
        self.assertEqual(
            {'a', 'b', 'd', 'g', 'h'}, {each['ID'] for each in shown}
        )
        self.assert_told(
            self.told_of_october('admin', all_projects='true'), shown
        )

    def test_admin_sees_those_of_projects_that_he_names(self):
        shown = self.listed('admin', '--project', 'globex')
        self.assert_told(self.told_of_october('bob'), shown)
        both = self.listed('admin', '--project', 'globex', '--project', 'acme')
        self.assertEqual(5, len(both))

    def test_a_stranger_is_told_why_not(self):
        said = self.refusal('otto', 'resource', 'list', *OCTOBER)
        self.assertIn('not allowed to see the resources of this', said)
        self.assertIn('role "reader"', said)

    def test_of_types(self):
        shown = self.listed('alice', '--resource-type', 'volume')
        self.assertEqual(['d'], [each['ID'] for each in shown])
        both = self.listed(
            'alice',
            *('--resource-type', 'volume', '--resource-type', 'instance'),
        )
        self.assertEqual(3, len(both))

    def test_of_a_name(self):
        shown = self.listed('alice', '--name', 'web')
        self.assert_told(self.told_of_october('alice', name='web'), shown)
        self.assertEqual(['a'], [each['ID'] for each in shown])
        self.assertEqual([], self.listed('alice', '--name', 'nobody'))

    def test_an_unknown_type_is_told(self):
        said = self.refusal(
            'alice', 'resource', 'list', '--resource-type', 'volumes'
        )
        self.assertIn("resource_type 'volumes' is none of volume, ", said)

    def test_all_pages_are_followed(self):
        self.assertEqual(
            self.listed('admin', '--all-projects'),
            self.listed('admin', '--all-projects', '--page-size', '2'),
        )

    def test_no_more_than_the_limit(self):
        scope = ('--all-projects', '--page-size', '2')
        self.assertEqual(
            self.listed('admin', *scope)[:3],
            self.listed('admin', *scope, '--limit', '3'),
        )

    def test_a_page_is_no_longer_than_the_service_allows(self):
        answer = self.run_command(
            'alice', 'resource', 'list', '--page-size', '1001'
        )
        self.assertEqual(2, answer.status)
        self.assertIn('a page has at most 1000', answer.errors)

    def test_people_see_days_and_few_columns(self):
        table = self.billing('alice', 'resource', 'list', *OCTOBER).output
        heads, *lines = table.splitlines()[1:]
        self.assertEqual(
            ['Resource Type', 'ID', 'Name', 'Type', 'State', 'Usage'],
            [each.strip() for each in heads.strip('|').split('|')],
        )
        [web] = [line for line in lines if '| a ' in line]
        self.assertRegex(web, r'\| web +\| m1.small \| active +\| +1 d \|$')

    def test_where_nothing_was_is_told(self):
        words = ('resource', 'list', '--month', '2026-08')
        answer = self.billing('alice', *words)
        self.assertIn('No resource was there in that period', answer.errors)
        answer = self.billing('alice', *words, '-f', 'json')
        self.assertEqual([], answer.json())
        self.assertEqual('', answer.errors)

    def test_people_see_the_clock_of_the_zone(self):
        words = ('resource', 'list', '--month', '2026-10', '-c', 'From')
        words = (*words, '--timezone', 'Europe/Zurich', '--limit', '1')
        table = self.billing('alice', *words).output
        self.assertRegex(table, r' 2026-10-0\d \d\d:00:00\+02:00 ')
        told = self.billing('alice', *words, '-f', 'value').output
        self.assertRegex(told, r'^2026-10-\d\dT\d\d:00:00Z$')

    def test_as_of_a_time_before(self):
        shown = self.listed('alice', '--as-of', '2026-11-05')
        self.assertEqual([], shown)

    def test_a_column_that_is_named_is_shown(self):
        shown = self.listed('alice', '-c', 'Project ID', '-c', 'ID')
        self.assertIn(
            {'ID': 'a', 'Project ID': api_base.project_id('alice', 'acme')},
            shown,
        )


class ResourceTypesTest(base.CommandTestCase):
    def test_they_are_those_of_the_api(self):
        shown = self.billing(
            'alice', 'resource', 'type', 'list', '-f', 'json'
        ).json()
        self.assertEqual(
            [
                {
                    'Name': each['name'],
                    'Kind': each['kind'],
                    'Default Group By': each['default_group_by'],
                    'Measures': each['measures'],
                    'Keys': each['keys'],
                    'Units': each['units'],
                    'Collection': each['collection'],
                }
                for each in self.told('alice', '/v1/')['resource_types']
            ],
            shown,
        )

    def test_the_table_fits_a_narrow_terminal(self):
        table = self.billing(
            'alice', 'resource', 'type', 'list', width=80
        ).output
        self.assertRegex(table, r'\| instance +\| state ')
        widest = max(map(len, table.splitlines()))
        self.assertLessEqual(widest, 80, table)

    def test_one(self):
        shown = self.billing(
            'alice', 'resource', 'type', 'show', 'instances', '-f', 'json'
        ).json()
        self.assertEqual('instance', shown['Name'])
        self.assertIn('vcpus', shown['Measures'])
        self.assertIn('availability_zone', shown['Keys'])

    def test_one_that_there_is_not(self):
        said = self.refusal('alice', 'resource', 'type', 'show', 'server')
        self.assertIn("no resource type 'server', but", said)
        self.assertIn('instance', said)
