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

from collections.abc import Callable, Mapping, Sequence
import types
from typing import Any

import pecan
import webob
import webob.exc

from stratometrics.api import formats
from stratometrics.api import operations

#: What a controller calls what each method of HTTP does.
_METHODS = {
    'GET': 'read',
    'HEAD': 'read',
    'POST': 'create',
    'PATCH': 'amend',
    'DELETE': 'remove',
}
_READING = ('GET', 'HEAD')


class Request(pecan.Request):
    """A request whose body and query string only controllers look into.

    Pecan would parse a body to find arguments for a method, and fail on a
    broken one.
    """

    #: Not this, but json_body.
    json = None
    #: In which form the answer is wanted: one of those of the controller.
    form: str

    @property
    def params(self) -> Mapping[str, str]:
        return self.GET

    @property
    def application_url(self) -> str:
        """The address of the service, without a slash at its end.

        Apache's mod_proxy_uwsgi leaves one in SCRIPT_NAME if there is no more
        in the path than the service's own prefix and a slash.
        """
        return super().application_url.rstrip('/')


class Controller:
    """A path, and what can be done with it.

    Each method of :data:`_METHODS` that a class has is one that its path
    takes, besides HEAD and OPTIONS. It takes the request and returns what is
    to be sent as JSON, or else a response of its own. A path that takes none
    is not there.
    """

    #: What these methods do, by their names in HTTP but for HEAD.
    described: Mapping[str, operations.Operation] = types.MappingProxyType({})
    #: The paths below this one, by their next segment.
    below: Mapping[str, 'Controller'] = types.MappingProxyType({})
    #: What the next segment may be besides; see :meth:`one`.
    variable: operations.Parameter | None = None
    #: The media types of what is read here, by the values of the parameter
    #: ``format``; see :func:`stratometrics.api.formats.choose`.
    formats: Mapping[str, str] = formats.JSON

    def find(self, segment: str) -> 'Controller':
        """The path below this one.

        :param segment: the next one of the path, decoded; never empty.
        :raises HTTPNotFound: there is none.
        """
        if segment in self.below:
            return self.below[segment]
        return self.one(segment)

    def one(self, segment: str) -> 'Controller':
        """The path below this one that a variable segment names.

        :param segment: as in :meth:`find`; a value of :attr:`variable`.
        :raises HTTPNotFound: there is none; nor is there ever one, where
            nothing is variable.
        """
        raise webob.exc.HTTPNotFound

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of HTTP that the path takes."""
        taken = [name for name, own in _METHODS.items() if hasattr(self, own)]
        return (*taken, 'OPTIONS') if taken else ()

    @pecan.expose()
    def _route(
        self, segments: Sequence[str], request: Request
    ) -> tuple[Callable[..., Any], list[str]]:
        # Pecan would walk along the attributes of Python objects.
        found = self
        for segment in filter(None, segments):
            found = found.find(segment)
        # Or else it would refuse what Accept asks for by itself.
        request.pecan['content_type'] = formats.JSON['json']
        return found.index, []

    @pecan.expose(template='json')
    def index(
        self, request: Request, response: pecan.Response
    ) -> dict[str, Any] | webob.Response:
        if not self.methods:
            raise webob.exc.HTTPNotFound
        allow = ', '.join(self.methods)
        if request.method not in self.methods:
            raise webob.exc.HTTPMethodNotAllowed(headers={'Allow': allow})
        if request.method == 'OPTIONS':
            return pecan.Response(status=204, allow=allow)
        offered = self.formats if request.method in _READING else formats.JSON
        request.form = formats.choose(request, offered)
        return getattr(self, _METHODS[request.method])(request)
