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
"""Answers, spelled again as the API spelled them."""

from collections.abc import Mapping
import dataclasses
import datetime
import decimal
from typing import Any

from stratometrics.client import spelling


def spelled(value: Any, body: Any) -> Any:
    """The JSON of an answer.

    :param value: an answer, or a part of one.
    :param body: what it was read from: of a member that it lacks, and that
        the answer has by default, there is none.
    """
    if dataclasses.is_dataclass(value):
        return _object(value, body)
    if isinstance(value, Mapping):
        return {
            name: spelled(each, body.get(name)) for name, each in value.items()
        }
    if isinstance(value, tuple):
        return [
            spelled(each, part) for each, part in zip(value, body, strict=True)
        ]
    if isinstance(value, decimal.Decimal):
        return f'{value:f}'
    if isinstance(value, datetime.datetime):
        return spelling.instant(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def _object(answer: Any, body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in dataclasses.fields(answer):
        value = getattr(answer, field.name)
        if field.metadata.get('others'):
            found.update(value)
            continue
        name = field.metadata.get('member', field.name)
        if name in body or value != _default(field):
            found[name] = spelled(value, body.get(name))
    return found


def _default(field: dataclasses.Field) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
