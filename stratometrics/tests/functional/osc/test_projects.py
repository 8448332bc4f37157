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

#: A domain with a project that is called like one of another domain.
DOMAIN = 'other'
UNKNOWN_ID = '0123456789abcdef0123456789abcdef'


class ProjectsTest(base.CommandTestCase):
    @classmethod
    def fill(cls):
        cls.acme = api_base.project_id('alice', 'acme')
        cls.globex = api_base.project_id('bob', 'globex')
        cls.domain, cls.twin = cls.other_domain()
        cls.storage.write_events(
            [
                test_usage.event('ours', 0, 1),
                test_usage.event('theirs', 0, 2, project_id=cls.globex),
                test_usage.event('twins', 0, 3, project_id=cls.twin),
            ],
            test_usage.OCTOBER + 40 * test_usage.DAY,
        )

    @classmethod
    def other_domain(cls):
        """Make the domain, which goes when the tests end.

        :returns: its id, and that of the project.
        """
        keystone = api_base.keystone()
        session = keystone.session('admin', 'admin')
        domain = f'{keystone.url}/domains'
        made = session.post(domain, json={'domain': {'name': DOMAIN}})
        domain_id = made.json()['domain']['id']
        # One is called by the id of another.
        made = [
            session.post(
                f'{keystone.url}/projects',
                json={'project': {'name': name, 'domain_id': domain_id}},
            )
            for name in ('acme', cls.globex)
        ]

        def remove():
            disabled = {'domain': {'enabled': False}}
            session.patch(f'{domain}/{domain_id}', json=disabled)
            session.delete(f'{domain}/{domain_id}')

        cls.addClassCleanup(remove)
        return domain_id, made[0].json()['project']['id']

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
            {'theirs'}, self.ids('admin', '--project', self.globex)
        )
        self.assertEqual(
            {'theirs', 'twins'},
            self.ids('admin', '--project', 'globex', '--project', self.twin),
        )

    def test_a_name_in_two_domains(self):
        said = self.said('admin', '--project', 'acme')
        self.assertIn("2 projects are called 'acme'", said)
        self.assertIn('--project-domain', said)
        self.assertIn(self.twin, said)
        self.assertIn(self.acme, said)
        for domain, wanted in (
            (DOMAIN, {'twins'}),
            (self.domain, {'twins'}),
            ('Default', {'ours'}),
            (identity.DOMAIN, {'ours'}),
        ):
            self.assertEqual(
                wanted,
                self.ids(
                    *('admin', '--project', 'acme'),
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
