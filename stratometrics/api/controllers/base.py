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
"""What all controllers have in common."""

import abc
from collections.abc import Callable, Mapping, Sequence
import types
from typing import Any, NoReturn

import pecan
import webob.exc


class Request(pecan.Request):
    """A request whose body and query string only controllers look into.

    Pecan would parse a body to find arguments for a method, and fail on a
    broken one.
    """

    #: Not this, but json_body.
    json = None

    @property
    def params(self) -> Mapping[str, str]:
        return self.GET


class ReadOnlyController(abc.ABC):
    """A path that can be read: GET, HEAD and OPTIONS."""

    #: The paths below this one, by their next segment.
    below: Mapping[str, 'ReadOnlyController'] = types.MappingProxyType({})

    @abc.abstractmethod
    def read(self, request: Request) -> dict[str, Any]:
        """The body of the answer, ready for JSON.

        :raises APIError: there is none.
        """

    @pecan.expose()
    def _route(
        self, segments: Sequence[str], request: Request
    ) -> tuple[Callable[..., Any], list[str]]:
        # Pecan would walk along the attributes of Python objects.
        found = self
        for segment in filter(None, segments):
            if segment not in found.below:
                raise webob.exc.HTTPNotFound
            found = found.below[segment]
        return found.index, []

    @pecan.expose(generic=True, template='json')
    def index(self, request: Request, response: pecan.Response) -> NoReturn:
        raise webob.exc.HTTPMethodNotAllowed

    @index.when(method='GET', template='json')
    def get(
        self, request: Request, response: pecan.Response
    ) -> dict[str, Any]:
        return self.read(request)

    index.when(method='HEAD', template='json')(get)

    @index.when(method='OPTIONS', template='json')
    def options(
        self, request: Request, response: pecan.Response
    ) -> pecan.Response:
        return pecan.Response(status=204, allow='GET, HEAD, OPTIONS')
