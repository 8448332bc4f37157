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

from stratometrics import conf
from stratometrics.conf import service_credentials

ROOT = pathlib.Path(__file__).parents[3]
SETTINGS = ROOT / 'etc' / 'stratometrics'


def sections(sample: str) -> dict[str, str]:
    """The texts of a configuration file, by the groups of their options."""
    texts = (each.partition(']') for each in f'\n{sample}'.split('\n[')[1:])
    return {group: text for group, _, text in texts}


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

    def test_those_that_are_kept_are_of_these_options_and_rules(self) -> None:
        """Of options of libraries a newer release may say something else."""
        changed = 'run: tox -e genconfig,genpolicy'
        written = sections(
            self.generate('oslo-config-generator', 'config-generator.conf')
        )
        kept = sections((SETTINGS / 'stratometrics.conf.sample').read_text())
        self.assertLessEqual({'DEFAULT', 'keystone_authtoken'}, set(kept))
        for module in conf.MODULES:
            if module is not service_credentials:
                name = module.GROUP.name
                self.assertEqual(written[name], kept[name], changed)
        self.assertEqual(
            self.generate(
                'oslopolicy-sample-generator', 'policy-generator.conf'
            ),
            (SETTINGS / 'policy.yaml.sample').read_text(),
            changed,
        )

    def test_the_configuration_has_the_options_of_all_libraries(self) -> None:
        sample = self.generate(
            'oslo-config-generator', 'config-generator.conf'
        )
        found = sections(sample)
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
            self.assertIn(f'\n#{option} =', found[group])

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
