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
"""Questions about costs, as the path /v1/costs takes them."""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import itertools
from typing import Any

from stratometrics.api import errors
from stratometrics.api import formats
from stratometrics.api import operations
from stratometrics.api import parameters
from stratometrics.api import schemas
from stratometrics.model import calendars
from stratometrics.model import months
from stratometrics.model import usage
from stratometrics.rating import exporting
from stratometrics.rating import reporting
from stratometrics.rating.rendering.focus import columns

_MONTH = 'month'
_EQUIVALENT = 'equivalent'
_VERSION = 'focus_version'
_COMMON = (
    _MONTH,
    *parameters.PERIOD,
    parameters.PROJECT_ID,
    parameters.ALL_PROJECTS,
    parameters.GRANULARITY,
    formats.FORMAT,
)
_OF_REPORTS = (*_COMMON, parameters.GROUP_BY, _EQUIVALENT)
_OF_EXPORTS = (*_COMMON, _VERSION)

_GROUP_BY = ('resource_type', 'type')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked, before anyone decided whether the caller may know.

    :param project_ids: the projects that were named; () if none was.
    :param as_of: as known then (R15); microseconds since the epoch.
    :param granularity: how long buckets are; None for no buckets.
    """

    period: usage.Period
    project_ids: tuple[str, ...]
    all_projects: bool
    as_of: int | None
    granularity: calendars.Granularity | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuestion(Question):
    """What a report is asked for.

    :param providers: what is compared with.
    """

    group_by: tuple[str, ...]
    providers: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExportQuestion(Question):
    """What an export in the format FOCUS is asked for.

    :param months: the calendar months that the period consists of.
    :param version: that of the format.
    """

    months: tuple[usage.Period, ...]
    version: str


def report_question(
    query: str, keys: Sequence[str], rules: parameters.Rules, now: int
) -> ReportQuestion:
    """Read the query string of what is answered as JSON or CSV.

    :param query: as it came, percent-encoded.
    :param keys: what usage can be grouped by.
    :param now: the time of asking, microseconds since the epoch.
    :raises BadRequest: one of its sub-classes, with what is wrong.
    """
    given = parameters.pairs(query, _OF_REPORTS)
    granularity = parameters.bucket_length(given)
    common = _common(given, rules, now)
    # Only to see that there are not too many.
    parameters.boundaries(granularity, rules, common['period'])
    return ReportQuestion(
        **common,
        granularity=granularity,
        group_by=parameters.keys_of_groups(
            given, (*keys, *reporting.KEYS), _GROUP_BY
        ),
        providers=parameters.several(given, _EQUIVALENT),
    )


def export_question(
    query: str, rules: parameters.Rules, now: int
) -> ExportQuestion:
    """Read the query string of what is answered in the format FOCUS.

    :raises BadRequest: one of its sub-classes, with what is wrong.
    """
    given = parameters.pairs(query, _OF_EXPORTS)
    common = _common(given, rules, now)
    whole = common['period']
    bounds = list(
        calendars.boundaries(whole, calendars.GRANULARITIES['1mo'], rules.zone)
    )
    if (bounds[0], bounds[-1]) != (whole.begin, whole.end):
        raise errors.InvalidPeriod(
            f'FOCUS tells of whole calendar months in {rules.zone.key}: give '
            f'a {_MONTH}, or from and to where months begin'
        )
    return ExportQuestion(
        **common,
        granularity=exporting.GRANULARITIES[
            _choice(
                given,
                parameters.GRANULARITY,
                exporting.GRANULARITIES,
                exporting.DEFAULT_GRANULARITY,
            )
        ],
        months=tuple(
            itertools.starmap(usage.Period, itertools.pairwise(bounds))
        ),
        version=_choice(
            given, _VERSION, columns.VERSIONS, columns.DEFAULT_VERSION
        ),
    )


def _common(
    given: Mapping[str, Sequence[str]], rules: parameters.Rules, now: int
) -> dict[str, Any]:
    """What all questions have in common."""
    project_ids, all_projects = parameters.scope(given)
    return {
        'period': _period(given, rules, now),
        'project_ids': project_ids,
        'all_projects': all_projects,
        'as_of': parameters.as_of(given, rules, now),
    }


def _period(
    given: Mapping[str, Sequence[str]], rules: parameters.Rules, now: int
) -> usage.Period:
    month = parameters.single(given, _MONTH)
    if month is None:
        return parameters.period(given, rules, now)
    if 'from' in given or 'to' in given:
        raise errors.InvalidParameter(
            f'{_MONTH} excludes from and to: each says the period'
        )
    try:
        return months.read(month, rules.zone)
    except months.InvalidMonth as error:
        raise errors.InvalidParameter(f'{_MONTH} {error}') from None


def _choice(
    given: Mapping[str, Sequence[str]],
    name: str,
    valid: Mapping[str, object],
    default: str,
) -> str:
    text = parameters.single(given, name)
    if text is None:
        return default
    if text not in valid:
        raise errors.InvalidParameter(
            f'{name} must be one of {", ".join(valid)}'
        )
    return text


def described(
    keys: Sequence[str], rules: parameters.Rules, offered: Iterable[str]
) -> tuple[operations.Parameter, ...]:
    """The parameters of both kinds of questions.

    :param keys: what usage can be grouped by.
    :param offered: the values of ``format``.
    """
    return (
        operations.Parameter(
            name=_MONTH,
            schema=schemas.MONTH,
            description='A calendar month, instead of "from" and "to".',
        ),
        *parameters.described_period(rules),
        *parameters.SCOPE,
        operations.Parameter(
            name=parameters.GRANULARITY,
            schema=schemas.one_of(calendars.GRANULARITIES),
            description=(
                f'How long the buckets are that costs are divided into, of '
                f'which there may be {rules.max_buckets}. Of FOCUS one of '
                f'{", ".join(exporting.GRANULARITIES)}, by default '
                f'{exporting.DEFAULT_GRANULARITY}.'
            ),
        ),
        operations.Parameter(
            name=parameters.GROUP_BY,
            schema=schemas.several(
                schemas.one_of((*keys, *reporting.KEYS)),
                minItems=1,
                uniqueItems=True,
            ),
            description=(
                f'What costs are summed by, but for FOCUS; by default '
                f'{", ".join(_GROUP_BY)}.'
            ),
            commas=True,
        ),
        operations.Parameter(
            name=_EQUIVALENT,
            schema=schemas.several(
                parameters.VALUE, maxItems=parameters.MAX_VALUES
            ),
            description='Providers to compare with, but for FOCUS.',
        ),
        operations.Parameter(
            name=_VERSION,
            schema=schemas.one_of(columns.VERSIONS),
            description=(
                f'That of FOCUS; by default {columns.DEFAULT_VERSION}.'
            ),
        ),
        parameters.described_format(offered),
    )
