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
"""The description of the API: it has what there is, and nothing else."""

import re

import openapi_spec_validator

from stratometrics import policies
from stratometrics.api import app
from stratometrics.api import openapi
from stratometrics.api.controllers import base as controllers
from stratometrics.api.middleware import gate
from stratometrics.pricing import documents
from stratometrics.rating import changes
from stratometrics.tests.unit.api import base

PATH = '/v1/openapi.json'

#: What every path takes and no path describes.
IMPLIED = {'HEAD', 'OPTIONS'}


def subclasses(kind):
    """The classes of objects of a kind: those at the end."""
    for each in kind.__subclasses__():
        if not each.__subclasses__():
            yield each
        yield from subclasses(each)


class OpenAPITestCase(base.ApiTestCase):
    def setUp(self):
        super().setUp()
        self.document = self.ask(PATH).json

    @property
    def places(self):
        """All paths."""
        return list(
            openapi.walk(
                app.controllers(
                    self.configuration(), self.storage, base.DEFINITIONS
                )
            )
        )

    def operations(self):
        """All that the document tells: path, method and operation."""
        for path, item in self.document['paths'].items():
            for method, operation in item.items():
                yield path, method.upper(), operation

    def resolve(self, found):
        """What a reference refers to, or what is none."""
        if '$ref' not in found:
            return found
        resolved = self.document
        for name in found['$ref'].removeprefix('#/').split('/'):
            resolved = resolved[name]
        return resolved


class TestDocument(OpenAPITestCase):
    def test_it_is_one_of_openapi(self):
        openapi_spec_validator.validate(self.document)

    def test_every_operation_has_a_name_of_its_own(self):
        names = [
            operation['operationId'] for *_, operation in self.operations()
        ]
        self.assertEqual(sorted(set(names)), sorted(names))

    def test_where_the_service_is(self):
        response = self.ask(PATH, headers={'Host': 'metrics.example:8080'})
        self.assertEqual(
            [{'url': 'http://metrics.example:8080'}], response.json['servers']
        )

    def test_an_array_is_told_as_what_is_read(self):
        [group_by] = [
            found
            for found in map(
                self.resolve,
                self.document['paths']['/v1/instances']['get']['parameters'],
            )
            if found['name'] == 'group_by'
        ]
        self.assertIs(False, group_by['explode'])


class TestWhatThereIs(OpenAPITestCase):
    def test_every_method_is_described(self):
        for place in self.places:
            with self.subTest(place.path):
                controller = place.controller
                self.assertEqual(
                    set(controller.methods) - IMPLIED,
                    set(controller.described),
                )

    def test_what_is_described_is_there(self):
        described = {(path, method) for path, method, _ in self.operations()}
        self.assertEqual(
            {
                (place.path, method)
                for place in self.places
                for method in {*place.controller.methods} - IMPLIED
            },
            described,
        )

    def test_every_controller_is_found(self):
        self.assertEqual(
            {each.__qualname__ for each in subclasses(controllers.Controller)},
            {type(place.controller).__qualname__ for place in self.places},
        )

    def test_no_controller_finds_others_by_itself(self):
        for each in subclasses(controllers.Controller):
            with self.subTest(each.__name__):
                self.assertIs(controllers.Controller.find, each.find)
                self.assertEqual(
                    each.variable is not None,
                    each.one is not controllers.Controller.one,
                )

    def test_a_path_without_methods_is_not_there(self):
        for method in ('GET', 'POST', 'DELETE'):
            response = self.ask('/v1/resources/x', method=method)
            self.assert_error(response, 404, 'not-found')

    def test_the_forms_of_what_is_read(self):
        for place in self.places:
            for method, operation in place.controller.described.items():
                with self.subTest(path=place.path, method=method):
                    if method == 'GET':
                        self.assertEqual(
                            set(place.controller.formats.values()),
                            set(operation.answers),
                        )


class TestParameters(OpenAPITestCase):
    def test_they_are_those_that_are_taken(self):
        for path, method, operation in self.operations():
            told = {
                found['name']
                for found in map(self.resolve, operation['parameters'])
                if found['in'] == 'query'
            }
            address = re.sub('{.*?}', 'x', path)
            with self.subTest(path=path, method=method):
                self.assertEqual(
                    {
                        name
                        for form in self.forms(operation)
                        for name in self.taken(address, method, form)
                    },
                    told,
                )

    def forms(self, operation):
        """The values of format, if there is such a parameter."""
        for found in map(self.resolve, operation['parameters']):
            if found['name'] == 'format':
                return [{'format': each} for each in found['schema']['enum']]
        return [{}]

    def taken(self, path, method, form):
        """What an error says to be valid, with the negations."""
        hint = self.unknown(path, method, {**form, 'unheard': 'of'})
        # Some forms cannot be had without an extra.
        if hint in (None, 'none is valid here'):
            return set()
        named = set(hint.removeprefix('valid are ').split(', '))
        return named | {
            f'{name}!'
            for name in named
            if not self.unknown(path, method, {**form, f'{name}!': 'x'})
        }

    def unknown(self, path, method, query):
        """What an error says to be valid, if it calls a name unknown."""
        response = self.ask(path, 'admin', method=method, **query)
        if response.status_int == 200:
            # Taken to its end, as a server does.
            self.assertIsNotNone(response.body)
            return None
        [error] = response.json['errors']
        if error['code'] != 'stratometrics.unknown-parameter':
            return None
        return error['detail'].partition('; ')[2]


class TestPolicies(OpenAPITestCase):
    def test_rules_are_those_of_the_policies(self):
        collections = {
            f'/v1/{resource_type.collection}'
            for resource_type in base.DEFINITIONS.resource_types.values()
        }
        documented = {
            (path, operation['method'], rule.name)
            for rule in policies.list_rules()
            for operation in getattr(rule, 'operations', ())
            for path in (
                collections
                if operation['path'] == '/v1/{collection}'
                else {operation['path']}
            )
        }
        described = {
            (path, method, rule)
            for path, method, operation in self.operations()
            for rule in operation['x-openstack-policies']
        }
        self.assertEqual(documented, described)

    def test_what_needs_no_token(self):
        self.assertEqual(
            gate.PUBLIC_PATHS,
            {
                path.rstrip('/')
                for path, _, operation in self.operations()
                if operation.get('security') == []
            },
        )


class TestPrices(OpenAPITestCase):
    def test_keys_are_those_that_are_read(self):
        operation = self.document['paths']['/v1/prices']['post']
        body = operation['requestBody']['content']['application/json']
        alone, several = body['schema']['anyOf']
        for price in (alone, several['properties']['prices']['items']):
            self.assertEqual(
                set(documents.PRICE_KEYS), set(price['properties'])
            )

    def test_keys_are_those_that_can_be_changed(self):
        operation = self.document['paths']['/v1/prices/{id}']['patch']
        body = operation['requestBody']['content']['application/json']
        self.assertEqual(
            set(documents.AMENDABLE_KEYS), set(body['schema']['properties'])
        )


class TestChangesOfPrices(OpenAPITestCase):
    def test_keys_are_those_that_are_read(self):
        operation = self.document['paths']['/v1/prices']['patch']
        body = operation['requestBody']['content']['application/json']
        members = body['schema']['properties'][changes.CHANGES]['items']
        self.assertEqual(
            {
                ('created', 'change', 'price'),
                (
                    *('amended', 'change', 'id'),
                    *documents.AMENDABLE_KEYS,
                ),
                ('withdrawn', 'change', 'id'),
            },
            {
                (kind, *each['properties'])
                for each in members['anyOf']
                for kind in each['properties'][changes.CHANGE]['enum']
            },
        )


class TestWhoMay(OpenAPITestCase):
    def test_it_needs_a_token(self):
        self.assert_error(self.ask(PATH, None), 401, 'unauthorized')

    def test_a_policy_decides(self):
        (self.folder / 'policy.yaml').write_text('"capabilities:get": "!"')
        self.assert_error(self.ask(PATH), 403, 'forbidden')


class TestCaching(OpenAPITestCase):
    def test_it_may_be_kept(self):
        response = self.ask(PATH)
        self.assertEqual(
            {'private', 'no-cache'},
            set(response.headers['Cache-Control'].split(', ')),
        )
        again = self.ask(PATH, headers={'If-None-Match': f'"{response.etag}"'})
        self.assertEqual((304, b''), (again.status_int, again.body))
        other = self.ask(PATH, headers={'If-None-Match': '"other"'})
        self.assertEqual((200, response.etag), (other.status_int, other.etag))

    def test_another_address_is_another_document(self):
        other = self.ask(PATH, headers={'Host': 'metrics.example'})
        self.assertNotEqual(self.ask(PATH).etag, other.etag)
