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
"""openstack billing coverage, before the real API."""

from stratometrics.model import timestamps
from stratometrics.storage import base as storage_base
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.osc import base


class CoverageTest(base.CommandTestCase):
    @classmethod
    def fill(cls):
        cls.storage.write_events(
            [
                test_usage.event('web', 0, 1, region='RegionOne'),
                test_usage.event('db', 0, 2, region='RegionTwo'),
            ],
            timestamps.now(),
        )
        cls.storage.write_rejected(
            [
                storage_base.RejectedMessage(
                    id=f'{region}-{number}',
                    received_at=timestamps.now(),
                    region=region,
                    reason='unknown event type',
                    event_type='some.thing',
                    message_id=f'm-{number}',
                    body='{}',
                )
                for region, number in (
                    ('RegionOne', 1),
                    ('RegionOne', 2),
                    ('RegionTwo', 3),
                )
            ]
        )

    def shown(self, *words):
        return self.billing(
            'admin', 'coverage', 'show', '-f', 'json', *words
        ).json()

    def test_it_is_what_the_api_tells(self):
        names = {
            'resource_type': 'Resource Type',
            'region': 'Region',
            'status': 'Status',
            'living': 'Living',
            'rejected': 'Rejected',
            'last_event': 'Last Event',
            'last_received': 'Last Received',
            'events_last_day': 'Events Last Day',
            'audits': 'Audits',
            'last_audit': 'Last Audit',
            'healed': 'Healed',
            'last_reconciled': 'Last Reconciled',
        }
        told = self.told('admin', '/v1/coverage')['coverage']
        # The lag grows from one answer to the next.
        shown = self.shown()
        self.assertEqual(
            [{names[name]: each[name] for name in names} for each in told],
            [{name: each[name] for name in names.values()} for each in shown],
        )

    def test_of_some(self):
        every = self.shown()
        for option, head, value in (
            ('--resource-type', 'Resource Type', 'volume'),
            ('--region', 'Region', 'RegionTwo'),
            ('--status', 'Status', 'never-heard'),
        ):
            wanted = [each for each in every if each[head] == value]
            self.assertTrue(wanted)
            self.assertNotEqual(every, wanted)
            self.assertEqual(
                [each['Resource Type'] for each in wanted],
                [each['Resource Type'] for each in self.shown(option, value)],
            )
        self.assertEqual(
            ['instance'] * 2,
            [
                each['Resource Type']
                for each in self.shown(
                    *('--region', 'RegionOne', '--region', 'RegionTwo')
                )
            ],
        )

    def test_where_nothing_is_like_that_is_told(self):
        answer = self.billing(
            'admin', 'coverage', 'show', '--region', 'nowhere'
        )
        self.assertIn('Nothing is like that', answer.errors)

    def test_unknown_types_of_events(self):
        told = self.told('admin', '/v1/coverage')['unknown_event_types']
        self.assertEqual(
            [
                {
                    'Event Type': each['event_type'],
                    'Region': each['region'],
                    'Messages': each['messages'],
                    'Last Received': each['last_received'],
                }
                for each in told
            ],
            self.shown('--unknown'),
        )
        [only] = self.shown('--unknown', '--region', 'RegionOne')
        self.assertEqual(2, only['Messages'])

    def test_that_there_are_unknown_ones_is_told(self):
        answer = self.billing('admin', 'coverage', 'show')
        self.assertIn('2 unknown types of events came', answer.errors)
        self.assertIn('--unknown', answer.errors)

    def test_unknown_ones_are_of_no_resource_type(self):
        said = self.refusal(
            'admin',
            *('coverage', 'show', '--unknown', '--status', 'silent'),
        )
        self.assertIn('--unknown goes with --region alone', said)

    def test_people_see_few_columns_and_how_long_ago(self):
        table = self.billing('admin', 'coverage', 'show', width=80).output
        self.assertLessEqual(max(map(len, table.splitlines())), 80)
        [line, _] = [
            line for line in table.splitlines() if '| instance ' in line
        ]
        self.assertRegex(line, r'\| +\d+ d( \d+ h)? \|')

    def test_a_reader_is_told_what_he_may_see(self):
        for cloud in ('alice', 'otto'):
            said = self.refusal(cloud, 'coverage', 'show')
            self.assertIn('not allowed to see how the cloud is covered', said)
