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
"""Turns away what no controller should have to think about."""

from urllib import parse
from wsgiref import types as wsgi

import webob
import webob.dec

from stratometrics.api import errors

#: The longest query string, in bytes. The server in front ends at 8190 for
#: the whole first line of a request.
MAX_QUERY_LENGTH = 8000


class Screening:
    """Lets pass what is UTF-8 and of bearable length."""

    def __init__(self, application: wsgi.WSGIApplication) -> None:
        self._application = application

    @webob.dec.wsgify
    def __call__(self, request: webob.Request) -> webob.Response:
        path = request.environ.get('PATH_INFO', '')
        query = request.environ.get('QUERY_STRING', '')
        if len(query) > MAX_QUERY_LENGTH:
            raise errors.BadRequest(
                f'The query string is longer than {MAX_QUERY_LENGTH} bytes.'
            )
        try:
            path.encode('latin-1').decode()
            raw = query.encode('latin-1')
            raw.decode()
            parse.unquote_to_bytes(raw).decode()
        except UnicodeDecodeError:
            raise errors.BadRequest('The address is not UTF-8.') from None
        return request.get_response(self._application)
