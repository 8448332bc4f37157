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
"""One line in the log for each request."""

import time
from urllib import parse
from wsgiref import types as wsgi

from oslo_context import context as oslo_context
from oslo_log import log as logging
from oslo_middleware import request_id
from oslo_utils import strutils
import webob
import webob.dec

from stratometrics.api.middleware import context

LOG = logging.getLogger(__name__)

#: What may stand in a logged address; all else is percent-encoded, so that
#: no caller can write lines of his own.
_PRINTABLE = "%/?:@-._~!$&'()*+,;="


class RequestLog:
    """Logs method, address, status, length, duration and caller."""

    def __init__(self, application: wsgi.WSGIApplication) -> None:
        self._application = application

    @webob.dec.wsgify
    def __call__(self, request: webob.Request) -> webob.Response:
        begin = time.monotonic()
        # Lines of this request carry its id even before the caller is known,
        # and not the caller of the thread's last request.
        oslo_context.RequestContext(
            request_id=request.environ[request_id.ENV_REQUEST_ID],
            global_request_id=request.environ.get(request_id.GLOBAL_REQ_ID),
        )
        response = request.get_response(self._application)
        caller = request.environ.get(context.ENVIRON_KEY)
        LOG.info(
            '%(client)s "%(method)s %(address)s" status: %(status)s '
            'length: %(length)s time: %(duration).6f project: %(project)s '
            'user: %(user)s request: %(request)s',
            {
                'client': request.remote_addr or '-',
                'method': parse.quote(request.method),
                'address': _address(request.environ),
                'status': response.status_int,
                'length': response.content_length or 0,
                'duration': time.monotonic() - begin,
                'project': (caller and caller.project_id) or '-',
                'user': (caller and caller.user_id) or '-',
                'request': request.environ[request_id.ENV_REQUEST_ID],
            },
        )
        return response


def _address(environ: wsgi.WSGIEnvironment) -> str:
    path = environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', '')
    # The path has been decoded, so its percent signs are meant as such.
    address = parse.quote(
        path.encode('latin-1'), safe=_PRINTABLE.replace('%', '')
    )
    query = environ.get('QUERY_STRING', '')
    if query:
        address += '?' + parse.quote(query.encode('latin-1'), safe=_PRINTABLE)
    # Nobody has to put a token there, but somebody will.
    return strutils.mask_password(address)
