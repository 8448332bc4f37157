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
"""What is below /v1: one collection for each resource type, and for all."""

from collections.abc import Mapping
import contextlib
import dataclasses
import itertools
from typing import Any

import webob
import wsme.rest.json

from stratometrics import coverage
from stratometrics import policy
from stratometrics import version
from stratometrics.api import answer
from stratometrics.api import authorization
from stratometrics.api import collection
from stratometrics.api import errors
from stratometrics.api import formats
from stratometrics.api import operations
from stratometrics.api import paging
from stratometrics.api import parameters
from stratometrics.api import reports
from stratometrics.api import table
from stratometrics.api import types
from stratometrics.api import usages
from stratometrics.api.controllers import base
from stratometrics.api.controllers import costs
from stratometrics.api.controllers import document
from stratometrics.api.controllers import prices
from stratometrics.api.controllers import resources
from stratometrics.api.controllers import statements
from stratometrics.api.middleware import context
from stratometrics.model import calendars
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.notifications import definitions
from stratometrics.policies import capabilities as capability_policies
from stratometrics.policies import coverage as coverage_policies
from stratometrics.policies import usage as usage_policies
from stratometrics.rating import billing
from stratometrics.rating import exporting
from stratometrics.rating import issuing
from stratometrics.rating import ledger
from stratometrics.rating.rendering import page
from stratometrics.storage import base as storage_base

_USAGE = authorization.Subject(
    'usage', usage_policies.GET, usage_policies.GET_ALL_PROJECTS
)


#: The value of the parameter ``format`` for a table.
_CSV = 'csv'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Service:
    """What the controllers work with.

    :param silent_after: microseconds without an event after which a resource
        type of which some exist is silent; 0 for never.
    """

    storage: storage_base.Storage
    enforcer: policy.Enforcer
    rules: parameters.Rules
    collections: Mapping[str, collection.Collection]
    definitions: definitions.Definitions
    silent_after: int
    biller: billing.Biller
    exporter: exporting.Exporter
    issuer: issuing.Issuer
    appearance: page.Appearance


class UsageController(base.Controller):
    """GET /v1/{collection}"""

    formats = {**formats.JSON, _CSV: table.MEDIA_TYPE}

    def __init__(self, service: Service, asked: collection.Collection) -> None:
        self._service = service
        self._asked = asked
        self.described = {
            'GET': operations.Operation(
                summary=_summary(asked),
                parameters=usages.described(
                    asked, service.rules, self.formats
                ),
                answers={
                    formats.JSON_TYPE: answer.described(asked),
                    table.MEDIA_TYPE: None,
                },
                refusals=parameters.ERRORS,
                rules=(_USAGE.one, _USAGE.every),
            )
        }

    def read(self, request: base.Request) -> dict[str, Any] | webob.Response:
        now = timestamps.now()
        question = usages.question(
            request.query_string, self._asked, self._service.rules, now
        )
        query = usage.UsageQuery(
            period=question.period,
            previous=question.previous,
            boundaries=question.boundaries,
            now=now,
            resource_types=question.resource_types,
            group_by=usage.with_names(question.group_by),
            filters=question.filters,
            excluded=question.excluded,
            names={
                name: self._asked.resource_types[name].names
                for name in question.resource_types
            },
            project_ids=authorization.visible_projects(
                self._service.enforcer,
                request.environ[context.ENVIRON_KEY],
                _USAGE,
                question,
            ),
            as_of=question.as_of,
            kind=self._asked.kind,
            order=question.order,
            after=question.after,
            limit=question.limit,
        )
        if request.form == _CSV:
            return self._table(question, query)
        return self._body(request, question, query)

    def _body(
        self,
        request: base.Request,
        question: usages.Question,
        query: usage.UsageQuery,
    ) -> dict[str, Any]:
        maximum = self._service.rules.max_results
        # One more than wanted tells whether there are more.
        more = dataclasses.replace(query, limit=(query.limit or maximum) + 1)
        page = paging.Page(query.limit)
        with contextlib.closing(
            self._service.storage.stream_usage(more)
        ) as rows:
            results = list(
                itertools.islice(
                    answer.results(question, self._asked, page.take(rows)),
                    maximum + 1,
                )
            )
        if len(results) > maximum:
            raise errors.TooExpensive(
                f'The answer has more than {maximum} results. Ask for fewer '
                f'groups, longer buckets or a shorter period, for pages with '
                f'a limit, or for CSV.'
            )
        following = None
        if page.last:
            marker = paging.marker(query, page.last)
            following = f'{request.path_url}?' + parameters.following(
                question, request.query_string, marker
            )
        return answer.body(question, self._asked, results, following)

    def _table(
        self, question: usages.Question, query: usage.UsageQuery
    ) -> webob.Response:
        rows = self._service.storage.stream_usage(query)
        # What fails before the first row is an error like any other.
        first = list(itertools.islice(rows, 1))
        results = answer.results(
            question, self._asked, itertools.chain(first, rows)
        )
        return webob.Response(
            content_type=table.MEDIA_TYPE,
            charset='UTF-8',
            app_iter=table.write(question, self._asked, results),
        )


class CoverageController(base.Controller):
    """GET /v1/coverage"""

    described = {
        'GET': operations.Operation(
            summary='Which services are still heard of.',
            answers={formats.JSON_TYPE: reports.COVERAGE},
            rules=(coverage_policies.GET,),
        )
    }

    def __init__(self, service: Service) -> None:
        self._service = service

    def read(self, request: base.Request) -> dict[str, Any]:
        parameters.none_expected(request.query_string)
        caller = request.environ[context.ENVIRON_KEY]
        if not self._service.enforcer.allows(
            coverage_policies.GET, {}, caller
        ):
            raise errors.Forbidden(
                'You are not allowed to see how the cloud is covered.'
            )
        report = coverage.survey(
            self._service.storage,
            self._service.definitions,
            timestamps.now(),
            self._service.silent_after,
        )
        return coverage.body(report)


class V1Controller(base.Controller):
    """GET /v1/, and everything below it."""

    described = {
        'GET': operations.Operation(
            summary=(
                'The resource types, and what their usage can be grouped and '
                'filtered by.'
            ),
            answers={formats.JSON_TYPE: types.Capabilities},
            rules=(capability_policies.GET,),
        )
    }

    def __init__(self, service: Service) -> None:
        self._service = service
        self.below = {
            name: UsageController(service, asked)
            for name, asked in service.collections.items()
        } | {
            'costs': costs.CostsController(
                service.biller,
                service.exporter,
                service.enforcer,
                service.rules,
                collection.everything(service.definitions),
            ),
            'coverage': CoverageController(service),
            'prices': prices.PricesController(
                ledger.Ledger(service.storage),
                service.enforcer,
                service.rules,
                service.definitions.resource_types,
            ),
            'resources': resources.ResourcesController(
                service.storage,
                service.enforcer,
                service.rules,
                service.collections[collection.ALL],
                collection.everything(service.definitions),
            ),
            'statements': statements.StatementsController(
                service.storage,
                service.enforcer,
                service.rules,
                service.issuer,
                service.appearance,
            ),
        }

    def describe(self, root: base.Controller) -> None:
        """Serve the description of the whole API.

        :param root: above all others.
        """
        self.below['openapi.json'] = document.DocumentController(
            root, self._service.enforcer
        )

    def read(self, request: base.Request) -> dict[str, Any]:
        parameters.none_expected(request.query_string)
        caller = request.environ[context.ENVIRON_KEY]
        if not self._service.enforcer.allows(
            capability_policies.GET, {}, caller
        ):
            raise errors.Forbidden('You are not allowed to see this.')
        found = types.Capabilities(
            release=version.version_info.release_string(),
            resource_types=[
                _described(asked, request.application_url)
                for asked in self._service.collections.values()
                if asked.name != collection.ALL
            ],
            units=answer.UNITS[usage.Kind.STATE],
            timezone=self._service.rules.zone.key,
            granularities=list(calendars.GRANULARITIES),
            max_period_days=self._service.rules.max_period_days,
            max_buckets=self._service.rules.max_buckets,
            max_results=self._service.rules.max_results,
            settling_time=(
                self._service.rules.settling_time // timestamps.MICROSECONDS
            ),
        )
        return wsme.rest.json.tojson(types.Capabilities, found)


def _summary(asked: collection.Collection) -> str:
    if asked.name == collection.ALL:
        return 'The usage of all resource types that are billed by time.'
    return f'The usage of {asked.name}.'


def _described(
    asked: collection.Collection, address: str
) -> types.ResourceType:
    [resource_type] = asked.resource_types.values()
    return types.ResourceType(
        name=resource_type.name,
        collection=asked.name,
        default_group_by=asked.default_group_by,
        keys=list(asked.keys),
        measures=list(resource_type.measures),
        kind=resource_type.kind,
        units=answer.UNITS[resource_type.kind],
        links=[types.Link(rel='self', href=f'{address}/v1/{asked.name}')],
    )
