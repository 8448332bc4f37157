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
"""Who may see what: by default, and by a policy.yaml."""

import os
import threading

from oslo_context import context as oslo_context
from oslo_policy import policy as oslo_policy

from stratometrics import policies
from stratometrics import policy
from stratometrics.policies import capabilities
from stratometrics.policies import usage
from stratometrics.tests.unit.api import base

MINE = '/v1/usage'
ACME = '/v1/usage?project_id=acme'
GLOBEX = '/v1/usage?project_id=globex'
BOTH = '/v1/usage?project_id=acme&project_id=globex'
NONE = '/v1/usage?project_id=None'
ALL = '/v1/usage?all_projects=true'
CAPABILITIES = '/v1/'
COVERAGE = '/v1/coverage'


class PolicyTestCase(base.ApiTestCase):
    def write(self, text, name='policy.yaml'):
        """Replace a policy file at once, so that it cannot be missed."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        before = path.stat().st_mtime if path.exists() else 0
        written = path.with_suffix('.new')
        written.write_text(text)
        os.utime(written, (before + 10, before + 10))
        written.replace(path)

    def allowed(self, token, path):
        response = self.ask(path, token)
        if response.status_int == 200:
            return True
        self.assert_error(response, 403, 'forbidden')
        return False


class TestDefaults(PolicyTestCase):
    def test_the_matrix(self):
        for token, allowed in (
            ('alice', {MINE, ACME, CAPABILITIES}),
            ('bob', {MINE, GLOBEX, CAPABILITIES}),
            ('member', {CAPABILITIES}),
            (
                'admin',
                {MINE, ACME, GLOBEX, BOTH, NONE, ALL, CAPABILITIES, COVERAGE},
            ),
            (
                'billing',
                {MINE, ACME, GLOBEX, BOTH, NONE, ALL, CAPABILITIES, COVERAGE},
            ),
            (
                'system-admin',
                {ACME, GLOBEX, BOTH, NONE, ALL, CAPABILITIES, COVERAGE},
            ),
            ('system-reader', {CAPABILITIES}),
            ('eve', {CAPABILITIES}),
        ):
            paths = [
                ACME,
                GLOBEX,
                BOTH,
                NONE,
                ALL,
                CAPABILITIES,
                COVERAGE,
            ]
            if token not in ('eve', *base.SYSTEM_CALLERS):
                paths.append(MINE)
            for path in paths:
                with self.subTest(token=token, path=path):
                    self.assertEqual(
                        path in allowed, self.allowed(token, path)
                    )

    def test_every_collection_is_guarded(self):
        for resource_type in base.DEFINITIONS.resource_types.values():
            path = f'/v1/{resource_type.collection}'
            self.assertFalse(self.allowed('alice', f'{path}?project_id=x'))
            self.assertFalse(
                self.allowed('alice', f'{path}?all_projects=true')
            )
            self.assertFalse(self.allowed('member', path))

    def test_who_may_not_is_not_asked_for(self):
        self.allowed('alice', BOTH)
        self.assertEqual([], self.storage.questions)

    def test_ids_are_no_patterns(self):
        for project_id in ('%25(project_id)s', 'acme%00', 'ACME', '*', 'acm'):
            with self.subTest(project_id):
                self.assertFalse(
                    self.allowed('alice', f'{MINE}?project_id={project_id}')
                )

    def test_every_rule_is_documented(self):
        for rule in policies.list_rules():
            with self.subTest(rule.name):
                self.assertTrue(rule.description)
                if ':' in rule.name:
                    self.assertIsInstance(
                        rule, oslo_policy.DocumentedRuleDefault
                    )


class TestPolicyFile(PolicyTestCase):
    def test_it_opens_a_route(self):
        self.write('"usage:get_all_projects": "role:reader"\n')
        self.assertTrue(self.allowed('alice', ALL))
        self.assertFalse(self.allowed('admin', ALL))

    def test_it_opens_the_report_of_coverage(self):
        self.write('"coverage:get": "role:reader"\n')
        self.assertTrue(self.allowed('alice', COVERAGE))
        self.assertFalse(self.allowed('admin', COVERAGE))

    def test_it_closes_a_route(self):
        self.write(
            '"usage:get": "role:admin"\n"capabilities:get": "role:admin"\n'
        )
        self.assertFalse(self.allowed('alice', MINE))
        self.assertFalse(self.allowed('alice', CAPABILITIES))
        self.assertTrue(self.allowed('admin', ACME))
        self.assertTrue(self.allowed('admin', CAPABILITIES))

    def test_it_moves_a_persona(self):
        self.write(
            '"project_reader": "role:member and project_id:%(project_id)s"\n'
        )
        self.assertTrue(self.allowed('member', MINE))
        self.assertFalse(self.allowed('bob', MINE))

    def test_an_edit_takes_effect(self):
        self.write('"usage:get_all_projects": "role:reader"\n')
        self.assertTrue(self.allowed('alice', ALL))
        self.write('{}\n')
        self.assertFalse(self.allowed('alice', ALL))

    def test_a_folder_comes_on_top_of_the_file(self):
        self.write('"usage:get": "role:reader"\n')
        self.write('"usage:get": "!"\n', name='policy.d/closed.yaml')
        self.assertFalse(self.allowed('alice', MINE))
        self.assertFalse(self.allowed('admin', MINE))

    def test_a_broken_edit_leaves_the_former_rules(self):
        self.write('"usage:get": "role:admin"\n')
        self.assertFalse(self.allowed('alice', MINE))
        for broken in ('"usage:get": [', '- usage:get\n', '"a": 1\n', '7'):
            with self.subTest(broken):
                self.write(broken)
                for _ in range(3):
                    self.assertFalse(self.allowed('alice', MINE))
                    self.assertTrue(self.allowed('admin', MINE))
        self.assertIn('the former rules stay in force', self.log.output)
        self.write('"usage:get": "role:reader"\n')
        self.assertTrue(self.allowed('alice', MINE))

    def test_half_of_a_broken_edit_does_not_count(self):
        self.write('"usage:get": "role:reader"\n')
        self.write('"usage:get": "!"\n', name='policy.d/closed.yaml')
        self.assertFalse(self.allowed('alice', MINE))
        self.write('"usage:get": [\n', name='policy.d/closed.yaml')
        for _ in range(3):
            self.assertFalse(self.allowed('alice', MINE))

    def test_without_a_file_the_defaults_count(self):
        self.write('"usage:get": "role:admin"\n')
        self.assertFalse(self.allowed('alice', MINE))
        (self.folder / 'policy.yaml').unlink()
        self.assertTrue(self.allowed('alice', MINE))

    def test_a_broken_file_at_the_start(self):
        for broken in ('"usage:get": [', '- usage:get\n', '"a": 1\n', '7'):
            with self.subTest(broken):
                self.write(broken)
                self.assertRaises(
                    policy.PolicyFileError,
                    policy.Enforcer,
                    self.configuration(),
                )

    def test_a_rule_that_cannot_be_parsed_lets_nobody_pass(self):
        self.write('"usage:get": "role:reader and ("\n')
        self.assertFalse(self.allowed('alice', MINE))
        self.assertFalse(self.allowed('admin', MINE))


class TestConfiguredPolicyFile(PolicyTestCase):
    config = """
[oslo_policy]
policy_file = mine.yaml
"""

    def test_it_must_be_there(self):
        error = self.assertRaises(
            policy.PolicyFileError, policy.Enforcer, self.configuration()
        )
        self.assertIn('mine.yaml', str(error))

    def test_it_counts(self):
        self.write('"usage:get": "!"\n', name='mine.yaml')
        self.assertFalse(self.allowed('admin', MINE))


class TestEnforcer(PolicyTestCase):
    def test_threads_never_see_half_read_rules(self):
        self.write('"usage:get": "!"\n"capabilities:get": "!"\n')
        enforcer = policy.Enforcer(self.configuration())
        caller = oslo_context.RequestContext(
            project_id='acme', roles=['reader', 'admin'], overwrite=False
        )
        seen = []
        stop = threading.Event()

        def ask():
            while not stop.is_set():
                seen.append(
                    enforcer.allows(usage.GET, {'project_id': 'acme'}, caller)
                    or enforcer.allows(capabilities.GET, {}, caller)
                )

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(50):
            self.write('"usage:get": "!"\n"capabilities:get": "!"\n')
        stop.set()
        for thread in threads:
            thread.join()
        self.assertTrue(seen)
        self.assertFalse(any(seen))

    def test_the_tools_find_the_files_of_their_arguments(self):
        self.configuration()
        self.write('"usage:get": "!"\n')
        self.patch(
            policy.sys,
            'argv',
            [
                'oslopolicy-list-redundant',
                '--namespace',
                'stratometrics',
                '--config-file',
                str(self.folder / 'stratometrics.conf'),
            ],
        )
        enforcer = policy.get_enforcer()
        enforcer.load_rules()
        self.assertEqual('!', str(enforcer.rules['usage:get']))
        self.assertEqual(
            {rule.name for rule in policies.list_rules()},
            set(enforcer.registered_rules),
        )
