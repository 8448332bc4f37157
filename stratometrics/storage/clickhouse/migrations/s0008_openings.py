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
"""Months that are opened, so that a question reads no more than it holds.

An opening is a copy of an event at the first microsecond of a later month. Its
rank is the place of what it carries, so that the last one counts; of births,
whose ranks do not fit into it, ``message_order`` tells the rest.
"""

from stratometrics.storage.clickhouse.migrations import s0001_initial
from stratometrics.storage.clickhouse.migrations import s0003_arrivals

#: What tells openings apart: 2 to the power of 62 is the rank of an event.
IS_OPENING = 'rank >= 0 AND rank < 4611686018427387904'

_ADD_WITNESS = """
ALTER TABLE $database.events
ADD COLUMN IF NOT EXISTS witnessed_at Int64 DEFAULT if(rank < 0, -rank, 0)
    COMMENT 'time of the event that a birth was taken from'
    CODEC(ZSTD(1))
"""

#: As :attr:`stratometrics.model.event.Event.order` has it. That of what is
#: no opening stays as it was, and so does what is stored.
MESSAGE_ORDER = f"""if(
        {IS_OPENING} AND rank % 8 = 0,
        bitOr(
            bitShiftLeft(
                toUInt128(greatest(4503599627370496 - witnessed_at, 0)), 76
            ),
            bitShiftRight({s0001_initial.MESSAGE_ORDER}, 52)
        ),
        {s0001_initial.MESSAGE_ORDER}
    )"""

_ORDER_OPENINGS = f"""
ALTER TABLE $database.events
MODIFY COLUMN message_order UInt128 MATERIALIZED {MESSAGE_ORDER}
    COMMENT 'a number for the message, in the order of R10'
    CODEC(LZ4)
"""

_ORDER_EVENTS = f"""
ALTER TABLE $database.events
MODIFY COLUMN message_order UInt128 MATERIALIZED {s0001_initial.MESSAGE_ORDER}
    COMMENT 'a number for the message, in the order of R10'
    CODEC(LZ4)
"""

#: The columns of an event that are inserted.
COLUMNS = (
    'resource_type',
    'resource_id',
    'event_time',
    'rank',
    'message_id',
    'phase',
    'region',
    'project_id',
    'user_id',
    'name',
    'state',
    'type',
    'type_id',
    'image',
    'availability_zone',
    'attributes',
    'measures',
    'created_at',
    'received_at',
    'event_type',
    'source',
    'witnessed_at',
)

# Nothing reopens what is dead (R7), however late it is told of. A month knows
# of those that died in the one before; the others are found here, when
# anything is told of them again. Old months may be dropped, this is not.
_DEATHS = f"""
CREATE TABLE IF NOT EXISTS $database.deaths (
    resource_type LowCardinality(String),
    resource_id String CODEC(ZSTD(1)),
    timeline UInt128 MATERIALIZED {s0001_initial.TIMELINE},
    event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    rank Int64 CODEC(ZSTD(1)),
    message_id String CODEC(ZSTD(1)),
    phase Enum8('ended' = 2),
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
    measures LowCardinality(String),
    created_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    received_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    event_type LowCardinality(String),
    source LowCardinality(String),
    witnessed_at Int64,
    earliness UInt64 MATERIALIZED
        bitNot(toUInt64(toUnixTimestamp64Micro(received_at)))
        CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(earliness)
PRIMARY KEY (resource_type, timeline)
ORDER BY (resource_type, timeline, event_time, rank, message_id)
SETTINGS
    index_granularity = 256,
    fsync_after_insert = 1,
    fsync_part_directory = 1
"""

_DIED = """
SELECT {columns} FROM $database.events
WHERE phase = 'ended' AND NOT ({opening})
""".format(columns=', '.join(COLUMNS), opening=IS_OPENING)

_DEATHS_FEED = f"""
CREATE MATERIALIZED VIEW IF NOT EXISTS $database.deaths_feed
TO $database.deaths
AS {_DIED}
"""

REBUILD_DEATHS = f"""
INSERT INTO $database.deaths ({', '.join(COLUMNS)}) {_DIED}
"""

# Append-only, in the order in which it was entered.
_MONTHS = """
CREATE TABLE IF NOT EXISTS $database.months (
    month DateTime64(6, 'UTC')
        COMMENT 'its first microsecond',
    entered_at DateTime64(6, 'UTC'),
    entry Enum8('announced' = 1, 'opened' = 2, 'purged' = 3),
    run Int64
        COMMENT 'what it belongs to, by the time when that was announced'
)
ENGINE = MergeTree
ORDER BY (month, entered_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""


def _feed(name: str, query: str) -> str:
    return f'ALTER TABLE $database.{name} MODIFY QUERY {query}'


# What an opening repeats was fed on by the event that it carries.
_OWNED = """
SELECT DISTINCT project_id, resource_type, resource_id FROM $database.events
"""
_LIVED = s0003_arrivals.LIVED.format(which=f'WHERE NOT ({IS_OPENING})')

FORWARDS = [
    _ADD_WITNESS,
    _ORDER_OPENINGS,
    _feed('project_resources_feed', f'{_OWNED} WHERE NOT ({IS_OPENING})'),
    _feed('timelines_feed', _LIVED),
    _DEATHS,
    _DEATHS_FEED,
    REBUILD_DEATHS,
    _MONTHS,
]

#: Only openings tell of what lived before a purge.
_REFUSE_PURGED = """
SELECT throwIf(count() > 0, 'months were purged: openings cannot be spared')
FROM $database.months
WHERE entry = 'purged'
"""

# Openings before the table of months, without which no question would leave
# the superseded ones out.
BACKWARDS = [
    _MONTHS,
    _REFUSE_PURGED,
    f'ALTER TABLE $database.events DELETE WHERE {IS_OPENING} '
    'SETTINGS mutations_sync = 2',
    'DROP VIEW IF EXISTS $database.deaths_feed SYNC',
    'DROP TABLE IF EXISTS $database.deaths SYNC',
    _feed('timelines_feed', s0003_arrivals.LIVED.format(which='')),
    _feed('project_resources_feed', _OWNED),
    _ORDER_EVENTS,
    'ALTER TABLE $database.events DROP COLUMN IF EXISTS witnessed_at',
    'DROP TABLE IF EXISTS $database.months SYNC',
]
