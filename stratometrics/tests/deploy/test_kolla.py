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
"""The images for Kolla, as kolla-build renders them.

There is no container engine here, so no image is built: what is checked is
the Dockerfiles, that all they name is there, and the scripts that run when a
container starts.
"""

import configparser
import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest

import kolla

ROOT = pathlib.Path(__file__).parents[3]
CONTRIB = ROOT / 'contrib' / 'kolla'
TEMPLATES = CONTRIB / 'docker' / 'stratometrics'
SETTINGS = CONTRIB / 'kolla-build.conf'
KOLLA = pathlib.Path(kolla.__file__).parent

IMAGES = ('stratometrics-base', 'stratometrics-api', 'stratometrics-collector')


def build(
    folder: pathlib.Path, *arguments: str, settings: pathlib.Path = SETTINGS
) -> subprocess.CompletedProcess:
    """Have kolla-build render its templates and ours."""
    return subprocess.run(
        [
            str(pathlib.Path(sys.executable).with_name('kolla-build')),
            '--template-only',
            f'--config-file={settings}',
            f'--docker-dir={CONTRIB / "docker"}',
            f'--work-dir={folder}',
            *arguments,
            'stratometrics',
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, each with its arguments."""
    found = re.findall(
        r'^([A-Z]+) +(.*)$', re.sub(r'\\\n', ' ', text), re.MULTILINE
    )
    return [(name, ' '.join(rest.split())) for name, rest in found]


class Rendered(unittest.TestCase):
    distribution = 'debian'
    release = '2026.2'
    constrained = True

    @classmethod
    @functools.cache
    def folder(cls) -> pathlib.Path:
        made = tempfile.TemporaryDirectory()
        unittest.addModuleCleanup(made.cleanup)
        folder = pathlib.Path(made.name)
        done = build(
            folder,
            f'--base={cls.distribution}',
            f'--openstack-release={cls.release}',
        )
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        return folder / 'docker'

    def image(self, name: str) -> pathlib.Path:
        (found,) = self.folder().rglob(f'{name}/Dockerfile')
        return found.parent

    def text(self, name: str) -> str:
        return (self.image(name) / 'Dockerfile').read_text()

    def arguments(self, name: str, instruction: str) -> list[str]:
        return [
            arguments
            for known, arguments in instructions(self.text(name))
            if known == instruction
        ]

    def test_each_is_made_of_its_parent(self):
        for image, parent in (
            ('stratometrics-api', 'stratometrics-base'),
            ('stratometrics-collector', 'stratometrics-base'),
            ('stratometrics-base', 'openstack-base'),
            ('openstack-base', 'base'),
        ):
            with self.subTest(image):
                (made_of,) = self.arguments(image, 'FROM')
                self.assertRegex(made_of, rf'^kolla/{parent}:\S+$')

    def test_nothing_of_the_templates_is_left(self):
        for image in IMAGES:
            with self.subTest(image):
                self.assertNotRegex(self.text(image), '{{|}}|{%|%}|{#|#}')

    def test_what_is_copied_is_there(self):
        sources = configparser.ConfigParser()
        sources.read(SETTINGS)
        copied = set()
        for image in IMAGES:
            for name in (
                arguments.split()[0]
                for instruction in ('COPY', 'ADD')
                for arguments in self.arguments(image, instruction)
            ):
                copied.add(name)
                archive = name.removesuffix('-archive')
                with self.subTest(f'{image}: {name}'):
                    if archive == name:
                        self.assertTrue((self.image(image) / name).is_file())
                    else:
                        # kolla-build makes it from the source of that name.
                        self.assertEqual(archive, image)
                        self.assertIn(archive, sources)
        self.assertEqual(
            copied, {'extend_start.sh', 'stratometrics-base-archive'}
        )

    def test_the_whole_source_is_installed(self):
        (install,) = [
            run
            for run in self.arguments('stratometrics-base', 'RUN')
            if ' pip ' in run
        ]
        (wanted,) = re.findall(r'/stratometrics\[(\S+)]', install)
        project = configparser.ConfigParser()
        project.read(ROOT / 'setup.cfg')
        self.assertIn(wanted, project['extras'])
        self.assertEqual(
            ' -c /requirements/upper-constraints.txt ' in install,
            self.constrained,
        )

    def test_none_of_the_services_is_root(self):
        for image in ('stratometrics-api', 'stratometrics-collector'):
            with self.subTest(image):
                self.assertEqual(
                    instructions(self.text(image))[-1],
                    ('USER', 'stratometrics'),
                )

    def test_the_base_of_all_images_has_the_user(self):
        users = configparser.ConfigParser()
        users.read(SETTINGS)
        number = users['stratometrics-user']['uid']
        self.assertRegex(
            self.text('base'),
            rf'groupadd --gid {number} stratometrics\s.*\n'
            rf'.*useradd .*--uid {number} --gid {number} stratometrics\b',
        )
        self.assertEqual(self.text('base').count(f'--uid {number} '), 1)

    def test_scripts_are_where_kolla_and_the_base_look_for_them(self):
        self.assertIn(
            'extend_start.sh /usr/local/bin/kolla_extend_start',
            self.arguments('stratometrics-base', 'COPY'),
        )
        (further,) = self.arguments('stratometrics-api', 'COPY')
        place = further.split()[1]
        # The collector has none of its own: the base makes an empty one.
        self.assertIn(f'touch {place} ', self.text('stratometrics-base'))
        self.assertIn(
            f'\n. {place}\n',
            (self.image('stratometrics-base') / 'extend_start.sh').read_text(),
        )


class OnRockyForAnEarlierRelease(Rendered):
    distribution = 'rocky'
    release = '2026.1'
    #: They have packages that are too old.
    constrained = False


class Refused(unittest.TestCase):
    def test_a_user_that_is_not_named(self):
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made)
            settings = folder / 'kolla-build.conf'
            settings.write_text(
                SETTINGS.read_text().replace('[stratometrics-user]', '[other]')
            )
            done = build(folder, settings=settings)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("'stratometrics-user' config section", done.stderr)


class Started(unittest.TestCase):
    """Kolla's own start script with ours, and stubs for the rest."""

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = pathlib.Path(made.name)
        self.programs = self.folder / 'bin'
        self.programs.mkdir()
        self.told = self.folder / 'told'
        for name in (
            'sudo',
            'stratometrics-api',
            'stratometrics-manage',
            'stratometrics-status',
        ):
            self.stub(name)
        (self.folder / 'run_command').write_text('stratometrics-api --serve')
        self.place(KOLLA / 'docker' / 'base' / 'start.sh', 'kolla_start')
        self.place(
            TEMPLATES / 'stratometrics-base' / 'extend_start.sh',
            'kolla_extend_start',
        )
        self.place(
            TEMPLATES / 'stratometrics-api' / 'extend_start.sh',
            'kolla_stratometrics_extend_start',
        )

    def stub(self, name: str, status: int = 0) -> None:
        program = self.programs / name
        program.write_text(
            textwrap.dedent(
                f"""\
                #!/bin/sh
                echo {name} "$@" >>{self.told}
                exit {status}
                """
            )
        )
        program.chmod(0o755)

    def place(self, script: pathlib.Path, name: str) -> None:
        """Put a script of an image here, with its places."""
        text = script.read_text()
        for place, here in (
            ('/usr/local/bin/', f'{self.programs}/'),
            ('/var/log/kolla/', f'{self.folder}/log/'),
            ('/run_command', f'{self.folder}/run_command'),
        ):
            text = re.sub(rf'(?<=[ =]){re.escape(place)}', here, text)
        (self.programs / name).write_text(text)

    def start(self, **environment: str) -> tuple[int, list[str]]:
        """Start a container.

        :returns: its exit status, and what was run in it.
        """
        done = subprocess.run(
            ['bash', str(self.programs / 'kolla_start')],
            env={
                'PATH': f'{self.programs}:{os.environ["PATH"]}',
                **environment,
            },
            capture_output=True,
            timeout=60,
            check=False,
        )
        told = self.told.read_text().splitlines()
        return (
            done.returncode,
            [line for line in told if not line.startswith('sudo ')],
        )

    def test_a_service(self):
        self.assertEqual(self.start(), (0, ['stratometrics-api --serve']))
        self.assertTrue((self.folder / 'log' / 'stratometrics').is_dir())

    def test_what_is_there_already(self):
        (self.folder / 'log' / 'stratometrics').mkdir(parents=True)
        self.assertEqual(self.start(), (0, ['stratometrics-api --serve']))

    def test_making_the_database(self):
        for variable in ('KOLLA_BOOTSTRAP', 'KOLLA_UPGRADE'):
            with self.subTest(variable):
                self.told.write_text('')
                self.assertEqual(
                    self.start(**{variable: ''}),
                    (0, ['stratometrics-manage db sync']),
                )

    def test_a_database_that_cannot_be_made(self):
        self.stub('stratometrics-manage', status=1)
        status, told = self.start(KOLLA_BOOTSTRAP='')
        self.assertEqual(told, ['stratometrics-manage db sync'])
        self.assertEqual(status, 1)

    def test_an_upgrade_check(self):
        for verdict in (0, 1, 2):
            with self.subTest(verdict):
                self.told.write_text('')
                self.stub('stratometrics-status', status=verdict)
                self.assertEqual(
                    self.start(KOLLA_UPGRADE_CHECK=''),
                    (verdict, ['stratometrics-status upgrade check']),
                )
