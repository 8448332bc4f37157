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
"""Makes answers of their bodies, as the annotations of their fields say."""

from collections.abc import Callable, Mapping
import dataclasses
import datetime
import decimal
import functools
import types
import typing
from typing import Any, TypeVar

from stratometrics.client import spelling

_Answer = TypeVar('_Answer')

#: In the metadata of a field: the name of its member in JSON.
_MEMBER = 'member'
#: The same of a field that takes the members that no other field does.
_OTHERS = 'others'


class Malformed(ValueError):
    """The body is not what was to come; str() says where."""


def member(name: str, **options: Any) -> Any:
    """A field of a dataclass that is called otherwise in JSON."""
    return dataclasses.field(metadata={_MEMBER: name}, **options)


def others() -> Any:
    """A field with all texts among the members that are not other fields."""
    return dataclasses.field(metadata={_OTHERS: True}, default_factory=dict)


def read(kind: type[_Answer], body: Any, where: str = 'the answer') -> _Answer:
    """Read a body.

    Members that no field is for are ignored: a newer service may tell more.

    :param kind: a dataclass.
    :param body: what the JSON said.
    :param where: what error messages call it.
    :raises Malformed: a member is missing, or is not what it must be.
    """
    body = _just_object(body, where)
    values = {}
    fields, rest = _fields(kind)
    for field, name, convert in fields:
        if name in body:
            values[field.name] = convert(body[name], f'{where}: {name}')
        elif _required(field):
            raise Malformed(f'{where} has no {name}')
    if rest:
        named = {name for _, name, _ in fields}
        values[rest] = {
            name: value
            for name, value in body.items()
            if name not in named and isinstance(value, str)
        }
    return kind(**values)


def read_each(
    kind: type[_Answer], name: str, body: Any
) -> tuple[_Answer, ...]:
    """Read the list that a member of a body is.

    :param kind: what each of it is, a dataclass.
    :raises Malformed: there is no such list.
    """
    found = _just_object(body, 'the answer')
    if name not in found:
        raise Malformed(f'the answer has no {name}')
    return _each(functools.partial(read, kind))(found[name], name)


def read_object(body: Any) -> dict[str, Any]:
    """Leave an object as it is.

    :raises Malformed: it is none.
    """
    return _just_object(body, 'the answer')


def _required(field: dataclasses.Field) -> bool:
    return (
        field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    )


_Convert = Callable[[Any, str], Any]


@functools.cache
def _fields(
    kind: type,
) -> tuple[list[tuple[dataclasses.Field, str, _Convert]], str | None]:
    hints = typing.get_type_hints(kind)
    rest = None
    found = []
    for field in dataclasses.fields(kind):
        if field.metadata.get(_OTHERS):
            rest = field.name
            continue
        name = field.metadata.get(_MEMBER, field.name)
        found.append((field, name, _converter(hints[field.name])))
    return found, rest


def _converter(hint: Any) -> _Convert:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        [wanted] = [each for each in inner if each is not types.NoneType]
        return _optional(_converter(wanted))
    if origin is tuple:
        return _each(_converter(inner[0]))
    if origin is Mapping:
        return _mapping(_converter(inner[1]))
    if dataclasses.is_dataclass(hint):
        return functools.partial(read, hint)
    return _SCALARS[hint]


def _optional(convert: _Convert) -> _Convert:
    return lambda value, where: (
        None if value is None else convert(value, where)
    )


def _each(convert: _Convert) -> _Convert:
    def converted(value: Any, where: str) -> tuple:
        if not isinstance(value, list):
            raise Malformed(f'{where} is not a list')
        return tuple(
            convert(each, f'{where}[{place}]')
            for place, each in enumerate(value)
        )

    return converted


def _mapping(convert: _Convert) -> _Convert:
    def converted(value: Any, where: str) -> dict[str, Any]:
        return {
            name: convert(each, f'{where}.{name}')
            for name, each in _just_object(value, where).items()
        }

    return converted


def _just_object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f'{where} is not an object')
    return value


def _text_with(read_text: Callable[[str], Any]) -> _Convert:
    def converted(value: Any, where: str) -> Any:
        if not isinstance(value, str):
            raise Malformed(f'{where} is not a text')
        try:
            return read_text(value)
        except ValueError as error:
            raise Malformed(f'{where}: {error}') from None

    return converted


def _just(kind: type) -> _Convert:
    def converted(value: Any, where: str) -> Any:
        if type(value) is not kind:
            raise Malformed(f'{where} is not of the type {kind.__name__}')
        return value

    return converted


_SCALARS: dict[Any, _Convert] = {
    str: _just(str),
    int: _just(int),
    bool: _just(bool),
    datetime.date: _text_with(datetime.date.fromisoformat),
    datetime.datetime: _text_with(spelling.read_instant),
    decimal.Decimal: _text_with(spelling.read_decimal),
}
