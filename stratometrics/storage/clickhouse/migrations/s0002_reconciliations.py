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
"""What a reconciliation found, and who is carrying one out."""

_RECONCILIATIONS = """
CREATE TABLE IF NOT EXISTS $database.reconciliations (
    region LowCardinality(String),
    resource_type LowCardinality(String),
    began_at DateTime64(6, 'UTC'),
    ended_at DateTime64(6, 'UTC'),
    source LowCardinality(String),
    whole Bool COMMENT 'whether all projects were compared',
    outcome LowCardinality(String),
    counts Map(LowCardinality(String), UInt64),
    reason String
)
ENGINE = MergeTree
ORDER BY (region, resource_type, began_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""

# Append-only: of the claims that have not run out, the first one counts.
_LEASES = """
CREATE TABLE IF NOT EXISTS $database.leases (
    name LowCardinality(String),
    holder String,
    claimed_at DateTime64(6, 'UTC'),
    entered_at DateTime64(6, 'UTC'),
    expires_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (name, claimed_at, holder, entered_at)
TTL toDateTime(expires_at) + INTERVAL 1 DAY
"""

FORWARDS = [_RECONCILIATIONS, _LEASES]

BACKWARDS = [
    'DROP TABLE IF EXISTS $database.reconciliations SYNC',
    'DROP TABLE IF EXISTS $database.leases SYNC',
]
