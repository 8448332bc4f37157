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

"""Keystone, installed from the package index and seeded once."""

import base64
import hashlib
import pathlib
import secrets
import shutil

from stratometrics.tests.realparts import addresses
from stratometrics.tests.realparts import cache
from stratometrics.tests.realparts import identity
from stratometrics.tests.realparts import part
from stratometrics.tests.realparts import process
from stratometrics.tests.realparts import venv
from stratometrics.tests.realparts import wsgi

DATABASE = 'keystone.db'
SEEDED = (DATABASE, 'fernet-keys', 'credential-keys')

# The cheapest password hash there is: these passwords are no secret. The
# service catalog follows public_endpoint, so that one database serves at any
# port.
CONFIG = """\
[DEFAULT]
public_endpoint = http://{host}:{port}
use_stderr = true
[database]
connection = sqlite:///{folder}/keystone.db
[identity]
password_hash_algorithm = bcrypt
password_hash_rounds = 4
[token]
expiration = {expiration}
allow_expired_window = {expired_window}
[fernet_tokens]
key_repository = {folder}/fernet-keys
[fernet_receipts]
key_repository = {folder}/fernet-keys
[credential]
key_repository = {folder}/credential-keys
[cache]
# In its only process, as a cloud's Keystone has memcached. A token that is
# sent to Keystone itself may be judged by what one of its threads has kept:
# that of a user who has just lost it may pass there for a while. The proxy
# has each thread get values of its own, as from memcached.
enabled = true
backend = dogpile.cache.memory
proxies = oslo_cache.testing.CacheIsolatingProxy
"""


def seeded() -> pathlib.Path:
    """Return a folder with a seeded database and its keys.

    It is made the first time; seeding takes several times as long as a start.

    :returns: a folder of the cache.
    :raises: PartError if it cannot be made.
    """
    inputs = repr(
        (
            Keystone.installed().name,
            CONFIG,
            identity.PASSWORD,
            identity.PROJECTS,
            identity.USERS,
            identity.IN_DOMAIN,
            identity.IN_SYSTEM,
            identity.REGION,
            identity.BILLING_URL,
        )
    )
    key = hashlib.sha256(inputs.encode()).hexdigest()[:12]
    return cache.prepared(f'keystone-seed-{key}', DATABASE, _seed)


def _seed(target: pathlib.Path) -> None:
    with _Unseeded() as keystone:
        identity.Identity(keystone.url).plant()
        keystone.stop()
        _copy(keystone.data_dir, target)


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    for name in SEEDED:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
        else:
            shutil.copyfile(source / name, target / name)


class Keystone(wsgi.Application):
    """A Keystone of our own, with the users of the identity module."""

    name = 'keystone'
    variable = identity.VARIABLE
    default_port = 5000
    requirements = ('keystone>=30.0.0',)
    application = 'keystone.wsgi.api:application'

    def __init__(
        self,
        data_dir: str | pathlib.Path | None = None,
        port: int | None = None,
        *,
        billing_url: str = identity.BILLING_URL,
        token_expiration: int = 3600,
        expired_window: int = 172800,
    ) -> None:
        """Choose its settings; start() starts it.

        :param data_dir: see Part.
        :param port: see Part.
        :param billing_url: what the catalog names as the billing endpoint.
        :param token_expiration: how many seconds a token is valid.
        :param expired_window: how many seconds longer a service may still
            look at it.
        """
        super().__init__(data_dir, port)
        self.billing_url = billing_url
        self._token_expiration = token_expiration
        self._expired_window = expired_window

    @property
    def address(self) -> addresses.Address:
        return addresses.Address('http', self.host, self.port, path='/v3')

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            identity.PASSWORD_VARIABLE: identity.PASSWORD,
        }

    @property
    def identity(self) -> identity.Identity:
        """Its users: their sessions and tokens."""
        return identity.Identity(self.url)

    @classmethod
    def fetch(cls) -> None:
        seeded()

    def token(self, user: str, project: str | None = None) -> str:
        """Get a new token; see Identity.token()."""
        return self.identity.token(user, project)

    def wait(self) -> None:
        super().wait()
        self.identity.point_billing(self.billing_url)

    def _launch(self) -> None:
        self._configure()
        if not (self.data_dir / DATABASE).exists():
            self._populate()
        self._serve(
            {
                'OS_KEYSTONE_CONFIG_DIR': str(self.data_dir),
                'OS_KEYSTONE_CONFIG_FILES': 'keystone.conf',
            }
        )

    def _populate(self) -> None:
        _copy(seeded(), self.data_dir)

    def _configure(self) -> None:
        (self.data_dir / 'keystone.conf').write_text(
            CONFIG.format(
                folder=self.data_dir,
                host=self.host,
                port=self.port,
                expiration=self._token_expiration,
                expired_window=self._expired_window,
            )
        )


class _Unseeded(Keystone):
    """A Keystone that knows nobody but its administrator."""

    def wait(self) -> None:
        # There is no billing endpoint yet that could be changed.
        part.Part.wait(self)

    def _populate(self) -> None:
        manage = [
            *venv.command(self.installed(), 'keystone-manage'),
            '--config-file',
            str(self.data_dir / 'keystone.conf'),
        ]
        env = {
            **self._clean_environment(),
            # Not among the arguments, which every user of the machine
            # can see.
            'OS_BOOTSTRAP_PASSWORD': identity.PASSWORD,
        }
        # Keystone's own commands for this need a named system user, which a
        # container may not have.
        for repository in ('fernet-keys', 'credential-keys'):
            (self.data_dir / repository).mkdir(mode=0o700)
            for number in ('0', '1'):
                (self.data_dir / repository / number).write_bytes(
                    base64.urlsafe_b64encode(secrets.token_bytes(32))
                )
        for step in (
            ['db_sync'],
            [
                'bootstrap',
                '--bootstrap-region-id',
                identity.REGION,
                '--bootstrap-public-url',
                '$(public_endpoint)s/v3',
                '--bootstrap-internal-url',
                '$(public_endpoint)s/v3',
                '--bootstrap-admin-url',
                '$(public_endpoint)s/v3',
            ],
        ):
            process.run(
                [*manage, *step], f'run keystone-manage {step[0]}', env=env
            )
