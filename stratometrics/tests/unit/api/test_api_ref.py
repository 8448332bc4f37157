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

"""The API reference tells what the API tells of itself, and nothing else."""

from collections.abc import Iterable, Iterator, Mapping
import dataclasses
import functools
import pathlib
import re
from typing import Any

import yaml

from stratometrics.model import usage
from stratometrics.tests.unit.api import base

SOURCE = pathlib.Path(__file__).parents[4] / 'api-ref' / 'source'
#: Stands for the paths of all resource types.
COLLECTION = '/v1/{collection}'
COLLECTION_NAME = 'collection'
#: Stands for each key of a resource type, of which there are many.
KEY = '{key}'

METHOD = re.compile(r'^\.\. rest_method:: (\S+) (\S+)$', re.MULTILINE)
INCLUDED = re.compile(r'^\.\. (?:include|literalinclude):: (\S+)$', re.M)
CODE = re.compile(r'\* - (\d+)\n +- ``stratometrics\.([a-z-]+)``')
RESPONSE = '\nResponse\n'

#: A name, where it is, its type, and whether it is always there.
Row = tuple[str, str, str, bool]


@dataclasses.dataclass(frozen=True)
class Told:
    """What is told of a method at a path.

    :ivar request: what goes into it.
    :ivar response: what comes out of it.
    :ivar texts: what is said of what goes into path, query string and header,
        by name.
    """

    statuses: frozenset[int]
    policies: tuple[str, ...]
    forms: frozenset[str]
    request: frozenset[Row]
    response: frozenset[Row]
    texts: Mapping[str, str]


class Reference:
    """The pages."""

    def __init__(self) -> None:
        self.parameters = yaml.safe_load(
            (SOURCE / 'parameters.yaml').read_text()
        )
        self.pages = {
            path.name: path.read_text() for path in SOURCE.glob('*.inc')
        }
        self.used: set[str] = set()

    def read(self) -> dict[tuple[str, str], Told]:
        """All that is told, by method and path."""
        found = {}
        for page in self.pages.values():
            _, *parts = METHOD.split(page)
            for method, path, text in zip(
                parts[::3], parts[1::3], parts[2::3], strict=True
            ):
                found[method, path] = self._told(text)
        return found

    def _told(self, text: str) -> Told:
        request, response = text.split(RESPONSE)
        coming, going = self._rows(request), self._rows(response)
        return Told(
            statuses=frozenset(
                status
                for kind in ('success', 'error')
                for status in _statuses(
                    _listed(text, f'rest_status_code:: {kind} status.yaml')
                )
            ),
            policies=tuple(_quoted(text, 'Policies')),
            forms=frozenset(_quoted(text, 'Forms')),
            request=frozenset(row for row, _ in coming),
            response=frozenset(row for row, _ in going),
            texts={
                row[0]: said
                for row, said in (*coming, *going)
                if row[1] != 'body' and row[0] != COLLECTION_NAME
            },
        )

    def _rows(self, text: str) -> list[tuple[Row, str]]:
        found = []
        for entry in _listed(text, 'rest_parameters:: parameters.yaml'):
            [(name, reference)] = entry.items()
            self.used.add(reference)
            told = self.parameters[reference]
            row = name, told['in'], told['type'], told['required']
            found.append((row, ' '.join(told['description'].split())))
        return found


def _listed(text: str, directive: str) -> list[Any]:
    """What the lists below a directive have."""
    parts = text.split(f'.. {directive}\n')[1:]
    return [
        entry
        for part in parts
        for entry in yaml.safe_load(re.split(r'\n(?=\S)', part)[0])
    ]


def _statuses(entries: Iterable[Any]) -> Iterator[int]:
    for entry in entries:
        yield from entry if isinstance(entry, dict) else (entry,)


def _quoted(text: str, name: str) -> list[str]:
    """What a sentence such as ``Forms: ``text/csv``.`` has."""
    found = re.search(rf'^{name}: (.*?)\.$', text, re.MULTILINE | re.DOTALL)
    return re.findall('``(.*?)``', found.group(1)) if found else []


class Description:
    """The document that the API makes of itself.

    :param collections: what tells the usage of one resource type, by path:
        what that is grouped by.
    :param keys: all keys that there are.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        collections: Mapping[str, str],
        keys: Iterable[str],
    ) -> None:
        self._document = document
        self._collections = collections
        self._keys = set(usage.with_names(tuple(keys)))

    def read(self) -> dict[tuple[str, str], list[Told]]:
        """All that is told, by method and path as the reference has them."""
        found: dict[tuple[str, str], list[Told]] = {}
        for path, item in self._document['paths'].items():
            default = self._collections.get(path, '')
            route = COLLECTION if default else path
            for method, operation in item.items():
                told = self._told(operation, route, default)
                known = found.setdefault((method.upper(), route), [])
                if told not in known:
                    known.append(told)
        return found

    def _told(
        self, operation: Mapping[str, Any], path: str, default: str
    ) -> Told:
        request: dict[Row, None] = {}
        texts = {}
        if path == COLLECTION:
            request[COLLECTION_NAME, 'path', 'string', True] = None
        for parameter in map(self._found, operation['parameters']):
            name, said = parameter['name'], parameter['description']
            key = name.rstrip('!')
            if said.endswith(f'of these values of {key}.') and (
                path in (COLLECTION, '/v1/usage')
            ):
                name = name.replace(key, KEY)
                said = said.replace(f'of {key}.', f'of {KEY}.')
            if path == COLLECTION:
                said = said.replace(
                    f'by default {default}.',
                    'by default its ``default_group_by``.',
                )
            place = parameter['in']
            type_ = self._type(parameter['schema'])
            request[name, place, type_, place == 'path'] = None
            texts[name] = said
        body = self._bodies([operation.get('requestBody', {})])
        answers = [
            self._found(answer)
            for status, answer in operation['responses'].items()
            if int(status) < 400
        ]
        headers = {
            name: header
            for answer in answers
            for name, header in answer['headers'].items()
        }
        texts |= {
            name: header['description'] for name, header in headers.items()
        }
        return Told(
            statuses=frozenset(map(int, operation['responses'])),
            policies=tuple(operation['x-openstack-policies']),
            forms=frozenset(
                form
                for answer in answers
                for form in answer.get('content', ())
            ),
            request=frozenset({*request, *body}),
            response=frozenset(
                {
                    *((name, 'header', 'string', True) for name in headers),
                    *self._bodies(answers),
                }
            ),
            texts=texts,
        )

    def codes(self) -> set[tuple[int, str]]:
        """The codes of all errors, by status."""
        return {
            (int(status), code)
            for item in self._document['paths'].values()
            for operation in item.values()
            for status, answer in operation['responses'].items()
            if int(status) >= 400
            for code in re.findall(
                r'stratometrics\.([a-z-]+)',
                self._found(answer)['description'],
            )
        }

    def _found(self, told: Mapping[str, Any]) -> Any:
        if '$ref' not in told:
            return told
        found = self._document
        for name in told['$ref'].split('/')[1:]:
            found = found[name]
        return found

    def _type(self, told: Mapping[str, Any]) -> str:
        schema = self._found(told)
        if 'anyOf' in schema:
            return self._type(schema['anyOf'][0])
        if 'const' in schema:
            return {int: 'integer', str: 'string'}[type(schema['const'])]
        return schema['type']

    def _bodies(self, parts: Iterable[Mapping[str, Any]]) -> set[Row]:
        found: dict[tuple[str, str], bool] = {}
        for part in parts:
            for content in part.get('content', {}).values():
                self._members(content.get('schema', {}), found)
        return {
            (name, 'body', type_, always)
            for (name, type_), always in found.items()
        }

    def _members(
        self,
        told: Mapping[str, Any],
        found: dict[tuple[str, str], bool],
        within: str = '',
    ) -> None:
        """Add the members of an object, and of those that are in it."""
        schema = self._found(told)
        below = [*schema.get('anyOf', ()), schema.get('items')]
        below.append(schema.get('additionalProperties'))
        for each in below:
            if isinstance(each, Mapping):
                self._members(each, found, within)
        for name, each in schema.get('properties', {}).items():
            shown = KEY if within == 'results' and name in self._keys else name
            member = shown, self._type(each)
            always = name in schema.get('required', ())
            found[member] = found.get(member, True) and always
            self._members(each, found, name)


class TestApiRef(base.ApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.reference = Reference()

    @functools.cached_property
    def description(self) -> Description:
        types = self.ask('/v1/', 'admin').json['resource_types']
        return Description(
            self.ask('/v1/openapi.json', 'admin').json,
            {
                f'/v1/{each["collection"]}': each['default_group_by']
                for each in types
            },
            {key for each in types for key in each['keys']},
        )

    def test_all_is_told_as_it_is(self):
        described = self.description.read()
        told = self.reference.read()
        self.assertEqual(set(described), set(told))
        for route, expected in described.items():
            for each in expected:
                for field in dataclasses.fields(Told):
                    self.assertEqual(
                        getattr(each, field.name),
                        getattr(told[route], field.name),
                        f'{route}: {field.name}',
                    )

    def test_every_parameter_is_used(self):
        self.reference.read()
        self.assertEqual(self.reference.used, set(self.reference.parameters))

    def test_every_code_of_an_error_is_told(self):
        page = self.reference.pages['errors.inc']
        self.assertEqual(
            self.description.codes(),
            {(int(status), code) for status, code in CODE.findall(page)},
        )

    def test_every_page_and_sample_is_shown(self):
        pages = INCLUDED.findall((SOURCE / 'index.rst').read_text())
        self.assertEqual(set(self.reference.pages), set(pages))
        shown = {
            name
            for page in self.reference.pages.values()
            for name in INCLUDED.findall(page)
        }
        there = {
            str(path.relative_to(SOURCE))
            for path in (SOURCE / 'samples').iterdir()
        }
        self.assertEqual(there, shown)
