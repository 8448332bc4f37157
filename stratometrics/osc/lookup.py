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
"""Resources by id or name."""

from collections.abc import Iterable, Sequence
import itertools
from typing import Any

from osc_lib import exceptions

from stratometrics.client import answers
from stratometrics.client import errors
from stratometrics.client import pages
from stratometrics.client import v1
from stratometrics.osc import wording
from stratometrics.osc.options import paging
from stratometrics.osc.tables import columns

Timeline = pages.Pages[answers.TimelineHead, answers.Interval]

#: How many of those that are called the same an error names.
_NAMED = 10


def timeline(client: v1.Client, text: str, **question: Any) -> Timeline:
    """The timeline of a resource.

    Who knows the id asks nothing but that. Else it is looked for among the
    resources of the period by its last name.

    :param text: its id or name.
    :param question: see :func:`stratometrics.client.questions.lives`.
    :raises osc_lib.exceptions.CommandError: there is none, or there are
        several.
    """
    try:
        return client.timeline(text, **question)
    except errors.NotFound as error:
        # What stands before the service may not find it, either.
        if not error.code:
            raise
    called = client.resources(
        names=[text], **{**question, 'page_size': paging.MOST}
    )
    found = list(called)
    if len(found) > 1:
        raise exceptions.CommandError(_several(text, found))
    if not found:
        raise exceptions.CommandError(
            f'no resource with the ID {text!r} is known, and none was called '
            f'that in the period: "openstack billing resource list" tells '
            f'which there were. Those of another project take --project or '
            f'--all-projects.'
        )
    [only] = found
    return client.timeline(
        only.resource_id,
        **{**question, 'resource_types': [only.resource_type]},
    )


def _several(name: str, found: Sequence[answers.Resource]) -> str:
    lines: Iterable[str] = [
        f'{each.resource_type} {wording.printable(each.resource_id)}, '
        f'{columns.Instant(each.begin).human_readable()} to '
        f'{columns.Instant(each.end).human_readable()}'
        for each in found[:_NAMED]
    ]
    if len(found) > _NAMED:
        lines = itertools.chain(lines, [f'and {len(found) - _NAMED} more'])
    return '\n  '.join(
        [
            f'{len(found)} resources were called {name!r} in that period: '
            f'give the ID of one, or name its type with --resource-type',
            *lines,
        ]
    )
