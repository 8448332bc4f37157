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
"""Errors as callers see them.

Their texts are written for callers: what is raised here is shown to them
word for word.
"""

from collections.abc import Mapping

#: Seconds after which to come again, where nothing better is known.
RETRY_AFTER = 5


class APIError(Exception):
    """The base of all.

    :param detail: what is wrong and what to do about it.
    :param headers: headers for the answer.
    """

    status = 500
    code = 'internal-error'
    title = 'Internal Server Error'

    def __init__(
        self, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})


class BadRequest(APIError):
    status = 400
    code = 'bad-request'
    title = 'Bad Request'


class InvalidParameter(BadRequest):
    """A parameter of the query string has a value that it cannot have."""

    code = 'invalid-parameter'
    title = 'Invalid Parameter'


class UnknownParameter(BadRequest):
    """The query string has a parameter that the path does not take."""

    code = 'unknown-parameter'
    title = 'Unknown Parameter'


class InvalidBody(BadRequest):
    """The body of the request is not what the path takes."""

    code = 'invalid-body'
    title = 'Invalid Body'


class InvalidPeriod(BadRequest):
    """The period asked about is empty, reversed, too long or too far."""

    code = 'invalid-period'
    title = 'Invalid Period'


class NoProject(BadRequest):
    """Neither the token nor the query string names a project."""

    code = 'no-project'
    title = 'No Project'


class TooExpensive(BadRequest):
    """Answering would take more than the operator allows for one query."""

    code = 'query-too-expensive'
    title = 'Query Too Expensive'


class Purged(BadRequest):
    """The period reaches back to what the operator did not keep."""

    code = 'purged'
    title = 'Purged'


class Forbidden(APIError):
    status = 403
    code = 'forbidden'
    title = 'Forbidden'


class NotAcceptable(APIError):
    status = 406
    code = 'not-acceptable'
    title = 'Not Acceptable'


class Conflict(APIError):
    """What there is already does not allow it."""

    status = 409
    code = 'conflict'
    title = 'Conflict'


class UnsupportedMediaType(APIError):
    status = 415
    code = 'unsupported-media-type'
    title = 'Unsupported Media Type'


class Unavailable(APIError):
    """Something that the service needs is away; trying again helps."""

    status = 503
    code = 'unavailable'
    title = 'Service Unavailable'

    def __init__(self, detail: str, retry_after: int = RETRY_AFTER) -> None:
        super().__init__(detail, {'Retry-After': str(retry_after)})


class Busy(Unavailable):
    """Too much is asked at the same time; trying again later helps."""

    code = 'busy'


class ClientGone(APIError):
    """Nobody waits for the answer; only the log tells of it."""

    status = 499
    code = 'client-gone'
    title = 'Client Closed Request'
