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
"""The real ``openstack`` command, before the real API and Keystone.

It runs outside of the tests' process with a clouds.yaml, in which each caller
is a cloud.
"""

from collections.abc import Iterator
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

import testtools
import yaml

from stratometrics.storage.clickhouse import driver
from stratometrics.tests.functional import base as functional_base
from stratometrics.tests.functional import programs
from stratometrics.tests.functional.api import base
from stratometrics.tests.functional.osc import terminal

#: The command, beside the interpreter that runs the tests.
OPENSTACK = pathlib.Path(sys.executable).parent / 'openstack'

#: Who calls, by the name of a cloud: a user and a project.
CALLERS = {
    'alice': ('alice', 'acme'),
    'bob': ('bob', 'globex'),
    # Has a role that no rule of policy names.
    'otto': ('otto', 'globex'),
    'admin': ('admin', 'admin'),
}


class Answer:
    """What a command said."""

    def __init__(self, run: subprocess.CompletedProcess[str]) -> None:
        self.status = run.returncode
        self.output = run.stdout
        self.errors = run.stderr

    def json(self) -> Any:
        return json.loads(self.output)


class CommandTestCase(base.Asking, testtools.TestCase):
    """A test that shares a server and a database with those of its class.

    :cvar options: of the server, in its section ``[api]``.
    """

    options = ''

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        conf = functional_base.configuration()
        cls.addClassCleanup(functional_base.drop, conf)
        with contextlib.closing(driver.get_storage(conf)) as cls.storage:
            cls.storage.schema.migrate(cls.storage.schema.newest)
            cls.fill()
        cls.server = base.Server(conf)
        cls.addClassCleanup(cls.server.close)
        cls.server.configure(cls.options)
        cls.server.start()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.home = pathlib.Path(folder.name)
        (cls.home / 'clouds.yaml').write_text(
            yaml.safe_dump({'clouds': cls.clouds(cls.server.url)})
        )

    @classmethod
    def fill(cls) -> None:
        """Write what the tests ask about into ``storage``."""

    @classmethod
    def clouds(cls, url: str) -> dict[str, Any]:
        """What is in the clouds.yaml, by the name of each cloud."""
        keystone = base.keystone()
        return {
            name: {
                **keystone.cloud(user, project),
                # The catalog names one service for all tests.
                'billing_endpoint_override': url,
            }
            for name, (user, project) in CALLERS.items()
        }

    def run_command(
        self, cloud: str, *words: str, width: int = 200, **variables: str
    ) -> Answer:
        """Run ``openstack billing``.

        :param cloud: who calls.
        :param words: what follows.
        :param width: of the terminal that it does not have.
        :param variables: more of the environment.
        """
        return Answer(
            programs.OPENSTACK.run(
                *('--os-cloud', cloud, 'billing', *words),
                cwd=self.home,
                env=self.environment(
                    COLUMNS=str(width),
                    # Where else it is found was decided when it was loaded.
                    OS_CLIENT_CONFIG_FILE=str(self.home / 'clouds.yaml'),
                    **variables,
                ),
            )
        )

    @contextlib.contextmanager
    def begin(
        self, cloud: str, *words: str
    ) -> Iterator[subprocess.Popen[str]]:
        """Run ``openstack billing`` while the test goes on."""
        with subprocess.Popen(
            [OPENSTACK, '--os-cloud', cloud, 'billing', *words],
            cwd=self.home,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            try:
                yield child
            finally:
                child.kill()

    def environment(self, **variables: str) -> dict[str, str]:
        """The variables of a command, those of credentials aside."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        return {
            **kept,
            'HOME': str(self.home),
            'XDG_CACHE_HOME': str(self.home / 'cache'),
            'PYTHONPATH': os.pathsep.join(filter(None, sys.path)),
            **variables,
        }

    def on_terminal(
        self, cloud: str, *words: str, width: int = 80, **variables: str
    ) -> str:
        """What ``openstack billing`` shows on a terminal.

        :param width: of the terminal.
        """
        return terminal.shown(
            [OPENSTACK, '--os-cloud', cloud, 'billing', *words],
            self.home,
            self.environment(**variables),
            width,
        )

    def billing(self, cloud: str, *words: str, **variables: Any) -> Answer:
        """The same, of a command that succeeds."""
        answer = self.run_command(cloud, *words, **variables)
        self.assertEqual(0, answer.status, answer.errors)
        return answer

    def refusal(self, cloud: str, *words: str, **variables: Any) -> str:
        """The same, of a command that fails.

        :returns: what it says of that.
        """
        answer = self.run_command(cloud, *words, **variables)
        self.assertEqual(1, answer.status, answer.output)
        self.assertEqual('', answer.output)
        self.assertNotIn('Traceback', answer.errors)
        return answer.errors

    def told(self, cloud: str, path: str, **params: Any) -> Any:
        """What the API itself answers to a caller.

        :param params: the query string; ``from_`` is ``from``.
        """
        response = self.get(
            path,
            base.token(*CALLERS[cloud]),
            {name.rstrip('_'): value for name, value in params.items()},
        )
        self.assertEqual(200, response.status_code, response.text)
        return response.json()
