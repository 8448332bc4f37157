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
"""What can be done at a path, told next to the code that does it.

A schema is a JSON schema in which two things stand for a schema that the
document has once, under a name: a type of :mod:`stratometrics.api.types`, and
a :class:`Named` one. :mod:`stratometrics.api.openapi` puts the document
together.
"""

from collections.abc import Mapping
import dataclasses
from typing import Any

from stratometrics.api import errors

#: A JSON schema, or what stands for one.
Schema = Any


@dataclasses.dataclass(frozen=True)
class Named:
    """A schema that the document has once."""

    name: str
    schema: Schema


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameter:
    """A variable segment of a path, or a parameter of a query string.

    :param schema: of an array, each value may be a parameter of its own.
    :param commas: of an array, values are one parameter, with commas between
        them.
    """

    name: str
    schema: Schema
    description: str
    commas: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Operation:
    """What one method of HTTP does at a path.

    :param status: of the answer when all went well.
    :param answers: schemas of its body, by media type; None for what is not
        JSON. Without one, it has no body.
    :param headers: what headers of it tell, by name.
    :param others: what further statuses mean. Their body is the same; that of
        304 is empty.
    :param parameters: those of the query string.
    :param body: the schema of the body of the request; None for no body.
    :param refusals: errors, beside those that every request may end in.
    :param rules: the rules of policy that count, by name; without one, no
        token is needed.
    """

    summary: str
    status: int = 200
    answers: Mapping[str, Schema | None] = dataclasses.field(
        default_factory=dict
    )
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    others: Mapping[int, str] = dataclasses.field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    refusals: tuple[type[errors.APIError], ...] = ()
    rules: tuple[str, ...] = ()
