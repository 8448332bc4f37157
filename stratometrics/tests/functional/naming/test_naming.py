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
"""Names from a real Keystone, in a real ClickHouse, out of the API."""

import uuid

from stratometrics import cloud
from stratometrics.model import event as event_model
from stratometrics.model import names
from stratometrics.model import timestamps
from stratometrics.tests.functional import programs
from stratometrics.tests.functional.api import base

#: 2026-10-01T00:00:00Z
OCTOBER = 1_790_812_800 * timestamps.MICROSECONDS
PERIOD = {'from': '2026-10-01T00:00:00Z', 'to': '2026-10-01T01:00:00Z'}

#: What a terminal, JSON, SQL or a shell could take for something else.
ODD = '\r\n\t\0\x1b[2J\x9b\u202e\'"`\\$😀'


class NamingTest(base.ServerTestCase):
    def start(self) -> None:
        self.server.configure(
            more=base.CREDENTIALS.format(keystone=base.keystone())
        )
        self.server.start()
        self.conf(
            ['--config-file', str(self.server.config_file)],
            project='stratometrics',
        )
        self.identity = cloud.connect(self.conf).identity
        self.unique = uuid.uuid4().hex[:8]
        self.domain = self.identity.create_domain(name=f'd-{self.unique}')
        self.addCleanup(self.remove_domain)
        self.project = self.identity.create_project(
            name=f'first-{self.unique}', domain_id=self.domain.id
        )
        self.user = self.identity.create_user(
            name=f'u-{self.unique}', domain_id=self.domain.id
        )
        self.acme = base.project_id('alice', 'acme')
        self.storage.write_events(
            [
                self.volume(1, self.project.id, self.user.id),
                self.volume(2, self.project.id, self.user.id),
                self.volume(3, self.acme, self.user.id),
                self.volume(4, 'never-heard-of', '../users'),
            ],
            received_at=OCTOBER,
        )

    def remove_domain(self) -> None:
        self.identity.update_domain(self.domain, is_enabled=False)
        self.identity.delete_domain(self.domain)

    @staticmethod
    def volume(number, project_id, user_id):
        return event_model.Event(
            resource_type='volume',
            resource_id=f'volume-{number}',
            event_time=OCTOBER,
            message_id=f'message-{number}',
            rank=event_model.RANK_EVENT,
            phase=event_model.Phase.BILLED,
            state='available',
            project_id=project_id,
            user_id=user_id,
            event_type='test',
            type='t1',
            type_id='t1',
        )

    def sync(self, status: int = 0) -> str:
        done = programs.manage(self.server.config_file, 'names', 'sync')
        self.assertEqual(status, done.returncode, done.stderr)
        self.assertNotIn('Traceback', done.stderr)
        return done.stderr if status else done.stdout

    def usage(
        self,
        token=None,
        group_by='domain_id,project_id',
        path='/v1/volumes',
        **params,
    ):
        if token is None:
            token = base.admin()
            params.setdefault('all_projects', 'true')
        response = self.get(
            path, token, {**PERIOD, 'group_by': group_by, **params}
        )
        self.assertEqual(200, response.status_code, response.text)
        return response.json()['results']

    def project_name(self) -> tuple[str, str]:
        """What the project is called, and what it used."""
        [result] = self.usage(domain_id=self.domain.id)
        self.assertEqual(self.project.id, result['project_id'])
        self.assertEqual(self.domain.name, result['domain_name'])
        return result['project_name'], result['usage']

    def test_a_rename_and_a_deletion(self) -> None:
        for result in self.usage():
            self.assertEqual('', result['project_name'])
            self.assertEqual('', result['domain_id'])
        self.sync()
        first = self.project.name
        self.assertEqual((first, '7200.000000'), self.project_name())
        # Whatever Keystone takes for a name.
        second = f'second-{self.unique}{ODD}'
        self.identity.update_project(self.project, name=second)
        self.assertEqual((first, '7200.000000'), self.project_name())
        self.assertIn(' 1 new or changed, 0 found', self.sync())
        self.assertEqual((second, '7200.000000'), self.project_name())
        self.identity.delete_project(self.project)
        self.assertIn(' 0 new or changed, 1 found to be gone', self.sync())
        self.assertEqual((second, '7200.000000'), self.project_name())
        self.assertIn(' 0 new or changed, 0 found to be gone', self.sync())

    def test_everything_sums_up(self) -> None:
        self.sync()
        results = self.usage()
        self.assertEqual(
            {
                (self.domain.id, self.domain.name, self.project.name),
                ('default', 'Default', 'acme'),
                ('', '', ''),
            },
            {
                (r['domain_id'], r['domain_name'], r['project_name'])
                for r in results
            },
        )
        self.assertEqual(
            4 * 3600, sum(float(result['usage']) for result in results)
        )
        self.assertEqual(
            {self.user.name: '10800.000000', '': '3600.000000'},
            {
                r['user_name']: r['usage']
                for r in self.usage(group_by='user_id')
            },
        )

    def test_each_sees_the_names_of_his_own(self) -> None:
        self.sync()
        for token, expected in (
            (base.alice(), ['acme']),
            (base.bob(), []),
        ):
            self.assertEqual(
                expected,
                [r['project_name'] for r in self.usage(token)],
            )
            self.assertEqual([], self.usage(token, domain_id=self.domain.id))

    def test_a_domain_opens_no_other_project_of_it(self) -> None:
        """Both are of the same domain, and used by the same user."""
        globex = base.project_id('bob', 'globex')
        self.storage.write_events(
            [self.volume(5, globex, self.user.id)], received_at=OCTOBER
        )
        self.sync()
        for token, expected in (
            (base.alice(), ['acme']),
            (base.bob(), ['globex']),
            (None, ['acme', 'globex']),
        ):
            results = self.usage(
                token,
                group_by='domain_id,project_id,user_id',
                path='/v1/usage',
                domain_id='default',
            )
            self.assertEqual(
                [
                    ('default', 'Default', name, self.user.name, '3600.000000')
                    for name in expected
                ],
                sorted(
                    (
                        result['domain_id'],
                        result['domain_name'],
                        result['project_name'],
                        result['user_name'],
                        result['usage'],
                    )
                    for result in results
                ),
            )
            [result] = self.usage(
                token,
                group_by='domain_id',
                path='/v1/usage',
                domain_id='default',
            )
            self.assertEqual(f'{3600 * len(expected)}.000000', result['usage'])
        response = self.get(
            '/v1/usage',
            base.alice(),
            {**PERIOD, 'group_by': 'domain_id', 'all_projects': 'true'},
        )
        self.assert_error(response, 403, 'forbidden')

    def test_what_is_not_there(self) -> None:
        self.sync()
        known = self.storage.names(names.PROJECT)
        self.assertEqual(
            {self.project.id, self.acme, 'never-heard-of'}, set(known)
        )
        self.assertFalse(known['never-heard-of'].found)
        # An id that leads elsewhere is not asked for at all.
        self.assertEqual({self.user.id}, set(self.storage.names(names.USER)))
        # There is no Cinder.
        self.assertEqual({}, self.storage.names(names.VOLUME_TYPE))

    def test_rights_that_do_not_suffice(self) -> None:
        self.server.configure(
            more=base.CREDENTIALS.format(keystone=base.keystone()).replace(
                'reconciler', 'stratometrics'
            )
        )
        refused = self.sync(status=1)
        self.assertIn('project', refused)
        self.assertEqual({}, self.storage.names(names.PROJECT))

    def test_no_credentials(self) -> None:
        self.server.configure()
        self.assertIn('[service_credentials]', self.sync(status=1))
