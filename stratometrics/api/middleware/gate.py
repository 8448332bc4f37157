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
"""Who needs no token."""

from collections.abc import Iterable
from wsgiref import types as wsgi

#: Paths that everybody may see, without a slash at their end.
PUBLIC_PATHS = frozenset({'', '/healthcheck'})


class Gate:
    """Sends requests past authentication that do not need it.

    Those are public paths, and OPTIONS everywhere: a browser that asks
    whether it may send a token does not send one.

    :param application: what answers requests.
    :param guarded: the same behind authentication.
    """

    def __init__(
        self,
        application: wsgi.WSGIApplication,
        guarded: wsgi.WSGIApplication,
    ) -> None:
        self._application = application
        self._guarded = guarded

    def __call__(
        self,
        environ: wsgi.WSGIEnvironment,
        start_response: wsgi.StartResponse,
    ) -> Iterable[bytes]:
        path = environ.get('PATH_INFO', '').rstrip('/')
        if path in PUBLIC_PATHS or environ['REQUEST_METHOD'] == 'OPTIONS':
            return self._application(environ, start_response)
        return self._guarded(environ, start_response)
