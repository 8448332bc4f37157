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
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.osc import base


class CoverageTest(base.CommandTestCase):
    @classmethod
    def fill(cls):
        cls.storage.write_events(
            [test_usage.event('web', 0, 1, region='RegionOne')],
            timestamps.now(),
        )

    def test_it_is_what_the_api_tells(self):
        shown = self.billing('admin', 'coverage', 'show', '-f', 'json').json()
        told = self.told('admin', '/v1/coverage')['coverage']
        self.assertEqual(
            [
                (
                    each['resource_type'],
                    each['region'],
                    each['status'],
                    each['last_event'],
                    each['living'],
                )
                for each in told
            ],
            [
                (
                    each['Resource Type'],
                    each['Region'],
                    each['Status'],
                    each['Last Event'],
                    each['Living'],
                )
                for each in shown
            ],
        )

    def test_people_see_how_long_ago(self):
        table = self.billing('admin', 'coverage', 'show').output
        [line] = [line for line in table.splitlines() if '| instance ' in line]
        self.assertRegex(line, r'\| +\d+ d \d+ h \|')

    def test_a_reader_is_told_what_he_may_see(self):
        said = self.refusal('alice', 'coverage', 'show')
        self.assertIn('not allowed to see how the cloud is covered', said)
        self.assertIn('role "reader"', said)
