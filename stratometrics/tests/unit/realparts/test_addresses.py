#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

import unittest

from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import errors


class AddressTest(unittest.TestCase):
    def test_it_survives_the_way_to_a_url_and_back(self) -> None:
        for address in (
            addresses.Address('http', '127.0.0.1', 5000, path='/v3'),
            addresses.Address('amqp', 'mq', 5672, 'u@x', 'a/b:c?d#e%'),
            addresses.Address(
                'clickhouse', 'db', 9440, 'u', 'p', '/billing?secure=True'
            ),
        ):
            with self.subTest(address):
                self.assertEqual(
                    address, addresses.Address.parse(address.url, 1)
                )

    def test_the_port_may_be_left_out(self) -> None:
        address = addresses.Address.parse('amqp://u:p@mq', 5672)
        self.assertEqual('amqp://u:p@mq:5672/', address.url)

    def test_what_is_no_address_is_refused_without_showing_it(self) -> None:
        for url in ('', 'mq:5672', 'amqp://', 'amqp://u:hush@mq:port/'):
            with (
                self.subTest(url),
                self.assertRaises(errors.PartError) as caught,
            ):
                addresses.Address.parse(url, 1)
            self.assertNotIn('hush', str(caught.exception))
