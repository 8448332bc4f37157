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
"""A collector that asks a real Keystone for the names in its events."""

import uuid

from stratometrics import cloud
from stratometrics.model import names
from stratometrics.tests import fixtures as recordings
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.collector import bed
from stratometrics.tests.realparts import ports


class NamesTest(bed.CollectorTestCase):
    def credentials(self, url: str) -> None:
        self.configure(
            'service_credentials',
            auth_type='password',
            auth_url=url,
            username='reconciler',
            password=base.keystone().password,
            user_domain_id='default',
            project_name='service',
            project_domain_id='default',
        )

    def volume(self, project_id: str) -> dict:
        """The creation of a volume that was recorded, for a project."""
        [message] = [
            recorded.message
            for recorded in recordings.load('openstack')
            if recorded.message['event_type'] == 'volume.create.end'
        ][:1]
        return {
            **message,
            'message_id': str(uuid.uuid4()),
            '_unique_id': uuid.uuid4().hex,
            'payload': {
                **message['payload'],
                'volume_id': str(uuid.uuid4()),
                'tenant_id': project_id,
            },
        }

    def told(self, change: str, project_id: str) -> dict:
        """What Keystone tells of a project."""
        [message] = [
            recorded.message
            for recorded in recordings.load('keystone')
            if recorded.message['event_type'] == f'identity.project.{change}'
        ][:1]
        return {
            **message,
            'message_id': str(uuid.uuid4()),
            '_unique_id': uuid.uuid4().hex,
            'payload': {**message['payload'], 'resource_info': project_id},
        }

    def send(self, *messages: dict) -> None:
        self.publish(bed.envelope(message) for message in messages)

    def wait_called(self, project_id: str, name: str, found=True) -> None:
        def called() -> bool:
            known = self.storage.names(names.PROJECT).get(project_id)
            return known is not None and (known.name, known.found) == (
                name,
                found,
            )

        self.wait_until(called, f'the project is called {name}')

    def test_the_names_of_a_life(self) -> None:
        self.credentials(base.keystone().url)
        # Another worker than the one that goes round may hear of it.
        self.configure('collector', workers=2)
        self.configure('names', interval=0)
        identity = cloud.connect(self.conf()).identity
        unique = uuid.uuid4().hex[:8]
        project = identity.create_project(
            name=f'first-{unique}', domain_id='default'
        )
        before = self.volume(project.id)
        self.send(before)
        self.start_and_wait()
        self.wait_called(project.id, f'first-{unique}')
        self.wait_until(
            lambda: 'default' in self.storage.names(names.DOMAIN),
            'the domain has a name',
        )
        identity.update_project(project, name=f'second-{unique}')
        self.send(self.told('updated', project.id))
        self.wait_called(project.id, f'second-{unique}')
        identity.delete_project(project)
        self.send(self.told('deleted', project.id))
        self.wait_called(project.id, f'second-{unique}', found=False)
        self.wait_stored({before['message_id']})
        self.assertEqual([], list(self.storage.rejected()))

    def test_a_keystone_that_is_away_keeps_no_event_away(self) -> None:
        self.credentials(f'http://127.0.0.1:{ports.free_port()}/v3')
        collector = self.start_and_wait()
        message = self.volume('p1')
        self.send(message)
        self.wait_stored({message['message_id']})
        self.wait_until(
            lambda: 'cannot be had now' in self.log(), 'it says so'
        )
        collector.terminate()
        self.assertEqual(0, collector.wait(bed.PATIENCE))

    def test_without_credentials_nobody_is_asked(self) -> None:
        self.start_and_wait()
        message = self.volume('p1')
        self.send(message)
        self.wait_stored({message['message_id']})
        self.assertNotIn('names', self.log().lower())
