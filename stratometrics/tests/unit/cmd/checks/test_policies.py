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
import pathlib

import fixtures
from oslo_config import cfg
from oslo_upgradecheck import upgradecheck
import testtools

from stratometrics.cmd.checks import policies


class TestValid(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.useFixture(fixtures.FakeLogger())
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = folder / 'policy.yaml'
        self.conf = cfg.ConfigOpts()
        self.conf(['--config-dir', str(folder)], project='stratometrics')

    def check(self, text: str, code: upgradecheck.Code, *words: str) -> None:
        self.file.write_text(text)
        result = policies.valid(self.conf)
        self.assertEqual(code, result.code, result.details)
        for word in words:
            self.assertIn(word, result.details)

    def test_no_file_is_fine(self) -> None:
        result = policies.valid(self.conf)
        self.assertEqual(upgradecheck.Code.SUCCESS, result.code)

    def test_rules_of_the_operator_may_help_others(self) -> None:
        self.check(
            '"usage:get": "rule:auditor or not (rule:guest)"\n'
            '"auditor": "role:auditor"\n"guest": "role:guest"\n',
            upgradecheck.Code.SUCCESS,
        )

    def test_a_closed_rule_is_meant_so(self) -> None:
        self.check('"usage:get": "!"\n', upgradecheck.Code.SUCCESS)

    def test_an_unknown_rule(self) -> None:
        self.check(
            '"usage:gett": "role:a"\n', upgradecheck.Code.WARNING, 'usage:gett'
        )

    def test_no_rule(self) -> None:
        self.check(
            '"usage:get": "role:a or or"\n',
            upgradecheck.Code.FAILURE,
            'not a rule: usage:get',
        )

    def test_no_yaml(self) -> None:
        self.check('"usage:get": [\n', upgradecheck.Code.FAILURE, 'policy')

    def test_a_reference_to_nothing(self) -> None:
        self.check(
            '"usage:get": "role:a and rule:nothing"\n',
            upgradecheck.Code.FAILURE,
            'usage:get (refers to nothing)',
        )

    def test_a_circle(self) -> None:
        self.check(
            '"usage:get": "rule:one"\n"one": "rule:two"\n"two": "rule:one"\n',
            upgradecheck.Code.FAILURE,
            'leads back to itself: one, two',
        )
