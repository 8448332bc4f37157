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
"""Every test that is given to one of two processes is run by one."""

import pathlib
import re

import testtools
import yaml

import stratometrics

_ROOT = pathlib.Path(stratometrics.__file__).parent


class WorkersTest(testtools.TestCase):
    def test_of_functional_tests(self):
        self.assert_each_module_has_one(_ROOT / 'tests' / 'functional')

    def test_of_deployment_tests(self):
        self.assert_each_module_has_one(_ROOT / 'tests' / 'deploy')

    def assert_each_module_has_one(self, folder: pathlib.Path) -> None:
        workers = yaml.safe_load((folder / 'workers.yaml').read_text())
        patterns = [worker['worker'] for worker in workers]
        modules = [
            '.'.join(path.relative_to(_ROOT.parent).with_suffix('').parts)
            for path in folder.rglob('test_*.py')
        ]
        self.assertTrue(modules)
        for module in modules:
            # As stestr chooses.
            takers = [
                each
                for each in patterns
                if any(re.search(pattern, f'{module}.T.t') for pattern in each)
            ]
            self.assertEqual(1, len(takers), module)
