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
"""Questions about statements, and the answers."""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
from typing import Any
from urllib import parse

import webob

from stratometrics.api import errors
from stratometrics.api import formats
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api import schemas
from stratometrics.api import types
from stratometrics.model import instants
from stratometrics.model import months
from stratometrics.model import statements
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.rating.rendering import notation

#: How many statements a list has, and can have.
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

_MONTH = 'month'
_AS_OF = 'as_of'
_ISSUED = 'issued'
_DETAIL = 'detail'
_DAILY = 'daily'
_LIMIT = 'limit'
_MARKER = 'marker'
_LOCALE = 'locale'
_ALLOW = 'allow_unpriced'
#: Of a single statement that was issued.
_OF_ONE = (formats.FORMAT, _LOCALE)
_SCOPE = (_MONTH, parameters.PROJECT_ID, parameters.ALL_PROJECTS, _ISSUED)
#: Of a preview, and of a list of what was issued.
_OF_PREVIEWS = (_AS_OF, _DETAIL, _DAILY, *_OF_ONE)
_OF_LISTS = (_LIMIT, _MARKER)

#: What a body tells of the statement that is to be issued.
_REQUIRED = (_MONTH, parameters.PROJECT_ID)
_KEYS = (*_REQUIRED, _AS_OF, _ALLOW)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, before anyone decided whether the caller may know.

    :param issued: whether it is for a list of what was issued, rather than
        for a preview.
    :param month: as it was written; '' if it was not.
    :param daily: whether costs by day are wanted; None if it does not say.
    :param locale: in which a preview is wanted; None if it does not say.
    :param marker: where the last page ended; '' for the first one.
    """

    issued: bool
    project_ids: tuple[str, ...]
    all_projects: bool
    month: str
    as_of: int | None
    detailed: bool
    daily: bool | None
    locale: str | None
    limit: int
    marker: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a body asks to be issued."""

    project_id: str
    month: usage.Period
    as_of: int | None
    allow_unpriced: bool


def question(query: str, rules: parameters.Rules, now: int) -> Question:
    """Read the query string of a preview or a list.

    :param query: as it came, percent-encoded.
    :param now: the time of asking, microseconds since the epoch.
    :raises BadRequest: one of its sub-classes, with what is wrong.
    """
    given = parameters.pairs(query, (*_SCOPE, *_OF_PREVIEWS, *_OF_LISTS))
    project_ids, all_projects = parameters.scope(given)
    # Of all projects there is a list only.
    issued = parameters.boolean(given, _ISSUED) or all_projects
    if issued and given.get(formats.FORMAT) == ['json']:
        del given[formats.FORMAT]
    for name in _OF_PREVIEWS if issued else _OF_LISTS:
        if name in given:
            what = 'a list of what was issued' if issued else 'a preview'
            raise errors.InvalidParameter(f'{name} is not for {what}')
    if not issued and len(project_ids) > 1:
        raise errors.InvalidParameter(
            'a preview is of one project: name one with project_id'
        )
    month = parameters.single(given, _MONTH) or ''
    if month:
        read_month(month, rules)
    return Question(
        issued=issued,
        project_ids=project_ids,
        all_projects=all_projects,
        month=month,
        as_of=parameters.as_of(given, rules, now),
        detailed=parameters.boolean(given, _DETAIL),
        daily=parameters.boolean(given, _DAILY) if _DAILY in given else None,
        locale=_locale(given),
        limit=parameters.whole_number(given, _LIMIT, DEFAULT_LIMIT, MAX_LIMIT),
        marker=parameters.single(given, _MARKER) or '',
    )


def locale_of_one(query: str) -> str | None:
    """Read the query string of one issued statement."""
    return _locale(parameters.pairs(query, _OF_ONE))


def read_month(text: str, rules: parameters.Rules) -> usage.Period:
    """The month that is named.

    :raises InvalidParameter: it is none.
    """
    try:
        return months.read(text, rules.zone)
    except months.InvalidMonth as error:
        raise errors.InvalidParameter(f'{_MONTH} {error}') from None


def order(body: Any, rules: parameters.Rules) -> Order:
    """Read the body of a request to issue a statement.

    :raises InvalidBody: names the key that is wrong.
    """
    if not isinstance(body, dict):
        raise errors.InvalidBody('the body must be a JSON object')
    for key in body:
        if key not in _KEYS:
            raise errors.InvalidBody(
                f'unknown key {key[:64]!r}; valid are {", ".join(_KEYS)}'
            )
    for key in _REQUIRED:
        if key not in body:
            raise errors.InvalidBody(f'{key} is missing')
    for key in (*_REQUIRED, _AS_OF):
        value = body.get(key, '-')
        if not (
            isinstance(value, str)
            and 0 < len(value) <= parameters.MAX_VALUE_LENGTH
            and value.isprintable()
        ):
            raise errors.InvalidBody(
                f'{key} must be a string of 1 to '
                f'{parameters.MAX_VALUE_LENGTH} printable characters'
            )
    allow_unpriced = body.get(_ALLOW, False)
    if not isinstance(allow_unpriced, bool):
        raise errors.InvalidBody(f'{_ALLOW} must be true or false')
    try:
        month = months.read(body[_MONTH], rules.zone)
    except months.InvalidMonth as error:
        raise errors.InvalidBody(f'{_MONTH} {error}') from None
    try:
        as_of = instants.parse(body[_AS_OF]) if _AS_OF in body else None
    except instants.InvalidInstant as error:
        raise errors.InvalidBody(f'{_AS_OF} {error}') from None
    return Order(
        project_id=body[parameters.PROJECT_ID],
        month=month,
        as_of=as_of,
        allow_unpriced=allow_unpriced,
    )


def listed(
    asked: Question,
    found: Sequence[statements.Receipt],
    address: str,
    query: str,
) -> dict[str, Any]:
    """The body of a list, ready for JSON.

    :param found: one more than asked for, if there is a next page.
    :param address: of the path, without its query string.
    :param query: the query string of the question.
    """
    shown = found[: asked.limit]
    body: dict[str, Any] = {
        'statements': [receipt(each, address) for each in shown]
    }
    if len(found) > len(shown):
        pairs = [
            (name, value)
            for name, value in parse.parse_qsl(query)
            if name != _MARKER
        ]
        text = parse.urlencode([*pairs, (_MARKER, shown[-1].number)])
        body['links'] = [{'rel': 'next', 'href': f'{address}?{text}'}]
    return body


def receipt(issued: statements.Receipt, address: str) -> dict[str, Any]:
    """What is told of an issued statement beside its text.

    :param address: of the path of all statements.
    """
    return {
        'number': issued.number,
        'project_id': issued.project_id,
        'period': {
            'from': timestamps.isoformat(issued.period.begin),
            'to': timestamps.isoformat(issued.period.end),
        },
        'as_of': timestamps.isoformat(issued.as_of),
        'issued_at': timestamps.isoformat(issued.issued_at),
        'issued_by': issued.issued_by,
        'sha256': issued.sha256,
        'links': [{'rel': 'self', 'href': location(issued.number, address)}],
    }


def location(number: str, address: str) -> str:
    """Where an issued statement is.

    :param address: of the path of all statements.
    """
    return f'{address.rstrip("/")}/{parse.quote(number, safe="")}'


def accepted_locale(request: webob.Request) -> str | None:
    """The first of the languages in Accept-Language that can be written."""
    wanted = getattr(request.accept_language, 'parsed', None) or ()
    for name, quality in sorted(wanted, key=lambda each: -each[1]):
        if quality:
            try:
                notation.locale(name)
            except notation.UnknownLocale:
                continue
            return name
    return None


def _locale(given: Mapping[str, Sequence[str]]) -> str | None:
    name = parameters.single(given, _LOCALE)
    if name is not None:
        try:
            notation.locale(name)
        except notation.UnknownLocale as error:
            raise errors.InvalidParameter(f'{_LOCALE}: {error}') from None
    return name


_LOCALE_PARAMETER = operations.Parameter(
    name=_LOCALE,
    schema=parameters.VALUE,
    description=(
        'How money and dates are written in what is made for people, such as '
        'de-CH; counts before Accept-Language.'
    ),
)


def described_of_one(
    offered: Iterable[str],
) -> tuple[operations.Parameter, ...]:
    """The parameters of :func:`locale_of_one`.

    :param offered: the values of ``format``.
    """
    return (_LOCALE_PARAMETER, parameters.described_format(offered))


def described(offered: Iterable[str]) -> tuple[operations.Parameter, ...]:
    """The parameters of :func:`question`.

    :param offered: the values of ``format``.
    """
    return (
        operations.Parameter(
            name=_MONTH,
            schema=schemas.MONTH,
            description=(
                'A calendar month. By default a preview is of the current '
                'one, and a list of all.'
            ),
        ),
        *parameters.SCOPE,
        operations.Parameter(
            name=_ISSUED,
            schema=schemas.BOOLEAN,
            description=(
                'List what was issued, instead of giving a preview; so does '
                'all_projects.'
            ),
        ),
        parameters.AS_OF,
        operations.Parameter(
            name=_DETAIL,
            schema=schemas.BOOLEAN,
            description='Of a preview: lines for each resource.',
        ),
        operations.Parameter(
            name=_DAILY,
            schema=schemas.BOOLEAN,
            description=(
                'Of a preview: costs by day. By default only what is made '
                'for people has them.'
            ),
        ),
        operations.Parameter(
            name=_LIMIT,
            schema={
                **schemas.whole_number(1, MAX_LIMIT),
                'default': DEFAULT_LIMIT,
            },
            description='How much a page of a list has.',
        ),
        operations.Parameter(
            name=_MARKER,
            schema=parameters.VALUE,
            description='Where the last page ended, as its link tells.',
        ),
        *described_of_one(offered),
    )


#: The schema of :func:`receipt`.
RECEIPT = operations.Named(
    'Receipt',
    schemas.record(
        {
            **schemas.texts(('number', 'project_id', 'issued_by', 'sha256')),
            'period': types.Period,
            'as_of': schemas.INSTANT,
            'issued_at': schemas.INSTANT,
            'links': schemas.several(types.Link),
        }
    ),
)

#: The schema of :func:`listed`.
RECEIPTS = schemas.record(
    {'statements': schemas.several(RECEIPT)},
    {'links': schemas.several(types.Link)},
)

#: The schema of what is read by :func:`order`.
ORDER = schemas.record(
    {_MONTH: schemas.MONTH, parameters.PROJECT_ID: parameters.VALUE},
    {_AS_OF: schemas.INSTANT, _ALLOW: schemas.BOOLEAN},
)
