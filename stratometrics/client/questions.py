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
"""What is asked of the API, as the queries that it takes."""

from collections.abc import Iterable, Iterator, Mapping
import datetime
from typing import Any

from stratometrics.client import connection
from stratometrics.client import errors
from stratometrics.client import spelling

Instant = datetime.datetime
#: One value or several by key; several are alternatives.
Filters = Mapping[str, str | Iterable[str]]


def scope(
    *,
    begin: Instant | None = None,
    end: Instant | None = None,
    as_of: Instant | None = None,
    project_ids: Iterable[str] = (),
    all_projects: bool = False,
) -> connection.Query:
    """What all questions about a period can be asked with.

    :param begin: the first instant of the period.
    :param end: the first one that is not part of it.
    :param as_of: count what was received up to then.
    :param project_ids: by default that of the token.
    """
    return spelling.query(
        from_=begin,
        to=end,
        as_of=as_of,
        project_id=project_ids,
        all_projects=all_projects,
    )


def usage(
    *,
    resource_types: Iterable[str] = (),
    filters: Filters | None = None,
    excluded: Filters | None = None,
    group_by: Iterable[str] = (),
    granularity: str | None = None,
    timezone: str | None = None,
    compare_to: str | tuple[Instant, Instant] | None = None,
    sort: Iterable[str] = (),
    limit: int | None = None,
    **common: Any,
) -> connection.Query:
    """The query of a question about usage.

    :param filters: values by key that count.
    :param excluded: values by key that do not.
    :param granularity: how long buckets are, such as ``1d``.
    :param timezone: whose calendar counts, such as ``Europe/Zurich``.
    :param compare_to: ``previous``, or the two ends of a period.
    :param sort: what groups are ordered by; with a ``-``, the greatest first.
    :param limit: how many groups a page has.
    :param common: see :func:`scope`.
    """
    return [
        *scope(**common),
        *spelling.query(
            resource_type=resource_types,
            group_by=group_by,
            granularity=granularity,
            timezone=timezone,
            compare_to=(
                compare_to
                if compare_to is None or isinstance(compare_to, str)
                else '/'.join(map(spelling.instant, compare_to))
            ),
            sort=spelling.listed(sort),
            limit=limit,
        ),
        *_pairs(filters or {}, ''),
        *_pairs(excluded or {}, '!'),
    ]


def _pairs(filters: Filters, mark: str) -> Iterator[tuple[str, str]]:
    for key, values in filters.items():
        pairs = spelling.query(**{key: values})
        if not (pairs or mark):
            # Nothing would count; without the filter, everything would.
            raise errors.InvalidQuestion(f'No value of {key} is to count.')
        for name, value in pairs:
            yield name + mark, value


def costs(
    *,
    month: str | None = None,
    granularity: str | None = None,
    group_by: Iterable[str] = (),
    equivalents: Iterable[str] = (),
    **common: Any,
) -> connection.Query:
    """The query of a question about costs.

    :param month: such as ``2026-10``, instead of the ends of a period.
    :param equivalents: providers to compare with.
    :param common: see :func:`scope`.
    """
    return [
        *scope(**common),
        *spelling.query(
            month=month,
            granularity=granularity,
            group_by=group_by,
            equivalent=equivalents,
        ),
    ]


def lives(
    *,
    resource_types: Iterable[str] = (),
    page_size: int | None = None,
    **common: Any,
) -> connection.Query:
    """The query of a question about resources or a timeline.

    :param page_size: how many are fetched at once.
    :param common: see :func:`scope`.
    """
    return [
        *scope(**common),
        *spelling.query(resource_type=resource_types, limit=page_size),
    ]


def resources(
    *, names: Iterable[str] = (), **question: Any
) -> connection.Query:
    """The query of a question about resources.

    :param names: only those whose last name in the period is one of these.
    :param question: see :func:`lives`.
    """
    return [*lives(**question), *spelling.query(name=names)]


def preview(
    *,
    month: str | None = None,
    project_id: str | None = None,
    as_of: Instant | None = None,
    detail: bool = False,
    daily: bool | None = None,
) -> connection.Query:
    """The query of a question for the preview of a statement.

    :param month: such as ``2026-10``.
    :param detail: whether each resource has lines of its own.
    :param daily: whether costs by day are told; by default in the form that
        shows them.
    """
    return spelling.query(
        month=month,
        project_id=project_id,
        as_of=as_of,
        detail=detail,
        daily=None if daily is None else spelling.flag(daily),
    )
