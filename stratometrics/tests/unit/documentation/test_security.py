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
"""The numbers on the page of security are those of the code."""

import unittest

from oslo_middleware import opts

from stratometrics.api.middleware import screening
from stratometrics.conf import api
from stratometrics.tests.unit.documentation import pages

[(_group, _LIMITS)] = opts.list_opts_sizelimit()


def default(options: list, name: str) -> int:
    [found] = (option for option in options if option.name == name)
    return found.default


class SecurityTest(unittest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.page = ' '.join(pages.page('admin/security').split())

    def test_the_port(self) -> None:
        self.assertIn(
            f'``stratometrics-api`` - {default(api.OPTS, "bind_port")} -',
            self.page,
        )

    def test_what_a_request_may_carry(self) -> None:
        body = default(_LIMITS, 'max_request_body_size')
        self.assertIn(f'({body / 1024:.0f} KiB)', self.page)
        self.assertIn(
            f'A query string has {screening.MAX_QUERY_LENGTH} bytes',
            self.page,
        )
