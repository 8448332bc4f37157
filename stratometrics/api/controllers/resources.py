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
"""What is below /v1/resources: what there was, and why it was billed."""

from typing import Any

import webob.exc

from stratometrics import policy
from stratometrics.api import authorization
from stratometrics.api import collection
from stratometrics.api import formats
from stratometrics.api import lives
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api.controllers import base
from stratometrics.api.middleware import context
from stratometrics.model import timeline
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.policies import resources as policies
from stratometrics.storage import base as storage_base

_SUBJECT = authorization.Subject(
    'resources', policies.GET, policies.GET_ALL_PROJECTS
)
_RULES = (_SUBJECT.one, _SUBJECT.every)


class ResourcesController(base.Controller):
    """GET /v1/resources

    :param states: all resource types that are billed by time.
    :param every: all that there are.
    """

    variable = operations.Parameter(
        name='id',
        schema=parameters.VALUE,
        description='The id of a resource.',
    )

    def __init__(
        self,
        storage: storage_base.TimelineReader,
        enforcer: policy.Enforcer,
        rules: parameters.Rules,
        states: collection.Collection,
        every: collection.Collection,
    ) -> None:
        self.storage = storage
        self.enforcer = enforcer
        self.rules = rules
        self.every = every
        self._states = states
        self.described = {
            'GET': operations.Operation(
                summary='The resources that were there in a period.',
                parameters=(*lives.described(states, rules), lives.CALLED),
                answers={formats.JSON_TYPE: lives.RESOURCES},
                refusals=parameters.ERRORS,
                rules=_RULES,
            )
        }

    def one(self, segment: str) -> base.Controller:
        return _ResourceController(self, segment)

    def read(self, request: base.Request) -> dict[str, Any]:
        now = timestamps.now()
        question = lives.question(
            request.query_string,
            self._states,
            self.rules,
            now,
            (lives.NAME,),
        )
        found = self.storage.alive(
            timeline.ResourceQuery(
                period=question.period,
                now=now,
                resource_types=question.resource_types,
                project_ids=self.visible(request, question),
                as_of=question.as_of,
                limit=question.limit + 1,
                after=lives.after(question),
                names=question.names,
            )
        )
        return lives.resources(
            question, found, request.path_url, request.query_string
        )

    def visible(
        self, request: base.Request, question: lives.Question
    ) -> tuple[str, ...] | None:
        """The tenant filter (R16)."""
        return authorization.visible_projects(
            self.enforcer,
            request.environ[context.ENVIRON_KEY],
            _SUBJECT,
            question,
        )


class _ResourceController(base.Controller):
    """Nothing but what is below it: /v1/resources/{id}"""

    def __init__(self, all_: ResourcesController, resource_id: str) -> None:
        self.below = {'timeline': TimelineController(all_, resource_id)}


class TimelineController(base.Controller):
    """GET /v1/resources/{id}/timeline"""

    def __init__(self, all_: ResourcesController, resource_id: str) -> None:
        self._all = all_
        self._resource_id = resource_id
        self.described = {
            'GET': operations.Operation(
                summary=(
                    'The intervals that a resource is billed by, and the '
                    'events that made them.'
                ),
                parameters=lives.described(all_.every, all_.rules),
                answers={formats.JSON_TYPE: lives.TIMELINE},
                refusals=parameters.ERRORS,
                rules=_RULES,
            )
        }

    def read(self, request: base.Request) -> dict[str, Any]:
        now = timestamps.now()
        question = lives.question(
            request.query_string, self._all.every, self._all.rules, now
        )
        owners = self._all.visible(request, question)
        end = usage.answered_until(question.period, now, question.as_of)
        recorded = self._all.storage.recorded(
            question.resource_types,
            self._resource_id,
            question.as_of,
            question.period.begin,
        )
        if not any(
            owners is None or each.event.project_id in owners
            for each in recorded
        ):
            # To whom may not see it, it is as if there were none.
            raise webob.exc.HTTPNotFound
        found = [
            (
                name,
                timeline.make(
                    [e for e in recorded if e.event.resource_type == name],
                    end,
                ),
            )
            for name in question.resource_types
        ]
        return lives.timelines(
            question,
            owners,
            found,
            end,
            request.path_url,
            request.query_string,
        )
