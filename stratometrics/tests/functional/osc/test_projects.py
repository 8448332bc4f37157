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
"""Projects by name or id, as a real Keystone tells of them."""

from stratometrics.tests.functional.api import base as api_base
from stratometrics.tests.functional.api import test_usage
from stratometrics.tests.functional.osc import base
from stratometrics.tests.realparts import identity

#: A domain with a project that is called like one of the default domain.
DOMAIN = 'other'
TWINS = 'twins'
UNKNOWN_ID = '0123456789abcdef0123456789abcdef'


class ProjectsTest(base.CommandTestCase):
    @classmethod
    def fill(cls):
        cls.acme = api_base.project_id('alice', 'acme')
        cls.globex = api_base.project_id('bob', 'globex')
        cls.add_twins()
        cls.storage.write_events(
            [
                test_usage.event('ours', 0, 1),
                test_usage.event('theirs', 0, 2, project_id=cls.globex),
                test_usage.event('first', 0, 3, project_id=cls.first),
                test_usage.event('second', 0, 4, project_id=cls.second),
            ],
            test_usage.OCTOBER + 40 * test_usage.DAY,
        )

    @classmethod
    def add_twins(cls):
        """Make the domain and projects of these tests alone.

        All tests share a Keystone, so that none may take the name of a
        project from another. What is made goes when the tests end.
        """
        keystone = api_base.keystone()
        session = keystone.session('admin', 'admin')

        def make(kind, **fields):
            made = session.post(f'{keystone.url}/{kind}s', json={kind: fields})
            made_id = made.json()[kind]['id']
            cls.addClassCleanup(
                session.delete, f'{keystone.url}/{kind}s/{made_id}'
            )
            return made_id

        cls.domain = make('domain', name=DOMAIN)
        cls.addClassCleanup(
            session.patch,
            f'{keystone.url}/domains/{cls.domain}',
            json={'domain': {'enabled': False}},
        )
        cls.first = make('project', name=TWINS, domain_id=identity.DOMAIN)
        cls.second = make('project', name=TWINS, domain_id=cls.domain)
        # One is called by the id of another.
        make('project', name=cls.first, domain_id=cls.domain)

    @classmethod
    def clouds(cls, url):
        found = super().clouds(url)
        reader = found['alice']['auth'].copy()
        del reader['project_name'], reader['project_domain_id']
        reader.update(username='domain-reader', domain_id=identity.DOMAIN)
        found['domain-reader'] = {**found['alice'], 'auth': reader}
        return found

    def ids(self, cloud, *words):
        return {
            each['ID']
            for each in self.billing(
                cloud,
                *('resource', 'list', '--month', '2026-10', '-f', 'json'),
                *words,
            ).json()
        }

    def said(self, cloud, *words):
        return self.refusal(cloud, 'resource', 'list', *words)

    def test_a_user_names_his_own(self):
        for words in (
            ('--project', 'acme'),
            ('--project', self.acme),
            ('--project', 'acme', '--project', self.acme),
            ('--project', 'acme', '--project-domain', 'Default'),
            ('--project', 'acme', '--project-domain', identity.DOMAIN),
        ):
            answer = self.run_command(
                'alice',
                *('resource', 'list', '--month', '2026-10', '-f', 'json'),
                *words,
            )
            self.assertEqual('', answer.errors, words)
            self.assertEqual(['ours'], [each['ID'] for each in answer.json()])

    def test_a_user_who_names_another_is_told_what_it_is_taken_for(self):
        said = self.said('alice', '--project', 'globex')
        self.assertIn('No project of yours is called globex', said)
        self.assertIn('not allowed to see the resources of this', said)

    def test_an_id_is_passed_on(self):
        said = self.said('alice', '--project', self.globex)
        self.assertNotIn('No project of yours', said)
        self.assertIn('not allowed to see the resources of this', said)

    def test_admin_names_any(self):
        self.assertEqual({'theirs'}, self.ids('admin', '--project', 'globex'))
        self.assertEqual(
            {'theirs', 'second'},
            self.ids('admin', '--project', 'globex', '--project', self.second),
        )

    def test_an_id_comes_before_a_name(self):
        self.assertEqual({'first'}, self.ids('admin', '--project', self.first))

    def test_a_name_in_two_domains(self):
        said = self.said('admin', '--project', TWINS)
        self.assertIn(f"2 projects are called '{TWINS}'", said)
        self.assertIn('--project-domain', said)
        self.assertIn(self.first, said)
        self.assertIn(self.second, said)
        for domain, wanted in (
            (DOMAIN, {'second'}),
            (self.domain, {'second'}),
            ('Default', {'first'}),
            (identity.DOMAIN, {'first'}),
        ):
            self.assertEqual(
                wanted,
                self.ids(
                    *('admin', '--project', TWINS),
                    *('--project-domain', domain),
                ),
            )

    def test_one_of_another_domain_is_none(self):
        said = self.said(
            *('admin', '--project', self.acme, '--project-domain', DOMAIN)
        )
        self.assertIn('There is no project with the name or ID', said)

    def test_what_is_unknown(self):
        for text in ('nothing', UNKNOWN_ID, '..', 'a/b?c#d', '%2e', '\u00fc'):
            said = self.said('admin', '--project', text)
            self.assertIn('There is no project with the name or ID', said)
        said = self.said(
            *('admin', '--project', 'acme', '--project-domain', 'nowhere')
        )
        self.assertIn("There is no domain with the name or ID 'nowhere'", said)

    def test_who_reads_a_domain_finds_its_projects(self):
        # The service itself does not let him, by its rules of policy.
        said = self.said('domain-reader', '--project', 'acme')
        self.assertNotIn('No project of yours', said)
        self.assertIn('not allowed to see the resources of this', said)
