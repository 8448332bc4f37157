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
"""Statements that were issued, and what arrived after them, in ClickHouse."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from stratometrics.model import statements
from stratometrics.model import usage
from stratometrics.storage.clickhouse import client as clickhouse_client
from stratometrics.storage.clickhouse import layout
from stratometrics.storage.clickhouse import names

_RECORD = """
INSERT INTO $database.statements (
    number, project_id, period_begin, period_end, as_of, issued_at, issued_by,
    sha256, content
) VALUES
"""

# One block is kept whole or not at all.
_RECORD_SETTINGS = {'async_insert': 0, **layout.IN_SEQUENCE}

_RECEIPTS = """
SELECT
    number,
    project_id,
    toUnixTimestamp64Micro(period_begin),
    toUnixTimestamp64Micro(period_end),
    toUnixTimestamp64Micro(as_of),
    toUnixTimestamp64Micro(issued_at) AS issued,
    issued_by,
    sha256
    {content}
FROM $database.statements
WHERE {conditions}
ORDER BY number, issued, sha256
LIMIT 1 BY number
"""

_ALL = 'number > {after:String}'
_ONE = 'number = {number:String}'
_MONTH = 'startsWith(number, {month:String})'
_OF_PROJECTS = 'project_id IN {projects:Array(String)}'
_LIMIT = 'LIMIT {limit:UInt64}'

# Whoever ever owned a resource can be concerned by what it did (R6).
_LATE = """
SELECT project_id, mark, min(first)
FROM $shards(
SELECT project_id, mark, min(earliest) AS first
FROM $local.project_timelines
INNER JOIN (
    SELECT
        resource_type,
        timeline,
        roundDown(
            toUnixTimestamp64Micro(received_at) - 1, {{marks:Array(Int64)}}
        ) AS mark,
        toUnixTimestamp64Micro(min(event_time)) AS earliest
    FROM $local.events
    WHERE received_at > fromUnixTimestamp64Micro({{since:Int64}})
        AND received_at <= fromUnixTimestamp64Micro({{until:Int64}})
        AND event_time < fromUnixTimestamp64Micro({{before:Int64}})
        {owned}
    GROUP BY resource_type, timeline, mark
) AS late USING (resource_type, timeline)
{owners}
GROUP BY project_id, mark
$)
GROUP BY project_id, mark
"""

_OWNED = """
AND (resource_type, timeline) IN (
    SELECT resource_type, timeline
    FROM $local.project_timelines
    WHERE project_id IN {projects:Array(String)}
)
"""

_RENAMED = """
SELECT
    id,
    roundDown(
        toUnixTimestamp64Micro(max(known_at)) - 1, {marks:Array(Int64)}
    )
FROM $database.names
WHERE kind = {kind:String}
    AND known_at > fromUnixTimestamp64Micro({since:Int64})
    AND known_at <= fromUnixTimestamp64Micro({until:Int64})
GROUP BY id
"""

_USERS = """
SELECT
    toString(project_id) AS owner,
    toUnixTimestamp64Micro(min(event_time))
FROM $database.events
WHERE resource_type = {{resource_type:String}}
    AND {column} IN {{ids:Array(String)}}
    AND event_time < fromUnixTimestamp64Micro({{before:Int64}})
GROUP BY owner
"""


class Statements:
    """Keeps what was issued, and finds what it lacks.

    :param settings: limits that every query runs under.
    """

    def __init__(
        self, pool: clickhouse_client.Pool, settings: dict[str, Any]
    ) -> None:
        self._pool = pool
        self._settings = settings

    def record_statements(self, issued: Sequence[statements.Issued]) -> None:
        """See :class:`stratometrics.storage.base.StatementStore`."""
        if not issued:
            return
        self._pool.insert(
            _RECORD,
            [
                [each.number for each in issued],
                [each.project_id for each in issued],
                [each.period.begin for each in issued],
                [each.period.end for each in issued],
                [each.as_of for each in issued],
                [each.issued_at for each in issued],
                [each.issued_by for each in issued],
                [each.sha256 for each in issued],
                [each.content for each in issued],
            ],
            settings=_RECORD_SETTINGS,
        )

    def issued(self, number: str) -> statements.Issued | None:
        """See :class:`stratometrics.storage.base.StatementStore`."""
        rows = self._pool.execute(
            _RECEIPTS.format(content=', content', conditions=_ONE),
            {'number': number},
            layout.IN_SEQUENCE,
        )
        for *known, content in rows:
            return statements.Issued(**_known(known), content=content)
        return None

    def receipts(
        self,
        project_ids: Collection[str] | None = None,
        month: str = '',
        after: str = '',
        limit: int | None = None,
    ) -> list[statements.Receipt]:
        """See :class:`stratometrics.storage.base.StatementStore`."""
        conditions = [_ALL]
        if project_ids is not None:
            conditions.append(_OF_PROJECTS)
        if month:
            conditions.append(_MONTH)
        text = _RECEIPTS.format(
            content='', conditions=' AND '.join(conditions)
        )
        rows = self._pool.execute(
            text if limit is None else text + _LIMIT,
            {
                'after': after,
                'projects': list(project_ids or ()),
                'month': f'{month}-',
                'limit': limit or 0,
            },
            layout.IN_SEQUENCE,
        )
        return [statements.Receipt(**_known(row)) for row in rows]

    def late(
        self,
        marks: Sequence[int],
        until: int,
        before: int,
        project_ids: Collection[str] | None = None,
    ) -> dict[str, dict[int, int]]:
        """See :class:`stratometrics.storage.base.StatementStore`."""
        some = project_ids is not None
        rows = self._pool.execute(
            _LATE.format(
                owned=(_OWNED if some else ''),
                owners=f'WHERE {_OF_PROJECTS}' if some else '',
            ),
            {
                'marks': list(marks),
                'since': marks[0],
                'until': until,
                'before': before,
                'projects': list(project_ids or ()),
            },
            self._settings,
        )
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for project_id, mark, earliest in rows:
            found[project_id][mark] = earliest
        return dict(found)

    def renamed(
        self, kind: str, marks: Sequence[int], until: int
    ) -> dict[str, int]:
        """See :class:`stratometrics.storage.base.StatementStore`."""
        rows = self._pool.execute(
            _RENAMED,
            {
                'kind': kind,
                'marks': list(marks),
                'since': marks[0],
                'until': until,
            },
        )
        return dict(rows)

    def users(
        self, resource_type: str, key: str, ids: Collection[str], before: int
    ) -> dict[str, int]:
        """See :class:`stratometrics.storage.base.StatementStore`."""
        rows = self._pool.execute(
            _USERS.format(column=names.column(key)),
            {
                'resource_type': resource_type,
                'key': key,
                'ids': list(ids),
                'before': before,
            },
            self._settings,
        )
        return dict(rows)


def _known(row: Sequence[Any]) -> dict[str, Any]:
    number, project_id, begin, end, as_of, at, by, sha256 = row
    return {
        'number': number,
        'project_id': project_id,
        'period': usage.Period(begin, end),
        'as_of': as_of,
        'issued_at': at,
        'issued_by': by,
        'sha256': sha256,
    }
