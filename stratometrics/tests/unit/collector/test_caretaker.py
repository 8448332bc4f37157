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
import threading

from oslo_config import cfg
import testtools

from stratometrics import conf as stratometrics_conf
from stratometrics.collector import caretaker
from stratometrics.collector import plan
from stratometrics.notifications import definitions

PATIENCE = 20


class CaretakerTest(testtools.TestCase):
    def test_without_duties_it_does_nothing(self):
        """They can be given on SIGHUP."""
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf([], project='stratometrics', default_config_files=[])
        for name in ('opening_delay', 'closing_delay'):
            conf.set_override(name, 0, group='collector')
        idle = caretaker.Caretaker(
            0, conf, plan.Plan((), definitions.Definitions.load(None))
        )
        self.addCleanup(idle.terminate)
        thread = threading.Thread(target=idle.run, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        self.assertFalse(thread.is_alive())
