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
"""Which timelines concern a project, by month.

A project's question about a month is to cost what the month holds: not what
the project ever had, as it did when ``project_resources`` was asked.
"""

from stratometrics.storage.clickhouse.migrations import s0001_initial

_PROJECT_TIMELINES = """
CREATE TABLE IF NOT EXISTS $database.project_timelines (
    project_id String,
    resource_type LowCardinality(String),
    month UInt32
        COMMENT 'year and month of an event that names the project',
    timeline UInt128
)
ENGINE = ReplacingMergeTree
ORDER BY (project_id, resource_type, month, timeline)
SETTINGS
    index_granularity = 1024,
    fsync_after_insert = 1,
    fsync_part_directory = 1
"""

# Openings as well: what a month begins with is told by them.
_CONCERNED = """
SELECT DISTINCT
    project_id,
    resource_type,
    toYYYYMM(event_time, 'UTC') AS month,
    timeline
FROM $database.events
"""

_FEED = f"""
CREATE MATERIALIZED VIEW IF NOT EXISTS $database.project_timelines_feed
TO $database.project_timelines
AS {_CONCERNED}
"""

REBUILD_PROJECT_TIMELINES = (
    f'INSERT INTO $database.project_timelines {_CONCERNED}'
)

FORWARDS = [
    _PROJECT_TIMELINES,
    _FEED,
    REBUILD_PROJECT_TIMELINES,
    'DROP VIEW IF EXISTS $database.project_resources_feed SYNC',
    'DROP TABLE IF EXISTS $database.project_resources SYNC',
]

BACKWARDS = [
    s0001_initial.PROJECT_RESOURCES,
    s0001_initial.PROJECT_RESOURCES_FEED,
    s0001_initial.REBUILD_PROJECT_RESOURCES,
    'DROP VIEW IF EXISTS $database.project_timelines_feed SYNC',
    'DROP TABLE IF EXISTS $database.project_timelines SYNC',
]
