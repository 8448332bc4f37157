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
"""The query string of a question about usage, checked to the last letter."""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import functools
import zoneinfo

from stratometrics.api import collection
from stratometrics.api import errors
from stratometrics.api import formats
from stratometrics.api import operations
from stratometrics.api import paging
from stratometrics.api import parameters
from stratometrics.api import schemas
from stratometrics.model import calendars
from stratometrics.model import instants
from stratometrics.model import usage

TIMEZONE = 'timezone'
COMPARE_TO = 'compare_to'
PREVIOUS = 'previous'
#: Parameters of every collection; its keys come on top of them.
RESERVED = (
    *parameters.PERIOD,
    parameters.GROUP_BY,
    parameters.ALL_PROJECTS,
    parameters.GRANULARITY,
    TIMEZONE,
    COMPARE_TO,
    *paging.PARAMETERS,
    formats.FORMAT,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, before anyone decided whether the caller may know.

    :param resource_types: names of definitions.
    :param excluded: values by key that are left out.
    :param project_ids: the projects that were named; () if none was.
    :param zone: whose calendar counts.
    :param granularity: how long buckets are; None for no buckets.
    :param boundaries: where they begin and end.
    :param previous: the period that is compared with.
    :param order: what groups are ordered by first.
    :param after: the position that they come behind.
    :param limit: how many there may be on a page.
    """

    period: usage.Period
    resource_types: tuple[str, ...]
    group_by: tuple[str, ...]
    filters: Mapping[str, tuple[str, ...]]
    excluded: Mapping[str, tuple[str, ...]]
    project_ids: tuple[str, ...]
    all_projects: bool
    as_of: int | None
    zone: zoneinfo.ZoneInfo
    granularity: calendars.Granularity | None
    boundaries: tuple[int, ...]
    previous: usage.Period | None
    order: tuple[usage.Order, ...]
    after: tuple[int | str, ...]
    limit: int | None


def question(
    query: str, asked: collection.Collection, rules: parameters.Rules, now: int
) -> Question:
    """Read the query string of a usage question.

    :param query: as it came, percent-encoded.
    :param asked: the collection that the path names.
    :param now: the time of asking, microseconds since the epoch.
    :raises BadRequest: one of its sub-classes, with what is wrong.
    """
    keys = asked.keys
    given = parameters.pairs(
        query, (*RESERVED, *keys, *(f'{key}{parameters.NOT}' for key in keys))
    )
    project_ids, all_projects = parameters.scope(given)
    zone = _zone(given, rules)
    rules = dataclasses.replace(rules, zone=zone)
    whole = parameters.period(given, rules, now)
    granularity = parameters.bucket_length(given)
    previous = _previous(given, rules, whole)
    if granularity and previous:
        raise errors.InvalidParameter(
            f'{parameters.GRANULARITY} and {COMPARE_TO} exclude each other'
        )
    types = parameters.resource_types(given, asked)
    group_by = parameters.keys_of_groups(
        given, keys, (asked.default_group_by,)
    )
    order = paging.order(
        parameters.single(given, paging.SORT),
        group_by,
        [
            name
            for each in types
            for name in asked.resource_types[each].measures
        ],
    )
    return Question(
        period=whole,
        resource_types=types,
        group_by=group_by,
        filters={
            key: parameters.several(given, key)
            for key in keys
            if key in given
            and key not in (parameters.PROJECT_ID, parameters.RESOURCE_TYPE)
        },
        excluded={
            key: parameters.several(given, f'{key}{parameters.NOT}')
            for key in keys
            if f'{key}{parameters.NOT}' in given
            and key != parameters.RESOURCE_TYPE
        },
        project_ids=project_ids,
        all_projects=all_projects,
        as_of=parameters.as_of(given, rules, now),
        zone=zone,
        granularity=granularity,
        boundaries=parameters.boundaries(granularity, rules, whole),
        previous=previous,
        order=order,
        after=paging.position(
            parameters.single(given, paging.MARKER),
            usage.ranking(order, group_by),
        ),
        limit=parameters.whole_number(
            given, paging.LIMIT, 0, rules.max_results
        )
        or None,
    )


def _zone(
    given: Mapping[str, Sequence[str]], rules: parameters.Rules
) -> zoneinfo.ZoneInfo:
    name = parameters.single(given, TIMEZONE)
    if name is None:
        return rules.zone
    if name not in _zone_names():
        shown = name[: paging.MAX_NAME_SHOWN]
        raise errors.InvalidParameter(
            f'{TIMEZONE} {shown!r} is no time zone of IANA such as '
            f'Europe/Berlin'
        )
    return zoneinfo.ZoneInfo(name)


@functools.cache
def _zone_names() -> set[str]:
    # Those with leap seconds, which would shift every bucket, are not among
    # them; looking for them takes a while. One of them is that of this
    # machine, which no answer may depend on.
    return zoneinfo.available_timezones() - {'localtime'}


def _previous(
    given: Mapping[str, Sequence[str]],
    rules: parameters.Rules,
    whole: usage.Period,
) -> usage.Period | None:
    """The period that the one in question is compared with."""
    text = parameters.single(given, COMPARE_TO)
    if text is None:
        return None
    if text == PREVIOUS:
        begin, end = instants.month(whole.begin - 1, rules.zone)
        # The month before a month, however long the two are.
        if (whole.begin, whole.end) != instants.month(whole.begin, rules.zone):
            begin, end = 2 * whole.begin - whole.end, whole.begin
        return parameters.checked(begin, end, rules)
    parts = text.split('/')
    if len(parts) != 2:
        raise errors.InvalidParameter(
            f'{COMPARE_TO} must be "{PREVIOUS}" or two instants with a "/" '
            f'between them'
        )
    try:
        begin, end = map(instants.parse, parts)
    except instants.InvalidInstant as error:
        raise errors.InvalidParameter(f'{COMPARE_TO} {error}') from None
    if begin >= end:
        raise errors.InvalidPeriod(f'{COMPARE_TO} must begin before it ends')
    return parameters.checked(begin, end, rules)


def described(
    asked: collection.Collection,
    rules: parameters.Rules,
    offered: Iterable[str],
) -> tuple[operations.Parameter, ...]:
    """The parameters of :func:`question`.

    :param offered: the values of ``format``.
    """
    measures = [
        name
        for each in asked.resource_types.values()
        for name in each.measures
    ]
    return (
        *parameters.described_period(rules),
        *parameters.SCOPE,
        parameters.described_types(asked),
        *(
            operations.Parameter(
                name=key,
                schema=schemas.several(
                    parameters.VALUE, maxItems=parameters.MAX_VALUES
                ),
                description=f'Only with one of these values of {key}.',
            )
            for key in asked.keys
            if key not in (parameters.PROJECT_ID, parameters.RESOURCE_TYPE)
        ),
        *(
            operations.Parameter(
                name=f'{key}{parameters.NOT}',
                schema=schemas.several(
                    schemas.one_of(asked.resource_types)
                    if key == parameters.RESOURCE_TYPE
                    else parameters.VALUE,
                    maxItems=parameters.MAX_VALUES,
                ),
                description=f'Only with none of these values of {key}.',
            )
            for key in asked.keys
        ),
        operations.Parameter(
            name=parameters.GROUP_BY,
            schema=schemas.several(
                schemas.one_of(asked.keys), minItems=1, uniqueItems=True
            ),
            description=(
                f'What usage is summed by; by default '
                f'{asked.default_group_by}.'
            ),
            commas=True,
        ),
        operations.Parameter(
            name=parameters.GRANULARITY,
            schema=schemas.one_of(calendars.GRANULARITIES),
            description=(
                f'How long the buckets are that each group is divided into, '
                f'of which there may be {rules.max_buckets}; excludes '
                f'{COMPARE_TO}.'
            ),
        ),
        operations.Parameter(
            name=TIMEZONE,
            schema=parameters.VALUE,
            description=(
                f'Whose calendar counts, by its name in the database of '
                f'IANA; by default {rules.zone.key}.'
            ),
        ),
        operations.Parameter(
            name=COMPARE_TO,
            schema={
                'type': 'string',
                'pattern': f'^({PREVIOUS}|[^/]+/[^/]+)$',
            },
            description=(
                f'The period to compare with: "{PREVIOUS}" for the one '
                f'before, or its two instants with a "/" between them.'
            ),
        ),
        *paging.described(asked.keys, measures, rules.max_results),
        operations.Parameter(
            name=paging.MARKER,
            schema=schemas.text(parameters.MAX_MARKER_LENGTH),
            description='Where the last page ended, as its link tells.',
        ),
        parameters.described_format(offered),
    )
