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
"""A whole cloud, whose services answer as was recorded."""

import json
import pathlib
import subprocess
import sys
import threading

import fixtures

from stratometrics.model import usage
from stratometrics.notifications import timestamps
from stratometrics.tests import answers
from stratometrics.tests.functional import base
from stratometrics.tests.functional import programs
from stratometrics.tests.functional.cmd import test_manage
from stratometrics.tests.unit.notifications import base as messages

CONFIG = """
[service_credentials]
auth_type = password
auth_url = {url}
username = stratometrics
password = secret
system_scope = all
user_domain_id = default
interface = public
[collector]
region_name = {region}
[definitions]
directory = {folder}
[reconciler]
# The answers were recorded long ago.
settling_time = 0
resource_types = {types}
"""

#: What the recorded cloud had at its end; one type was never there.
TYPES = (
    'backup',
    'floating-ip',
    'image',
    'instance',
    'ipsec-site-connection',
    'load-balancer',
    'network',
    'node',
    'port',
    'router',
    'share',
    'share-snapshot',
    'snapshot',
    'stack',
    'volume',
    'vpn-service',
    'zone',
)


class Halting(answers.Answers):
    """The same, but the volumes are not told before somebody lets them."""

    def __init__(self, recorded: dict) -> None:
        super().__init__(recorded)
        self.asked = threading.Event()
        self.going = threading.Event()
        self.going.set()

    def __call__(self, environ, start):
        if environ['PATH_INFO'].endswith('/volumes/detail'):
            self.asked.set()
            self.going.wait(60)
        return super().__call__(environ, start)


def configure(url: str, folder: pathlib.Path, file: pathlib.Path) -> None:
    """Add what it takes to reconcile the cloud to a configuration file.

    :param url: where its Keystone is served.
    :param folder: for definitions, by which every type is switched on.
    """
    (folder / 'all.yaml').write_text(messages.EVERYTHING_ON)
    with file.open('a') as text:
        text.write(
            CONFIG.format(
                url=url,
                region=messages.REGION,
                folder=folder,
                types=','.join(TYPES),
            )
        )


#: What the tests have the cloud asked with.
IMPORT = ('import', '--format=json')


class RecordedCloudTestCase(base.StorageTestCase):
    """A test with that cloud, and commands that ask it."""

    def setUp(self) -> None:
        super().setUp()
        recorded = answers.load()
        self.end = timestamps.parse(recorded['recorded_at'])
        self.recorded = recorded['answers']
        self.services = Halting(recorded)
        url = self.enterContext(answers.served(self.services))
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = folder / 'stratometrics.conf'
        test_manage.write_configuration(self.conf, self.file)
        configure(url, folder, self.file)

    def command(self, *arguments: str) -> list[str]:
        """An import as a process of its own."""
        return [
            sys.executable,
            '-m',
            'stratometrics.cmd.manage',
            '--config-file',
            str(self.file),
            *IMPORT,
            *arguments,
        ]

    def run_command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return programs.manage(self.file, *IMPORT, *arguments)

    def bring_in(self, *arguments: str) -> dict[str, dict]:
        done = self.run_command(*arguments)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn('secret', done.stderr)
        return {
            found['resource_type']: found for found in json.loads(done.stdout)
        }

    def usage(self, resource_type: str, *keys: str) -> dict[tuple, int]:
        rows = self.storage.usage(
            usage.UsageQuery(
                period=usage.Period(0, self.end),
                now=self.end,
                resource_types=(resource_type,),
                group_by=keys,
            )
        )
        return {row.group: row.usage for row in rows}

    def listed(self, path: str, key: str) -> list[dict]:
        """The longest list that was recorded of something."""
        return max(
            (
                answer['body'][key]
                for answer in self.recorded
                if answer['path'].endswith(path) and answer['status'] == 200
            ),
            key=len,
        )
