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
import subprocess
import sys

from oslo_config import cfg
import testtools

from stratometrics import cloud
from stratometrics import conf as stratometrics_conf
from stratometrics.conf import service_credentials

GROUP = service_credentials.GROUP.name

#: Prints whether the SDK is there without credentials, and with them.
PRELOADING = """
import sys
from oslo_config import cfg
from stratometrics import cloud
from stratometrics import conf as stratometrics_conf
conf = cfg.ConfigOpts()
stratometrics_conf.register_opts(conf)
conf([], project='stratometrics', default_config_files=[])
for auth_type in (None, 'password'):
    conf.set_override('auth_type', auth_type, group='service_credentials')
    cloud.preload(conf)
    print('openstack' in sys.modules)
"""


class CloudTest(testtools.TestCase):
    def connect(self, **settings):
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf([], project='stratometrics', default_config_files=[])
        conf.register_opts(service_credentials.PLUGIN_OPTS, group=GROUP)
        for name, value in {
            'auth_url': 'https://127.0.0.1:1/v3',
            'username': 'u',
            'password': 'secret',
            'user_domain_id': 'default',
            **settings,
        }.items():
            conf.set_override(name, value, group=GROUP)
        connection = cloud.connect(conf)
        self.addCleanup(connection.close)
        return connection

    def test_without_credentials_it_says_so(self):
        error = self.assertRaises(cloud.CloudError, self.connect)
        self.assertIn(f'[{GROUP}]', str(error))

    def test_the_sdk_is_loaded_beforehand_where_it_will_be_used(self):
        # By an interpreter of its own, as this one has loaded it.
        told = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', PRELOADING],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        self.assertEqual('False\nTrue\n', told.stdout)

    def test_no_answer_is_not_waited_for_without_end(self):
        session = self.connect(auth_type='password').session
        self.assertEqual(300, session.timeout)
        session = self.connect(auth_type='password', timeout=7).session
        self.assertEqual(7, session.timeout)

    def test_missing_certificates_are_a_failure_like_others(self):
        connection = self.connect(
            auth_type='password', cafile='/nonexistent/file'
        )
        error = self.assertRaises(
            cloud.failures(), connection.endpoint_for, 'compute'
        )
        self.assertIn('/nonexistent/file', str(error))
