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
"""What projects, users, types and others are called, and were."""

# A row for every change, so that an answer as of a time shows the names that
# were known then (R15). A copy does no harm. What is gone keeps the name of
# its last row that was found.
_NAMES = """
CREATE TABLE IF NOT EXISTS $database.names (
    kind LowCardinality(String),
    id String,
    known_at DateTime64(6, 'UTC'),
    found Bool
        COMMENT 'false from when the service did not know the id any more',
    name String,
    parent_id LowCardinality(String)
        COMMENT 'the domain of a project or a user'
)
ENGINE = ReplacingMergeTree
ORDER BY (kind, id, known_at, found, name, parent_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""

FORWARDS = [_NAMES]

BACKWARDS = ['DROP TABLE IF EXISTS $database.names SYNC']
