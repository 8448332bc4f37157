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
"""The description of the API: a document of OpenAPI 3.1.

It is made of what the controllers tell of themselves, and of their tree; so
it has what there is, and nothing else.
"""

from collections.abc import Iterator, Mapping
import http
from typing import Any

from stratometrics.api import errors
from stratometrics.api import formats
from stratometrics.api import operations
from stratometrics.api import schemas
from stratometrics.api import types
from stratometrics.api.controllers import base
from stratometrics.api.middleware import fault

_VERSION = '3.1.0'
_INFO = {
    'title': 'Stratometrics',
    'version': '1.0',
    'summary': 'Exact billing metrics for OpenStack clouds.',
    'description': (
        'Every path that takes GET takes HEAD as well, and every path takes '
        'OPTIONS, which needs no token and tells the methods. Below /v1, a '
        'parameter that is not described is refused. x-openstack-policies '
        'names the rules of policy that decide who may do something.'
    ),
    'license': {'name': 'Apache License 2.0', 'identifier': 'Apache-2.0'},
}

#: How a caller shows who he is.
_KEYSTONE = 'keystone'
_SECURITY_SCHEME = {
    'type': 'apiKey',
    'in': 'header',
    'name': 'X-Auth-Token',
    'description': 'A token of Keystone.',
}


_NOT_MODIFIED = 304
#: What every answer tells in headers.
_HEADERS = {
    'X-OpenStack-Request-ID': (
        'The id under which the log of the service tells about the request.'
    )
}

#: What the server in front of the API says of an address that is too long.
_TOO_LONG_STATUS = 414
_TOO_LONG = {
    'description': (
        'The first line of the request is too long. The server in front of '
        'the API says so in a form of its own.'
    ),
    'content': {'text/html': {}},
}

#: What may go wrong with every request, and with one that has a body.
_ALWAYS = (
    errors.BadRequest,
    errors.UnknownParameter,
    errors.NotAcceptable,
    errors.APIError,
    errors.Unavailable,
    errors.Busy,
)
_WITH_BODY = (errors.InvalidBody, errors.UnsupportedMediaType)

#: What errors tell in headers, by their status.
_HEADERS_OF_ERRORS = {
    401: {'WWW-Authenticate': 'Where tokens come from.'},
    503: {'Retry-After': 'Seconds after which trying again makes sense.'},
}


class Place:
    """A path that something can be done at.

    :ivar path: with its variable segments in braces, and a slash at its end
        if it is above others that are known by name.
    :ivar variables: the variable segments.
    """

    def __init__(
        self,
        path: str,
        variables: tuple[operations.Parameter, ...],
        controller: base.Controller,
    ) -> None:
        self.path = f'{path}/' if controller.below else path
        self.variables = variables
        self.controller = controller


def walk(
    controller: base.Controller,
    path: str = '',
    variables: tuple[operations.Parameter, ...] = (),
) -> Iterator[Place]:
    """A path, and all that are below it."""
    yield Place(path, variables, controller)
    for segment, found in controller.below.items():
        yield from walk(found, f'{path}/{segment}', variables)
    variable = controller.variable
    if variable:
        segment = f'{{{variable.name}}}'
        yield from walk(
            controller.one(segment),
            f'{path}/{segment}',
            (*variables, variable),
        )


def document(root: base.Controller) -> dict[str, Any]:
    """The document, ready for JSON, but for the address of the service.

    :param root: above all others.
    """
    components = _Components()
    return {
        'openapi': _VERSION,
        'info': _INFO,
        'paths': {
            found.path: {
                method.lower(): _operation(
                    components, found, method, operation
                )
                for method, operation in found.controller.described.items()
            }
            for found in walk(root)
            if found.controller.described
        },
        'components': {
            'securitySchemes': {_KEYSTONE: _SECURITY_SCHEME},
            **components.found,
        },
        'security': [{_KEYSTONE: []}],
    }


def _operation(
    components: '_Components',
    found: Place,
    method: str,
    operation: operations.Operation,
) -> dict[str, Any]:
    told: dict[str, Any] = {
        'operationId': _id(method, found.path),
        'summary': operation.summary,
        'parameters': [
            *(components.parameter(each, 'path') for each in found.variables),
            *(
                components.parameter(each, 'query')
                for each in operation.parameters
            ),
        ],
        'responses': {
            **_answers(components, operation),
            **_errors(components, found, operation),
            '414': components.response(_TOO_LONG_STATUS, _TOO_LONG),
        },
        'x-openstack-policies': list(operation.rules),
    }
    if operation.body is not None:
        told['requestBody'] = {
            'required': True,
            'content': _content(
                components, {formats.JSON_TYPE: operation.body}
            ),
        }
    if not operation.rules:
        told['security'] = []
    return told


def _id(method: str, path: str) -> str:
    words = path.replace('{', 'by-').replace('}', '').split('/')
    return '-'.join([method.lower(), *filter(None, words)])


def _answers(
    components: '_Components', operation: operations.Operation
) -> dict[str, Any]:
    """The answers when all went well, by status."""
    phrase = http.HTTPStatus(operation.status).phrase
    told = {
        str(operation.status): _answer(
            components, f'{phrase}.', operation.headers, operation.answers
        )
    }
    for status, meaning in operation.others.items():
        bodies = {} if status == _NOT_MODIFIED else operation.answers
        told[str(status)] = _answer(
            components, meaning, operation.headers, bodies
        )
    return told


def _errors(
    components: '_Components', found: Place, operation: operations.Operation
) -> dict[str, Any]:
    """The answers when something went wrong, by status."""
    codes: dict[int, list[str]] = {}
    for status, code in _refusals(found, operation):
        codes.setdefault(status, []).append(f'{fault.PREFIX}{code}')
    return {
        str(status): components.response(
            status,
            _answer(
                components,
                f'{http.HTTPStatus(status).phrase}: '
                f'{", ".join(codes[status])}.',
                _HEADERS_OF_ERRORS.get(status, {}),
                {formats.JSON_TYPE: types.Errors},
            ),
        )
        for status in sorted(codes)
    }


def _refusals(
    found: Place, operation: operations.Operation
) -> Iterator[tuple[int, str]]:
    """The status and the code of each error."""
    kinds = [*_ALWAYS, *operation.refusals]
    foreign = []
    if operation.rules:
        kinds.append(errors.Forbidden)
        foreign.append(401)
    if operation.body is not None:
        kinds.extend(_WITH_BODY)
        foreign.append(413)
    if found.variables:
        foreign.append(404)
    yield from ((kind.status, kind.code) for kind in kinds)
    yield from ((status, fault.FOREIGN[status][0]) for status in foreign)


def _answer(
    components: '_Components',
    description: str,
    headers: Mapping[str, str],
    bodies: Mapping[str, operations.Schema | None],
) -> dict[str, Any]:
    told = {
        'description': description,
        'headers': _headers({**_HEADERS, **headers}),
    }
    if bodies:
        told['content'] = _content(components, bodies)
    return told


def _content(
    components: '_Components', bodies: Mapping[str, operations.Schema | None]
) -> dict[str, Any]:
    return {
        media_type: (
            {} if schema is None else {'schema': components.schema(schema)}
        )
        for media_type, schema in bodies.items()
    }


def _headers(told: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {
            'description': description,
            'required': True,
            'schema': schemas.TEXT,
        }
        for name, description in told.items()
    }


class _Components:
    """What the document has once, however often it is referred to.

    :ivar found: all of it, by its kind and its name in the document.
    """

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {
            'parameters': {},
            'responses': {},
            'schemas': {},
        }

    def schema(self, found: operations.Schema) -> Any:
        """A schema, with a reference where something stands for one."""
        if isinstance(found, operations.Named):
            return self._once('schemas', found.name, self.schema(found.schema))
        if isinstance(found, type):
            told = self.schema(schemas.of(found))
            return self._once('schemas', found.__name__, told)
        if isinstance(found, Mapping):
            return {name: self.schema(each) for name, each in found.items()}
        if isinstance(found, list):
            return [self.schema(each) for each in found]
        return found

    def parameter(self, found: operations.Parameter, place: str) -> Any:
        """A parameter of a query string, or of a path."""
        told: dict[str, Any] = {
            'name': found.name,
            'in': place,
            'description': found.description,
            'schema': self.schema(found.schema),
        }
        if place == 'path':
            told['required'] = True
        if found.commas:
            told['explode'] = False
        # A name in the document has no sign of negation.
        name = found.name.replace('!', '.not')
        return self._once('parameters', name, told)

    def response(self, status: int, told: Any) -> Any:
        """An answer when something went wrong."""
        name = http.HTTPStatus(status).phrase.replace(' ', '')
        return self._once('responses', name, told)

    def _once(self, kind: str, name: str, told: Any) -> Any:
        """A reference, unless the name is one of something else."""
        if self.found[kind].setdefault(name, told) != told:
            return told
        return {'$ref': f'#/components/{kind}/{name}'}
