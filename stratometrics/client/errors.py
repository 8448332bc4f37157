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
"""What can go wrong with a request, each with what the service said of it."""


class ClientError(Exception):
    """Something went wrong; str() is for people.

    :ivar request_id: under which the log of the service tells about it; None
        if no answer told one.
    """

    def __init__(self, message: str, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class NoEndpoint(ClientError):
    """The catalog of Keystone names no endpoint of the service."""


class EmptyCatalog(NoEndpoint):
    """The token is for no project, and such a one comes with no catalog."""


class NotAuthenticated(ClientError):
    """Keystone gives no token: the credentials are wrong, or it is away."""


class Unreachable(ClientError):
    """Nothing answers at the endpoint, or it stopped in the middle.

    :ivar reached: whether the service may have done what was asked of it.
    """

    def __init__(
        self,
        message: str,
        request_id: str | None = None,
        reached: bool = True,
    ) -> None:
        super().__init__(message, request_id)
        self.reached = reached


class Untrusted(Unreachable):
    """What answers does not prove who it is."""


class UnexpectedAnswer(ClientError):
    """The answer is none of this API."""


class InvalidQuestion(ClientError, ValueError):
    """What is asked cannot be spelled, and was not sent."""


class Refused(ClientError):
    """The service answered with an error, or what stands before it did.

    :ivar status: the status of HTTP.
    :ivar code: what stays the same, such as ``stratometrics.not-found``; ''
        if it was not the service.
    :ivar title: the same in words.
    :ivar detail: what to do about it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        request_id: str | None,
    ) -> None:
        identified = f' ({request_id})' if request_id else ''
        super().__init__(f'{detail or title}{identified}', request_id)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail


class BadRequest(Refused):
    """400: the question cannot be answered as it is."""


class Unauthorized(Refused):
    """401: there is no valid token."""


class Forbidden(Refused):
    """403: the rules of policy do not allow it."""


class NotFound(Refused):
    """404: there is nothing, or nothing for the caller."""


class MethodNotAllowed(Refused):
    """405: the path does not take the method; an older service may not."""


class NotAcceptable(Refused):
    """406: the form that was asked for is not to be had."""


class Conflict(Refused):
    """409: what is there already does not allow it."""


class TooLarge(Refused):
    """413: the body is too large."""


class Unavailable(Refused):
    """503: what the service needs is away, or too much is asked at once."""


#: By the status of HTTP; of others, :class:`Refused` itself is raised.
BY_STATUS: dict[int, type[Refused]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    406: NotAcceptable,
    409: Conflict,
    413: TooLarge,
    503: Unavailable,
}
