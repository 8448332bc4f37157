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
"""Which prices make sense by themselves."""

import unittest

from stratometrics.model import prices
from stratometrics.notifications import definitions
from stratometrics.pricing import errors
from stratometrics.rating import validation
from stratometrics.tests import priced

RESOURCE_TYPES = definitions.Definitions.load(None).resource_types
CONSUMPTION = 'object-request'


class CheckTest(unittest.TestCase):
    def assert_refused(self, problem, **changes):
        with (
            self.subTest(changes),
            self.assertRaisesRegex(errors.Malformed, problem),
        ):
            validation.check(
                priced.price(**changes), RESOURCE_TYPES, ('prices', 3)
            )

    def test_what_makes_sense(self):
        for changes in (
            {},
            {'measure': 'vcpus', 'per': prices.Per.MONTH},
            {'match': {'type': ('a',), 'state': ('active',)}},
            {'match': {'resource_id': ('a',), 'name': ('b',)}},
            {'project_id': 'a', 'valid_to': 1001},
            {'domain_id': 'a', 'currency': 'JPY'},
            {'resource_type': CONSUMPTION, 'per': prices.Per.UNIT},
        ):
            with self.subTest(changes):
                validation.check(priced.price(**changes), RESOURCE_TYPES)

    def test_what_is_not_known(self):
        self.assert_refused(
            r"^prices\[3\]\.resource_type: 'server' is none of .*instance",
            resource_type='server',
        )
        self.assert_refused(
            r"^prices\[3\]\.measure: 'cores' is none of .*vcpus",
            measure='cores',
        )
        self.assert_refused(
            r"^prices\[3\]\.match: 'flavor' is no attribute of instance",
            match={'flavor': ('a',)},
        )
        for name in ('project_id', 'domain_id', 'resource_type'):
            self.assert_refused(r'\.match: ', match={name: ('a',)})
        self.assert_refused(
            r'\.match: ',
            resource_type=CONSUMPTION,
            per=prices.Per.UNIT,
            match={'state': ('active',)},
        )

    def test_a_state_that_is_not_billed(self):
        self.assert_refused(
            r"\.match\.state: time in the state 'deleted' is not billed",
            match={'state': ('active', 'deleted')},
        )

    def test_units(self):
        self.assert_refused(
            r'\.per: instance can be priced per hour or month only',
            per=prices.Per.UNIT,
        )
        self.assert_refused(
            r'\.per: .* per unit only', resource_type=CONSUMPTION
        )

    def test_currencies(self):
        for code in ('eur', 'EURO', 'DEM', ''):
            self.assert_refused(r'\.currency: .*no currency', currency=code)
        self.assert_refused(r'\.currency: .*no minor unit', currency='XAU')

    def test_validity(self):
        for valid_to in (1000, 999):
            self.assert_refused(r'\.valid_to: ', valid_to=valid_to)

    def test_two_scopes(self):
        self.assert_refused(
            r'\.domain_id: .*exclude', project_id='a', domain_id='b'
        )
