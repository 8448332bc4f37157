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
"""Every change of the price list, with what a price was from then on."""

# The list as of a time is what the entries up to it come to (R15). A copy
# does no harm.
_PRICE_ENTRIES = """
CREATE TABLE IF NOT EXISTS $database.price_entries (
    entered_at DateTime64(6, 'UTC'),
    entered_by String,
    change LowCardinality(String),
    price_id String,
    resource_type LowCardinality(String),
    measure LowCardinality(String) COMMENT 'empty for resources as such',
    match Map(String, Array(String)),
    project_id String COMMENT 'empty for all projects',
    domain_id String COMMENT 'empty for all domains',
    valid_from DateTime64(6, 'UTC'),
    valid_to Nullable(DateTime64(6, 'UTC')),
    currency LowCardinality(String),
    per LowCardinality(String),
    tier_bounds Array(Decimal(38, 12)) COMMENT 'of all tiers but the last',
    tier_prices Array(Decimal(38, 12)),
    tier_mode LowCardinality(String),
    included Decimal(38, 12),
    minimum Decimal(38, 12),
    equivalents Nested(provider String, name String, price Decimal(38, 12)),
    description String
)
ENGINE = ReplacingMergeTree
ORDER BY (entered_at, price_id, change)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""

FORWARDS = [_PRICE_ENTRIES]

BACKWARDS = ['DROP TABLE IF EXISTS $database.price_entries SYNC']
