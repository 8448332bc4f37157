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
"""JSON schemas of what callers send and get."""

from collections.abc import Iterable, Mapping
from typing import Any

from wsme import types as wsme_types

from stratometrics.api import operations
from stratometrics.model import months

TEXT = {'type': 'string'}
BOOLEAN = {'type': 'boolean'}
COUNT = {'type': 'integer', 'minimum': 0}
#: RFC 3339, with an offset (R3).
INSTANT = {'type': 'string', 'format': 'date-time'}
DATE = {'type': 'string', 'format': 'date'}
#: What :func:`stratometrics.model.timestamps.decimal_seconds` spells (R4).
SECONDS = {'type': 'string', 'pattern': r'^-?[0-9]+\.[0-9]{6}$'}
#: A whole number of any size.
AMOUNT = {'type': 'string', 'pattern': '^-?[0-9]+$'}
#: What :mod:`stratometrics.rating.rendering.spelling` spells.
DECIMAL = {'type': 'string', 'pattern': r'^-?[0-9]+(\.[0-9]+)?$'}
FRACTION = {'type': 'string', 'pattern': '^-?[0-9]+(/[0-9]+)?$'}
CURRENCY = {'type': 'string', 'pattern': '^[A-Z]{3}$'}
MONTH = {'type': 'string', 'pattern': f'^{months.WRITTEN.pattern}$'}

_PLAIN = {wsme_types.text: TEXT, int: {'type': 'integer'}}


def of(kind: Any) -> operations.Schema:
    """The schema of a type of WSME, in which other such types are left."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, wsme_types.ArrayType):
        return several(_part(kind.item_type))
    told: dict[bool, dict[str, operations.Schema]] = {True: {}, False: {}}
    for attribute in wsme_types.list_attributes(kind):
        told[attribute.mandatory][attribute.name] = _part(attribute.datatype)
    return record(told[True], told[False])


def _part(kind: Any) -> operations.Schema:
    return kind if wsme_types.iscomplex(kind) else of(kind)


def record(
    always: Mapping[str, operations.Schema],
    sometimes: Mapping[str, operations.Schema] | None = None,
) -> operations.Schema:
    """An object with these members and no others."""
    return {
        'type': 'object',
        'properties': {**always, **(sometimes or {})},
        'required': list(always),
        'additionalProperties': False,
    }


def texts(names: Iterable[str]) -> Mapping[str, operations.Schema]:
    """Members of an object that all are texts."""
    return dict.fromkeys(names, TEXT)


def mapping(member: operations.Schema, **bounds: int) -> operations.Schema:
    """An object whose members have any names."""
    return {'type': 'object', 'additionalProperties': member, **bounds}


def several(member: operations.Schema, **bounds: int) -> operations.Schema:
    return {'type': 'array', 'items': member, **bounds}


def one_of(values: Iterable[Any]) -> operations.Schema:
    return {'type': 'string', 'enum': [str(value) for value in values]}


def or_null(found: operations.Schema) -> operations.Schema:
    return {'anyOf': [found, {'type': 'null'}]}


def text(longest: int, shortest: int = 1) -> operations.Schema:
    """A text whose length, in characters, has bounds."""
    return {'type': 'string', 'minLength': shortest, 'maxLength': longest}


def whole_number(minimum: int, maximum: int) -> operations.Schema:
    return {'type': 'integer', 'minimum': minimum, 'maximum': maximum}
