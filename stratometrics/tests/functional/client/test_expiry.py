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
"""A token of a real Keystone that ends while its bearer turns pages."""

import functools
import time

from stratometrics.client import v1
from stratometrics.tests.functional import base
from stratometrics.tests.functional.api import base as api
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.client import test_callers
from stratometrics.tests.realparts import keystone

#: Seconds.
_LIFE = 8


class TestExpiry(base.StorageTestCase):
    def test_between_two_pages(self):
        own = keystone.Keystone(token_expiration=_LIFE)
        self.addCleanup(own.close)
        own.start()
        made = own.identity.session('alice', 'acme')
        self.addCleanup(made.close)
        # Or else a new one is gotten before each request, as all are about
        # to end. So it is where the clock of who asks is slow.
        made.auth.MIN_TOKEN_LIFE_SECONDS = -3600
        project_id = made.get_project_id()
        self.storage.write_events(
            [
                test_usage.event(each, 0, number, project_id=project_id)
                for number, each in enumerate('abc')
            ],
            received_at=test_usage.OCTOBER,
        )
        server = api.Server(self.conf, own.identity)
        self.addCleanup(server.close)
        server.start()
        client = v1.Client(made, endpoint_override=server.url)
        found = client.resources(**test_callers.PERIOD, page_size=1)
        first = made.get_token()
        ask = functools.partial(server.get, '/v1/usage', first)
        deadline = time.monotonic() + 3 * _LIFE
        while ask().status_code != 401:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)
        self.assertEqual(first, made.get_token())
        self.assertEqual(
            list('abc'), sorted(each.resource_id for each in found)
        )
        self.assertNotEqual(first, made.get_token())
