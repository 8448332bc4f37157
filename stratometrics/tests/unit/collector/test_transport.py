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
from oslo_config import cfg
import testtools

from stratometrics.collector import targets
from stratometrics.collector import transport


class TransportTestCase(testtools.TestCase):
    """Nothing here connects: a transport does so when it is used."""

    def conf(self, url, **rabbit):
        conf = cfg.ConfigOpts()
        conf([], default_config_files=[])
        transport.url(conf)
        conf.set_override(
            'transport_url', url, group='oslo_messaging_notifications'
        )
        for name, value in rabbit.items():
            conf.set_override(name, value, group='oslo_messaging_rabbit')
        return conf


class TestTransport(TransportTestCase):
    def test_an_address_that_is_none_is_refused_and_not_repeated(self):
        transport.check(self.conf('rabbit://a:b@h/'))
        for url in ('nonsense', 'foo://a:secret@x/', 'rabbit://a:secret@x:y/'):
            refused = self.assertRaises(
                cfg.Error, transport.check, self.conf(url)
            )
            self.assertIn('transport_url', str(refused))
            self.assertNotIn('secret', str(refused))

    def prefetch(self, conf, batch_size):
        made = transport.get_transport(conf, batch_size)
        self.addCleanup(made.cleanup)
        return made._driver.prefetch_size

    def test_prefetch_is_raised(self):
        conf = self.conf('rabbit://a:b@h/')
        self.assertEqual(2000, self.prefetch(conf, 1000))
        conf = self.conf('rabbit://a:b@h/', rabbit_qos_prefetch_count=7)
        self.assertEqual(2000, self.prefetch(conf, 1000))
        conf = self.conf('rabbit://a:b@h/?rabbit_qos_prefetch_count=7')
        self.assertEqual(2000, self.prefetch(conf, 1000))

    def test_prefetch_is_not_lowered(self):
        conf = self.conf('rabbit://a:b@h/', rabbit_qos_prefetch_count=9000)
        self.assertEqual(9000, self.prefetch(conf, 1000))
        conf = self.conf('rabbit://a:b@h/?rabbit_qos_prefetch_count=9000')
        self.assertEqual(9000, self.prefetch(conf, 1000))

    def test_small_batches_leave_room(self):
        self.assertEqual(100, self.prefetch(self.conf('rabbit://a:b@h/'), 1))

    def test_other_drivers_have_no_prefetch(self):
        transport.get_transport(self.conf('fake://'), 10).cleanup()

    def test_address_of_rpc_is_the_default(self):
        conf = self.conf(None)
        conf.set_override('transport_url', 'rabbit://u:p@rpc:1/v')
        address = transport.url(conf)
        self.assertEqual('rpc', address.hosts[0].hostname)

    def test_targets(self):
        [target] = transport.get_targets([targets.Source('nova', 'n')])
        self.assertEqual(('nova', 'n'), (target.exchange, target.topic))


class TestConnection(TransportTestCase):
    def test_first_of_several_hosts(self):
        conf = self.conf('rabbit://u%40:p%2F@h1:1,u:p@[::1]:2/%2Fcloud')
        info = transport.get_connection(conf).info()
        self.assertIn(
            (info['hostname'], info['port'], info['userid']),
            [('h1', 1, 'u@'), ('::1', 2, 'u')],
        )
        self.assertEqual('/cloud', info['virtual_host'])

    def test_plain_vhost(self):
        conf = self.conf('rabbit://u:p@h//')
        info = transport.get_connection(conf).info()
        self.assertEqual(('/', 5672), (info['virtual_host'], info['port']))
        self.assertFalse(info['ssl'])

    def test_tls(self):
        conf = self.conf(
            'rabbit://u:p@h/', ssl=True, ssl_ca_file='/etc/ca.pem'
        )
        info = transport.get_connection(conf).info()
        self.assertEqual('/etc/ca.pem', info['ssl']['ca_certs'])
