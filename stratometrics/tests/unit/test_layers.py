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
"""Who imports whom, as HACKING.rst has it."""

import ast
from collections.abc import Iterator
import pathlib
import sys

import testtools

import stratometrics

_ROOT = pathlib.Path(stratometrics.__file__).parent
_NAME = stratometrics.__name__

#: Which layers each layer may import.
LAYERS = {
    'model': set(),
    'strict_yaml': {'model'},
    'pricing': {'model', 'strict_yaml'},
    'notifications': {'model', 'strict_yaml'},
    'storage': {'model'},
    'rating': {'model', 'pricing', 'notifications', 'storage'},
    'reconciler': {'model', 'notifications', 'storage'},
    'naming': {'model', 'notifications', 'storage'},
    'api': {'model', 'pricing', 'notifications', 'storage', 'rating'},
    'collector': {
        'model',
        'notifications',
        'storage',
        'reconciler',
        'naming',
    },
    'client': set(),
    'osc': {'client', 'model', 'pricing'},
}
#: Entry points of the services, which import all but what is beside them.
ENTRIES = {'cmd', 'wsgi'}
#: What is the same on both sides, and so knows of nothing beside it.
PLAIN = {'model', 'strict_yaml', 'pricing'}
#: Who asks the service, from another machine.
ASKING = {'client', 'osc'}
#: What is beside the layers: services import it, and it imports no layer but
#: these.
BESIDE = {
    'cloud',
    'conf',
    'coverage',
    'meditation',
    'policies',
    'policy',
    'progress',
    'service',
    'upkeep',
    'verification',
    'version',
    'whole_files',
}
BELOW = {'model', 'notifications', 'storage'}

#: What is not of the standard library and may be imported by these alone,
#: by where.
THEIRS = {
    'clickhouse_driver': {'storage/clickhouse/client.py'},
    'oslo_messaging': {'collector'},
    'pecan': {'api'},
    'wsme': {'api'},
    'openstack': {'cloud.py', 'naming', 'reconciler'},
    'osc_lib': {'osc'},
    'cliff': {'osc'},
    'rich': {'osc'},
    'yaml': {'strict_yaml.py', 'pricing/files.py'},
}
#: All that these may import which is not of the standard library.
NOTHING_ELSE = {
    'model': set(),
    'strict_yaml': {'yaml'},
    'pricing': {'yaml'},
    'client': {'keystoneauth1', 'requests'},
    'osc': {
        'cliff',
        'iso4217',
        'keystoneauth1',
        'osc_lib',
        'rich',
    },
}


def modules() -> Iterator[pathlib.PurePath]:
    """All files but those of tests, from the top of the package."""
    for path in sorted(_ROOT.rglob('*.py')):
        found = path.relative_to(_ROOT)
        if found.parts[0] not in ('tests', '__init__.py'):
            yield found


def imported(path: pathlib.PurePath) -> Iterator[str]:
    """The full names of what a file imports."""
    for node in ast.walk(ast.parse((_ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            # With a dot, nobody could tell.
            assert node.module and not node.level, path
            yield from (f'{node.module}.{each.name}' for each in node.names)


def layer_of(path: pathlib.PurePath) -> str:
    return path.parts[0].removesuffix('.py')


def own(path: pathlib.PurePath) -> set[str]:
    """The other layers that a file imports."""
    return {
        parts[1]
        for parts in (name.split('.') for name in imported(path))
        if parts[0] == _NAME and len(parts) > 1
    } - {layer_of(path)}


def foreign(path: pathlib.PurePath) -> set[str]:
    """The packages of others that a file imports."""
    return (
        {name.partition('.')[0] for name in imported(path)}
        - sys.stdlib_module_names
        - {_NAME}
    )


def allowed(layer: str) -> set[str]:
    """What a layer may import of the project."""
    if layer in ENTRIES:
        return LAYERS.keys() - ASKING | BESIDE
    if layer in BESIDE:
        return BELOW | BESIDE
    if layer in PLAIN:
        return LAYERS[layer]
    if layer == 'client':
        return {'version'}
    if layer == 'osc':
        return LAYERS[layer] | {'progress', 'version', 'whole_files'}
    return LAYERS[layer] | BESIDE


class TestLayers(testtools.TestCase):
    def test_each_module_is_of_a_layer(self):
        self.assertEqual(
            LAYERS.keys() | ENTRIES | BESIDE,
            {layer_of(path) for path in modules()},
        )

    def test_whom_each_imports(self):
        for path in modules():
            with self.subTest(path=path):
                self.assertEqual(set(), own(path) - allowed(layer_of(path)))

    def test_packages_that_are_for_some(self):
        for path in modules():
            for package in foreign(path) & THEIRS.keys():
                with self.subTest(path=path, package=package):
                    self.assertTrue(
                        any(
                            path.is_relative_to(place)
                            for place in THEIRS[package]
                        )
                    )

    def test_who_imports_little(self):
        for path in modules():
            layer = layer_of(path)
            if layer in NOTHING_ELSE:
                with self.subTest(path=path):
                    self.assertEqual(
                        set(), foreign(path) - NOTHING_ELSE[layer]
                    )

    def test_there_is_neither_eventlet_nor_a_module_for_the_rest(self):
        for path in modules():
            with self.subTest(path=path):
                self.assertNotIn('eventlet', foreign(path))
                self.assertNotIn('utils', path.with_suffix('').parts)
