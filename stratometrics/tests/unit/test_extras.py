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
"""What is optional is not needed by what is not."""

import subprocess
import sys

import testtools

#: Imports all modules but tests and the commands, where none of what only the
#: commands need can be imported.
_IMPORT = """
import importlib
import pathlib
import sys

import stratometrics

for name in ('cliff', 'openstackclient', 'osc_lib', 'rich'):
    sys.modules[name] = None
top = pathlib.Path(stratometrics.__file__).parent
done = []
for path in sorted(top.rglob('*.py')):
    parts = path.relative_to(top.parent).with_suffix('').parts
    # The module of the WSGI server reads the configuration.
    if parts[1] in ('osc', 'tests', 'wsgi') or parts[-1] == '__init__':
        continue
    name = '.'.join(parts)
    importlib.import_module(name)
    done.append(name)
print(*done)
"""


class ExtrasTest(testtools.TestCase):
    def test_servers_need_nothing_of_the_command_line(self) -> None:
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', _IMPORT],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.split()
        for name in ('api.app', 'client.v1', 'cmd.manage', 'service'):
            self.assertIn(f'stratometrics.{name}', done)
