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
"""The buckets of time that the service divides usage into."""

from collections.abc import Iterator, Mapping
import datetime
import itertools
from typing import Any
import zoneinfo

from stratometrics.model import calendars
from stratometrics.model import timestamps
from stratometrics.model import usage
from stratometrics.osc.options import periods

#: Within so much of the present lies the period that is not told.
_MONTH = datetime.timedelta(days=32)


def begins(
    begin: datetime.datetime,
    end: datetime.datetime,
    granularity: str,
    zone: zoneinfo.ZoneInfo,
) -> Iterator[datetime.datetime]:
    """Where the buckets of a period begin, as the service tells it.

    The first is clipped to the period. A service that is newer than this
    client may have buckets that it does not know, of which it tells none.

    :param granularity: such as ``1d``.
    :param zone: whose calendar counts.
    """
    length = calendars.GRANULARITIES.get(granularity)
    if length is None:
        return
    period = usage.Period(
        timestamps.from_datetime(begin), timestamps.from_datetime(end)
    )
    for first, _ in itertools.pairwise(
        calendars.boundaries(period, length, zone)
    ):
        yield timestamps.to_datetime(max(first, period.begin))


def groups_of_page(
    period: Mapping[str, Any],
    granularity: str | None,
    at: periods.Clock,
    most: int,
) -> int:
    """How many groups can be asked for at once.

    :param period: the ``begin`` and ``end``, as far as they are given.
    :param most: how many results the service gives at once: groups times
        buckets.
    """
    if granularity is None:
        return most
    end = period.get('end')
    begin = period.get('begin') or (end or at.now) - _MONTH
    if end is None:
        end = at.now if 'begin' in period else at.now + _MONTH
    if begin >= end:
        # The service says what is wrong.
        return most
    count = sum(
        1
        for _ in itertools.islice(
            begins(begin, end, granularity, at.zone), most
        )
    )
    return max(1, most // max(1, count))
