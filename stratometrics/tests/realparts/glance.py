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

"""Glance, which knows its users from Keystone and notifies RabbitMQ.

It is started by the tests that need it, each with a Keystone of its own, for
a catalog names one Glance.
"""

import pathlib

from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import identity
from stratometrics.tests.realparts import process
from stratometrics.tests.realparts import venv
from stratometrics.tests.realparts import wsgi

# What is staged would otherwise go to folders of the whole machine.
CONFIG = """\
[DEFAULT]
use_stderr = true
control_exchange = glance
enabled_backends = files:file
[database]
connection = sqlite:///{folder}/glance.db
[glance_store]
default_backend = files
[files]
filesystem_store_datadir = {folder}/images
[os_glance_staging_store]
filesystem_store_datadir = {folder}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {folder}/tasks
[paste_deploy]
flavor = keystone
config_file = {installed}/etc/glance/glance-api-paste.ini
[keystone_authtoken]
auth_type = password
auth_url = {keystone.url}
www_authenticate_uri = {keystone.url}
username = glance
password = {keystone.password}
user_domain_id = default
project_name = service
project_domain_id = default
[oslo_messaging_notifications]
driver = messagingv2
topics = notifications
transport_url = {transport_url}
"""


class Glance(wsgi.Application):
    """A Glance of our own, which keeps images in its folder."""

    name = 'glance'
    variable = 'STRATO_GLANCE_URL'
    default_port = 9292
    requirements = ('glance>=33.0.0',)
    application = 'glance.wsgi.api:application'

    def __init__(
        self,
        keystone: identity.Identity,
        transport_url: str,
        data_dir: str | pathlib.Path | None = None,
        port: int | None = None,
    ) -> None:
        """Choose its settings; start() starts it.

        :param keystone: the running Keystone; its catalog will name this
            Glance.
        :param transport_url: RabbitMQ's address, as oslo.messaging writes it.
        :param data_dir: see Part.
        :param port: see Part.
        """
        super().__init__(data_dir, port)
        self._keystone = keystone
        self._transport_url = transport_url

    @property
    def address(self) -> addresses.Address:
        return addresses.Address('http', self.host, self.port)

    @classmethod
    def fetch(cls) -> None:
        cls.installed()

    def wait(self) -> None:
        super().wait()
        self._keystone.point('glance', 'image', self.url)

    def _launch(self) -> None:
        installed = self.installed()
        config = self.data_dir / 'glance-api.conf'
        config.write_text(
            CONFIG.format(
                folder=self.data_dir,
                installed=installed,
                keystone=self._keystone,
                transport_url=self._transport_url,
            )
        )
        # Leaves a schema alone that is there already.
        process.run(
            [
                *venv.command(installed, 'glance-manage'),
                '--config-file',
                str(config),
                'db_sync',
            ],
            'run glance-manage db_sync',
            env=self._clean_environment(),
        )
        self._serve({'OS_GLANCE_CONFIG_DIR': str(self.data_dir)})
