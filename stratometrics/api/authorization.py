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
"""Whose usage a caller gets to see: the one place that decides (R16)."""

from oslo_context import context as oslo_context

from stratometrics import policy
from stratometrics.api import errors
from stratometrics.api import parameters
from stratometrics.policies import usage as usage_policies


def visible_projects(
    enforcer: policy.Enforcer,
    context: oslo_context.RequestContext,
    question: parameters.Question,
) -> tuple[str, ...] | None:
    """The tenant filter of a question.

    The target of every check is the project that was asked for.

    :returns: the projects whose usage the answer may hold; None for all.
    :raises Forbidden: the caller may not see one of those asked for.
    :raises NoProject: no project was asked for, and the token has none.
    """
    if question.all_projects:
        if not enforcer.allows(usage_policies.GET_ALL_PROJECTS, {}, context):
            raise errors.Forbidden(
                'You are not allowed to see the usage of all projects.'
            )
        return None
    if question.project_ids:
        asked = question.project_ids
    elif context.project_id:
        asked = (context.project_id,)
    else:
        raise errors.NoProject(
            'The token is not for a project: use one that is, or name '
            'projects with project_id, or ask for all_projects=true.'
        )
    for project_id in asked:
        target = {'project_id': project_id}
        if not enforcer.allows(usage_policies.GET, target, context):
            raise errors.Forbidden(
                'You are not allowed to see the usage of this project.'
            )
    return asked
