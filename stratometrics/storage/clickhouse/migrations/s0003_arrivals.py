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
"""What the report of coverage needs, so that it does not read all events.

Both tables follow from the events, and none of them says how often a row was
put in: a fill that is repeated, or runs while the feeds do, changes nothing
(R2).
"""

# An event is not later than its arrival, whatever the clock of its host says:
# one from the future would hide all that follow. Counting distinct events,
# and not rows, keeps repeated messages out; it is exact for the first 65536
# in an hour. Only the last day is counted, so the rest is dropped. Neither
# table is flushed to disk at each insert, for both can be derived again.
_ARRIVALS = """
CREATE TABLE IF NOT EXISTS $database.arrivals (
    resource_type LowCardinality(String),
    region LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
    hour DateTime('UTC')
        COMMENT 'when they were received',
    first_received SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_received SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    last_event SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    events AggregateFunction(uniq, String, String)
        COMMENT 'distinct events; empty for hours that are days ago'
        TTL hour + INTERVAL 3 DAY
)
ENGINE = AggregatingMergeTree
ORDER BY (resource_type, region, source, event_type, hour)
"""

# Births and openings rank lower than what arrived: 2 to the power of 62.
_ARRIVED = """
SELECT
    resource_type,
    region,
    source,
    event_type,
    toStartOfHour(received_at, 'UTC') AS hour,
    min(received_at) AS first_received,
    max(received_at) AS last_received,
    max(least(event_time, received_at)) AS last_event,
    uniqState(resource_id, message_id) AS events
FROM $database.events
WHERE rank >= 4611686018427387904
GROUP BY resource_type, region, source, event_type, hour
"""

_ARRIVALS_FEED = f"""
CREATE MATERIALIZED VIEW IF NOT EXISTS $database.arrivals_feed
TO $database.arrivals
AS {_ARRIVED}
"""

_TIMELINES = """
CREATE TABLE IF NOT EXISTS $database.timelines (
    resource_type LowCardinality(String),
    region LowCardinality(String),
    timeline UInt128,
    ended SimpleAggregateFunction(max, UInt8)
        COMMENT 'whether it has an end; nothing reopens it (R7)',
    last SimpleAggregateFunction(max, Tuple(Int64, Int64))
        COMMENT 'time and rank of the last event'
)
ENGINE = AggregatingMergeTree
ORDER BY (resource_type, region, timeline)
"""

LIVED = """
SELECT
    resource_type,
    region,
    timeline,
    max(phase = 'ended') AS ended,
    max((toUnixTimestamp64Micro(event_time), rank)) AS last
FROM $database.events
{which}
GROUP BY resource_type, region, timeline
"""

_LIVED = LIVED.format(which='')

_TIMELINES_FEED = f"""
CREATE MATERIALIZED VIEW IF NOT EXISTS $database.timelines_feed
TO $database.timelines
AS {_LIVED}
"""

#: What the feeds do with each insert, for all events at once; what does not
#: fit into memory goes through the disk of the server.
ON_DISK = 'SETTINGS max_bytes_before_external_group_by = 1000000000'

REBUILD_ARRIVALS = f'INSERT INTO $database.arrivals {_ARRIVED} {ON_DISK}'
_REBUILD_TIMELINES = f'INSERT INTO $database.timelines {_LIVED} {ON_DISK}'

FORWARDS = [
    _ARRIVALS,
    _ARRIVALS_FEED,
    _TIMELINES,
    _TIMELINES_FEED,
    REBUILD_ARRIVALS,
    _REBUILD_TIMELINES,
]

# Feeds first: without its table each would fail the inserts of events.
BACKWARDS = [
    'DROP VIEW IF EXISTS $database.arrivals_feed SYNC',
    'DROP TABLE IF EXISTS $database.arrivals SYNC',
    'DROP VIEW IF EXISTS $database.timelines_feed SYNC',
    'DROP TABLE IF EXISTS $database.timelines SYNC',
]
