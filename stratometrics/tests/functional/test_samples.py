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

"""The samples that tox -e genconfig and tox -e genpolicy write."""

import pathlib
import subprocess
import sys
import tempfile

import testtools
import yaml

ROOT = pathlib.Path(__file__).parents[3]
SETTINGS = ROOT / 'etc' / 'stratometrics'


class SampleTest(testtools.TestCase):
    def generate(self, command: str, settings: str) -> str:
        """Run a generator with the project's settings.

        :returns: what it writes.
        """
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        sample = pathlib.Path(temporary.name) / 'sample'
        ran = subprocess.run(
            [
                str(pathlib.Path(sys.executable).with_name(command)),
                f'--config-file={SETTINGS / settings}',
                f'--output-file={sample}',
            ],
            capture_output=True,
            text=True,
        )
        self.assertEqual(0, ran.returncode, ran.stderr)
        return sample.read_text()

    def test_the_configuration_has_the_options_of_all_libraries(self) -> None:
        sample = self.generate(
            'oslo-config-generator', 'config-generator.conf'
        )
        sections = sample.split('\n[')
        for group, option in (
            ('DEFAULT', 'transport_url'),
            ('DEFAULT', 'debug'),
            ('api', 'settling_time'),
            ('clickhouse', 'query_max_memory'),
            ('collector', 'batch_size'),
            ('cors', 'allowed_origin'),
            ('definitions', 'directory'),
            ('keystone_authtoken', 'www_authenticate_uri'),
            ('oslo_messaging_rabbit', 'rabbit_qos_prefetch_count'),
            ('oslo_middleware', 'max_request_body_size'),
            ('oslo_policy', 'policy_file'),
        ):
            [section] = (
                each
                for each in sections
                if each.lstrip('[').startswith(f'{group}]')
            )
            self.assertIn(f'\n#{option} =', section)

    def test_the_policies_are_comments_that_describe_themselves(self) -> None:
        sample = self.generate(
            'oslopolicy-sample-generator', 'policy-generator.conf'
        )
        self.assertIsNone(yaml.safe_load(sample))
        rules = yaml.safe_load(
            '\n'.join(
                line[1:]
                for line in sample.splitlines()
                if line.startswith('#"')
            )
        )
        self.assertIn('usage:get', rules)
        self.assertIn('# GET  /v1/usage', sample)
