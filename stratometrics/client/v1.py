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
"""The first version of the API: a method for each of its routes."""

from collections.abc import Iterable, Mapping, Sequence
import datetime
import functools
from typing import Any, TypeVar
from urllib import parse

from keystoneauth1 import session as keystone_session

from stratometrics.client import answers
from stratometrics.client import connection
from stratometrics.client import errors
from stratometrics.client import pages
from stratometrics.client import questions
from stratometrics.client import reading
from stratometrics.client import spelling

_Answer = TypeVar('_Answer')
_Head = TypeVar('_Head')
_Row = TypeVar('_Row')

Instant = datetime.datetime


class Client:
    """Asks the API of one cloud.

    An instant is an aware datetime. A parameter that is left out has the
    default of the API, which its reference tells. Every method raises
    sub-classes of :class:`stratometrics.client.errors.ClientError`.
    """

    def __init__(
        self, session: keystone_session.Session, **options: Any
    ) -> None:
        """Connect, without a request yet.

        :param session: of keystoneauth, which has the credentials.
        :param options: those of
            :class:`stratometrics.client.connection.Connection`, such as
            ``region_name``.
        """
        self._connection = connection.Connection(session, **options)

    def versions(self) -> tuple[answers.Version, ...]:
        """GET /: the versions of the API."""
        return self._connection.ask(
            functools.partial(reading.read_each, answers.Version, 'versions'),
            '/',
        )

    def health(self) -> answers.Health:
        """GET /healthcheck: whether the service can answer."""
        return self._get(answers.Health, '/healthcheck')

    def capabilities(self) -> answers.Capabilities:
        """GET /v1/: what can be asked."""
        return self._get(answers.Capabilities, '/v1/')

    def openapi(self) -> dict[str, Any]:
        """GET /v1/openapi.json: the description of the API for programs."""
        return self._connection.ask(reading.read_object, '/v1/openapi.json')

    def coverage(self) -> answers.Coverage:
        """GET /v1/coverage: which services are still heard of."""
        return self._get(answers.Coverage, '/v1/coverage')

    def usage(
        self, collection: str = 'usage', **question: Any
    ) -> pages.Pages[answers.UsageHead, answers.Usage]:
        """GET /v1/{collection}: who used what.

        :param collection: that of a resource type, such as ``instances``;
            ``usage`` for all.
        :param question: see :func:`stratometrics.client.questions.usage`.
        :returns: one result for each group and bucket.
        """
        return self._pages(
            f'/v1/{_segment(collection)}',
            questions.usage(**question),
            answers.UsageHead,
            answers.Usage,
            'results',
        )

    def usage_csv(
        self, collection: str = 'usage', **question: Any
    ) -> connection.Download:
        """GET /v1/{collection}?format=csv: the same as a table.

        :param collection: see :meth:`usage`.
        :param question: see :func:`stratometrics.client.questions.usage`.
        """
        return self._connection.download(
            'csv', f'/v1/{_segment(collection)}', questions.usage(**question)
        )

    def costs(self, **question: Any) -> answers.Costs:
        """GET /v1/costs: what usage costs, and what it would elsewhere.

        :param question: see :func:`stratometrics.client.questions.costs`.
        """
        return self._get(
            answers.Costs, '/v1/costs', questions.costs(**question)
        )

    def costs_file(
        self, form: str, *, focus_version: str | None = None, **question: Any
    ) -> connection.Download:
        """GET /v1/costs?format={form}: the same as a file.

        :param form: ``csv``, ``focus-csv`` or ``focus-parquet``.
        :param focus_version: such as ``1.2``.
        :param question: see :func:`stratometrics.client.questions.costs`.
        """
        return self._connection.download(
            form,
            '/v1/costs',
            [
                *questions.costs(**question),
                *spelling.query(focus_version=focus_version),
            ],
        )

    def resources(
        self, **question: Any
    ) -> pages.Pages[answers.LivesHead, answers.Resource]:
        """GET /v1/resources: the resources that were there in a period.

        :param question: see
            :func:`stratometrics.client.questions.resources`.
        """
        return self._pages(
            '/v1/resources',
            questions.resources(**question),
            answers.LivesHead,
            answers.Resource,
            'resources',
        )

    def timeline(
        self, resource_id: str, **question: Any
    ) -> pages.Pages[answers.TimelineHead, answers.Interval]:
        """GET /v1/resources/{id}/timeline: what a resource is billed by.

        :param question: see :func:`stratometrics.client.questions.lives`.
        :raises NotFound: the caller's projects never had it.
        """
        return self._pages(
            f'/v1/resources/{_segment(resource_id)}/timeline',
            questions.lives(**question),
            answers.TimelineHead,
            answers.Interval,
            'intervals',
        )

    def prices(
        self,
        *,
        as_of: Instant | None = None,
        history: bool = False,
        valid_at: Instant | None = None,
        currencies: Iterable[str] = (),
        project_ids: Iterable[str] = (),
        resource_types: Iterable[str] = (),
    ) -> answers.Prices:
        """GET /v1/prices: the prices that the caller may see."""
        return self._get(
            answers.Prices,
            '/v1/prices',
            spelling.query(
                as_of=as_of,
                history=history,
                valid_at=valid_at,
                currency=currencies,
                project_id=project_ids,
                resource_type=resource_types,
            ),
        )

    def price(
        self,
        price_id: str,
        *,
        as_of: Instant | None = None,
        history: bool = False,
    ) -> answers.Price:
        """GET /v1/prices/{id}: one price.

        :raises NotFound: there is none, or the caller may not see it.
        """
        return self._get(
            answers.Price,
            _price_path(price_id),
            spelling.query(as_of=as_of, history=history),
        )

    def create_price(self, price: Mapping[str, Any]) -> answers.Price:
        """POST /v1/prices: add a price.

        :param price: as the API takes it; times and numbers are strings.
        :raises Conflict: another one could count for the same usage.
        """
        return self._send(answers.Price, 'POST', '/v1/prices', price)

    def create_prices(
        self, prices: Sequence[Mapping[str, Any]]
    ) -> tuple[answers.Price, ...]:
        """POST /v1/prices: add several, of which all are added or none."""
        added = self._send(
            answers.Prices, 'POST', '/v1/prices', {'prices': list(prices)}
        )
        return added.prices

    def amend_price(
        self, price_id: str, changes: Mapping[str, Any]
    ) -> answers.Price:
        """PATCH /v1/prices/{id}: change the end or the description.

        :param changes: ``valid_to`` and ``description``.
        """
        return self._send(
            answers.Price, 'PATCH', _price_path(price_id), changes
        )

    def withdraw_price(self, price_id: str) -> None:
        """DELETE /v1/prices/{id}: as if it had never been."""
        self._connection.ask(
            lambda _: None, _price_path(price_id), method='DELETE'
        )

    def revise_prices(
        self,
        changes: Sequence[Mapping[str, Any]],
        *,
        generation: int | None = None,
        dry_run: bool = False,
    ) -> tuple[answers.Revised, ...]:
        """PATCH /v1/prices: several changes, of which all are made or none.

        :param changes: as the API takes them; times and numbers are strings.
        :param generation: of the list that they were made up for; None if
            they are for any.
        :param dry_run: whether they are only to be checked.
        :returns: what is changed, or would be.
        :raises Conflict: they cannot be made, or the list was changed
            meanwhile.
        """
        body: dict[str, Any] = {'changes': list(changes)}
        if generation is not None:
            body['generation'] = generation
        return self._connection.ask(
            functools.partial(reading.read_each, answers.Revised, 'changes'),
            '/v1/prices',
            spelling.query(dry_run=dry_run),
            method='PATCH',
            body=body,
            repeatable=dry_run,
        )

    def preview_statement(self, **question: Any) -> answers.StatementAnswer:
        """GET /v1/statements: a month as it would be charged.

        :param question: see :func:`stratometrics.client.questions.preview`.
        """
        return self._get(
            answers.StatementAnswer,
            '/v1/statements',
            questions.preview(**question),
        )

    def preview_file(
        self, form: str, *, locale: str | None = None, **question: Any
    ) -> connection.Download:
        """GET /v1/statements?format={form}: the same as a file.

        :param form: ``html``, ``pdf``, ``csv`` or ``json``.
        :param locale: how money and dates are written, such as ``de-CH``.
        :param question: see :func:`stratometrics.client.questions.preview`.
        """
        return self._connection.download(
            form,
            '/v1/statements',
            [*questions.preview(**question), *spelling.query(locale=locale)],
        )

    def statements(
        self,
        *,
        month: str | None = None,
        project_ids: Iterable[str] = (),
        all_projects: bool = False,
        page_size: int | None = None,
    ) -> pages.Pages[None, answers.Receipt]:
        """GET /v1/statements?issued=true: those that were issued.

        :param month: such as ``2026-10``.
        :param page_size: how many are fetched at once.
        """
        return pages.Pages(
            self._connection,
            '/v1/statements',
            spelling.query(
                issued=True,
                month=month,
                project_id=project_ids,
                all_projects=all_projects,
                limit=page_size,
            ),
            lambda _: None,
            functools.partial(
                reading.read_each, answers.Receipt, 'statements'
            ),
        )

    def statement(self, number: str) -> answers.StatementAnswer:
        """GET /v1/statements/{number}: one that was issued.

        :raises NotFound: there is none, or the caller may not see it.
        """
        return self._get(answers.StatementAnswer, _statement_path(number))

    def statement_file(
        self, number: str, form: str, *, locale: str | None = None
    ) -> connection.Download:
        """GET /v1/statements/{number}?format={form}: the same as a file.

        :param form: see :meth:`preview_file`.
        :param locale: see :meth:`preview_file`.
        """
        return self._connection.download(
            form, _statement_path(number), spelling.query(locale=locale)
        )

    def issue_statement(
        self,
        month: str,
        project_id: str,
        *,
        as_of: Instant | None = None,
        allow_unpriced: bool = False,
    ) -> answers.Receipt:
        """POST /v1/statements: issue that of a project and month, for ever.

        One that was issued before is answered as it is.

        :param month: such as ``2026-10``.
        :param allow_unpriced: whether usage that no price is for may be left
            uncharged.
        :raises Conflict: it cannot be issued.
        """
        order: dict[str, Any] = {'month': month, 'project_id': project_id}
        if as_of is not None:
            order['as_of'] = spelling.instant(as_of)
        if allow_unpriced:
            order['allow_unpriced'] = True
        return self._send(
            answers.Receipt, 'POST', '/v1/statements', order, repeatable=True
        )

    def _get(
        self, kind: type[_Answer], path: str, query: connection.Query = ()
    ) -> _Answer:
        return self._connection.ask(
            functools.partial(reading.read, kind), path, query
        )

    def _send(
        self,
        kind: type[_Answer],
        method: str,
        path: str,
        body: Any,
        repeatable: bool = False,
    ) -> _Answer:
        return self._connection.ask(
            functools.partial(reading.read, kind),
            path,
            method=method,
            body=body,
            repeatable=repeatable,
        )

    def _pages(
        self,
        path: str,
        query: connection.Query,
        head: type[_Head],
        row: type[_Row],
        member: str,
    ) -> pages.Pages[_Head, _Row]:
        return pages.Pages(
            self._connection,
            path,
            query,
            functools.partial(reading.read, head),
            functools.partial(reading.read_each, row, member),
        )


def _segment(text: str) -> str:
    """A part of a path.

    :raises InvalidQuestion: it would be taken for another path.
    """
    if text in ('', '.', '..'):
        raise errors.InvalidQuestion(f'{text!r} is no id, number or name.')
    return parse.quote(spelling.sendable(text), safe='')


def _price_path(price_id: str) -> str:
    return f'/v1/prices/{_segment(price_id)}'


def _statement_path(number: str) -> str:
    return f'/v1/statements/{_segment(number)}'
