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
"""Statements that were issued, and never change again."""

# Of several with one number the one that was issued first counts.
_STATEMENTS = """
CREATE TABLE IF NOT EXISTS $database.statements (
    number String,
    project_id String,
    period_begin DateTime64(6, 'UTC'),
    period_end DateTime64(6, 'UTC'),
    as_of DateTime64(6, 'UTC'),
    issued_at DateTime64(6, 'UTC'),
    issued_by String,
    content String COMMENT 'the canonical JSON text' CODEC(ZSTD(3)),
    sha256 FixedString(64) COMMENT 'its digest, in hexadecimal',
    earliness UInt64 MATERIALIZED
        bitNot(toUInt64(toUnixTimestamp64Micro(issued_at)))
        COMMENT 'the version to keep: the first that was issued'
)
ENGINE = ReplacingMergeTree(earliness)
ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""

FORWARDS = [_STATEMENTS]

BACKWARDS = ['DROP TABLE IF EXISTS $database.statements SYNC']
