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

import os
import pathlib
import platform
import tempfile
import unittest
from unittest import mock

from stratometrics.tests.realparts import chdb
from stratometrics.tests.realparts import chromium
from stratometrics.tests.realparts import clickhouse
from stratometrics.tests.realparts import errors
from stratometrics.tests.realparts import rabbitmq


class ToolsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        patch = mock.patch.dict(
            os.environ, PATH=folder.name, XDG_CACHE_HOME=folder.name
        )
        patch.start()
        self.addCleanup(patch.stop)

    def _install(self, name: str, says: str) -> str:
        tool = self.path / name
        tool.write_text(f'#!/bin/sh\necho "{says}"\n')
        tool.chmod(0o755)
        return str(tool)

    def test_without_npm_the_message_says_what_to_install(self) -> None:
        with (
            mock.patch.object(platform, 'machine', return_value='x86_64'),
            self.assertRaisesRegex(
                errors.MissingTool, 'needs npm.*apt-get install npm'
            ),
        ):
            chdb.library()

    def test_without_a_package_the_message_names_the_machine(self) -> None:
        with (
            mock.patch.object(platform, 'machine', return_value='vax'),
            self.assertRaisesRegex(errors.PartError, 'on vax: install'),
        ):
            chdb.library()

    def test_without_rabbitmq_the_message_says_what_to_install(self) -> None:
        with (
            mock.patch.object(rabbitmq, 'FOLDERS', ()),
            mock.patch.object(rabbitmq, 'PATH', ''),
            self.assertRaisesRegex(
                errors.MissingTool, 'apt-get install rabbitmq-server'
            ),
        ):
            rabbitmq.tool('rabbitmq-server')

    def test_without_chromium_the_message_says_what_to_install(self) -> None:
        with (
            mock.patch.dict(os.environ, {chromium.VARIABLE: ''}),
            self.assertRaisesRegex(
                errors.MissingTool, 'apt-get install chromium.*STRATO_CHROM'
            ),
        ):
            chromium.program()

    def test_a_chromium_can_be_named(self) -> None:
        self._install('chromium', 'Chromium')
        other = self._install('other', 'Chromium')
        with mock.patch.dict(os.environ, {chromium.VARIABLE: other}):
            self.assertEqual(other, chromium.program())

    def test_an_installed_clickhouse_is_used(self) -> None:
        path = self._install(
            'clickhouse', 'ClickHouse server version 25.3.2.39 (official).'
        )
        self.assertEqual([path, 'server'], clickhouse.program())

    def test_an_old_clickhouse_is_passed_over(self) -> None:
        self._install('clickhouse', 'ClickHouse client version 18.16.1.')
        self.assertIsNone(clickhouse.program())
        path = self._install(
            'clickhouse-server', 'ClickHouse server version 24.3.1.1.'
        )
        self.assertEqual([path], clickhouse.program())

    def test_a_clickhouse_that_tells_no_version_is_passed_over(self) -> None:
        self._install('clickhouse', 'hello')
        self.assertIsNone(clickhouse.program())
