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
"""A cloud's worth of instances, made inside ClickHouse.

Rows are what the collector writes: for each instance the birth at its
``created_at``, the events of its creation, changes, and the deletion if it is
over. All is derived from the instance's number by hashing, so that the same
sizes give the same rows.
"""

import dataclasses
import datetime

import tqdm

from stratometrics.model import event as event_model
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.storage.clickhouse import client as clickhouse_client

#: Events of a life without a change: five while it is built, one when it is
#: there, one when it is gone.
LEAST_EVENTS = 7

_HOUR = 3600 * timestamps.MICROSECONDS

#: Kinds of instances, up to a number in a hundred: what one lives on average,
#: in microseconds, and its share of the changes. Some jobs take minutes, some
#: servers stay for years.
_KINDS = (
    (45, 2 * _HOUR, 0.15),
    (75, 10 * 24 * _HOUR, 1.0),
    (100, 400 * 24 * _HOUR, 4.5),
)

#: Seconds that the last instance is made before the last month's end.
_LAST_BIRTH = 60

#: What a message takes to arrive at most, in microseconds.
_LONGEST_DELAY = 2 * timestamps.MICROSECONDS

#: One part a slice, as long as it fits in memory.
_SETTINGS = {
    'max_insert_threads': 1,
    'min_insert_block_size_rows': 2_000_000,
    'min_insert_block_size_bytes': 2 << 30,
    'max_partitions_per_insert_block': 0,
}

# Instances are made at an even rate. Number 0 of the facts is the birth, 1 to
# 5 are the start of the creation and updates, 6 is its end; three follow each
# change, of which two say nothing new, as it is with those of Nova. Whoever is
# there for longer is changed more often.
_INSERT = """
INSERT INTO $database.events (
    resource_type, resource_id, region, event_time, rank, message_id, phase,
    project_id, user_id, name, state, type, type_id, image,
    availability_zone, attributes, measures, created_at, received_at,
    event_type, source
)
WITH
    fact = 0 AS is_birth,
    deleted AND fact = last AS is_deletion,
    fact < 7 ? 0 : intDiv(fact - 7 - is_deletion, 3) + 1 AS change,
    (flavor + intDiv(change, 3)) % {flavors:UInt16} AS current_flavor,
    bitShiftLeft(1, current_flavor % 6) AS vcpus
SELECT
    'instance',
    toString(reinterpretAsUUID(sipHash128('instance', number))),
    'RegionOne',
    fromUnixTimestamp64Micro(is_birth ? created : moment, 'UTC'),
    multiIf(
        is_birth, -moment, is_deletion, {deletion:Int64}, {event:Int64}
    ),
    toString(reinterpretAsUUID(
        sipHash128('message', number, greatest(fact, 1))
    )),
    is_deletion ? 'ended' : 'billed',
    lower(hex(sipHash128('project', project))),
    lower(hex(sipHash128('user', project, number % 4))),
    concat('server-', toString(number)),
    multiIf(
        is_deletion, 'deleted',
        fact < 6, 'building',
        change % 3 = 1, 'stopped',
        'active'
    ),
    concat('flavor-', leftPad(toString(current_flavor), 3, '0')),
    toString(current_flavor + 1),
    toString(reinterpretAsUUID(sipHash128('image', number % 50))),
    concat('zone-', toString(number % 3)),
    map(),
    concat(
        '{"disk_gib":', toString(vcpus * 20),
        ',"ram_mib":', toString(vcpus * 2048),
        ',"vcpus":', toString(vcpus), '}'
    ),
    fromUnixTimestamp64Micro(created, 'UTC'),
    fromUnixTimestamp64Micro(received, 'UTC'),
    multiIf(
        is_deletion, 'compute.instance.delete.end',
        fact < 2, 'compute.instance.create.start',
        fact = 6, 'compute.instance.create.end',
        fact < 6 OR fact % 3 != 2, 'compute.instance.update',
        change % 3 = 1, 'compute.instance.power_off.end',
        change % 3 = 2, 'compute.instance.power_on.end',
        'compute.instance.finish_resize.end'
    ),
    'notification'
FROM (
    WITH
        {begin:Int64} + toInt64(intDiv(
            number * {seconds:UInt64}, {instances:UInt64}
        )) * 1000000 AS created,
        arrayFirstIndex(
            up_to -> cityHash64(number, 'kind') % 100 < up_to,
            {up_to:Array(UInt8)}
        ) AS kind,
        created + 100000 + cityHash64(number, 'first') % 800000 AS first,
        first + 2000000 + cityHash64(number, 'spawned') % 20000000 AS spawned,
        spawned + toInt64(
            {lifetimes:Array(Int64)}[kind]
            * -log((cityHash64(number, 'gone') % 1000000 + 1) / 1000001)
        ) AS gone,
        gone < {end:Int64} AS deleted,
        least(gone, {end:Int64}) AS over,
        toUInt32(
            {changes:Array(Float64)}[kind]
            * (cityHash64(number, 'changes') % 1000 / 500)
            * (kind < 3 ? 1 : 2 * (over - created) / {span:Int64})
            + 0.5
        ) AS changes,
        arrayMap(
            change -> spawned + toInt64(
                (over - spawned)
                * (cityHash64(number, change) % 1000000) / 1000000
            ),
            range(1, changes + 1)
        ) AS change_times,
        arrayConcat(
            [first],
            arrayMap(n -> first + intDiv((spawned - first) * n, 6), range(5)),
            [spawned],
            arrayFlatten(arrayMap(
                time -> [time, time + 700000, time + 900000],
                arraySort(change_times)
            )),
            deleted ? [gone] : []
        ) AS moments
    SELECT
        number,
        created,
        deleted,
        toInt32(length(moments)) - 1 AS last,
        number % {projects:UInt32} AS project,
        toUInt16(
            {flavors:UInt16}
            * pow((cityHash64(number, 'flavor') % 1000000) / 1000000, 2)
        ) AS flavor,
        seen.1 AS moment,
        seen.2 AS fact,
        moment + 200000 + cityHash64(number, greatest(fact, 1)) % 1000000
            AS received
    FROM numbers({upper:UInt64})
    ARRAY JOIN arrayFilter(
        seen -> seen.1 >= {since:Int64} - {delay:Int64}
            AND seen.1 < {until:Int64},
        arrayZip(moments, range(0, toInt32(length(moments))))
    ) AS seen
    WHERE over >= {since:Int64} - {delay:Int64}
        AND received >= {since:Int64} AND received < {until:Int64}
)
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """How large a cloud to make.

    :param instances: how many there ever were.
    :param events: of all together, about, not counting births.
    :param months: whole months before the present one that they span.
    :param projects: their owners, each with as many as the next.
    :param flavors: their types; small numbers are the most frequent.
    :param parts: how many inserts each month comes in, by time of arrival.
    """

    instances: int
    events: int
    months: int
    projects: int
    flavors: int
    parts: int

    @property
    def rows(self) -> int:
        """About how many rows that makes."""
        return self.instances + self.events


def month(now: int, back: int) -> usage.Period:
    """A whole calendar month.

    :param now: microseconds since the epoch.
    :param back: 1 for the month before the present one, and so on.
    """
    present = timestamps.to_datetime(now)
    count = present.year * 12 + present.month - 1 - back
    return usage.Period(_first_of(count), _first_of(count + 1))


def _first_of(count: int) -> int:
    year, index = divmod(count, 12)
    return timestamps.from_datetime(
        datetime.datetime(year, index + 1, 1, tzinfo=datetime.UTC)
    )


def slices(plan: Plan, now: int) -> list[usage.Period]:
    """The spans of arrival that are inserted one after another."""
    found = []
    for back in range(plan.months, 0, -1):
        whole = month(now, back)
        length = whole.end - whole.begin
        edges = [
            whole.begin + length * number // plan.parts
            for number in range(plan.parts + 1)
        ]
        found.extend(map(usage.Period, edges, edges[1:]))
    # The last messages arrive after the month's end.
    last = found[-1]
    found[-1] = usage.Period(last.begin, last.end + _LONGEST_DELAY)
    return found


def project_id(pool: clickhouse_client.Pool, number: int) -> str:
    """The id of one of the projects, counted from 0."""
    [(name,)] = pool.execute(
        "SELECT lower(hex(sipHash128('project', {number:UInt32})))",
        {'number': number},
    )
    return name


def build(pool: clickhouse_client.Pool, plan: Plan, now: int) -> None:
    """Insert the instances' events, each slice as parts that stay apart.

    The caller decides whether they may be merged.

    :param pool: connections to a database with the schema.
    :param now: microseconds since the epoch; months count back from it.
    """
    begin = month(now, plan.months).begin
    end = month(now, 1).end
    seconds = (end - begin) // timestamps.MICROSECONDS - _LAST_BIRTH
    # A change is told by three events.
    each = (plan.events / plan.instances - LEAST_EVENTS) / 3
    parameters = {
        'begin': begin,
        'end': end,
        'span': end - begin,
        'seconds': seconds,
        'instances': plan.instances,
        'projects': plan.projects,
        'flavors': plan.flavors,
        'up_to': [up_to for up_to, _, _ in _KINDS],
        'lifetimes': [lifetime for _, lifetime, _ in _KINDS],
        'changes': [each * share for _, _, share in _KINDS],
        'delay': _LONGEST_DELAY,
        'event': event_model.RANK_EVENT,
        'deletion': event_model.RANK_DELETION,
    }
    with tqdm.tqdm(
        total=plan.rows,
        desc='instances',
        unit='row',
        unit_scale=True,
        disable=None,
    ) as bar:
        for span in slices(plan, now):
            born = (span.end - begin) // timestamps.MICROSECONDS + 1
            upper = min(plan.instances, born * plan.instances // seconds + 1)
            pool.execute(
                _INSERT,
                {
                    **parameters,
                    'upper': upper,
                    'since': span.begin,
                    'until': span.end,
                },
                _SETTINGS,
            )
            bar.update(_count(pool) - bar.n)


def _count(pool: clickhouse_client.Pool) -> int:
    [(rows,)] = pool.execute('SELECT count() FROM $database.events')
    return rows
