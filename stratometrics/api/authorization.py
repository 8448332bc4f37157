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
"""Whose data a caller gets to see: the one place that decides (R16)."""

import dataclasses
from typing import Protocol

from oslo_context import context as oslo_context

from stratometrics import policy
from stratometrics.api import errors
from stratometrics.policies import prices as price_policies


class Asked(Protocol):
    """Whose data is asked for.

    :param project_ids: the projects that were named; () if none was.
    """

    @property
    def project_ids(self) -> tuple[str, ...]: ...

    @property
    def all_projects(self) -> bool: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """What is asked for.

    :param name: what a refusal calls it.
    :param one: the rule of policy for that of one project.
    :param every: the rule for that of all projects.
    """

    name: str
    one: str
    every: str


def visible_projects(
    enforcer: policy.Enforcer,
    context: oslo_context.RequestContext,
    subject: Subject,
    asked: Asked,
) -> tuple[str, ...] | None:
    """The tenant filter of a question.

    The target of every check is the project that was asked for.

    :returns: the projects whose data the answer may hold; None for all.
    :raises Forbidden: the caller may not see one of those asked for.
    :raises NoProject: no project was asked for, and the token has none.
    """
    if asked.all_projects:
        if not enforcer.allows(subject.every, {}, context):
            raise errors.Forbidden(
                f'You are not allowed to see the {subject.name} of all '
                f'projects.'
            )
        return None
    if asked.project_ids:
        owners = asked.project_ids
    elif context.project_id:
        owners = (context.project_id,)
    else:
        raise errors.NoProject(
            'The token is not for a project: use one that is, or name '
            'projects with project_id, or ask for all_projects=true.'
        )
    for project_id in owners:
        target = {'project_id': project_id}
        if not enforcer.allows(subject.one, target, context):
            raise errors.Forbidden(
                f'You are not allowed to see the {subject.name} of this '
                f'project.'
            )
    return owners


@dataclasses.dataclass(frozen=True, slots=True)
class Prices:
    """The prices that a caller gets to see beside those for everybody.

    :param project_ids: those for these projects.
    :param domain_ids: those for all projects of these domains.
    """

    project_ids: tuple[str, ...]
    domain_ids: tuple[str, ...]


_PRICES = Subject('prices', price_policies.GET, price_policies.GET_ALL)


@dataclasses.dataclass(frozen=True, slots=True)
class _Named:
    project_ids: tuple[str, ...]
    all_projects: bool = False


def visible_prices(
    enforcer: policy.Enforcer,
    context: oslo_context.RequestContext,
    project_ids: tuple[str, ...],
    history: bool,
) -> Prices | None:
    """The tenant filter of a question about prices.

    :param project_ids: the projects that were named; () if none was.
    :param history: whether it is asked who changed the prices.
    :returns: the prices that the answer may hold; None for all.
    :raises Forbidden: the caller may not see what was asked for.
    :raises NoProject: no project was asked for, and the token has none.
    """
    if enforcer.allows(price_policies.GET_ALL, {}, context):
        return None
    if history:
        raise errors.Forbidden(
            'You are not allowed to see who changed the prices.'
        )
    if not (project_ids or context.project_id):
        raise errors.NoProject(
            'The token is not for a project: use one that is, or name '
            'projects with project_id.'
        )
    owners = visible_projects(enforcer, context, _PRICES, _Named(project_ids))
    return Prices(owners, tuple(filter(None, [context.project_domain_id])))
