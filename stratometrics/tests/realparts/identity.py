#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""The people and projects in the test Keystone, and their tokens."""

from collections.abc import Sequence
import itertools
import os
from typing import Any

from keystoneauth1 import exceptions
from keystoneauth1 import identity
from keystoneauth1 import session

from stratometrics.tests.realparts import errors

VARIABLE = 'STRATO_KEYSTONE_URL'
PASSWORD_VARIABLE = 'STRATO_KEYSTONE_PASSWORD'

PASSWORD = 'secret'
REGION = 'RegionOne'
BILLING_URL = 'http://127.0.0.1:9898'

PROJECTS = ('acme', 'globex', 'service')

# Who has which roles where. Bootstrapping makes `admin` in project `admin`.
USERS: dict[str, dict[str, tuple[str, ...]]] = {
    'alice': {'acme': ('member', 'reader')},
    'bob': {'globex': ('reader',)},
    'mia': {'globex': ('member',)},
    # Has a role that no rule of policy names.
    'otto': {'globex': ('observer',)},
    # Reads for a billing system.
    'billing': {'service': ('service',)},
    # The service's own user, with which it validates tokens.
    'stratometrics': {'service': ('service',)},
    # Asks services for the resources of all projects, which takes an
    # administrator.
    'reconciler': {'service': ('admin',)},
    'glance': {'service': ('service',)},
    'eve': {},
    'domain-reader': {},
    'domain-admin': {},
    'system-reader': {},
}

# Roles in the domain of all, and in the whole system.
IN_DOMAIN: dict[str, tuple[str, ...]] = {
    'domain-reader': ('reader',),
    'domain-admin': ('admin',),
}
IN_SYSTEM: dict[str, tuple[str, ...]] = {'system-reader': ('reader',)}
DOMAIN = 'default'


class Identity:
    """A Keystone that has been seeded, as its users see it."""

    def __init__(self, url: str, password: str = PASSWORD) -> None:
        """Name the Keystone.

        :param url: its v3 address.
        :param password: the password of all users.
        """
        self.url = url
        self.password = password

    @classmethod
    def from_environment(cls) -> 'Identity | None':
        """Return the one that the environment names, if it names one."""
        url = os.environ.get(VARIABLE)
        if not url:
            return None
        return cls(url, os.environ.get(PASSWORD_VARIABLE, PASSWORD))

    def cloud(self, user: str, project: str) -> dict[str, Any]:
        """A cloud of a clouds.yaml, which has the password of the user."""
        return {
            'auth': {
                'auth_url': self.url,
                'username': user,
                'password': self.password,
                'user_domain_id': DOMAIN,
                'project_name': project,
                'project_domain_id': DOMAIN,
            },
            'region_name': REGION,
        }

    def session(
        self,
        user: str,
        project: str | None = None,
        password: str | None = None,
        *,
        domain: str | None = None,
        system: bool = False,
    ) -> session.Session:
        """Return a session that gets its token when it is first used.

        :param user: who.
        :param project: the project that the token is for; without it and the
            two last, the token is unscoped.
        :param password: another password than the right one.
        :param domain: the id of the domain that the token is for.
        :param system: whether it is for the whole system.
        :returns: a keystoneauth session.
        """
        auth = identity.V3Password(
            self.url,
            username=user,
            password=self.password if password is None else password,
            user_domain_id=DOMAIN,
            project_name=project,
            project_domain_id=DOMAIN if project else None,
            domain_id=domain,
            system_scope='all' if system else None,
            unscoped=not (project or domain or system),
        )
        return session.Session(auth=auth)

    def token(
        self,
        user: str,
        project: str | None = None,
        password: str | None = None,
        *,
        domain: str | None = None,
        system: bool = False,
    ) -> str:
        """Get a new token.

        :param user: see session().
        :param project: see session().
        :param password: see session().
        :param domain: see session().
        :param system: see session().
        :returns: the token.
        :raises: keystoneauth1.exceptions.Unauthorized if Keystone refuses.
        """
        return self.session(
            user, project, password, domain=domain, system=system
        ).get_token()

    def plant(self) -> None:
        """Make the projects, users, roles and the billing endpoint.

        What is there already is left alone, but for that endpoint's address.

        :raises: PartError if Keystone refuses.
        """
        try:
            _Admin(self).plant()
        except exceptions.ClientException as e:
            raise errors.PartError(f'keystone cannot be seeded: {e}') from e

    def point_billing(self, url: str) -> None:
        """Let the catalog's billing endpoints name this address.

        :param url: the address of Stratometrics' own API.
        :raises: PartError if Keystone refuses.
        """
        self.point('stratometrics', 'billing', url)

    def point(self, name: str, kind: str, url: str) -> None:
        """Let the catalog's endpoints of a service name this address.

        :param name: the service, which is entered if it is not there.
        :param kind: the service's type.
        :param url: its address.
        :raises: PartError if Keystone refuses.
        """
        try:
            _Admin(self).point(name, kind, url)
        except exceptions.ClientException as e:
            raise errors.PartError(
                f'keystone does not take the {kind} endpoint: {e}'
            ) from e


class _Admin:
    """What the administrator does through Keystone's API."""

    def __init__(self, keystone: Identity) -> None:
        self._url = keystone.url
        self._password = keystone.password
        self._session = keystone.session('admin', 'admin')

    def plant(self) -> None:
        projects = {name: self._ensure('project', name) for name in PROJECTS}
        in_projects = (
            names for grants in USERS.values() for names in grants.values()
        )
        roles = {
            name
            for names in itertools.chain(
                in_projects, IN_DOMAIN.values(), IN_SYSTEM.values()
            )
            for name in names
        }
        role_ids = {name: self._ensure('role', name) for name in sorted(roles)}
        for user, grants in USERS.items():
            user_id = self._ensure('user', user, password=self._password)
            for place, names in (
                *(
                    (f'projects/{projects[project]}', names)
                    for project, names in grants.items()
                ),
                (f'domains/{DOMAIN}', IN_DOMAIN.get(user, ())),
                ('system', IN_SYSTEM.get(user, ())),
            ):
                for name in names:
                    self._session.put(
                        f'{self._url}/{place}'
                        f'/users/{user_id}/roles/{role_ids[name]}'
                    )
        self.point('stratometrics', 'billing', BILLING_URL)

    def point(self, name: str, kind: str, url: str) -> None:
        service = self._ensure('service', name, type=kind)
        endpoints = self._list('endpoint', service_id=service)
        for endpoint in endpoints:
            if endpoint['url'] != url:
                self._session.patch(
                    f'{self._url}/endpoints/{endpoint["id"]}',
                    json={'endpoint': {'url': url}},
                )
        if not endpoints:
            for interface in ('public', 'internal', 'admin'):
                self._create(
                    'endpoint',
                    service_id=service,
                    region=REGION,
                    interface=interface,
                    url=url,
                )

    def _list(self, kind: str, **query: str) -> Sequence[dict]:
        answer = self._session.get(f'{self._url}/{kind}s', params=query)
        return answer.json()[f'{kind}s']

    def _create(self, kind: str, **values: str) -> str:
        answer = self._session.post(
            f'{self._url}/{kind}s', json={kind: values}
        )
        return answer.json()[kind]['id']

    def _ensure(self, kind: str, name: str, **values: str) -> str:
        for found in self._list(kind, name=name):
            return found['id']
        return self._create(kind, name=name, **values)
