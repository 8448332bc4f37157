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
"""Closed months: their intervals, stored, so that they need not be made again.

A derivation has a partition of its own, so that it appears and disappears as a
whole. The columns are called as those of ``events``.
"""

_ENTRIES = "'announced' = 1, 'opened' = 2, 'purged' = 3"

_MORE_ENTRIES = f"""
ALTER TABLE $database.months
MODIFY COLUMN entry Enum8({_ENTRIES},
    'closing' = 4, 'closed' = 5, 'late' = 6, 'dropped' = 7)
"""

_ADD_RECEIVED = """
ALTER TABLE $database.months
ADD COLUMN IF NOT EXISTS received_at Int64 DEFAULT 0
    COMMENT 'of what is closed: the last event; of what is late: the first'
"""

# Ordered for questions about one project; and, for the sums of all, so that
# what is summed by comes in long runs of equal values. What a question of the
# cloud reads is fast to decompress.
_INTERVALS = """
CREATE TABLE IF NOT EXISTS $database.intervals (
    month Int64 COMMENT 'its first microsecond' CODEC(ZSTD(1)),
    run Int64 COMMENT 'the derivation, as in months' CODEC(ZSTD(1)),
    resource_type LowCardinality(String),
    project_id LowCardinality(String),
    type LowCardinality(String),
    state LowCardinality(String),
    measures LowCardinality(String),
    interval_begin Int64 CODEC(LZ4),
    interval_end Int64 CODEC(LZ4),
    resource_id String CODEC(ZSTD(1)),
    region LowCardinality(String),
    user_id LowCardinality(String),
    name String CODEC(ZSTD(1)),
    type_id LowCardinality(String),
    image LowCardinality(String),
    availability_zone LowCardinality(String),
    attributes Map(LowCardinality(String), String)
)
ENGINE = MergeTree
PARTITION BY (month, run)
PRIMARY KEY (resource_type, project_id)
ORDER BY (resource_type, project_id, type, state, measures, interval_begin)
SETTINGS
    index_granularity = 2048,
    fsync_after_insert = 1,
    fsync_part_directory = 1
"""

# To find what was received late without reading all that was not.
_ARRIVAL = """
ALTER TABLE $database.events
ADD INDEX IF NOT EXISTS arrival received_at TYPE minmax GRANULARITY 16
"""

_INDEX_ARRIVALS = 'ALTER TABLE $database.events MATERIALIZE INDEX arrival'

FORWARDS = [
    _MORE_ENTRIES,
    _ADD_RECEIVED,
    _INTERVALS,
    _ARRIVAL,
    _INDEX_ARRIVALS,
]

BACKWARDS = [
    'ALTER TABLE $database.events DROP INDEX IF EXISTS arrival',
    'ALTER TABLE $database.months DELETE WHERE CAST(entry AS Int8) > 3 '
    'SETTINGS mutations_sync = 2',
    'DROP TABLE IF EXISTS $database.intervals SYNC',
    'ALTER TABLE $database.months DROP COLUMN IF EXISTS received_at',
    f'ALTER TABLE $database.months MODIFY COLUMN entry Enum8({_ENTRIES})',
]
