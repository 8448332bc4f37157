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
"""GET /v1/costs: what things cost, here and elsewhere."""

from collections.abc import Iterable, Iterator
import contextlib
import itertools
from typing import Any

import webob

from stratometrics import policy
from stratometrics.api import authorization
from stratometrics.api import collection
from stratometrics.api import errors
from stratometrics.api import expenses
from stratometrics.api import formats
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api import reports
from stratometrics.api.controllers import base
from stratometrics.api.middleware import context
from stratometrics.model import timestamps
from stratometrics.policies import costs as policies
from stratometrics.rating import billing
from stratometrics.rating import costs as rated_costs
from stratometrics.rating import exporting
from stratometrics.rating import reporting
from stratometrics.rating.rendering import comparison
from stratometrics.rating.rendering.focus import files
from stratometrics.rating.rendering.focus import parquet

_SUBJECT = authorization.Subject(
    'costs', policies.GET, policies.GET_ALL_PROJECTS
)
_CSV = 'csv'


class CostsController(base.Controller):
    """GET /v1/costs

    :param every: all resource types that there are.
    """

    # Of two forms of one media type, Accept chooses the last.
    formats = {**formats.JSON, **files.MEDIA_TYPES, _CSV: 'text/csv'}

    def __init__(
        self,
        biller: billing.Biller,
        exporter: exporting.Exporter,
        enforcer: policy.Enforcer,
        rules: parameters.Rules,
        every: collection.Collection,
    ) -> None:
        self._biller = biller
        self._exporter = exporter
        self._enforcer = enforcer
        self._rules = rules
        self._keys = every.keys
        self.described = {
            'GET': operations.Operation(
                summary='What things cost, here and elsewhere.',
                parameters=expenses.described(every.keys, rules, self.formats),
                answers={
                    **dict.fromkeys(self.formats.values()),
                    formats.JSON_TYPE: reports.costs(
                        (*every.keys, *reporting.KEYS)
                    ),
                },
                refusals=parameters.ERRORS,
                rules=(_SUBJECT.one, _SUBJECT.every),
            )
        }

    def read(self, request: base.Request) -> dict[str, Any] | webob.Response:
        if request.form in files.MEDIA_TYPES:
            return self._export(request)
        return self._report(request)

    def _report(
        self, request: base.Request
    ) -> dict[str, Any] | webob.Response:
        now = timestamps.now()
        asked = expenses.report_question(
            request.query_string, self._keys, self._rules, now
        )
        question = reporting.Question(
            period=asked.period,
            project_ids=self._visible(request, asked),
            as_of=now if asked.as_of is None else asked.as_of,
            group_by=asked.group_by,
            granularity=asked.granularity,
            providers=asked.providers,
        )
        tabular = request.form == _CSV
        try:
            found = reporting.report(
                self._biller,
                question,
                self._rules.zone,
                self._rules.max_charges
                if tabular
                else self._rules.max_results,
            )
        except reporting.UnknownProvider as error:
            raise errors.InvalidParameter(str(error)) from None
        except rated_costs.TooMuch:
            more = '' if tabular else ', or for CSV'
            raise errors.TooExpensive(
                'The answer would take too much memory. Ask for fewer groups, '
                f'longer buckets or a shorter period{more}.'
            ) from None
        if tabular:
            return webob.Response(
                content_type='text/csv',
                charset='UTF-8',
                text=comparison.text(question, found),
            )
        return comparison.body(question, found)

    def _export(self, request: base.Request) -> webob.Response:
        try:
            files.require(request.form)
        except parquet.MissingExtra as error:
            raise errors.NotAcceptable(str(error)) from None
        now = timestamps.now()
        asked = expenses.export_question(
            request.query_string, self._rules, now
        )
        visible = self._visible(request, asked)
        pieces = files.write(
            request.form,
            self._exporter.rows(
                itertools.chain.from_iterable(
                    self._exporter.charged(
                        month, asked.granularity, now, visible, asked.as_of
                    )
                    for month in asked.months
                )
            ),
            asked.version,
        )
        try:
            begun = _begun(pieces)
        except parquet.TooGreat as error:
            raise errors.NotAcceptable(str(error)) from None
        except rated_costs.TooMuch:
            raise errors.TooExpensive(
                'The export would take too much memory. Ask for days instead '
                'of hours, or have it made by the operator.'
            ) from None
        return webob.Response(
            content_type=self.formats[request.form],
            charset='UTF-8' if request.form == files.CSV else None,
            app_iter=begun,
        )

    def _visible(
        self, request: base.Request, asked: authorization.Asked
    ) -> tuple[str, ...] | None:
        """The tenant filter (R16)."""
        return authorization.visible_projects(
            self._enforcer,
            request.environ[context.ENVIRON_KEY],
            _SUBJECT,
            asked,
        )


def _begun(pieces: Iterator[bytes]) -> Iterable[bytes]:
    """The same pieces; what fails before the first is an error like others."""
    first = next(pieces, b'')
    return _sent(first, pieces)


def _sent(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    with contextlib.closing(others):
        yield first
        yield from others
