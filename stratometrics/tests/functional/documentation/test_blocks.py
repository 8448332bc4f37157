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
"""Settings, definitions, prices, policies and SQL of the pages can be used."""

from collections.abc import Iterator
from importlib import metadata
import json
import pathlib
import textwrap

import fixtures
from keystoneauth1 import loading
from oslo_config import cfg
import testtools
import yaml

from stratometrics import policy
from stratometrics import service
from stratometrics.notifications import definitions
from stratometrics.pricing import files
from stratometrics.rating import validation
from stratometrics.storage import errors
from stratometrics.storage.clickhouse import client
from stratometrics.tests.functional import base
from stratometrics.tests.functional.documentation import pages
from stratometrics.tests.functional.documentation import table

GENERATOR = pages.ROOT / 'etc/stratometrics/config-generator.conf'

#: Where the options of an authentication plugin belong.
LOGINS = ('keystone_authtoken', 'service_credentials')


def blocks(language: str) -> Iterator[pages.Block]:
    """All blocks of a language that are of this service."""
    known = table.load()
    for page in pages.pages():
        for block in pages.blocks(page):
            if (
                block.language == language
                and not block.is_of_others
                and not known.block(block)
            ):
                yield block


def options() -> dict[str, list[cfg.Opt]]:
    """All options of the service and its libraries, by group."""
    names = [
        line.partition(' = ')[2]
        for line in GENERATOR.read_text().splitlines()
        if line.startswith('namespace = ')
    ]
    found: dict[str, list[cfg.Opt]] = {}
    for each in metadata.entry_points(group='oslo.config.opts'):
        if each.name in names:
            for group, opts in each.load()():
                name = getattr(group, 'name', group) or 'DEFAULT'
                found.setdefault(name, []).extend(opts)
    for name in LOGINS:
        found[name] += loading.get_auth_plugin_conf_options('password')
    return found


class TableTest(testtools.TestCase):
    def test_it_has_no_block_that_no_page_has(self) -> None:
        found = [
            block for page in pages.pages() for block in pages.blocks(page)
        ]
        self.assertEqual(
            [],
            [
                str(apart)
                for apart in table.load().blocks
                if not any(
                    block.page == apart.page and apart.text in block.text
                    for block in found
                )
            ],
        )


class SettingsTest(testtools.TestCase):
    def test_each_option_is_known_and_its_value_allowed(self) -> None:
        known = options()
        faults = []
        count = 0
        for block in blocks('ini'):
            folder = self.useFixture(fixtures.TempDir()).path
            file = pathlib.Path(folder) / 'page.conf'
            file.write_text(block.text)
            try:
                found = list(self.read(file))
            except cfg.ParseError as error:
                faults.append(f'{block}: {error}')
                continue
            for group, name, values in found:
                count += 1
                matching = [
                    option
                    for option in known.get(group, ())
                    if name in (option.name, option.dest)
                ]
                if not matching:
                    faults.append(f'{block}: there is no [{group}]/{name}')
                    continue
                try:
                    for value in values:
                        self.convert(matching[0], value)
                except (ValueError, TypeError) as error:
                    faults.append(f'{block}: [{group}]/{name}: {error}')
        self.assertEqual([], faults)
        self.assertGreater(count, 20)

    @staticmethod
    def read(file: pathlib.Path) -> Iterator[tuple[str, str, list[str]]]:
        sections: dict = {}
        cfg.ConfigParser(str(file), sections).parse()
        for group, found in sections.items():
            for name, values in found.items():
                yield group, name, values

    @staticmethod
    def convert(option: cfg.Opt, value: str) -> None:
        # A password that the reader is to think of.
        if value != '...':
            option.type(value)


class YamlTest(testtools.TestCase):
    """Each kind of file, told by what it begins with."""

    def test_each_can_be_loaded(self) -> None:
        faults = []
        for block in blocks('yaml'):
            try:
                self.load(block.text)
            except Exception as error:
                faults.append(f'{block}: {type(error).__name__}: {error}')
        self.assertEqual([], faults)

    def load(self, text: str) -> None:
        read = yaml.safe_load(text)
        if 'resources' in read:
            self.define(text)
        elif 'prices' in read:
            self.charge(text)
        elif any(':' in name or '_' in name for name in read):
            self.allow(text)
        else:
            self.define('resources:\n' + textwrap.indent(text, '  '))

    def define(self, text: str) -> None:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (folder / 'page.yaml').write_text(text)
        definitions.Definitions.load(str(folder))

    def charge(self, text: str) -> None:
        found = definitions.Definitions.load(None).resource_types
        for price in files.load('page.yaml', text):
            validation.check(price, found)

    def allow(self, text: str) -> None:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (folder / 'policy.yaml').write_text(text)
        (folder / 'page.conf').write_text(
            f'[oslo_policy]\npolicy_file = {folder}/policy.yaml\n'
        )
        conf = service.prepare([f'--config-file={folder}/page.conf'])
        policy.Enforcer(conf)
        known = {rule.name for rule in policy.policies.list_rules()}
        unknown = set(yaml.safe_load(text)) - known
        self.assertEqual(set(), unknown)


class JsonTest(testtools.TestCase):
    def test_each_is_json(self) -> None:
        faults = []
        for block in blocks('json'):
            try:
                json.loads(block.text)
            except ValueError as error:
                faults.append(f'{block}: {error}')
        self.assertEqual([], faults)


class SqlTest(base.StorageTestCase):
    def test_each_statement_runs_on_the_schema(self) -> None:
        pool = client.Pool(self.conf.clickhouse)
        self.addCleanup(pool.close)
        faults = []
        count = 0
        for block in blocks('sql'):
            for statement in filter(str.strip, block.text.split(';')):
                count += 1
                try:
                    pool.execute(
                        statement.replace('stratometrics.', '$database.')
                    )
                except errors.StorageError as error:
                    faults.append(f'{block}: {error}')
        self.assertEqual([], faults)
        self.assertTrue(count)
