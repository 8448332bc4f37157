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

"""Charts as Helm renders them.

No registry that tests may ask has Helm. What it is made of is there: the
templates of Go with sprig, from Debian. ``render.go`` puts them together, and
is compiled once. What it knows is enough for this chart and is no Helm: there
are no dependencies, hooks are not run, nothing is looked up in a cluster.
Where there is a ``helm``, a test compares what both make.
"""

from collections.abc import Iterable, Mapping
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import Any

import jsonschema
import yaml

from stratometrics.tests.realparts import cache

_RENDERER = pathlib.Path(__file__).with_name('render.go')
#: Where Debian keeps the sources of libraries.
_LIBRARIES = '/usr/share/gocode'
#: Compilers, by preference: Debian's gccgo has a number in its name.
_COMPILERS = ('go', 'go-15', 'go-14', 'go-13', 'go-12')


class ChartError(Exception):
    """Values are refused, or a template fails."""


@dataclasses.dataclass(frozen=True)
class Release:
    """What a chart is installed as."""

    name: str = 'stratometrics'
    namespace: str = 'openstack'


@dataclasses.dataclass(frozen=True)
class Chart:
    """A chart in a folder."""

    path: pathlib.Path

    @functools.cached_property
    def metadata(self) -> dict[str, Any]:
        return _load(self.path / 'Chart.yaml')

    @functools.cached_property
    def defaults(self) -> dict[str, Any]:
        return _load(self.path / 'values.yaml')

    @functools.cached_property
    def schema(self) -> dict[str, Any]:
        return json.loads((self.path / 'values.schema.json').read_text())

    def values(self, *overrides: Mapping[str, Any]) -> dict[str, Any]:
        """The values that templates see, once the schema has approved.

        :raises ChartError: the schema does not; it names what is wrong.
        """
        values = merged(self.defaults, *overrides)
        validator = jsonschema.Draft7Validator(self.schema)
        problems = sorted(
            f'{error.json_path}: {error.message}'
            for error in validator.iter_errors(values)
        )
        if problems:
            raise ChartError('\n'.join(problems))
        return values

    def render(
        self,
        *overrides: Mapping[str, Any],
        release: Release = Release(),
    ) -> list[dict[str, Any]]:
        """The objects that the chart makes of its values.

        :param overrides: what files of values say, the last one winning.
        :raises ChartError: with the message of the template that failed.
        """
        name = self.metadata['name']
        given = {
            'templates': {
                f'{name}/templates/{path.name}': path.read_text()
                for path in sorted((self.path / 'templates').iterdir())
            },
            'files': {
                str(path.relative_to(self.path)): path.read_text()
                for path in sorted((self.path / 'bin').iterdir())
            },
            'data': {
                'Values': self.values(*overrides),
                'Chart': {
                    key[0].upper() + key[1:]: value
                    for key, value in self.metadata.items()
                },
                'Release': {
                    'Name': release.name,
                    'Namespace': release.namespace,
                    'Service': 'Helm',
                },
            },
        }
        done = subprocess.run(
            [renderer()],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise ChartError(done.stderr.strip())
        return list(objects(json.loads(done.stdout).values()))


def merged(
    first: Mapping[str, Any], *others: Mapping[str, Any]
) -> dict[str, Any]:
    """Values put over values: maps are merged, and null takes a key out."""
    result = dict(first)
    for other in others:
        for key, value in other.items():
            if value is None and isinstance(result.get(key), Mapping):
                del result[key]
            elif isinstance(value, Mapping):
                below = result.get(key)
                result[key] = merged(
                    below if isinstance(below, Mapping) else {}, value
                )
            else:
                result[key] = value
    return result


def objects(texts: Iterable[str]) -> Iterable[dict[str, Any]]:
    """The objects in rendered files, but for empty ones."""
    for text in texts:
        yield from filter(None, yaml.load_all(text, _Strict))


class _Strict(yaml.SafeLoader):
    """Refuses keys that are given twice, of which one would be lost."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise ChartError(f'a key is there twice: {node.start_mark}')
        return mapping


def renderer() -> pathlib.Path:
    """The compiled renderer.

    :raises ChartError: nothing can compile it.
    """
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        raise ChartError('there is no Go compiler: see bindep.txt')
    inputs = _RENDERER.read_bytes() + compiler.encode()
    digest = hashlib.sha256(inputs).hexdigest()[:12]
    folder = cache.prepared(
        f'chart-renderer-{digest}',
        'render',
        lambda folder: _compile(compiler, folder),
    )
    return folder / 'render'


def _compile(compiler: str, folder: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [compiler, 'build', '-o', folder / 'render', _RENDERER],
            env={
                **os.environ,
                'GO111MODULE': 'off',
                'GOCACHE': scratch,
                'GOFLAGS': '',
                'GOPATH': _LIBRARIES,
                'GOTOOLCHAIN': 'local',
            },
            capture_output=True,
            text=True,
            timeout=300,
        )
    if done.returncode:
        raise ChartError(done.stderr.strip())


def _load(path: pathlib.Path) -> dict[str, Any]:
    return yaml.load(path.read_text(), _Strict)
