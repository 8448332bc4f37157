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
"""What is below /v1/statements: what projects are charged."""

from collections.abc import Iterator
import contextlib
import dataclasses
from typing import Any

import pecan
import webob
import webob.exc

from stratometrics import policy
from stratometrics.api import authorization
from stratometrics.api import bodies
from stratometrics.api import errors
from stratometrics.api import formats
from stratometrics.api import invoicing
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api import reports
from stratometrics.api.controllers import base
from stratometrics.api.middleware import context
from stratometrics.model import months
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.policies import statements as policies
from stratometrics.rating import billing
from stratometrics.rating import costs
from stratometrics.rating import issuing
from stratometrics.rating.rendering import document
from stratometrics.rating.rendering import forms
from stratometrics.rating.rendering import page
from stratometrics.rating.rendering import pdf
from stratometrics.storage import base as storage_base

_SUBJECT = authorization.Subject(
    'statements', policies.GET, policies.GET_ALL_PROJECTS
)

#: The forms that are made for people, who like to see a chart.
_FOR_PEOPLE = ('html', 'pdf')
#: How much of what has no price an error tells.
_MAX_SHOWN = 20
#: Seconds after which another one may have done with issuing.
_RETRY_AFTER = 5
#: In front of the project in a number, such as ``2026-10-``.
_MONTH_LENGTH = 8


#: Of what is read for one project or all.
_READ_RULES = (_SUBJECT.one, _SUBJECT.every)
_JSON = formats.JSON_TYPE


def _answers(found: operations.Schema) -> dict[str, operations.Schema | None]:
    """The schemas of all forms.

    :param found: that of JSON.
    """
    return {
        **dict.fromkeys(forms.MEDIA_TYPES.values()),
        _JSON: found,
    }


@dataclasses.dataclass(frozen=True, slots=True)
class _Owners:
    """Whose statement is asked for."""

    project_ids: tuple[str, ...]
    all_projects: bool = False


class StatementsController(base.Controller):
    """/v1/statements

    :param appearance: of what is made for people.
    """

    formats = forms.MEDIA_TYPES
    variable = operations.Parameter(
        name='number',
        schema=parameters.VALUE,
        description='The number of a statement that was issued.',
    )
    described = {
        'GET': operations.Operation(
            summary=(
                'A preview of a statement, or a list of those that were '
                'issued.'
            ),
            parameters=invoicing.described(forms.MEDIA_TYPES),
            answers=_answers(
                {'anyOf': [reports.STATEMENT, invoicing.RECEIPTS]}
            ),
            refusals=parameters.ERRORS,
            rules=_READ_RULES,
        ),
        'POST': operations.Operation(
            summary='Issue the statement of a project and month, for ever.',
            body=invoicing.ORDER,
            status=201,
            answers={_JSON: invoicing.RECEIPT},
            headers={'Location': 'Where it is.'},
            others={200: 'It was issued before, and is as it was.'},
            refusals=(errors.Conflict,),
            rules=(policies.ISSUE,),
        ),
    }

    def __init__(
        self,
        storage: storage_base.StatementStore,
        enforcer: policy.Enforcer,
        rules: parameters.Rules,
        issuer: issuing.Issuer,
        appearance: page.Appearance,
    ) -> None:
        self.storage = storage
        self._enforcer = enforcer
        self._rules = rules
        self._issuer = issuer
        self._appearance = appearance

    def one(self, segment: str) -> base.Controller:
        return StatementController(self, segment)

    def read(self, request: base.Request) -> Any:
        asked = invoicing.question(
            request.query_string, self._rules, timestamps.now()
        )
        owners = self.visible(request, asked)
        if asked.issued:
            return self._list(request, asked, owners)
        return self._preview(request, asked, *owners)

    def _list(
        self,
        request: base.Request,
        asked: invoicing.Question,
        owners: tuple[str, ...] | None,
    ) -> dict[str, Any]:
        # Only a single statement has other forms.
        formats.choose(request, formats.JSON)
        found = self.storage.receipts(
            owners, asked.month, asked.marker, asked.limit + 1
        )
        return invoicing.listed(
            asked, found, request.path_url, request.query_string
        )

    def _preview(
        self,
        request: base.Request,
        asked: invoicing.Question,
        project_id: str,
    ) -> webob.Response:
        as_of = self._issuer.settled() if asked.as_of is None else asked.as_of
        month = self._month(asked, as_of)
        try:
            found = self._issuer.preview(
                project_id,
                month,
                as_of,
                asked.detailed,
                (
                    request.form in _FOR_PEOPLE
                    if asked.daily is None
                    else asked.daily
                ),
            )
        except billing.NothingYet as error:
            raise errors.InvalidParameter(str(error)) from None
        except costs.TooMuch:
            raise errors.TooExpensive(
                'The preview would take too much memory. Ask for one without '
                'detail, without daily costs, or for JSON or CSV, which have '
                'none by default.'
            ) from None
        return self.rendered(request, document.preview(found), asked.locale)

    def _month(self, asked: invoicing.Question, as_of: int) -> usage.Period:
        if asked.month:
            return invoicing.read_month(asked.month, self._rules)
        return months.holding(as_of - 1, self._rules.zone)

    def create(self, request: base.Request) -> webob.Response:
        parameters.none_expected(request.query_string)
        caller = request.environ[context.ENVIRON_KEY]
        if not self._enforcer.allows(policies.ISSUE, {}, caller):
            raise errors.Forbidden('You are not allowed to issue statements.')
        order = invoicing.order(bodies.read(request), self._rules)
        with _told():
            issued, new = self._issuer.issue(
                order.project_id,
                order.month,
                caller.user_id,
                order.as_of,
                order.allow_unpriced,
            )
        return pecan.Response(
            status=201 if new else 200,
            json=invoicing.receipt(issued, request.path_url),
            location=invoicing.location(issued.number, request.path_url),
        )

    def visible(
        self, request: base.Request, asked: authorization.Asked
    ) -> tuple[str, ...] | None:
        """The tenant filter (R16)."""
        return authorization.visible_projects(
            self._enforcer,
            request.environ[context.ENVIRON_KEY],
            _SUBJECT,
            asked,
        )

    def rendered(
        self,
        request: base.Request,
        found: document.Document,
        locale: str | None,
    ) -> webob.Response:
        """A statement in the form that was asked for."""
        maximum = self._rules.max_page_lines
        if request.form in _FOR_PEOPLE and _length(found) > maximum:
            raise errors.TooExpensive(
                f'The statement has more than {maximum} lines, which are too '
                f'many for {request.form}. Ask for CSV, or for a preview '
                f'without detail.'
            )
        try:
            body = forms.render(
                request.form,
                found,
                self._appearance,
                locale or invoicing.accepted_locale(request),
            )
        except pdf.MissingExtra:
            raise errors.NotAcceptable(
                'This service cannot make PDF: its operator has not '
                'installed what does. Ask for html.'
            ) from None
        return pecan.Response(
            body=body,
            content_type=self.formats[request.form],
            charset=None if request.form == 'pdf' else 'UTF-8',
            vary=('Accept', 'Accept-Language'),
        )


class StatementController(base.Controller):
    """/v1/statements/{number}"""

    formats = forms.MEDIA_TYPES
    described = {
        'GET': operations.Operation(
            summary='A statement that was issued.',
            parameters=invoicing.described_of_one(forms.MEDIA_TYPES),
            answers=_answers(reports.STATEMENT),
            others={304: 'It is that of If-None-Match.'},
            refusals=(errors.InvalidParameter,),
            rules=(policies.GET,),
        )
    }

    def __init__(self, all_: StatementsController, number: str) -> None:
        self._all = all_
        self._number = number

    def read(self, request: base.Request) -> webob.Response:
        locale = invoicing.locale_of_one(request.query_string)
        owner = self._number[_MONTH_LENGTH:]
        try:
            self._all.visible(request, _Owners((owner,)))
        except errors.Forbidden:
            # To whom may not see it, it is as if there were none.
            raise webob.exc.HTTPNotFound from None
        issued = self._all.storage.issued(self._number)
        if issued is None or issued.project_id != owner:
            raise webob.exc.HTTPNotFound
        response = self._all.rendered(request, document.of(issued), locale)
        if request.form == 'json':
            response.etag = issued.sha256
            response.conditional_response = True
        return response


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tells callers why a statement cannot be issued."""
    try:
        yield
    except issuing.WrongWatermark as error:
        raise errors.InvalidBody(str(error)) from None
    except issuing.Busy as error:
        raise errors.Unavailable(str(error), _RETRY_AFTER) from None
    except issuing.NoPrice as error:
        raise errors.Conflict(f'{error}: {_shown(error)}') from None
    except issuing.StatementError as error:
        raise errors.Conflict(str(error)) from None
    except costs.TooMuch:
        raise errors.TooExpensive(
            'The statement would take too much memory: issue it by the '
            'command stratometrics-manage.'
        ) from None


def _length(found: document.Document) -> int:
    statement = found.statement
    return sum(
        map(len, (statement.lines, statement.adjustments, statement.unpriced))
    )


def _shown(error: issuing.NoPrice) -> str:
    found = sorted(
        {
            ' '.join(filter(None, (each.resource_type, each.type, each.state)))
            for each in error.unpriced
        }
    )
    more = ', and others' if len(found) > _MAX_SHOWN else ''
    return ', '.join(found[:_MAX_SHOWN]) + more
