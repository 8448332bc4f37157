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
"""The Dockerfile, read.

Nothing here can build an image. What its first stage does, pip building a
wheel of the tree and installing it, is what the tests of the wheel do.
"""

from collections.abc import Iterator
import configparser
import contextlib
import fnmatch
import http.server
import json
import re
import shlex
import subprocess
import sys
import threading
import unittest

import testtools

from stratometrics import conf
from stratometrics.tests import shipped

ROOT = shipped.ROOT
TEXT = (shipped.CONTRIB / 'docker' / 'Dockerfile').read_text()


def instructions() -> list[tuple[str, str]]:
    """What is to be done, and with what."""
    lines = '\n'.join(
        line for line in TEXT.splitlines() if not line.startswith('#')
    ).replace('\\\n', ' ')
    return [tuple(line.split(None, 1)) for line in lines.splitlines() if line]


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage, those that it is based on first."""
    found = {}
    for name, arguments in instructions():
        if name == 'FROM':
            base, _, stage = arguments.split()
            found[stage] = list(found.get(base, [(name, base)]))
        else:
            found[stage].append((name, arguments))
    return found


@contextlib.contextmanager
def answering(status: int) -> Iterator[str]:
    """The address of a server that has one answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(('127.0.0.1', 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.server_port}/healthcheck'
        finally:
            server.shutdown()
            thread.join()


class DockerfileTest(testtools.TestCase):
    def values(self, stage: str, name: str) -> list[str]:
        return [
            arguments for each, arguments in stages()[stage] if each == name
        ]

    def test_all_is_of_one_debian(self):
        for stage in stages():
            self.assertEqual(
                ['debian:13-slim'], self.values(stage, 'FROM'), stage
            )

    def test_what_is_copied_is_there(self):
        for stage in ('api', 'collector'):
            [copied] = self.values(stage, 'COPY')
            self.assertEqual(
                '--from=build /opt/stratometrics /opt/stratometrics', copied
            )
        self.assertIn(
            'venv --without-pip /opt/stratometrics',
            ' '.join(self.values('build', 'RUN')),
        )

    def test_an_image_has_no_tools_and_no_rights(self):
        for stage in ('api', 'collector'):
            [run] = self.values(stage, 'RUN')
            for tool in ('git', 'venv', 'gcc', 'build-essential', 'pip'):
                self.assertNotIn(tool, shlex.split(run))
            self.assertEqual(['42424:42424'], self.values(stage, 'USER'))
            self.assertIn('--uid 42424 --gid 42424', run)

    def test_each_image_runs_a_program_that_there_is(self):
        parser = configparser.ConfigParser()
        parser.read(ROOT / 'setup.cfg')
        programs = parser['entry_points']['console_scripts']
        for stage in ('api', 'collector'):
            *_, command = self.values(stage, 'CMD')
            [program] = json.loads(command)
            self.assertEqual(f'stratometrics-{stage}', program)
            self.assertIn(f'{program} = ', programs)
        # A build without a target makes the last one.
        self.assertEqual('api', list(stages())[-1])

    def test_it_is_asked_whether_it_is_well(self):
        [check] = self.values('api', 'HEALTHCHECK')
        command = json.loads(check.removeprefix('CMD'))
        self.assertEqual(['python3', '-c'], command[:2])
        [port] = self.values('api', 'EXPOSE')
        asked = f'http://127.0.0.1:{port}/healthcheck'
        self.assertIn(asked, command[2])
        self.assertEqual([], self.values('collector', 'HEALTHCHECK'))
        for status in (200, 503):
            with answering(status) as address:
                ended = subprocess.run(
                    [
                        *(sys.executable, '-c'),
                        command[2].replace(asked, address),
                    ],
                    # A proxy that there is not.
                    env={'http_proxy': 'http://127.0.0.1:1'},
                    capture_output=True,
                )
            self.assertEqual(status == 200, ended.returncode == 0, ended)

    def test_the_guide_has_services_outlive_their_host(self):
        page = (ROOT / 'doc/source/install/docker.rst').read_text()
        for module in (conf.api, conf.collector):
            name = f'stratometrics-{module.GROUP.name}'
            [options] = re.findall(
                rf'docker run --detach --name {name} (.*)',
                page.replace('\\\n', ' '),
            )
            # The others leave them ended when Docker is started again.
            self.assertIn('--restart unless-stopped', options)
            [longest] = (
                opt.default
                for opt in module.OPTS
                if opt.name == 'graceful_timeout'
            )
            [wait] = re.findall(r'--stop-timeout (\d+)', options)
            self.assertGreaterEqual(int(wait), longest + 10)

    def test_the_extras_are_those_that_there_are(self):
        parser = configparser.ConfigParser()
        parser.read(ROOT / 'setup.cfg')
        [extras] = (
            value.removeprefix('EXTRAS=')
            for value in self.values('build', 'ARG')
            if value.startswith('EXTRAS=')
        )
        self.assertLessEqual(set(extras.split(',')), set(parser['extras']))
        # It runs services, and has no use for commands.
        self.assertNotIn('cli', extras.split(','))

    @unittest.skipUnless((ROOT / '.git').exists(), 'not a checkout')
    def test_the_build_sees_all_that_is_tracked(self):
        ignored = [
            line.removeprefix('**/')
            for line in (ROOT / '.dockerignore').read_text().splitlines()
            if not line.startswith('#')
        ]
        tracked = subprocess.run(
            ['git', '-C', str(ROOT), 'ls-files'],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for path in (*tracked, '.git/HEAD'):
            for pattern in ignored:
                self.assertFalse(
                    re.match(f'{fnmatch.translate(pattern)[:-2]}(/|$)', path),
                    f'{pattern} hides {path}',
                )
