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

"""The jobs of the gate name what there is.

What Zuul itself makes of them, and of the jobs that they are derived from,
only Zuul can tell.
"""

import configparser
import pathlib
from typing import Any

import testtools
import yaml

ROOT = pathlib.Path(__file__).parents[4]

#: The environments of tox that the jobs of OpenStack's templates run.
TEMPLATES = {
    'api-ref-jobs': {'api-ref'},
    'check-requirements': set(),
    'openstack-cover-jobs': {'cover'},
    'openstack-python3-jobs': {'pep8', 'py311', 'py313', 'py314'},
    'publish-openstack-docs-pti': {'docs'},
    'release-notes-jobs-python3': {'releasenotes'},
}
#: Those of other jobs that ours are derived from.
PARENTS = {'openstack-tox-functional': 'functional'}


class TestZuul(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        entries = yaml.safe_load((ROOT / '.zuul.yaml').read_text())
        self.jobs: dict[str, Any] = {
            each['job']['name']: each['job']
            for each in entries
            if 'job' in each
        }
        [self.project] = [
            each['project'] for each in entries if 'project' in each
        ]
        self.tox = configparser.ConfigParser()
        self.tox.read(ROOT / 'tox.ini')

    def test_every_environment_is_there(self):
        named = set().union(
            *(TEMPLATES[name] for name in self.project['templates'])
        )
        for job in self.jobs.values():
            environment = job.get('vars', {}).get(
                'tox_envlist', PARENTS.get(job['parent'])
            )
            named |= {environment} if environment else set()
        # The others are of [testenv], by their names.
        named = {name for name in named if not name.startswith('py3')}
        self.assertLessEqual({'deploy', 'functional'}, named)
        for name in named:
            self.assertIn(f'testenv:{name}', self.tox.sections())

    def test_a_name_with_a_version_of_python_counts(self):
        self.assertEqual('python3', self.tox['testenv']['base_python'])
        self.assertTrue(
            self.tox['tox'].getboolean('ignore_base_python_conflict')
        )

    def test_what_is_checked_is_gated(self):
        self.assertEqual(set(self.jobs), set(self.project['check']['jobs']))
        self.assertEqual(
            self.project['check']['jobs'], self.project['gate']['jobs']
        )

    def test_the_plugin_is_of_this_repository(self):
        job = self.jobs['stratometrics-devstack']
        [(name, address)] = job['vars']['devstack_plugins'].items()
        self.assertEqual('stratometrics', name)
        review = configparser.ConfigParser()
        review.read(ROOT / '.gitreview')
        project = review['gerrit']['project'].removesuffix('.git')
        self.assertEqual(f'https://opendev.org/{project}', address)
        self.assertEqual([f'opendev.org/{project}'], job['required-projects'])
