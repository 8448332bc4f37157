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
"""Where a request may be sent on to, by addresses no test can listen at."""

import requests
import testtools

from stratometrics.client import errors
from stratometrics.client import responses


def redirect(url: str, location: str) -> requests.Response:
    """An answer of an address, which sends to another one."""
    made = requests.Response()
    made.status_code = 301
    made.url = url
    made.headers['Location'] = location
    return made


class TestFollowed(testtools.TestCase):
    def test_the_same_origin(self):
        for here, location, there in (
            ('http://one/a', '/b', 'http://one/b'),
            ('http://one/a', 'http://ONE:80/b', 'http://one:80/b'),
            ('https://one:443/a', 'https://one/b', 'https://one/b'),
            ('http://one:8780/a', 'http://one:8780/b', 'http://one:8780/b'),
            # A proxy that takes no plain HTTP, where both have no port.
            ('http://one/a', 'https://one/a', 'https://one/a'),
            ('http://one:80/a', 'https://one:443/a', 'https://one:443/a'),
        ):
            found = responses.followed(redirect(here, location))
            self.assertEqual(there, found)

    def test_another_one(self):
        for here, location in (
            ('http://one/a', 'http://two/a'),
            ('http://one/a', 'http://one.two/a'),
            ('http://one/a', '//two/a'),
            ('http://one/a', 'http://one:8780/a'),
            ('http://one:8780/a', 'http://one/a'),
            ('https://one/a', 'http://one/a'),
            ('https://one/a', 'https://one:8443/a'),
            ('http://one:8780/a', 'https://one:8780/a'),
            ('http://one:8780/a', 'https://one/a'),
            ('http://one/a', 'https://one:8443/a'),
            ('http://one/a', 'https://two/a'),
            ('http://one/a', 'ftp://one/a'),
            ('http://one/a', 'http://two\\@one/a'),
            ('http://one/a', 'http://one@two/a'),
            # What is no port is not looked at by requests, but for HTTP.
            ('http://one/a', 'ftp://one:99999/a'),
            ('http://one/a', 'x://one:y/a'),
        ):
            self.assertRaises(
                errors.UnexpectedAnswer,
                responses.followed,
                redirect(here, location),
            )
