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
"""Events, the resources of each project, and what was not understood."""

#: Tells timelines apart: one number is sorted and compared several times
#: faster than two texts. Of a billion resources two share one of 128 bits
#: with a probability of 10 to the power of -21; who wanted to choose such ids
#: would have to try some 2 to the power of 64.
TIMELINE = (
    'reinterpretAsUInt128(sipHash128Reference(resource_type, resource_id))'
)

#: Orders events by their message ids, as
#: :func:`stratometrics.model.event.message_order` does: one number is compared
#: several times faster than two texts.
MESSAGE_ORDER = """reinterpretAsUInt128(reverse(concat(
        rightPad(substring(message_id, 1, 8), 8, char(0)),
        substring(MD5(message_id), 1, 8)
    )))"""

# Within each timeline the order of the key is that of R10. Small granules and
# compressed blocks, and a fast codec for what every question reads, serve
# questions about one project, whose timelines lie scattered: the blocks and
# the codec take a third off their time, and cost a sixth more space. The
# index holds no more than it needs to find a timeline.
_EVENTS = f"""
CREATE TABLE IF NOT EXISTS $database.events (
    resource_type LowCardinality(String),
    resource_id String CODEC(ZSTD(1)),
    timeline UInt128 MATERIALIZED {TIMELINE}
        COMMENT 'a number for the resource',
    event_time DateTime64(6, 'UTC') CODEC(Delta, LZ4),
    rank Int64
        COMMENT 'order within a microsecond: births, openings, events',
    message_id String CODEC(ZSTD(1)),
    message_order UInt128 MATERIALIZED {MESSAGE_ORDER}
        COMMENT 'a number for the message, in the order of R10'
        CODEC(LZ4),
    phase Enum8('billed' = 0, 'unbilled' = 1, 'ended' = 2,
        'pending' = 3),
    region LowCardinality(String),
    project_id LowCardinality(String),
    user_id LowCardinality(String),
    name String CODEC(ZSTD(1)),
    state LowCardinality(String),
    type LowCardinality(String),
    type_id LowCardinality(String),
    image LowCardinality(String),
    availability_zone LowCardinality(String),
    attributes Map(LowCardinality(String), String),
    measures LowCardinality(String)
        COMMENT 'a JSON object of integers with its keys in order',
    created_at DateTime64(6, 'UTC')
        COMMENT 'the epoch where the message does not tell'
        CODEC(Delta, ZSTD(1)),
    received_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    event_type LowCardinality(String),
    source LowCardinality(String),
    earliness UInt64 MATERIALIZED
        bitNot(toUInt64(toUnixTimestamp64Micro(received_at)))
        COMMENT 'the version to keep of several copies: the first to arrive'
        CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(earliness)
PARTITION BY toYYYYMM(event_time)
PRIMARY KEY (resource_type, timeline)
ORDER BY (
    resource_type, timeline, event_time, rank, message_order, message_id
)
SETTINGS
    index_granularity = 256,
    min_compress_block_size = 4096,
    max_compress_block_size = 65536,
    fsync_after_insert = 1,
    fsync_part_directory = 1
"""

PROJECT_RESOURCES = """
CREATE TABLE IF NOT EXISTS $database.project_resources (
    project_id String,
    resource_type LowCardinality(String),
    resource_id String
)
ENGINE = ReplacingMergeTree
ORDER BY (project_id, resource_type, resource_id)
SETTINGS
    index_granularity = 1024,
    fsync_after_insert = 1,
    fsync_part_directory = 1
"""

PROJECT_RESOURCES_FEED = """
CREATE MATERIALIZED VIEW IF NOT EXISTS $database.project_resources_feed
TO $database.project_resources
AS SELECT DISTINCT project_id, resource_type, resource_id FROM $database.events
"""

_REJECTED = """
CREATE TABLE IF NOT EXISTS $database.rejected (
    id String,
    received_at DateTime64(6, 'UTC'),
    region LowCardinality(String),
    reason String,
    event_type String,
    message_id String,
    body String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
ORDER BY id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""

#: What the feed does with each insert, for all events at once.
REBUILD_PROJECT_RESOURCES = """
INSERT INTO $database.project_resources
SELECT DISTINCT project_id, resource_type, resource_id FROM $database.events
"""

# A collector that waits for the table of events writes as soon as it is
# there, so what comes before the feed is gathered at the end.
FORWARDS = [
    _EVENTS,
    PROJECT_RESOURCES,
    PROJECT_RESOURCES_FEED,
    _REJECTED,
    REBUILD_PROJECT_RESOURCES,
]

# Events first: none may come in that nothing would be derived from.
BACKWARDS = [
    'DROP TABLE IF EXISTS $database.events SYNC',
    'DROP VIEW IF EXISTS $database.project_resources_feed SYNC',
    'DROP TABLE IF EXISTS $database.project_resources SYNC',
    'DROP TABLE IF EXISTS $database.rejected SYNC',
]
