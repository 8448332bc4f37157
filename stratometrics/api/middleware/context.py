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
"""Who asks: the caller as the rest of the service knows him."""

from wsgiref import types as wsgi

from oslo_context import context as oslo_context
from oslo_middleware import request_id
import webob
import webob.dec
import webob.exc

ENVIRON_KEY = 'stratometrics.context'


class KeystoneContext:
    """Makes a context of what keystonemiddleware found out."""

    def __init__(self, application: wsgi.WSGIApplication) -> None:
        self._application = application

    @webob.dec.wsgify
    def __call__(self, request: webob.Request) -> webob.Response:
        # With [keystone_authtoken]/delay_auth_decision it lets everybody in.
        if request.headers.get('X-Identity-Status') != 'Confirmed':
            raise webob.exc.HTTPUnauthorized
        request.environ[ENVIRON_KEY] = (
            oslo_context.RequestContext.from_environ(
                request.environ,
                request_id=request.environ[request_id.ENV_REQUEST_ID],
                global_request_id=request.environ.get(
                    request_id.GLOBAL_REQ_ID
                ),
            )
        )
        return request.get_response(self._application)


class EverybodyIsAdmin:
    """Makes everybody an administrator, for development.

    X-Project-Id says which project the caller pretends to come from.
    """

    def __init__(self, application: wsgi.WSGIApplication) -> None:
        self._application = application

    @webob.dec.wsgify
    def __call__(self, request: webob.Request) -> webob.Response:
        request.environ[ENVIRON_KEY] = oslo_context.RequestContext(
            user_id='noauth',
            project_id=request.headers.get('X-Project-Id'),
            roles=['admin'],
            request_id=request.environ[request_id.ENV_REQUEST_ID],
        )
        return request.get_response(self._application)
