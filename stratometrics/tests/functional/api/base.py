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
"""The API before a real Keystone and ClickHouse.

It runs as a process of its own, or, where many questions are asked or the
clock stands still, within the process of the test.
"""

from collections.abc import Mapping
import contextlib
import functools
import json
import pathlib
import sys
import tempfile
from typing import Any
from urllib import parse

import fixtures
from oslo_config import cfg
import requests
import testtools
import webob

from stratometrics import conf as stratometrics_conf
from stratometrics.api import app
from stratometrics.storage import base as storage_base
from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base
from stratometrics.tests.realparts import identity
from stratometrics.tests.realparts import ports
from stratometrics.tests.realparts import process

COMMAND = (sys.executable, '-m', 'stratometrics.cmd.api')

CONFIG = """\
[api]
bind_port = {port}
workers = {workers}
graceful_timeout = 2
{api}
[clickhouse]
hosts = {clickhouse.hosts[0]}
port = {clickhouse.port}
user = {clickhouse.user}
password = {clickhouse.password}
database = {clickhouse.database}
[keystone_authtoken]
auth_type = password
auth_url = {keystone.url}
www_authenticate_uri = {keystone.url}
username = stratometrics
password = {keystone.password}
user_domain_id = default
project_name = service
project_domain_id = default
{more}
"""

#: With what the service asks others, of a Keystone that the tests share.
CREDENTIALS = """\
[service_credentials]
auth_type = password
auth_url = {keystone.url}
username = reconciler
password = {keystone.password}
user_domain_id = default
project_name = service
project_domain_id = default
"""


def keystone() -> identity.Identity:
    """The Keystone that all tests of this process share."""
    return identity.Identity.from_environment() or identity.Identity(
        base.address('keystone').url
    )


@functools.cache
def token(user: str, project: str | None) -> str:
    """A token of the shared Keystone, the same at every call."""
    return keystone().token(user, project)


@functools.cache
def project_id(user: str, project: str) -> str:
    """The id of a project that the user has a role in."""
    return keystone().session(user, project).get_project_id()


def alice() -> str:
    return token('alice', 'acme')


def bob() -> str:
    return token('bob', 'globex')


def admin() -> str:
    return token('admin', 'admin')


class Server:
    """stratometrics-api with a configuration folder of its own.

    :param conf: where its ClickHouse is.
    :param identities: its Keystone; by default the shared one.
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        identities: identity.Identity | None = None,
        workers: int = 1,
    ) -> None:
        self._cleanup = contextlib.ExitStack()
        self.folder = pathlib.Path(
            self._cleanup.enter_context(tempfile.TemporaryDirectory())
        )
        self.log = self.folder / 'api.log'
        self.port = ports.free_port()
        self.url = f'http://{ports.HOST}:{self.port}'
        self._conf = conf
        self._identities = identities or keystone()
        self._workers = workers
        self._session = requests.Session()
        self.configure()
        self.child = self._child()

    def _child(self) -> process.Child:
        return process.Child(
            'stratometrics-api',
            [*COMMAND, '--config-file', str(self.config_file)],
            self.log,
        )

    @property
    def config_file(self) -> pathlib.Path:
        return self.folder / 'stratometrics.conf'

    def configure(self, api: str = '', more: str = '') -> None:
        """Write its configuration.

        :param api: more options of [api].
        :param more: more sections.
        """
        self.config_file.write_text(
            CONFIG.format(
                port=self.port,
                workers=self._workers,
                clickhouse=self._conf.clickhouse,
                keystone=self._identities,
                api=api,
                more=more,
            )
        )

    def policy(self, text: str) -> None:
        """Replace its policy.yaml at once."""
        written = self.folder / 'policy.new'
        written.write_text(text)
        written.replace(self.folder / 'policy.yaml')

    def start(self) -> None:
        self.child.start()
        self.child.wait_until(lambda: ports.accepts(self.port), 30)
        # It listens before it serves.
        self.get('/')

    def close(self) -> None:
        self._session.close()
        self.child.stop()
        self._cleanup.close()

    def get(
        self,
        path: str,
        as_token: str | None = None,
        params: Mapping[str, Any] | None = None,
        method: str = 'GET',
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        identity = {'X-Auth-Token': as_token} if as_token else {}
        return self._session.request(
            method,
            self.url + path,
            params=params,
            headers={**identity, **(headers or {})},
            timeout=30,
            stream=stream,
        )

    def fresh(
        self,
        path: str,
        as_token: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        """The same on a connection of its own, by any thread."""
        return requests.get(
            self.url + path,
            params=params,
            headers={'X-Auth-Token': as_token} if as_token else {},
            timeout=60,
        )


class Asking:
    """What tests of a running server do; it is their ``server``."""

    server: Server

    def get(self, *args: Any, **kwargs: Any) -> requests.Response:
        return self.server.get(*args, **kwargs)

    def assert_error(
        self, response: requests.Response, status: int, code: str
    ) -> str:
        """See that an answer is an error in the API-SIG's shape.

        :returns: the detail.
        """
        self.assertEqual(status, response.status_code, response.text)
        [error] = response.json()['errors']
        self.assertEqual(
            (status, f'stratometrics.{code}'),
            (error['status'], error['code']),
        )
        self.assertEqual(
            response.headers['X-OpenStack-Request-ID'], error['request_id']
        )
        return error['detail']


class ServerTestCase(Asking, base.StorageTestCase):
    """A test with a server and a database of its own."""

    workers = 1
    #: What makes the server.
    serve = Server

    def setUp(self) -> None:
        super().setUp()
        self.server = self.serve(self.conf, workers=self.workers)
        self.addCleanup(self.server.close)
        self.start()

    def start(self) -> None:
        self.server.start()


class SharedServerTestCase(Asking, testtools.TestCase):
    """A test that shares server and database with those of its class."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        conf = base.configuration()
        cls.addClassCleanup(base.drop, conf)
        cls.storage = driver.get_storage(conf)
        cls.addClassCleanup(cls.storage.close)
        cls.storage.schema.migrate(cls.storage.schema.newest)
        cls.fill()
        cls.server = Server(conf)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    @classmethod
    def fill(cls) -> None:
        """Write what the tests ask about."""


class ApplicationTestCase(testtools.TestCase):
    """A test that asks the application within its own process.

    It shares a database with those of its class.

    :ivar folder: where the configuration is, for a policy.yaml beside it.
    """

    #: At which the application is asked.
    address = 'http://localhost'
    #: More of the configuration.
    more = ''

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.conf = base.configuration()
        cls.addClassCleanup(base.drop, cls.conf)
        with contextlib.closing(driver.get_storage(cls.conf)) as storage:
            storage.schema.migrate(storage.schema.newest)
            cls.fill(storage)

    @classmethod
    def fill(cls, storage: storage_base.Storage) -> None:
        """Write what the tests ask about."""

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.useFixture(fixtures.FakeLogger())

    @functools.cached_property
    def application(self) -> Any:
        """The application, with the files that are there by now."""
        path = self.folder / 'stratometrics.conf'
        path.write_text(
            CONFIG.format(
                port=0,
                workers=1,
                clickhouse=self.conf.clickhouse,
                keystone=keystone(),
                api='',
                more=self.more,
            )
        )
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf([], project='stratometrics', default_config_files=[str(path)])
        return app.load(conf)

    def ask(
        self,
        path: str,
        as_token: str | None,
        method: str = 'GET',
        body: Any = None,
        **params: str,
    ) -> webob.Response:
        """Send a request.

        :param body: what is sent as JSON.
        :param params: the query string; ``from_`` is ``from``.
        """
        if params:
            named = {name.rstrip('_'): each for name, each in params.items()}
            path = f'{path}?{parse.urlencode(named)}'
        request = webob.Request.blank(
            path, base_url=self.address, method=method
        )
        if as_token:
            request.headers['X-Auth-Token'] = as_token
        if body is not None:
            request.content_type = 'application/json'
            request.body = json.dumps(body).encode()
        return request.get_response(self.application)
