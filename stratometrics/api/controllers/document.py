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
"""The description of the API by itself."""

import functools
import hashlib
from typing import Any

import pecan
import webob

from stratometrics import policy
from stratometrics.api import errors
from stratometrics.api import formats
from stratometrics.api import openapi
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api.controllers import base
from stratometrics.api.middleware import context
from stratometrics.policies import capabilities as policies


class DocumentController(base.Controller):
    """GET /v1/openapi.json

    :param root: above all that is described.
    """

    described = {
        'GET': operations.Operation(
            summary='This document.',
            answers={formats.JSON_TYPE: {'type': 'object'}},
            headers={'ETag': 'Changes when the document does.'},
            others={304: 'The document is that of If-None-Match.'},
            rules=(policies.GET,),
        )
    }

    def __init__(
        self, root: base.Controller, enforcer: policy.Enforcer
    ) -> None:
        self._root = root
        self._enforcer = enforcer

    def read(self, request: base.Request) -> webob.Response:
        parameters.none_expected(request.query_string)
        caller = request.environ[context.ENVIRON_KEY]
        if not self._enforcer.allows(policies.GET, {}, caller):
            raise errors.Forbidden('You are not allowed to see this.')
        address = {'url': request.application_url}
        response = pecan.Response(
            json={**self._document, 'servers': [address]},
            # It is for those with a token, who may keep it, but ask.
            cache_control='private, no-cache',
            conditional_response=True,
        )
        response.etag = hashlib.sha256(response.body).hexdigest()
        return response

    @functools.cached_property
    def _document(self) -> dict[str, Any]:
        return openapi.document(self._root)
