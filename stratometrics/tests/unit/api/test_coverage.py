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
from stratometrics.model import coverage
from stratometrics.model import timestamps
from stratometrics.storage import errors
from stratometrics.tests.unit.api import base

PLACE = coverage.Place('image', 'RegionOne')


class TestCoverage(base.ApiTestCase):
    config = """
[coverage]
silent_after = 3600
"""

    def setUp(self):
        super().setUp()
        last = timestamps.now() - 2 * coverage.HOUR
        self.storage.coverage = coverage.Observed(
            arrivals={
                PLACE: coverage.Arrivals(
                    first_received=last,
                    last_received=last,
                    last_event=last,
                    last_day=1,
                    hours=1,
                    longest_pause=0,
                )
            },
            audits={},
            living={PLACE: 3},
            rejected=(),
        )

    def test_the_report(self):
        response = self.ask('/v1/coverage', 'admin')
        self.assertEqual(200, response.status_int, response.text)
        [image] = [
            line
            for line in response.json['coverage']
            if line['resource_type'] == 'image'
        ]
        self.assertEqual('RegionOne', image['region'])
        self.assertEqual('silent', image['status'])
        self.assertEqual(3, image['living'])
        self.assertEqual(1, image['events_last_day'])
        self.assertEqual([], response.json['unknown_event_types'])

    def test_a_user_is_refused_before_storage_is_asked(self):
        self.storage.failure = AssertionError('it was asked')
        for token in ('alice', 'member', 'eve', 'system-reader'):
            self.assert_error(
                self.ask('/v1/coverage', token), 403, 'forbidden'
            )

    def test_without_a_token(self):
        response = self.ask('/v1/coverage', None)
        self.assert_error(response, 401, 'unauthorized')

    def test_it_takes_no_parameters(self):
        response = self.ask('/v1/coverage', 'admin', region='RegionOne')
        detail = self.assert_error(response, 400, 'unknown-parameter')
        self.assertIn('region', detail)

    def test_it_is_read_only(self):
        response = self.ask('/v1/coverage', 'admin', method='POST')
        self.assert_error(response, 405, 'method-not-allowed')

    def test_storage_is_away(self):
        self.storage.failure = errors.StorageUnavailable('secret')
        response = self.ask('/v1/coverage', 'admin')
        self.assert_error(response, 503, 'unavailable')
        self.assertNotIn('secret', response.text)
