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
"""Where intervals come from: made of events, or stored when they were.

Either text has the keys that a question carries along, then ``measures``,
``interval_begin`` and ``interval_end``: of the intervals that count, as far as
they lie in the period, in microseconds.
"""

_POINTS = """
            SELECT
                {columns}
                timeline,
                toUnixTimestamp64Micro(event_time) AS since,
                rank,
                message_order,
                {facts} AS counts,
                if(phase = 'ended', since, {end}) AS death,
                CAST(events.measures AS String) AS measures
            FROM $local.events
            {chosen}
            WHERE {timelines}
"""

# An interval runs from one event of a timeline to the next, in the order of
# R10, and no further than the end of the period. What begins at a deletion or
# later is dead (R7). What is followed by another event at the same microsecond
# has length zero, and so have all but the last of several copies of an event:
# there is nothing to deduplicate (R2). The window needs its frame spelled
# out: the default one ends at the current row, where leadInFrame sees no next
# one. Texts are plain before the window sorts them: moving rows of
# LowCardinality columns about takes several times as long.
_BETWEEN = """
    SELECT
        {keys}
        measures,
        greatest(since, {begin}) AS interval_begin,
        until AS interval_end
    FROM (
        SELECT
            {keys}
            measures,
            counts,
            since,
            leadInFrame(since, 1, {end}) OVER whole AS until,
            min(death) OVER whole AS timeline_end
        FROM (<points>)
        WINDOW whole AS (
            PARTITION BY timeline
            ORDER BY since, rank, message_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    )
    WHERE counts
        AND since < timeline_end
        AND until > greatest(since, {begin})
"""

# An event that says what the one before it said, as two of three do of Nova's,
# ends no interval.
_NEWS = """
            SELECT *
            FROM (
                SELECT
                    *,
                    lagInFrame(said, 1) OVER (
                        PARTITION BY timeline
                        ORDER BY since, rank, message_order
                        ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
                    ) AS said_before
                FROM (
                    SELECT
                        *,
                        sipHash128({keys} measures, counts, death) AS said
                    FROM (<points>)
                )
            )
            WHERE said != said_before
"""

#: Quickly made.
OF_EVENTS = _BETWEEN.replace('<points>', _POINTS)

#: As few as can be: no two that meet have the same keys and measures.
OF_NEWS = _BETWEEN.replace('<points>', _NEWS.replace('<points>', _POINTS))

# Of a closed month. Its columns are called as those of events.
STORED = """
    SELECT
        {columns}
        CAST(events.measures AS String) AS measures,
        greatest(events.interval_begin, {begin}) AS interval_begin,
        least(events.interval_end, {end}) AS interval_end
    FROM $local.intervals AS events
    WHERE {conditions}
        AND events.interval_begin < {end}
        AND events.interval_end > {begin}
"""
