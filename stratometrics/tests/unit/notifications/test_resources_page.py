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
"""The administrator's page of resource types says what definitions say."""

from collections.abc import Iterable
from importlib import resources
import pathlib
import textwrap
from typing import Any
import unittest

import yaml

from stratometrics.notifications import definitions
from stratometrics.tests.unit.notifications import base

PAGE = (
    pathlib.Path(__file__)
    .parents[4]
    .joinpath('doc', 'source', 'admin', 'resources.rst')
)


def attributes(body: dict[str, Any]) -> list[str]:
    """All that a definition fills in, the common attributes included."""
    names = dict.fromkeys(body.get('attributes', {}))
    names |= dict.fromkeys(body.get('observed', {}).get('attributes', []))
    for source in body.get('sources', {}).values():
        names |= dict.fromkeys(source.get('attributes', {}))
    return list(names)


def cell(texts: Iterable[str], mark: str) -> str:
    """A cell of a list-table; no name is broken across lines."""
    names = (f'``{text}``'.replace(' ', '\0') for text in texts)
    return textwrap.fill(
        ', '.join(names) or 'none',
        width=79,
        initial_indent=f'     {mark} ',
        subsequent_indent='       ',
        break_on_hyphens=False,
    ).replace('\0', ' ')


def row(resource_type: definitions.ResourceType, body: dict[str, Any]) -> str:
    name = cell([resource_type.name], '-').lstrip()
    if not body.get('enabled', True):
        name += ' (off)'
    return '\n'.join(
        (
            f'   * {name}',
            cell([f'/v1/{resource_type.collection}'], '-'),
            cell([resource_type.group_by], '-'),
            cell(resource_type.measures, '-'),
            cell(attributes(body), '-'),
            cell((*resource_type.pending, *resource_type.unbilled), '-'),
        )
    )


class ResourcesPageTest(unittest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if not PAGE.exists():
            self.skipTest('the documentation is not installed')
        self.page = PAGE.read_text(encoding='utf-8')

    def test_the_table(self) -> None:
        bodies: dict[str, Any] = {}
        folder = resources.files(definitions.__package__)
        for file in folder.joinpath('definitions').iterdir():
            document = yaml.safe_load(file.read_text(encoding='utf-8'))
            bodies |= document.get('resources', {})
        found = base.every_definition().resource_types
        self.assertEqual(bodies.keys(), found.keys())
        rows = [row(found[name], bodies[name]) for name in sorted(found)]
        begin = self.page.index('     - Unbilled states\n')
        end = self.page.index('\n\n', begin)
        table = self.page[begin:end].partition('\n')[2]
        self.assertEqual('\n'.join(rows), table)

    def test_every_service_has_a_section(self) -> None:
        for exchange, section in (
            ('designate', 'Zones'),
            ('glance', 'Images'),
            ('heat', 'Stacks'),
            ('ironic', 'Nodes'),
            ('magnum', 'Clusters'),
            ('neutron', 'Networks'),
            ('nova', 'Instances'),
            ('octavia', 'Load balancers'),
            ('openstack', 'Volumes'),
            ('openstack', 'Shares'),
            ('openstack', 'Database instances'),
            ('swift', 'Object requests'),
        ):
            self.assertIn(exchange, base.every_definition().exchanges)
            self.assertIn(f'\n{section}\n{"-" * len(section)}', self.page)
