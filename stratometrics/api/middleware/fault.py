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
"""Every error, wherever it comes from, leaves in one shape."""

import json
from wsgiref import types as wsgi

from keystoneauth1 import exceptions as keystone_exceptions
from oslo_log import log as logging
from oslo_middleware import request_id
import webob
import webob.dec
import webob.exc
import wsme.rest.json

from stratometrics.api import errors
from stratometrics.api import types
from stratometrics.model import timestamps
from stratometrics.storage import errors as storage_errors

LOG = logging.getLogger(__name__)

#: Before the code of each error.
PREFIX = 'stratometrics.'

#: Headers of a foreign error answer that mean something to the caller.
_KEPT_HEADERS = ('WWW-Authenticate', 'Allow')

#: What to say of errors that come as a bare status from a library.
FOREIGN = {
    400: ('bad-request', 'The request is malformed.'),
    401: ('unauthorized', 'The request needs a valid token in X-Auth-Token.'),
    403: ('forbidden', 'You are not allowed to do this.'),
    404: ('not-found', 'There is nothing at this path.'),
    405: ('method-not-allowed', 'The path does not take this method.'),
    406: ('not-acceptable', 'The answer can be had as JSON only.'),
    413: (
        'request-entity-too-large',
        'The body of the request is larger than the service takes; send less '
        'at once.',
    ),
}
_KEYSTONE_IS_AWAY = 'The identity service is not available; try again later.'


class Fault:
    """Turns exceptions and error answers into API-SIG bodies.

    What an exception says goes to the log; the caller is told only what was
    written for callers. So nobody sees SQL, a path or a host.
    """

    def __init__(self, application: wsgi.WSGIApplication) -> None:
        self._application = application

    @webob.dec.wsgify
    def __call__(self, request: webob.Request) -> webob.Response:
        try:
            response = request.get_response(self._application)
        except errors.APIError as error:
            response = _answer(request, error)
        except webob.exc.HTTPException as error:
            response = _from_status(request, error)
        except storage_errors.QueryTooExpensive as error:
            LOG.warning('A query reached a limit: %s', error)
            response = _answer(
                request,
                errors.TooExpensive(
                    'The answer would take more time, memory or rows than '
                    'one request may. Ask for a shorter period, fewer groups '
                    'or one project.'
                ),
            )
        except storage_errors.Purged as error:
            response = _answer(
                request,
                errors.Purged(
                    'What was before '
                    f'{timestamps.isoformat(error.since)} was purged. Ask '
                    'for a period from then on, as of now.'
                ),
            )
        except storage_errors.Abandoned as error:
            response = _answer(request, errors.ClientGone(str(error)))
        except storage_errors.StorageUnavailable as error:
            LOG.error('The storage is not available: %s', error)
            response = _answer(
                request,
                errors.Unavailable(
                    'The storage is not available; try again later.'
                ),
            )
        except keystone_exceptions.ClientException as error:
            LOG.error('Keystone cannot be asked: %s', error)
            response = _answer(request, errors.Unavailable(_KEYSTONE_IS_AWAY))
        except Exception:
            LOG.exception('A request failed')
            response = _answer(
                request,
                errors.APIError(
                    'The service failed. Its log tells why, under the '
                    'request id.'
                ),
            )
        else:
            if response.status_int >= 400:
                replaced = response.app_iter
                response = _from_status(request, response)
                if hasattr(replaced, 'close'):
                    replaced.close()
        # A cache that does not know X-Auth-Token would tell one project what
        # another one asked.
        response.headers.setdefault('Cache-Control', 'no-store')
        return response


def _from_status(
    request: webob.Request, found: webob.Response
) -> webob.Response:
    """An error that a library made: its status counts, not its text."""
    if found.status_int == 503:
        # Of the libraries only keystonemiddleware needs something.
        return _answer(request, errors.Unavailable(_KEYSTONE_IS_AWAY))
    title = found.status.partition(' ')[2]
    code, detail = FOREIGN.get(
        found.status_int, (f'http-{found.status_int}', f'{title}.')
    )
    error = errors.APIError(
        detail,
        {
            name: found.headers[name]
            for name in _KEPT_HEADERS
            if name in found.headers
        },
    )
    error.status, error.title, error.code = found.status_int, title, code
    return _answer(request, error)


def _answer(request: webob.Request, error: errors.APIError) -> webob.Response:
    body = types.Errors(
        errors=[
            types.Error(
                request_id=request.environ.get(request_id.ENV_REQUEST_ID, ''),
                code=f'{PREFIX}{error.code}',
                status=error.status,
                title=error.title,
                detail=error.detail,
            )
        ]
    )
    response = webob.Response(
        status=f'{error.status} {error.title}',
        content_type='application/json',
        charset='UTF-8',
        text=json.dumps(wsme.rest.json.tojson(types.Errors, body)),
    )
    response.headers.update(error.headers)
    return response
