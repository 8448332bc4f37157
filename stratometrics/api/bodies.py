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
"""The body of a request: JSON, and nothing that JSON leaves open."""

import json
from typing import Any

import webob

from stratometrics.api import errors

_MEDIA_TYPE = 'application/json'


def read(request: webob.Request) -> Any:
    """What the body of a request says.

    How large it may be has been seen to before a controller is asked.

    :raises UnsupportedMediaType: it is said to be something else than JSON.
    :raises InvalidBody: it is no JSON, or names a key twice.
    """
    if request.content_type != _MEDIA_TYPE:
        raise errors.UnsupportedMediaType(
            f'The body must be JSON, and Content-Type {_MEDIA_TYPE}.'
        )
    try:
        return json.loads(
            request.body.decode(), object_pairs_hook=_without_twins
        )
    except (ValueError, RecursionError):
        raise errors.InvalidBody('the body is no JSON') from None


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise errors.InvalidBody(f'the key {key[:64]!r} comes twice')
        found[key] = value
    return found
